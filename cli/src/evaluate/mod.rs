//! `bandera evaluate`: one flag for one subject, or a whole file of cases.

mod answer;
mod cases;

use crate::exit::Exit;
use crate::explain::headline;
use crate::fault::Fault;
use crate::input;
use crate::output::{DIM, Format, Output, styled};
use crate::question::QuestionArgs;
use answer::{Answer, CallerDefault, WantedType};
use bandera_shared::Outcome;
use bandera_shared::wire::evaluation::EvaluationWire;
use clap::Args;
use serde_json::value::RawValue;
use std::path::PathBuf;

const AFTER: &str = "\
With --cases, each line of FILE is a case in JSON, and each answer a line, in the same order:
  case    id, flagKey, type?, defaultValue, context {targetingKey?, attributes}, at?
  answer  id, flagKey, value, variant, reason, errorCode?, action?, propensity?
A line that is no case gets an answer with reason ERROR in its place.

Exit codes: 0 evaluated (with --cases, whatever the single answers), 1 the evaluation ended in
an error, 2 wrong usage, 3 a file cannot be read.

Examples:
  bandera evaluate --ruleset ruleset.json --flag shop.hero --targeting-key ana
  bandera evaluate --ruleset ruleset.json --flag search.new --context '{\"country\": \"ES\"}' \\
      --type boolean --default false
  bandera evaluate --ruleset ruleset.json --flag spring.sale --at 2026-03-20T00:00:00Z
  bandera evaluate --ruleset ruleset.json --cases cases.ndjson > answers.ndjson
  producer | bandera evaluate --ruleset ruleset.json --cases -";

/// The arguments of `bandera evaluate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["flag", "cases"]))]
pub(crate) struct EvaluateArgs {
    /// The ruleset; `-` is standard input
    #[arg(long, value_name = "FILE")]
    ruleset: PathBuf,
    /// The flag
    #[arg(long, value_name = "KEY")]
    flag: Option<String>,
    /// Cases, one JSON object a line; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["context", "targeting_key", "kind", "default"]
    )]
    cases: Option<PathBuf>,
    /// The type the caller expects; another one is the error `TYPE_MISMATCH`
    #[arg(long = "type", id = "kind", value_name = "TYPE")]
    kind: Option<WantedType>,
    /// What the caller uses where nothing is served, in JSON
    #[arg(long, value_name = "JSON")]
    default: Option<String>,
    #[command(flatten)]
    question: QuestionArgs,
}

pub(crate) fn run(args: &EvaluateArgs, output: &mut Output) -> anyhow::Result<Exit> {
    match (&args.flag, &args.cases) {
        (Some(flag), _) => one(args, flag, output),
        (None, Some(cases)) => {
            if cases == &args.ruleset {
                let fault = Fault::usage("--cases", "is the same file as --ruleset");
                return Err(fault.into());
            }
            let ruleset = input::ruleset(&args.ruleset)?;
            let moment = args.question.moment.read()?;
            cases::run(&ruleset, moment, cases, output)?;
            Ok(Exit::Fine)
        }
        // The argument group has made sure of one of them.
        (None, None) => Err(Fault::usage("--flag", "is missing").into()),
    }
}

fn one(args: &EvaluateArgs, flag: &str, output: &mut Output) -> anyhow::Result<Exit> {
    let default = args.default.as_deref().map(caller_default).transpose()?;
    let context = args.question.context()?;
    let ruleset = input::ruleset(&args.ruleset)?;
    let mut moment = args.question.moment.read()?;
    let draw = moment.draws.bits();
    let evaluation = moment.evaluator(&ruleset, &context, draw).evaluate(flag);
    let evaluation = match args.kind {
        Some(kind) => kind.expect(evaluation),
        None => evaluation,
    };
    match output.format {
        Format::Json => {
            let default = CallerDefault::from(default.as_deref());
            output.json(&Answer::new(&evaluation, default))?;
        }
        Format::Human => {
            output.line(&headline(&EvaluationWire::from(&evaluation))?)?;
            if evaluation.variant().is_none()
                && let Some(default) = &default
            {
                output.line(&styled(
                    DIM,
                    &format!("  the caller's default: {}", default.get()),
                ))?;
            }
        }
    }
    let failed = matches!(evaluation.outcome, Outcome::Failed { .. });
    Ok(if failed { Exit::Findings } else { Exit::Fine })
}

fn caller_default(text: &str) -> Result<Box<RawValue>, Fault> {
    serde_json::from_str(text).map_err(|error| {
        Fault::usage("--default", format!("is no JSON: {error}"))
            .fix(r#"quote text twice, as in --default '"text"'"#)
    })
}
