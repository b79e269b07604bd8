//! `bandera bandit evaluate`: what another policy would have earned.

use super::EvaluateArgs;
use super::log::Log;
use super::report::{IntervalWire, words};
use super::target::{Target, beside};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{BOLD, Format, Output, numbers, remark, styled};
use bandera_lab::Confidence;
use bandera_lab::off_policy::{Estimator, InvalidLog, OffPolicy, Overlap, PolicyValue};
use serde::Serialize;

/// A log of which fewer decisions' worth speak is hardly any.
const N_EFFECTIVE_FEW: f64 = 100.0;
/// Standard errors between the mean importance weight and 1 that chance does not explain.
const WEIGHT_ERRORS_MANY: f64 = 4.0;
/// A share of all weight that a hundredth of decisions should not carry.
const HEAVIEST_MUCH: f64 = 0.5;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    policy: String,
    decisions: usize,
    /// What the policy that wrote the log earned.
    logged: ValueWire,
    /// How much more the policy in question would have earned, by the doubly robust estimate.
    gain: ValueWire,
    estimates: Vec<EstimateWire>,
    overlap: OverlapWire,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ValueWire {
    value: f64,
    interval: Option<IntervalWire>,
}

impl From<PolicyValue> for ValueWire {
    fn from(value: PolicyValue) -> Self {
        Self {
            value: value.value,
            interval: value.interval.map(Into::into),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EstimateWire {
    estimator: &'static str,
    value: f64,
    normal: Option<IntervalWire>,
    bootstrap: Option<IntervalWire>,
    empirical_bernstein: Option<IntervalWire>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OverlapWire {
    effective_decisions: f64,
    mean_weight: f64,
    mean_weight_error: f64,
    weight_max: f64,
    never: f64,
    heaviest_hundredth: f64,
}

impl From<Overlap> for OverlapWire {
    fn from(overlap: Overlap) -> Self {
        Self {
            effective_decisions: overlap.n_effective,
            mean_weight: overlap.mean_weight,
            mean_weight_error: overlap.mean_weight_error,
            weight_max: overlap.weight_max,
            never: overlap.never,
            heaviest_hundredth: overlap.heaviest_hundredth,
        }
    }
}

pub(super) fn run(args: &EvaluateArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let confidence = args.of.level()?;
    let log = Log::read(&args.of.log)?;
    let target = Target::read(&args.policy, &log)?;
    let distributions = target.distributions(&log)?;
    let decisions = beside(&log, &distributions)?;
    let off_policy = OffPolicy::new(&decisions)
        .map_err(|error| Fault::unreachable(input::name(&args.of.log), error))?;
    let overlap = off_policy.overlap();
    let mut warnings = warnings(overlap);
    let unheard = unheard(&log, &distributions);
    if unheard > 0.0 {
        warnings.push(format!(
            "{:.1} % of what the policy would do had no chance in the log: no estimate knows what \
             that brings",
            unheard * 100.0
        ));
    }
    let weight_max = 1.0 / propensity_min(args, &log)?;
    let answer = Answer {
        policy: target.name().to_owned(),
        decisions: decisions.len(),
        logged: logged(&log, confidence)?,
        gain: off_policy.gain(Estimator::DoublyRobust, confidence)?.into(),
        estimates: estimates(&off_policy, args, confidence, (weight_max, range(&log)))
            .map_err(|error| Fault::usage("--bound", error))?,
        overlap: overlap.into(),
        warnings,
    };
    match output.format {
        Format::Json => output.json(&answer)?,
        Format::Human => print(&answer, output)?,
    }
    Ok(Exit::Fine)
}

fn range(log: &Log) -> f64 {
    log.reward_range.1 - log.reward_range.0
}

fn propensity_min(args: &EvaluateArgs, log: &Log) -> Result<f64, Fault> {
    let least = log
        .decisions
        .iter()
        .map(|decision| decision.propensity)
        .fold(1.0, f64::min);
    match args.propensity_min {
        None => Ok(least),
        Some(stated) if stated > 0.0 && stated <= least => Ok(stated),
        Some(_) => Err(Fault::usage(
            "--propensity-min",
            format!("it is above 0 and at most the least in the log, {least}"),
        )),
    }
}

/// The mean reward of the log: every decision stands for itself.
fn logged(log: &Log, confidence: Confidence) -> Result<ValueWire, InvalidLog> {
    let own = |decision: &super::log::Decision| bandera_lab::off_policy::LoggedDecision {
        reward: decision.reward,
        propensity: decision.propensity,
        target_propensity: decision.propensity,
        expected: 0.0,
        target_expected: 0.0,
    };
    let own: Vec<_> = log.decisions.iter().map(own).collect();
    Ok(OffPolicy::new(&own)?
        .evaluate(Estimator::Ips, confidence)?
        .into())
}

fn estimates(
    log: &OffPolicy<'_>,
    args: &EvaluateArgs,
    confidence: Confidence,
    ranges: (f64, f64),
) -> Result<Vec<EstimateWire>, InvalidLog> {
    let bound = args.bound;
    let estimators = [
        ("doublyRobust", Estimator::DoublyRobust),
        (
            "selfNormalisedDoublyRobust",
            Estimator::SelfNormalisedDoublyRobust,
        ),
        (
            "switchDoublyRobust",
            Estimator::SwitchDoublyRobust { bound },
        ),
        (
            "shrunkDoublyRobust",
            Estimator::ShrunkDoublyRobust { bound },
        ),
        ("ips", Estimator::Ips),
        ("clippedIps", Estimator::ClippedIps { bound }),
        ("snips", Estimator::Snips),
        ("direct", Estimator::Direct),
        ("replay", Estimator::Replay),
    ];
    let one = |(name, estimator)| {
        let found = log.evaluate(estimator, confidence)?;
        let resamples = (args.resamples as usize, args.seed);
        let bootstrap = log.bootstrap(estimator, resamples, confidence)?;
        let bernstein = log.empirical_bernstein(estimator, ranges, confidence)?;
        Ok(EstimateWire {
            estimator: name,
            value: found.value,
            normal: found.interval.map(Into::into),
            bootstrap: bootstrap.map(Into::into),
            empirical_bernstein: bernstein.map(Into::into),
        })
    };
    estimators.into_iter().map(one).collect()
}

/// The mean share of the policy's choices that the log's policy would never have made, where the
/// log says what else it might have done.
fn unheard(log: &Log, target: &[Vec<f64>]) -> f64 {
    let of = |(decision, target): (&super::log::Decision, &Vec<f64>)| -> f64 {
        let logged = decision.distribution.iter().flatten();
        let lost = logged.zip(target).filter(|(logged, _)| **logged <= 0.0);
        lost.map(|(_, target)| target).sum()
    };
    log.decisions.iter().zip(target).map(of).sum::<f64>() / log.decisions.len() as f64
}

/// What makes the estimates doubtful.
fn warnings(overlap: Overlap) -> Vec<String> {
    let mut warnings = Vec::new();
    if overlap.n_effective < N_EFFECTIVE_FEW {
        warnings.push(format!(
            "the log says as much as {:.0} decisions of the policy: it hardly ever did what the \
             policy would do",
            overlap.n_effective
        ));
    }
    let off = (overlap.mean_weight - 1.0).abs();
    if off > WEIGHT_ERRORS_MANY * overlap.mean_weight_error && off > f64::EPSILON.sqrt() {
        warnings.push(format!(
            "importance weights have mean {:.3} where 1 is due: propensities are not those that \
             were used, or the policy does what the log never did",
            overlap.mean_weight
        ));
    }
    if overlap.heaviest_hundredth > HEAVIEST_MUCH {
        warnings.push(format!(
            "one decision in a hundred carries {:.0} % of all weight: estimates that weigh hang on \
             these few",
            overlap.heaviest_hundredth * 100.0
        ));
    }
    warnings
}

fn print(answer: &Answer, output: &mut Output) -> anyhow::Result<()> {
    let value = |value: &ValueWire| format!("{:.4} ({})", value.value, words(value.interval));
    output.line(&format!(
        "{} over {} decisions, worth {:.0} of its own",
        styled(BOLD, &answer.policy),
        answer.decisions,
        answer.overlap.effective_decisions
    ))?;
    output.line(&format!(
        "the log earned {} a decision",
        value(&answer.logged)
    ))?;
    output.line(&format!(
        "the policy would earn {} more",
        value(&answer.gain)
    ))?;
    let heads = [
        "estimator",
        "value",
        "normal",
        "bootstrap",
        "empirical Bernstein",
    ];
    let mut table = numbers(&heads);
    for estimate in &answer.estimates {
        table.add_row([
            estimate.estimator.to_owned(),
            format!("{:.4}", estimate.value),
            words(estimate.normal),
            words(estimate.bootstrap),
            words(estimate.empirical_bernstein),
        ]);
    }
    output.table(&table)?;
    for warning in &answer.warnings {
        remark(warning);
    }
    Ok(())
}
