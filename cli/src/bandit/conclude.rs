//! `bandera bandit conclude`: what a bandit's actions are worth after it ran.

use super::LogArgs;
use super::log::{Decision, Log};
use super::report::{IntervalWire, words};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{BOLD, Format, Output, numbers, styled};
use bandera_lab::adaptive::{Batch, BatchAction, action_means, best_action};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Answer {
    decisions: usize,
    actions: Vec<ActionWire>,
    best: BestWire,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActionWire {
    action: String,
    decisions: u64,
    /// `None` for an action that had no chance, as are the next two.
    value: Option<f64>,
    standard_error: Option<f64>,
    interval: Option<IntervalWire>,
    naive_mean: Option<f64>,
    /// By how much the leader leads it at least; `None` for the leader and where nothing is known.
    lead_min: Option<f64>,
}

#[derive(Debug, Serialize)]
struct BestWire {
    action: String,
    certain: bool,
}

pub(super) fn run(args: &LogArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let confidence = args.level()?;
    let log = Log::read(&args.log)?;
    let batches = batches(&log).ok_or_else(|| {
        Fault::unreachable(input::name(&args.log), "a decision has no \"distribution\"").fix(
            "what the other actions' propensities were decides how much their silence says: write \
             them into every line",
        )
    })?;
    let unfit = |error| Fault::unreachable(input::name(&args.log), error);
    let means = action_means(&batches, confidence).map_err(unfit)?;
    let best = best_action(&batches, confidence).map_err(unfit)?;
    let actions = log.names.iter().enumerate().map(|(index, name)| {
        let mean = means.get(index).copied().flatten();
        ActionWire {
            action: name.clone(),
            decisions: mean.map_or(0, |mean| mean.n),
            value: mean.map(|mean| mean.value),
            standard_error: mean.map(|mean| mean.standard_error),
            interval: mean.map(|mean| mean.interval.into()),
            naive_mean: mean.and_then(|mean| mean.naive),
            lead_min: best
                .leads
                .get(index)
                .copied()
                .filter(|lead| lead.is_finite()),
        }
    });
    let answer = Answer {
        decisions: log.decisions.len(),
        actions: actions.collect(),
        best: BestWire {
            action: log.names.get(best.action).cloned().unwrap_or_default(),
            certain: best.certain,
        },
    };
    match output.format {
        Format::Json => output.json(&answer)?,
        Format::Human => print(&answer, args.confidence, output)?,
    }
    Ok(Exit::Fine)
}

/// Runs of decisions under one distribution; `None` where a decision does not say its own.
fn batches(log: &Log) -> Option<Vec<Batch>> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut last: Option<&[f64]> = None;
    for Decision {
        action,
        reward,
        distribution,
        ..
    } in &log.decisions
    {
        let distribution = distribution.as_deref()?;
        if last != Some(distribution) {
            let fresh = |propensity: &f64| BatchAction {
                propensity: *propensity,
                ..BatchAction::default()
            };
            batches.push(distribution.iter().map(fresh).collect());
            last = Some(distribution);
        }
        let of = batches
            .last_mut()
            .and_then(|batch| batch.get_mut(*action))?;
        of.n += 1;
        of.sum += reward;
        of.squares += reward * reward;
    }
    Some(batches)
}

fn print(answer: &Answer, level: f64, output: &mut Output) -> anyhow::Result<()> {
    let sure = if answer.best.certain {
        "is the best action".to_owned()
    } else {
        format!("leads, and may not be the best (at {} %)", level * 100.0)
    };
    output.line(&format!("{} {sure}", styled(BOLD, &answer.best.action)))?;
    let heads = [
        "action",
        "decisions",
        "value",
        "interval",
        "naive mean",
        "leader ahead by",
    ];
    let mut table = numbers(&heads);
    let number = |number: Option<f64>| {
        number.map_or_else(|| "-".to_owned(), |number| format!("{number:.4}"))
    };
    for action in &answer.actions {
        table.add_row([
            action.action.clone(),
            action.decisions.to_string(),
            number(action.value),
            words(action.interval),
            number(action.naive_mean),
            number(action.lead_min),
        ]);
    }
    output.table(&table)?;
    Ok(())
}
