//! `bandera diff`: whose answers a change of ruleset changes, and why.

mod subjects;

use crate::exit::Exit;
use crate::explain::headline;
use crate::input;
use crate::output::{BOLD, DIM, Format, GREEN, Output, progress, styled};
use crate::question::{Moment, MomentArgs};
use anstream::adapter::strip_str;
use bandera_shared::wire::evaluation::EvaluationWire;
use bandera_shared::{EvaluationContext, Ruleset};
use clap::Args;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use subjects::Subjects;

const AFTER: &str = "\
Every flag of either ruleset is evaluated from both, for each subject, with the same moment and the
same luck. An answer has changed when its value, its variant or its error has; a rule of another
name that serves the same is no change.

Exit codes: 0 nobody's answer changes, 1 somebody's does, 2 wrong usage, 3 a file cannot be read.

Examples:
  bandera diff live.json draft.json --subjects 100000
  bandera diff live.json draft.json --subjects subjects.ndjson
  bandera diff live.json draft.json --subjects 1000 --context '{\"country\": \"ES\"}' --json";

/// Subjects shown as examples of a change.
const EXAMPLES_MAX: usize = 3;

/// The arguments of `bandera diff`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct DiffArgs {
    /// The ruleset as it was; `-` is standard input
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The ruleset as it would be
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// How many subjects to make up, or a file of contexts, one JSON object a line
    #[arg(long, value_name = "N|FILE", default_value = "10000")]
    subjects: String,
    /// Attributes that every made-up subject has, as a JSON object or `@FILE`
    #[arg(long, value_name = "JSON|@FILE")]
    context: Option<String>,
    #[command(flatten)]
    moment: MomentArgs,
}

/// What changes.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    n_subjects: u64,
    n_changed_subjects: u64,
    added: Vec<String>,
    removed: Vec<String>,
    flags: BTreeMap<String, Changed>,
}

/// What changes about one flag.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    n_subjects: u64,
    moves: Vec<Move>,
}

/// Subjects that had one answer and get another, for the same reasons.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Move {
    from: Side,
    to: Side,
    n_subjects: u64,
    examples: Vec<String>,
    /// What the new ruleset does for the first example, step by step.
    why: Vec<String>,
}

/// One answer of a move.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Side {
    variant: Option<String>,
    value: Option<serde_json::Value>,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

impl Side {
    fn new(evaluation: &EvaluationWire<'_>) -> anyhow::Result<Self> {
        Ok(Self {
            variant: evaluation.variant.map(str::to_owned),
            value: evaluation.value.map(serde_json::to_value).transpose()?,
            reason: evaluation.reason,
            error_code: evaluation.error_code,
            rule: evaluation.metadata.rule.map(str::to_owned),
        })
    }

    /// Whether a caller sees a difference.
    fn differs(&self, other: &Self) -> bool {
        (&self.variant, &self.value, self.error_code)
            != (&other.variant, &other.value, other.error_code)
    }

    fn words(&self) -> String {
        let served = match (&self.variant, self.error_code) {
            (_, Some(code)) => code.to_owned(),
            (Some(variant), None) => variant.clone(),
            (None, None) => "the caller's default".to_owned(),
        };
        match &self.rule {
            Some(rule) => format!("{served} (rule {rule})"),
            None => format!("{served} ({})", self.reason),
        }
    }
}

pub(crate) fn run(args: &DiffArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let (old, new) = (input::ruleset(&args.old)?, input::ruleset(&args.new)?);
    let mut moment = args.moment.read()?;
    let subjects = Subjects::new(&args.subjects, args.context.as_deref())?;
    let (before, after) = (keys(&old), keys(&new));
    let mut report = Report {
        added: after
            .difference(&before)
            .map(|key| (*key).to_owned())
            .collect(),
        removed: before
            .difference(&after)
            .map(|key| (*key).to_owned())
            .collect(),
        ..Report::default()
    };
    let bar = progress("subjects", subjects.n_expected());
    for subject in subjects {
        let draw = moment.draws.bits();
        let pair = Pair {
            moment: &moment,
            old: &old,
            new: &new,
            draw,
        };
        pair.compare(&subject?, before.intersection(&after), &mut report)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    match output.format {
        Format::Json => output.json(&report)?,
        Format::Human => print(&report, output)?,
    }
    let is_same = report.flags.is_empty() && report.added.is_empty() && report.removed.is_empty();
    Ok(if is_same { Exit::Fine } else { Exit::Findings })
}

fn keys(ruleset: &Ruleset) -> BTreeSet<&str> {
    ruleset.flags().map(|flag| &*flag.key).collect()
}

/// Two rulesets, asked in the same way.
struct Pair<'a> {
    moment: &'a Moment,
    old: &'a Ruleset,
    new: &'a Ruleset,
    draw: u64,
}

impl Pair<'_> {
    fn compare<'k>(
        &self,
        subject: &EvaluationContext,
        keys: impl Iterator<Item = &'k &'k str>,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        let old = self.moment.evaluator(self.old, subject, self.draw);
        let new = self.moment.evaluator(self.new, subject, self.draw);
        report.n_subjects += 1;
        let mut is_changed = false;
        for key in keys {
            let from = Side::new(&(&old.evaluate(key)).into())?;
            let to = Side::new(&(&new.evaluate(key)).into())?;
            if !from.differs(&to) {
                continue;
            }
            is_changed = true;
            let changed = report.flags.entry((*key).to_owned()).or_default();
            changed.n_subjects += 1;
            let name = subject.targeting_key().unwrap_or("(no targeting key)");
            let known = changed
                .moves
                .iter_mut()
                .find(|m| m.from == from && m.to == to);
            if let Some(known) = known {
                known.n_subjects += 1;
                if known.examples.len() < EXAMPLES_MAX {
                    known.examples.push(name.to_owned());
                }
                continue;
            }
            let explanation = new.explain(key);
            let steps = explanation.steps.iter().map(|step| match &step.rule {
                Some(rule) => format!("{rule}: {}", step.what),
                None => step.what.clone(),
            });
            let last = headline(&(&explanation.evaluation).into())?;
            // Styles are for terminals, and this goes into JSON, too.
            let last = strip_str(&last).to_string();
            changed.moves.push(Move {
                from,
                to,
                n_subjects: 1,
                examples: vec![name.to_owned()],
                why: steps.chain([last]).collect(),
            });
        }
        report.n_changed_subjects += u64::from(is_changed);
        Ok(())
    }
}

fn print(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    for (keys, what) in [(&report.added, "new"), (&report.removed, "gone")] {
        for key in keys {
            output.line(&format!("{} is {what}", styled(BOLD, key)))?;
        }
    }
    let share = |n: u64| {
        let percent = n as f64 * 100.0 / report.n_subjects.max(1) as f64;
        format!("{n} of {} subjects ({percent:.2} %)", report.n_subjects)
    };
    for (key, changed) in &report.flags {
        output.line(&format!(
            "{}: {}",
            styled(BOLD, key),
            share(changed.n_subjects)
        ))?;
        for one in &changed.moves {
            let (from, to) = (one.from.words(), one.to.words());
            output.line(&format!("  {} from {from} to {to}", one.n_subjects))?;
            let example = one.examples.first().map_or("", String::as_str);
            output.line(&styled(
                DIM,
                &format!("    {example}: {}", one.why.join("; ")),
            ))?;
        }
    }
    if report.flags.is_empty() {
        let n = report.n_subjects;
        output.line(&styled(
            GREEN,
            &format!("no answer changes for {n} subjects"),
        ))?;
    } else {
        let n = share(report.n_changed_subjects);
        output.line(&format!("in all, answers change for {n}"))?;
    }
    Ok(())
}
