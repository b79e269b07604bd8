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

    /// What the best action for an audience is expected to bring, at any decision.
    pub(super) fn best(&self, audience: usize) -> f64 {
        let actions = 0..self.bandit.actions().len();
        let means = actions.map(|action| self.arm(audience, action, 0).mean());
        means.fold(f64::NEG_INFINITY, f64::max)
    }
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
