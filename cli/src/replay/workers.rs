//! The policy of contextual bandits in the Workers, played by their own code: features as a ruleset
//! declares them, sums as a shard keeps them, a model as the coordinator publishes it, decisions as
//! edges make them.

use super::forget::moment;
use super::log::Log;
use super::player::Player;
use crate::fault::Fault;
use bandera_shared::EvaluationContext;
use bandera_shared::bandit::features::FEATURES_MAX;
use bandera_shared::bandit::{Bandit, ContextVector, Distribution, FeatureSpec, Forgetting, wire};
use bandera_shared::ledger::{
    Batch, DecisionItem, Known, Memory, MergedState, Observation as Item, RowKey, apply,
};
use bandera_shared::policy::contextual::Observation;
use bandera_shared::policy::linear::{self, EXPLORATION, Weighing};
use bandera_shared::snapshot::{LinearModel, PolicySnapshot};
use serde::Deserialize;
use serde_json::{Value, json};

/// Greatest factor of the rate of exploration that can be asked for.
const FACTOR_MAX: f64 = 1e6;

/// What may be said of the policy, `{"policy": "workers", ...}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkersWire {
    #[serde(rename = "policy")]
    _name: Option<String>,
    /// Features as in a ruleset; column `i` of the log is the attribute `x<i>`.
    features: Option<Value>,
    /// Least share of every action, as in a ruleset.
    floor: Option<f64>,
    /// How it explores, as in a ruleset.
    exploration: Option<String>,
    /// Deviations above expectation, as in a ruleset.
    alpha: Option<f64>,
    /// Share that is left to chance, as in a ruleset.
    epsilon: Option<f64>,
    /// How fast that falls, as in a ruleset.
    decay: Option<f64>,
    /// Another factor of the rate of inverse gap weighting than that of the Workers.
    factor: Option<f64>,
    /// How it forgets, as the command says.
    #[serde(skip)]
    forgetting: Option<Forgetting>,
}

impl WorkersWire {
    /// The same policy, forgetting so.
    pub(super) fn forgetting(self, forgetting: Option<Forgetting>) -> Self {
        Self { forgetting, ..self }
    }
}

/// One shard, its coordinator and an edge.
pub(super) struct Workers {
    name: Box<str>,
    bandit: Bandit,
    features: FeatureSpec,
    /// Names of the columns.
    columns: Vec<String>,
    memory: Memory,
    /// Rounds that were played.
    n_rounds: u64,
    published: Option<PolicySnapshot>,
    /// What is decided by before anything is published.
    even: Distribution,
    /// Factor of the rate of exploration that is published.
    haste: f64,
}

impl Workers {
    pub(super) fn new(wire: &WorkersWire, log: &Log) -> Result<Self, Fault> {
        let features = match &wire.features {
            Some(features) => features.clone(),
            None if log.d > FEATURES_MAX => {
                let cause = format!("has {} columns; the Workers look at {FEATURES_MAX}", log.d);
                let fix = "declare \"features\" in the policy's file";
                return Err(Fault::usage(log.place.clone(), cause).fix(fix));
            }
            None => numeric(log),
        };
        let floor = wire.floor;
        let [half_life, window, adaptive] = match wire.forgetting {
            None => [None; 3],
            Some(Forgetting::HalfLife { ms }) => [Some(ms), None, None],
            Some(Forgetting::Window { ms }) => [None, Some(ms), None],
            Some(Forgetting::Adaptive { ms }) => [None, None, Some(ms)],
        };
        let policy = json!({"kind": "contextual", "features": features, "floor": floor,
            "exploration": wire.exploration, "alpha": wire.alpha,
            "epsilon": wire.epsilon, "decay": wire.decay,
            "halfLifeMs": half_life, "windowMs": window, "adaptiveWindowMs": adaptive});
        let actions: Vec<String> = (0..log.n_actions).map(|i| i.to_string()).collect();
        let reward = json!({"metric": "reward", "kind": "numeric", "min": 0, "max": 1});
        let bandit = json!({"actions": actions, "reward": reward, "policy": policy});
        let bandit = wire::parse("replay", &bandit.to_string())
            .map_err(|fault| Fault::usage(log.place.clone(), fault))?;
        let even = Distribution::uniform(log.n_actions)
            .map_err(|error| Fault::usage(log.place.clone(), error))?;
        let Some(features) = bandit.features().cloned() else {
            return Err(Fault::usage(log.place.clone(), "no features are declared"));
        };
        let is_by_gaps = matches!(wire.exploration.as_deref(), None | Some("inverseGap"));
        if wire.factor.is_some() && !is_by_gaps {
            let cause = "\"factor\" belongs to \"inverseGap\", and another exploration is declared";
            return Err(Fault::usage("--policy", cause).fix("leave it out"));
        }
        let factor = wire.factor.unwrap_or(EXPLORATION);
        if !(0.0..=FACTOR_MAX).contains(&factor) {
            let cause = format!("\"factor\" must be from 0 to {FACTOR_MAX}");
            return Err(Fault::usage("--policy", cause));
        }
        Ok(Self {
            name: "workers".into(),
            bandit,
            features,
            columns: (0..log.d).map(column).collect(),
            memory: Memory::default(),
            n_rounds: 0,
            published: None,
            even,
            haste: factor / EXPLORATION,
        })
    }

    fn vector(&self, context: &[f64]) -> ContextVector {
        let mut attributes = EvaluationContext::new();
        for (name, x) in self.columns.iter().zip(context) {
            attributes.set(name, (*x).into());
        }
        self.features.vector(&attributes)
    }

    /// The snapshot of what the one shard has counted, its rate of exploration brought to the one
    /// that was asked for.
    fn snapshot(&self) -> Option<PolicySnapshot> {
        let mut merged = MergedState::default();
        let (_, state) = self.memory.learners.iter().next()?;
        merged.merge_shard(0, state.clone());
        let (bandit, features) = (&self.bandit, &self.features);
        let at = moment(self.n_rounds);
        let snapshot = linear::snapshot(bandit, features, &merged, self.n_rounds, at)?;
        let model = snapshot.model()?;
        let Weighing::InverseGap { gamma } = model.weighing() else {
            return Some(snapshot);
        };
        let weighing = Weighing::InverseGap {
            gamma: gamma * self.haste,
        };
        let coefficients = model.coefficients().map(Into::into).collect();
        let model = LinearModel::new(model.features(), weighing, coefficients)?;
        snapshot.with_model(model)
    }
}

/// Every column as a number between its least and its greatest value.
fn numeric(log: &Log) -> Value {
    let feature = |i: usize| {
        let values = log.rounds.iter().filter_map(|round| round.context.get(i));
        let min = values.clone().copied().fold(f64::INFINITY, f64::min);
        let max = values.copied().fold(f64::NEG_INFINITY, f64::max);
        // A column that never changes says nothing, and any range will do.
        let max = if max > min { max } else { min + 1.0 };
        json!({"kind": "numeric", "attribute": column(i), "min": min, "max": max})
    };
    (0..log.d).map(feature).collect()
}

fn column(i: usize) -> String {
    format!("x{i}")
}

impl Player for Workers {
    fn publish(&mut self) {
        // Nothing is published before the first decision, and what gives no number is not.
        if self.n_rounds > 0 {
            self.published = self.snapshot().or_else(|| self.published.take());
        }
    }

    fn decide(&self, context: &[f64]) -> Distribution {
        let published = self.published.as_ref();
        published
            .and_then(|snapshot| snapshot.distribution_in(&self.vector(context), &self.bandit))
            .unwrap_or_else(|| self.even.clone())
    }

    fn observe(&mut self, observation: Observation<'_>) {
        let Observation {
            context,
            action,
            share,
        } = observation;
        let (Some(action), Ok(reward)) = (
            self.bandit.actions().get(action).cloned(),
            self.bandit.reward().check(share),
        ) else {
            return;
        };
        let at = moment(self.n_rounds);
        let item = DecisionItem {
            bandit: 0,
            action,
            row: RowKey(self.n_rounds.into()),
            keep_until: at,
            period: self.bandit.forgetting().map(|it| it.period_of(at)),
            features: self.vector(context),
            observation: Item::Rewarded {
                reward,
                at,
                event: RowKey(0),
            },
        };
        let mut batch = Batch::default();
        batch.push(&self.bandit, item);
        // No decision is heard of twice, so no row need be kept.
        let change = apply(&self.memory, Known::default(), &[&batch]);
        self.memory.adopt(&change);
        self.n_rounds += 1;
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn n_changes(&self) -> u64 {
        0
    }
}
