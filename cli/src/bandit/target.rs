//! The policy that is asked about: what it would have done in each context of a log.

use super::log::{Decision, Log};
use crate::fault::Fault;
use crate::input;
use crate::output::progress;
use bandera_lab::off_policy::{LoggedDecision, OutcomeModel, Outcomes};
use bandera_shared::bandit::PARTS;
use bandera_shared::policy::contextual::{
    ContextualPolicy, ContextualSpec, Observation,
    wire::{named, parse},
};
use serde::Deserialize;
use std::path::Path;

/// What is learned from a log is judged by another part of it: four fifths teach, one is judged.
pub(super) const N_FOLDS: usize = 5;

/// A policy to judge.
#[derive(Debug)]
pub(super) enum Target {
    /// The same shares in every context.
    Fixed(Vec<f64>),
    /// What each line of the log says.
    Logged,
    /// One that learns.
    Learning(ContextualSpec),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FixedWire {
    #[serde(rename = "policy")]
    _kind: FixedKind,
    propensities: Vec<f64>,
}

#[derive(Deserialize)]
enum FixedKind {
    #[serde(rename = "fixed")]
    Fixed,
}

impl Target {
    /// The policy of a name or file.
    pub(super) fn read(path: &Path, log: &Log) -> Result<Self, Fault> {
        match path.to_str() {
            Some("uniform") => {
                return Ok(Self::Fixed(vec![1.0 / log.n_actions as f64; log.n_actions]));
            }
            Some("logged-target") => return Ok(Self::Logged),
            Some(name) if let Some(spec) = named(name) => return Ok(Self::Learning(spec)),
            _ => {}
        }
        let bytes = input::read(path)?;
        if let Ok(FixedWire { propensities, .. }) = serde_json::from_slice(&bytes) {
            log.distribution("propensities", &propensities)
                .map_err(|error| Fault::usage(input::name(path), error))?;
            return Ok(Self::Fixed(propensities));
        }
        parse(&bytes).map(Self::Learning).map_err(|error| {
            Fault::usage(input::name(path), error)
                .fix("`bandera bandit --help` names the policies, docs/bandits.md their members")
        })
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Fixed(_) => "fixed",
            Self::Logged => "logged-target",
            Self::Learning(spec) => &spec.name,
        }
    }

    /// What the policy would do in each decision's context.
    ///
    /// # Returns
    /// (`n_decisions`, `n_actions`).
    pub(super) fn distributions(&self, log: &Log) -> Result<Vec<Vec<f64>>, Fault> {
        match self {
            Self::Fixed(shares) => Ok(vec![shares.clone(); log.decisions.len()]),
            Self::Logged => {
                let target = |decision: &Decision| decision.target.clone();
                let targets: Option<Vec<_>> = log.decisions.iter().map(target).collect();
                targets.ok_or_else(|| {
                    Fault::usage("--policy logged-target", "a decision has no \"target\"")
                        .fix("write the other policy's distribution into every line")
                })
            }
            Self::Learning(spec) => learned(spec, log),
        }
    }
}

/// Whether a decision is of the part that teaches where this fold is judged.
fn teaches(fold: usize, place: usize) -> bool {
    place % N_FOLDS != fold
}

fn learned(spec: &ContextualSpec, log: &Log) -> Result<Vec<Vec<f64>>, Fault> {
    let mut found = vec![Vec::new(); log.decisions.len()];
    let bar = progress("learning", N_FOLDS as u64);
    for fold in 0..N_FOLDS.min(log.decisions.len()) {
        let mut policy = ContextualPolicy::new(spec.clone(), log.d, log.n_actions)
            .map_err(|error| Fault::usage("--policy", error))?;
        let all = || log.decisions.iter().enumerate();
        for (_, decision) in all().filter(|(place, _)| teaches(fold, *place)) {
            policy.observe(Observation {
                context: &decision.context,
                action: decision.action,
                share: log.share(decision),
            });
        }
        for ((place, decision), found) in all().zip(&mut found) {
            if !teaches(fold, place) {
                let parts = policy.decide(&decision.context);
                let share = |parts: &u32| f64::from(*parts) / f64::from(PARTS);
                *found = parts.parts().iter().map(share).collect();
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(found)
}

/// The log beside the policy, with what a linear model of the rest of the log expects.
pub(super) fn beside(log: &Log, target: &[Vec<f64>]) -> Result<Vec<LoggedDecision>, Fault> {
    let contexts: Vec<f64> = log
        .decisions
        .iter()
        .flat_map(|decision| decision.context.iter().copied())
        .collect();
    let actions: Vec<usize> = log
        .decisions
        .iter()
        .map(|decision| decision.action)
        .collect();
    let rewards: Vec<f64> = log
        .decisions
        .iter()
        .map(|decision| decision.reward)
        .collect();
    let outcomes = Outcomes {
        contexts: &contexts,
        d: log.d,
        actions: &actions,
        rewards: &rewards,
        n_actions: log.n_actions,
    };
    let models: Result<Vec<OutcomeModel>, _> = (0..N_FOLDS)
        .map(|fold| OutcomeModel::fit(outcomes, |place| teaches(fold, place)))
        .collect();
    let models = models.map_err(|error| Fault::unreachable("the log", error))?;
    let one = |(place, (decision, target)): (usize, (&Decision, &Vec<f64>))| {
        let model = models.get(place % N_FOLDS)?;
        // A line has no bounds, rewards have: what bounds the terms' spread needs both within them.
        let mut expected = model.expected(&decision.context);
        for value in &mut expected {
            *value = value.clamp(log.reward_range.0, log.reward_range.1);
        }
        Some(LoggedDecision {
            reward: decision.reward,
            propensity: decision.propensity,
            target_propensity: *target.get(decision.action)?,
            expected: *expected.get(decision.action)?,
            target_expected: target.iter().zip(&expected).map(|(p, q)| p * q).sum(),
        })
    };
    let beside = log.decisions.iter().zip(target).enumerate().map(one);
    beside
        .collect::<Option<_>>()
        .ok_or_else(|| Fault::unreachable("the log", "a decision lies outside its actions"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_lies_within_the_range_of_rewards() {
        // Rewards rise with the feature, and one context lies far beyond the others.
        let decision = |x: u32| Decision {
            context: vec![f64::from(if x == 9 { 1_000 } else { x })],
            action: 0,
            propensity: 1.0,
            reward: f64::from(x) / 9.0,
            distribution: None,
            target: None,
        };
        let log = Log {
            d: 1,
            n_actions: 1,
            names: vec!["a".to_owned()],
            reward_range: (0.0, 1.0),
            decisions: (0..10).map(decision).collect(),
        };
        let found = beside(&log, &vec![vec![1.0]; 10]).unwrap();
        assert!(found.iter().all(|one| (0.0..=1.0).contains(&one.expected)));
        assert!((found[9].expected - 1.0).abs() < 1e-12, "{:?}", found[9]);
    }
}
