//! Visitors of several kinds, each with a truth of its own: what a bandit that looks at the context
//! is for.

use super::crowd::Decision;
use super::truth::{ArmTruth, ArmWire, Truth};
use crate::fault::Fault;
use bandera_lab::{Confidence, Interval, Regret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The last part of the decisions, one in so many, whose figures show what was learned.
const LAST: usize = 3;

/// A kind of visitors.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Audience {
    pub(super) name: String,
    /// How many of all visitors, in relation to the others' shares.
    pub(super) share: f64,
    /// Headers that they send.
    pub(super) headers: Vec<(String, String)>,
    /// Cookies that they bring.
    pub(super) cookies: Vec<(String, String)>,
    /// What a bandit without an edge is told of them; an edge finds it out.
    pub(super) attributes: Map<String, Value>,
    /// The truth about each action, in the bandit's order.
    pub(super) arms: Vec<ArmTruth>,
}

impl Audience {
    /// The best action's expected reward.
    fn best(&self) -> f64 {
        let means = self.arms.iter().map(|arm| arm.mean());
        means.fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether no action is better for its visitors.
    pub(super) fn is_best(&self, action: usize) -> bool {
        self.mean(action) >= self.best()
    }

    fn mean(&self, action: usize) -> f64 {
        self.arms.get(action).map_or(0.0, |arm| arm.mean())
    }
}

/// An audience as it is written in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AudienceWire {
    pub(super) name: String,
    pub(super) share: f64,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) cookies: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) attributes: Map<String, Value>,
    pub(super) truth: BTreeMap<String, ArmWire>,
}

impl AudienceWire {
    /// Checks what is not about the bandit's actions.
    pub(super) fn check(&self, index: usize) -> Result<(), Fault> {
        let place = || format!("--truth: audience {index}, \"{}\"", self.name);
        if !(self.share.is_finite() && self.share > 0.0) {
            return Err(Fault::usage(place(), "a share is a number above 0"));
        }
        let sound = |text: &String| !text.contains(|c: char| c.is_control() || c == ';');
        let texts = self.cookies.iter().chain(&self.headers);
        if !texts
            .clone()
            .all(|(name, value)| sound(name) && (sound(value) || !is_cookie(self, name)))
        {
            return Err(Fault::usage(
                place(),
                "a cookie or header holds a control character or ;",
            ));
        }
        Ok(())
    }
}

/// Values of headers may hold semicolons, as user agents do.
fn is_cookie(audience: &AudienceWire, name: &str) -> bool {
    audience.cookies.contains_key(name)
}

/// Regret of each audience, added up.
#[derive(Debug)]
pub(super) struct Regrets(Vec<Regret>);

impl Regrets {
    pub(super) fn new(truth: &Truth) -> anyhow::Result<Self> {
        let audiences = truth.audiences().iter();
        let regrets = audiences.map(|audience| {
            let means: Vec<f64> = audience.arms.iter().map(|arm| arm.mean()).collect();
            Ok(Regret::new(&means)?)
        });
        regrets.collect::<anyhow::Result<_>>().map(Self)
    }

    pub(super) fn record(&mut self, decision: &Decision) {
        if let Some(regret) = self.0.get_mut(decision.audience) {
            regret.record(decision.action, decision.reward);
        }
    }

    pub(super) fn sum(&self, of: impl Fn(&Regret) -> f64) -> f64 {
        self.0.iter().map(of).sum()
    }

    /// Of one audience alone: intervals do not add up.
    pub(super) fn realised_interval(&self) -> Option<Interval> {
        match self.0.as_slice() {
            [one] => one.realised_interval(Confidence::P95),
            _ => None,
        }
    }
}

/// How one audience fared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AudienceReport {
    pub(super) audience: String,
    pub(super) visitors: u64,
    /// Its best action.
    pub(super) best: String,
    /// How many of its visitors were shown it.
    pub(super) best_share: f64,
    /// Of the last third of all visitors.
    pub(super) best_share_of_last: f64,
}

/// What was chosen, beside the one action that would have been best for everybody.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FixedReport {
    /// The best single action for the visitors that came.
    pub(super) best_fixed: String,
    /// Its expected reward for each of them.
    pub(super) fixed: f64,
    /// What was chosen for each of them, in expectation.
    pub(super) chosen: f64,
    /// `chosen / fixed - 1`.
    pub(super) margin: f64,
    /// The same over the last third of the visitors.
    pub(super) margin_of_last: f64,
    /// What the best action for each audience would have made of it.
    pub(super) margin_possible: f64,
}

pub(super) fn audience_reports(truth: &Truth, decisions: &[&Decision]) -> Vec<AudienceReport> {
    let last = last_of(decisions);
    let audiences = truth.audiences().iter().enumerate();
    let report = |(index, audience): (usize, &Audience)| {
        let own = |all: &[&Decision]| {
            let own = all.iter().filter(|decision| decision.audience == index);
            let (n, n_best) = own.fold((0_u64, 0_u64), |(n, n_best), decision| {
                (n + 1, n_best + u64::from(audience.is_best(decision.action)))
            });
            (n, n_best as f64 / n.max(1) as f64)
        };
        let named = truth.arms().iter().zip(&audience.arms);
        let best = named.max_by(|(_, a), (_, b)| a.mean().total_cmp(&b.mean()));
        let (visitors, best_share) = own(decisions);
        AudienceReport {
            audience: audience.name.clone(),
            visitors,
            best: best.map_or_else(String::new, |((name, _), _)| name.clone()),
            best_share,
            best_share_of_last: own(last).1,
        }
    };
    audiences.map(report).collect()
}

/// `None` where all visitors are of one kind, or none came.
pub(super) fn beside_fixed(truth: &Truth, decisions: &[&Decision]) -> Option<FixedReport> {
    if truth.audiences().len() < 2 || decisions.is_empty() {
        return None;
    }
    let audience = |decision: &Decision| truth.audiences().get(decision.audience);
    let mean = |all: &[&Decision], of: &dyn Fn(&Audience, &Decision) -> f64| {
        let sum: f64 = all
            .iter()
            .filter_map(|decision| Some(of(audience(decision)?, decision)))
            .sum();
        sum / all.len().max(1) as f64
    };
    let fixed_at = |all: &[&Decision], action: usize| mean(all, &|of, _| of.mean(action));
    let chosen_of = |all: &[&Decision]| mean(all, &|of, decision| of.mean(decision.action));
    let actions = 0..truth.arms().len();
    let best =
        actions.max_by(|a, b| fixed_at(decisions, *a).total_cmp(&fixed_at(decisions, *b)))?;
    let (fixed, chosen) = (fixed_at(decisions, best), chosen_of(decisions));
    let last = last_of(decisions);
    Some(FixedReport {
        best_fixed: truth.arms().get(best)?.0.clone(),
        fixed,
        chosen,
        margin: chosen / fixed - 1.0,
        margin_of_last: chosen_of(last) / fixed_at(last, best) - 1.0,
        margin_possible: mean(decisions, &|of, _| of.best()) / fixed - 1.0,
    })
}

fn last_of<'d, 'a>(decisions: &'d [&'a Decision]) -> &'d [&'a Decision] {
    let from = decisions.len() - decisions.len() / LAST;
    decisions.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::truth;
    use super::*;

    fn truth() -> Truth {
        let json = r#"[
            {"name": "phones", "share": 3, "headers": {"user-agent": "a; b"},
             "cookies": {"hour": "20"}, "truth": {"x": 0.4, "y": 0.1}},
            {"name": "desks", "share": 1, "truth": {"x": 0.2, "y": {"rate": 0.3, "value": 2}}}]"#;
        truth::tests::checked(json).unwrap()
    }

    fn decision(audience: usize, action: usize) -> Decision {
        Decision {
            audience,
            action,
            reward: 0.0,
            variants: BTreeMap::new(),
            moved: false,
        }
    }

    #[test]
    fn figures_are_those_on_paper() {
        let truth = truth();
        // Three phones and three desks; the last two are right.
        let all = [(0, 1), (0, 1), (0, 0), (1, 0), (1, 1), (1, 1)];
        let all = all.map(|(audience, action)| decision(audience, action));
        let all: Vec<&Decision> = all.iter().collect();
        let fixed = beside_fixed(&truth, &all).unwrap();
        // y: (3 x 0.1 + 3 x 0.6) / 6; chosen: (0.1 + 0.1 + 0.4 + 0.2 + 0.6 + 0.6) / 6.
        assert_eq!(fixed.best_fixed, "y");
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(fixed.fixed, 0.35);
        close(fixed.chosen, 2.0 / 6.0);
        close(fixed.margin, 2.0 / 2.1 - 1.0);
        close(fixed.margin_of_last, 0.0);
        close(fixed.margin_possible, 3.0 / 2.1 - 1.0);
        let reports = audience_reports(&truth, &all);
        assert_eq!((&*reports[0].best, reports[0].visitors), ("x", 3));
        close(reports[0].best_share, 1.0 / 3.0);
        close(reports[1].best_share_of_last, 1.0);
        let mut regrets = Regrets::new(&truth).unwrap();
        for decision in &all {
            regrets.record(decision);
        }
        close(regrets.sum(Regret::pseudo), 0.3 + 0.3 + 0.4);
    }

    #[test]
    fn one_kind_of_visitors_has_nothing_beside_it() {
        let truth = truth::tests::checked(r#"{"x": 0.4, "y": 0.1}"#).unwrap();
        let one = decision(0, 1);
        assert!(beside_fixed(&truth, &[&one]).is_none());
        assert!(beside_fixed(&self::truth(), &[]).is_none());
    }
}
