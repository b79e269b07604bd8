//! Decisions that a policy took, with what they brought, read from JSON lines.

use crate::fault::Fault;
use crate::input;
use crate::lines::Lines;
use serde::Deserialize;
use std::path::Path;

/// Most numbers of a log: half a gigabyte.
const NUMBERS_MAX: usize = 1 << 26;
/// How far a distribution's sum may be from 1: rounding of printed numbers.
const SUM_OFF_MAX: f64 = 1e-6;
const HEAD: &str = "the first line is {\"meta\": {\"d\": features, \"arms\": actions}}";

/// A log, checked.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) d: usize,
    pub(super) n_actions: usize,
    /// A name for each action.
    pub(super) names: Vec<String>,
    /// Least and greatest reward.
    pub(super) reward_range: (f64, f64),
    pub(super) decisions: Vec<Decision>,
}

/// One decision; every list has the length that the log's first line says.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) context: Vec<f64>,
    pub(super) action: usize,
    /// In (0, 1].
    pub(super) propensity: f64,
    /// Within the range.
    pub(super) reward: f64,
    /// Propensities of all actions under the policy that decided.
    pub(super) distribution: Option<Vec<f64>>,
    /// And under the one that is asked about.
    pub(super) target: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct HeadWire {
    meta: MetaWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetaWire {
    #[serde(default)]
    d: usize,
    arms: usize,
    actions: Option<Vec<String>>,
    reward_range: Option<(f64, f64)>,
}

#[derive(Deserialize)]
struct DecisionWire {
    #[serde(default)]
    x: Vec<f64>,
    action: ActionWire,
    propensity: f64,
    reward: f64,
    distribution: Option<Vec<f64>>,
    target: Option<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "an action is an index from 0 or a name of \"actions\""
)]
enum ActionWire {
    Index(usize),
    Name(String),
}

impl Log {
    /// Reads a file; `-` is standard input.
    pub(super) fn read(path: &Path) -> Result<Self, Fault> {
        let mut lines = Lines::open(path)?;
        let HeadWire { meta } = match lines.next() {
            Ok(Some(head)) => head,
            Ok(None) => return Err(lines.fault("the log is empty").fix(HEAD)),
            Err(fault) => return Err(fault.fix(HEAD)),
        };
        let mut log = Self::of(meta).map_err(|error| lines.fault(error).fix(HEAD))?;
        let mut n_numbers = 0_usize;
        while let Some(wire) = lines.next()? {
            let decision = log.decision(wire).map_err(|error| lines.fault(error))?;
            n_numbers += log.d + 2 * log.n_actions;
            if n_numbers > NUMBERS_MAX {
                let cause = format!("the log has over {NUMBERS_MAX} numbers");
                return Err(lines.fault(cause).fix("judge a part of it"));
            }
            log.decisions.push(decision);
        }
        if log.decisions.is_empty() {
            return Err(Fault::unreachable(
                input::name(path),
                "the log has no decision",
            ));
        }
        Ok(log)
    }

    fn of(meta: MetaWire) -> Result<Self, String> {
        let names = meta
            .actions
            .unwrap_or_else(|| (0..meta.arms).map(|i| i.to_string()).collect());
        if names.len() != meta.arms || meta.arms == 0 {
            return Err(format!(
                "\"actions\" has {} names, not {}",
                names.len(),
                meta.arms
            ));
        }
        let (low, high) = meta.reward_range.unwrap_or((0.0, 1.0));
        if !(low < high && (high - low).is_finite()) {
            return Err("\"rewardRange\" is [lowest, highest]".to_owned());
        }
        Ok(Self {
            d: meta.d,
            n_actions: meta.arms,
            names,
            reward_range: (low, high),
            decisions: Vec::new(),
        })
    }

    fn decision(&self, wire: DecisionWire) -> Result<Decision, String> {
        let (low, high) = self.reward_range;
        let action = match &wire.action {
            ActionWire::Index(index) => Some(*index),
            ActionWire::Name(name) => self.names.iter().position(|known| known == name),
        };
        let action = action.filter(|action| *action < self.n_actions);
        let Some(action) = action else {
            return Err(format!("\"action\" is none of {}", self.names.join(", ")));
        };
        if wire.x.len() != self.d {
            return Err(format!(
                "\"x\" has {} numbers, not {}",
                wire.x.len(),
                self.d
            ));
        }
        if !(wire.propensity > 0.0 && wire.propensity <= 1.0) {
            return Err(format!(
                "the propensity {} is not in (0, 1]",
                wire.propensity
            ));
        }
        if !(low..=high).contains(&wire.reward) {
            return Err(format!(
                "the reward {} is not in {low}..{high}; \"rewardRange\" in the first line says \
                 otherwise",
                wire.reward
            ));
        }
        for (name, list) in [
            ("distribution", &wire.distribution),
            ("target", &wire.target),
        ] {
            list.as_ref()
                .map_or(Ok(()), |list| self.distribution(name, list))?;
        }
        let own = wire.distribution.as_ref().and_then(|list| list.get(action));
        if own.is_some_and(|own| (own - wire.propensity).abs() > SUM_OFF_MAX) {
            return Err("\"distribution\" gives the action another propensity".to_owned());
        }
        Ok(Decision {
            context: wire.x,
            action,
            propensity: wire.propensity,
            reward: wire.reward,
            distribution: wire.distribution,
            target: wire.target,
        })
    }

    /// Checks that a list is a distribution over the log's actions.
    pub(super) fn distribution(&self, name: &str, list: &[f64]) -> Result<(), String> {
        if list.len() != self.n_actions {
            return Err(format!(
                "\"{name}\" has {} numbers, not {}",
                list.len(),
                self.n_actions
            ));
        }
        let sum: f64 = list.iter().sum();
        let within = list.iter().all(|share| (0.0..=1.0).contains(share));
        if within && (sum - 1.0).abs() <= SUM_OFF_MAX {
            return Ok(());
        }
        Err(format!(
            "\"{name}\" has numbers outside 0..1, or their sum {sum} is not 1"
        ))
    }

    /// The reward as a share of its range, which is what policies learn from.
    pub(super) fn share(&self, decision: &Decision) -> f64 {
        let (low, high) = self.reward_range;
        (decision.reward - low) / (high - low)
    }
}
