//! What simulated visitors do: how often each action is rewarded, and with how much.

use crate::fault::Fault;
use crate::input;
use bandera_shared::bandit::Bandit;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The truth about one action.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArmTruth {
    /// How often a decision for it is rewarded, in 0..=1.
    pub(super) rate: f64,
    /// The reward then, in the metric's unit.
    #[serde(default = "one")]
    pub(super) value: f64,
}

const fn one() -> f64 {
    1.0
}

impl ArmTruth {
    /// Expected reward of one decision.
    pub(super) fn mean(self) -> f64 {
        self.rate * self.value
    }
}

/// The truth about every action of a bandit, in the bandit's order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Truth(Vec<(String, ArmTruth)>);

impl Truth {
    pub(super) fn arms(&self) -> &[(String, ArmTruth)] {
        &self.0
    }

    pub(super) fn position(&self, action: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == action)
    }
}

/// A truth as it is written in a file: a rate, or rate and value.
#[derive(Deserialize)]
#[serde(untagged)]
enum ArmWire {
    Rate(f64),
    Full(ArmTruth),
}

/// Reads the argument: `action=rate,...` (or `action=rate@value`), or the name of a JSON file.
pub(super) fn read(argument: &str) -> Result<BTreeMap<String, ArmTruth>, Fault> {
    if argument.contains('=') {
        return inline(argument);
    }
    let place = format!("--truth {argument}");
    let text = input::text_or_file(&format!("@{argument}"))?;
    let arms: BTreeMap<String, ArmWire> = serde_json::from_str(&text).map_err(|error| {
        Fault::usage(place, error).fix(r#"write {"action": 0.05} or {"action": {"rate", "value"}}"#)
    })?;
    let full = |arm| match arm {
        ArmWire::Rate(rate) => ArmTruth { rate, value: one() },
        ArmWire::Full(arm) => arm,
    };
    Ok(arms
        .into_iter()
        .map(|(key, arm)| (key, full(arm)))
        .collect())
}

fn inline(argument: &str) -> Result<BTreeMap<String, ArmTruth>, Fault> {
    let arms = argument.split(',').map(|part| {
        let fault = || {
            Fault::usage(format!("--truth {part}"), "is not action=rate")
                .fix("write for instance craft=0.05,gift=0.12, or gift=0.12@30 for rewards of 30")
        };
        let (action, figures) = part.split_once('=').ok_or_else(fault)?;
        let (rate, value) = match figures.split_once('@') {
            Some((rate, value)) => (rate, value.parse().map_err(|_| fault())?),
            None => (figures, one()),
        };
        let rate = rate.parse().map_err(|_| fault())?;
        Ok((action.trim().to_owned(), ArmTruth { rate, value }))
    });
    arms.collect()
}

/// Checks the truth against the bandit whose actions it is about.
pub(super) fn check(mut arms: BTreeMap<String, ArmTruth>, bandit: &Bandit) -> Result<Truth, Fault> {
    let offered = bandit.actions().join(", ");
    let mut known = Vec::with_capacity(bandit.actions().len());
    for action in bandit.actions() {
        let Some(arm) = arms.remove(&**action) else {
            return Err(
                Fault::usage("--truth", format!("says nothing of \"{action}\""))
                    .fix(format!("name every action of the bandit: {offered}")),
            );
        };
        let place = format!("--truth {action}");
        if !(0.0..=1.0).contains(&arm.rate) {
            return Err(Fault::usage(place, "a rate lies between 0 and 1"));
        }
        if let Err(error) = bandit.reward().check(arm.value) {
            return Err(Fault::usage(place, error).fix("write action=rate@value"));
        }
        known.push((action.to_string(), arm));
    }
    if let Some(alien) = arms.keys().next() {
        return Err(Fault::usage("--truth", format!("\"{alien}\" is no action"))
            .fix(format!("the bandit's actions are {offered}")));
    }
    Ok(Truth(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rates_and_values() {
        let arms = read("craft=0.05,gift=0.12@30").unwrap();
        let arm = |rate, value| ArmTruth { rate, value };
        assert_eq!(arms["craft"], arm(0.05, 1.0));
        assert_eq!(arms["gift"], arm(0.12, 30.0));
        assert!((arms["gift"].mean() - 3.6).abs() < 1e-12);
        for wrong in ["craft=", "craft=x", "craft=1,gift", "craft=0.1@"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
