//! What simulated visitors do: how often each action is rewarded, and with how much.

use super::audience::{Audience, AudienceWire};
use crate::fault::Fault;
use crate::input;
use bandera_shared::bandit::Bandit;
use serde::Deserialize;
use serde_json::Map;
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
pub(super) struct Truth {
    arms: Vec<(String, ArmTruth)>,
    audiences: Vec<Audience>,
}

impl Truth {
    /// Each action over all visitors.
    pub(super) fn arms(&self) -> &[(String, ArmTruth)] {
        &self.arms
    }

    /// The kinds of visitors; one, where all are alike.
    pub(super) fn audiences(&self) -> &[Audience] {
        &self.audiences
    }

    /// The kind of visitors at that point of 0..1.
    pub(super) fn audience_at(&self, point: f64) -> usize {
        let whole: f64 = self.audiences.iter().map(|audience| audience.share).sum();
        let mut passed = 0.0;
        let ends = self.audiences.iter().map(|audience| {
            passed += audience.share / whole;
            passed
        });
        let ends: Vec<f64> = ends.collect();
        ends.iter()
            .filter(|end| **end <= point)
            .count()
            .min(ends.len().saturating_sub(1))
    }

    pub(super) fn position(&self, action: &str) -> Option<usize> {
        self.arms.iter().position(|(known, _)| known == action)
    }
}

/// A truth as it is written in a file: a rate, or rate and value.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum ArmWire {
    Rate(f64),
    Full(ArmTruth),
}

/// What is said of each kind of visitors, by action.
pub(super) type Told = Vec<(Audience, BTreeMap<String, ArmTruth>)>;

/// Reads the argument: `action=rate,...` (or `action=rate@value`), or the name of a JSON file,
/// which holds an object of actions, or a list of audiences.
pub(super) fn read(argument: &str) -> Result<Told, Fault> {
    if argument.contains('=') {
        return Ok(vec![(everybody(), inline(argument)?)]);
    }
    let place = format!("--truth {argument}");
    parse(&place, &input::text_or_file(&format!("@{argument}"))?)
}

fn parse(place: &str, text: &str) -> Result<Told, Fault> {
    let fix = concat!(
        r#"write {"action": 0.05} or {"action": {"rate", "value"}}, "#,
        r#"or a list of audiences: {"name", "share", "headers", "cookies", "attributes", "truth"}"#
    );
    let fault = |error| Fault::usage(place, error).fix(fix);
    if !text.trim_start().starts_with('[') {
        let arms: BTreeMap<String, ArmWire> = serde_json::from_str(text).map_err(fault)?;
        return Ok(vec![(everybody(), full(arms))]);
    }
    let wires: Vec<AudienceWire> = serde_json::from_str(text).map_err(fault)?;
    if wires.is_empty() {
        return Err(Fault::usage(place, "lists no audience").fix(fix));
    }
    let audience = |(index, wire): (usize, AudienceWire)| {
        wire.check(index)?;
        let audience = Audience {
            name: wire.name,
            share: wire.share,
            headers: wire.headers.into_iter().collect(),
            cookies: wire.cookies.into_iter().collect(),
            attributes: wire.attributes,
            arms: Vec::new(),
        };
        Ok((audience, full(wire.truth)))
    };
    wires.into_iter().enumerate().map(audience).collect()
}

fn full(arms: BTreeMap<String, ArmWire>) -> BTreeMap<String, ArmTruth> {
    let full = |arm| match arm {
        ArmWire::Rate(rate) => ArmTruth { rate, value: one() },
        ArmWire::Full(arm) => arm,
    };
    arms.into_iter()
        .map(|(key, arm)| (key, full(arm)))
        .collect()
}

fn everybody() -> Audience {
    Audience {
        name: "everybody".to_owned(),
        share: 1.0,
        headers: Vec::new(),
        cookies: Vec::new(),
        attributes: Map::new(),
        arms: Vec::new(),
    }
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
pub(super) fn check(told: Told, bandit: &Bandit) -> Result<Truth, Fault> {
    let mut audiences = Vec::with_capacity(told.len());
    for (mut audience, arms) in told {
        audience.arms = check_arms(arms, bandit)?;
        audiences.push(audience);
    }
    let whole: f64 = audiences.iter().map(|audience| audience.share).sum();
    let over_all = |index: usize, action: &str| {
        let sum = |of: &dyn Fn(&ArmTruth) -> f64| -> f64 {
            let arms = audiences.iter();
            let arms = arms.filter_map(|it| Some(it.share / whole * of(it.arms.get(index)?)));
            arms.sum()
        };
        let (rate, mean) = (sum(&|arm| arm.rate), sum(&|arm| arm.mean()));
        let value = if rate > 0.0 { mean / rate } else { one() };
        (action.to_string(), ArmTruth { rate, value })
    };
    let actions = bandit.actions().iter();
    let arms = if let [one] = audiences.as_slice() {
        let names = actions.map(ToString::to_string);
        names.zip(one.arms.iter().copied()).collect()
    } else {
        let numbered = actions.enumerate();
        numbered
            .map(|(index, action)| over_all(index, action))
            .collect()
    };
    Ok(Truth { arms, audiences })
}

fn check_arms(
    mut arms: BTreeMap<String, ArmTruth>,
    bandit: &Bandit,
) -> Result<Vec<ArmTruth>, Fault> {
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
        known.push(arm);
    }
    if let Some(alien) = arms.keys().next() {
        return Err(Fault::usage("--truth", format!("\"{alien}\" is no action"))
            .fix(format!("the bandit's actions are {offered}")));
    }
    Ok(known)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The truth of a file, about actions `x` and `y`.
    pub(in crate::simulate) fn checked(json: &str) -> Result<Truth, Fault> {
        let bandit = r#"{"actions":["x","y"],
            "reward":{"metric":"m","kind":"numeric","min":0,"max":2}}"#;
        let bandit = bandera_shared::bandit::wire::parse("b", bandit).unwrap();
        check(parse("--truth", json)?, &bandit)
    }

    #[test]
    fn audiences_add_up_to_everybody() {
        let truth = checked(
            r#"[{"name": "p", "share": 3, "truth": {"x": 0.4, "y": 0.1}},
                {"name": "d", "share": 1, "truth": {"x": 0.2, "y": {"rate": 0.5, "value": 2}}}]"#,
        );
        let truth = truth.unwrap();
        let means: Vec<f64> = truth.arms().iter().map(|(_, arm)| arm.mean()).collect();
        assert!((means[0] - 0.35).abs() < 1e-12 && (means[1] - 0.325).abs() < 1e-12);
        let at = [0.0, 0.749, 0.75, 0.999_999].map(|point| truth.audience_at(point));
        assert_eq!(at, [0, 0, 1, 1]);
        for wrong in [
            "[]",
            r#"[{"name": "p", "share": 0, "truth": {"x": 0, "y": 0}}]"#,
            r#"[{"name": "p", "share": 1, "truth": {"x": 0}}]"#,
            r#"[{"name": "p", "share": 1, "cookies": {"a": "b;c"}, "truth": {"x": 0, "y": 0}}]"#,
        ] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reads_rates_and_values() {
        let (_, arms) = read("craft=0.05,gift=0.12@30").unwrap().remove(0);
        let arm = |rate, value| ArmTruth { rate, value };
        assert_eq!(arms["craft"], arm(0.05, 1.0));
        assert_eq!(arms["gift"], arm(0.12, 30.0));
        assert!((arms["gift"].mean() - 3.6).abs() < 1e-12);
        for wrong in ["craft=", "craft=x", "craft=1,gift", "craft=0.1@"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
