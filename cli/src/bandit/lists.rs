//! `bandera bandit evaluate-lists`: what another policy's ranked lists would have earned.

use super::ListArgs;
use super::report::{IntervalWire, words};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::lines::Lines;
use crate::output::{BOLD, Format, Output, numbers, styled};
use bandera_lab::Confidence;
use bandera_lab::lists::{ListEstimator, ListLog, LoggedList, LoggedPosition};
use bandera_lab::off_policy::InvalidLog;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Most numbers of a log: half a gigabyte.
const NUMBERS_MAX: usize = 1 << 26;
/// How far a distribution's sum may be from 1: rounding of printed numbers.
const SUM_OFF_MAX: f64 = 1e-6;
const HEAD: &str = "the first line is {\"meta\": {\"actions\": [names]}}";

#[derive(Deserialize)]
struct HeadWire {
    meta: MetaWire,
}

#[derive(Deserialize)]
struct MetaWire {
    actions: Vec<String>,
}

#[derive(Deserialize)]
struct ListWire {
    list: Vec<PositionWire>,
    seen: Option<usize>,
    #[serde(default)]
    reward: f64,
}

#[derive(Deserialize)]
struct PositionWire {
    action: String,
    propensity: f64,
    target: Vec<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    lists: usize,
    /// How many lists of the policy's own the log is worth, as far as lists were seen.
    effective_lists: f64,
    /// 1 in expectation, if propensities are what was used.
    mean_weight: f64,
    mean_weight_error: f64,
    /// How much more a list of the policy would bring, by the doubly robust estimate.
    gain: f64,
    gain_interval: Option<IntervalWire>,
    estimates: Vec<EstimateWire>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EstimateWire {
    estimator: &'static str,
    value: f64,
    normal: Option<IntervalWire>,
    bootstrap: Option<IntervalWire>,
}

pub(super) fn run(args: &ListArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let confidence = args.of.level()?;
    let (lists, n_actions) = read(&args.of.log)?;
    let unfit = |error: &dyn std::fmt::Display| {
        Fault::unreachable(input::name(&args.of.log), error.to_string())
    };
    let log = ListLog::new(&lists, n_actions).map_err(|error| unfit(&error))?;
    let answer = answer(&log, args, confidence).map_err(|error| unfit(&error))?;
    let answer = Answer {
        lists: lists.len(),
        ..answer
    };
    match output.format {
        Format::Json => output.json(&answer)?,
        Format::Human => print(&answer, output)?,
    }
    Ok(Exit::Fine)
}

fn answer(log: &ListLog, args: &ListArgs, confidence: Confidence) -> Result<Answer, InvalidLog> {
    let estimators = [
        ("cascadeDoublyRobust", ListEstimator::CascadeDoublyRobust),
        ("rewardInteraction", ListEstimator::RewardInteraction),
        (
            "selfNormalisedRewardInteraction",
            ListEstimator::SelfNormalisedRewardInteraction,
        ),
        ("ips", ListEstimator::Ips),
    ];
    let one = |(name, estimator)| {
        let found = log.evaluate(estimator, confidence)?;
        let resamples = (args.resamples as usize, args.seed);
        let bootstrap = log.bootstrap(estimator, resamples, confidence)?;
        Ok(EstimateWire {
            estimator: name,
            value: found.value,
            normal: found.interval.map(Into::into),
            bootstrap: bootstrap.map(Into::into),
        })
    };
    let overlap = log.overlap()?;
    let gain = log.gain(ListEstimator::CascadeDoublyRobust, confidence)?;
    let estimates: Result<Vec<EstimateWire>, InvalidLog> =
        estimators.into_iter().map(one).collect();
    Ok(Answer {
        lists: 0,
        effective_lists: overlap.n_effective,
        mean_weight: overlap.mean_weight,
        mean_weight_error: overlap.mean_weight_error,
        gain: gain.value,
        gain_interval: gain.interval.map(Into::into),
        estimates: estimates?,
    })
}

/// The lists of a file, and how many actions there are.
fn read(path: &Path) -> Result<(Vec<LoggedList>, usize), Fault> {
    let mut lines = Lines::open(path)?;
    let HeadWire { meta } = match lines.next() {
        Ok(Some(head)) => head,
        Ok(None) => return Err(lines.fault("the log is empty").fix(HEAD)),
        Err(fault) => return Err(fault.fix(HEAD)),
    };
    let mut lists = Vec::new();
    let mut n_numbers = 0;
    while let Some(wire) = lines.next::<ListWire>()? {
        n_numbers += wire.list.len() * (meta.actions.len() + 2);
        if n_numbers > NUMBERS_MAX {
            let cause = format!("the log has over {NUMBERS_MAX} numbers");
            return Err(lines.fault(cause).fix("judge a part of it"));
        }
        let list = list(wire, &meta.actions).map_err(|error| lines.fault(error))?;
        lists.push(list);
    }
    Ok((lists, meta.actions.len()))
}

fn list(wire: ListWire, names: &[String]) -> Result<LoggedList, String> {
    let n_seen = wire.seen.unwrap_or(wire.list.len());
    if !(1..=wire.list.len()).contains(&n_seen) {
        return Err(format!(
            "\"seen\" is from 1 to the {} positions of \"list\"",
            wire.list.len()
        ));
    }
    let mut positions: Vec<LoggedPosition> = Vec::with_capacity(wire.list.len());
    for (number, position) in wire.list.into_iter().enumerate() {
        let place = format!("\"list\", position {}", number + 1);
        let Some(action) = names.iter().position(|name| *name == position.action) else {
            return Err(format!(
                "{place}: \"action\" is none of {}",
                names.join(", ")
            ));
        };
        if positions.iter().any(|above| above.action == action) {
            return Err(format!("{place}: \"{}\" stands above", position.action));
        }
        if !(position.propensity > 0.0 && position.propensity <= 1.0) {
            return Err(format!(
                "{place}: the propensity {} is not in (0, 1]",
                position.propensity
            ));
        }
        let again = |above: &LoggedPosition| {
            let target = position.target.get(above.action).copied();
            target.unwrap_or_default() > SUM_OFF_MAX
        };
        if positions.iter().any(again) {
            return Err(format!(
                "{place}: \"target\" has an action that stands above"
            ));
        }
        let sum: f64 = position.target.iter().sum();
        let are_shares = position.target.iter().all(|p| (0.0..=1.0).contains(p));
        if position.target.len() != names.len() || !are_shares || (sum - 1.0).abs() > SUM_OFF_MAX {
            return Err(format!(
                "{place}: \"target\" is {} probabilities that sum to 1",
                names.len()
            ));
        }
        positions.push(LoggedPosition {
            action,
            propensity: position.propensity,
            target: position.target,
        });
    }
    Ok(LoggedList {
        positions,
        n_seen,
        reward: wire.reward,
    })
}

fn print(answer: &Answer, output: &mut Output) -> anyhow::Result<()> {
    output.line(&format!(
        "{} lists, worth {:.0} of the policy's own; importance weights have mean {:.3} ± {:.3}",
        styled(BOLD, &answer.lists.to_string()),
        answer.effective_lists,
        answer.mean_weight,
        answer.mean_weight_error
    ))?;
    output.line(&format!(
        "a list of the policy would earn {:.4} ({}) more",
        answer.gain,
        words(answer.gain_interval)
    ))?;
    let mut table = numbers(&["estimator", "value", "normal", "bootstrap"]);
    for estimate in &answer.estimates {
        table.add_row([
            estimate.estimator.to_owned(),
            format!("{:.4}", estimate.value),
            words(estimate.normal),
            words(estimate.bootstrap),
        ]);
    }
    output.table(&table)?;
    Ok(())
}
