//! What a simulated bandit lives in.

use super::super::audience::Audience;
use super::super::truth::{ArmTruth, Truth};
use crate::fault::Fault;
use bandera_shared::EvaluationContext;
use bandera_shared::bandit::Bandit;
use bandera_shared::wire::read_context;
use serde_json::{Map, Value, json};

/// The bandit, the truth about it, and how visitors come.
pub(super) struct World {
    pub(super) bandit: Bandit,
    pub(super) truth: Truth,
    /// Decisions a second.
    pub(super) traffic: f64,
    pub(super) n_decisions: u32,
    /// Actions that a visitor is shown, from the top.
    pub(super) n_positions: usize,
    /// Between a decision and its reward.
    pub(super) delay_ms: i64,
    pub(super) n_shards: u16,
    /// From that decision on, what was true of an audience's first action is true of its last one,
    /// and so on.
    pub(super) swap_at: Option<u32>,
}

impl World {
    /// Fails where nothing could be learned as it is declared.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let window_ms = self.bandit.attribution_window_ms();
        if self.delay_ms.unsigned_abs() > window_ms {
            return Err(
                Fault::usage("--delay", "rewards come after the attribution window")
                    .fix(format!("at most {} s", window_ms / 1_000)),
            );
        }
        let n_actions = self.bandit.actions().len();
        if self.n_positions > n_actions {
            let cause = format!("the bandit has {n_actions} actions");
            return Err(Fault::usage("--positions", cause)
                .fix(format!("write a number from 1 to {n_actions}")));
        }
        let arms = self.truth.audiences().iter().flat_map(|it| &it.arms);
        let mut values = arms.map(|arm| arm.value);
        let first = values.next().unwrap_or_default();
        if self.n_positions > 1 && values.any(|value| value.total_cmp(&first).is_ne()) {
            let cause = "actions of a list have one value: which list is best would depend on more \
                         than each action's reward";
            return Err(Fault::usage("--truth", cause).fix("write rates alone"));
        }
        self.contexts().map(drop)
    }

    /// When a decision is made, in milliseconds from the start.
    pub(super) fn at_ms(&self, decision: u32) -> i64 {
        (f64::from(decision) * 1e3 / self.traffic) as i64
    }

    /// What is known of a visitor of each audience.
    pub(super) fn contexts(&self) -> Result<Vec<EvaluationContext>, Fault> {
        self.truth.audiences().iter().map(context).collect()
    }

    /// The truth about an action for an audience, at a decision.
    pub(super) fn arm(&self, audience: usize, action: usize, decision: u32) -> ArmTruth {
        let is_swapped = self.swap_at.is_some_and(|from| decision >= from);
        let last = self.bandit.actions().len().saturating_sub(1);
        let action = if is_swapped {
            last.saturating_sub(action)
        } else {
            action
        };
        let audience = self.truth.audiences().get(audience);
        let nothing = ArmTruth {
            rate: 0.0,
            value: 0.0,
        };
        let arm = audience.and_then(|audience| audience.arms.get(action));
        arm.copied().unwrap_or(nothing)
    }

    /// What the best list for an audience is expected to bring, at any decision.
    pub(super) fn best(&self, audience: usize) -> f64 {
        let mut arms = self.arms(audience);
        arms.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
        arms.truncate(self.n_positions);
        list_worth(&arms)
    }

    /// What a list of that length whose actions are drawn evenly is expected to bring.
    pub(super) fn even(&self, audience: usize) -> f64 {
        let arms = self.arms(audience);
        let n = arms.len() as f64;
        if self.n_positions == 1 {
            return arms.iter().map(|arm| arm.mean()).sum::<f64>() / n;
        }
        // `missed[j]`: the mean over lists of `j` of the actions so far of `prod (1 - rate)`, times
        // how many such lists there are among those of all actions.
        let mut missed = vec![0.0; self.n_positions + 1];
        missed.iter_mut().take(1).for_each(|none| *none = 1.0);
        for arm in &arms {
            for j in (1..missed.len()).rev() {
                let before = missed.get(j - 1).copied().unwrap_or_default();
                let share = j as f64 / (n - j as f64 + 1.0);
                if let Some(missed) = missed.get_mut(j) {
                    *missed += before * (1.0 - arm.rate) * share;
                }
            }
        }
        let value = arms.first().map_or(0.0, |arm| arm.value);
        value * (1.0 - missed.last().copied().unwrap_or_default())
    }

    fn arms(&self, audience: usize) -> Vec<ArmTruth> {
        let actions = 0..self.bandit.actions().len();
        actions
            .map(|action| self.arm(audience, action, 0))
            .collect()
    }
}

/// What a visitor brings who reads from the top and takes the first action that attracts.
///
/// # Formula
/// `sum_k value_k rate_k prod_{j < k} (1 - rate_j)`.
pub(super) fn list_worth(arms: &[ArmTruth]) -> f64 {
    let (mut reads, mut worth) = (1.0, 0.0);
    for arm in arms {
        worth += reads * arm.mean();
        reads *= 1.0 - arm.rate;
    }
    worth
}

fn context(audience: &Audience) -> Result<EvaluationContext, Fault> {
    let mut attributes = audience.attributes.clone();
    let cookies: Map<String, Value> = audience
        .cookies
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    attributes.entry("cookies").or_insert(cookies.into());
    let text = Value::Object(attributes).to_string();
    read_context(&text).map_err(|error| {
        let place = format!("--truth: attributes of \"{}\"", audience.name);
        Fault::usage(place, error.message)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::truth;
    use super::*;
    use bandera_shared::bandit::wire;

    fn world(n_positions: usize) -> World {
        let json = r#"{"actions":["a","b","c"],"reward":{"metric":"m","kind":"binary"}}"#;
        let bandit = wire::parse("menu", json).unwrap();
        let told = truth::read("a=0.1,b=0.4,c=0.5").unwrap();
        World {
            truth: truth::check(told, &bandit).unwrap(),
            bandit,
            traffic: 1.0,
            n_decisions: 1,
            n_positions,
            delay_ms: 0,
            n_shards: 1,
            swap_at: None,
        }
    }

    #[test]
    fn lists_are_worth_what_somebody_chooses() {
        let check = |n, best: f64, even: f64| {
            let world = world(n);
            assert!((world.best(0) - best).abs() < 1e-12, "{}", world.best(0));
            assert!((world.even(0) - even).abs() < 1e-12, "{}", world.even(0));
        };
        check(1, 0.5, 1.0 / 3.0);
        // Nobody chooses: 0.6 * 0.5; of the three pairs 0.54, 0.45 and 0.30.
        check(2, 0.7, 1.0 - 0.43);
        check(3, 0.73, 0.73);
        assert!(world(3).check().is_ok());
        assert!(world(4).check().is_err());
    }
}
