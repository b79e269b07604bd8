//! A policy that a replay lets play: what it decides from may be older than what it has learned.

use super::log::Log;
use super::sharded::Sharded;
use super::workers::{Workers, WorkersWire};
use crate::fault::Fault;
use crate::input;
use bandera_shared::bandit::{Distribution, Forgetting};
use bandera_shared::policy::contextual::{
    ContextualPolicy, ContextualSpec, Observation,
    wire::{named, parse},
};
use serde_json::Value;
use std::path::Path;

const FIX: &str = "`bandera replay --help` names the policies, docs/bandits.md their members";

/// What plays.
pub(super) trait Player {
    /// Makes the next decisions follow from everything learned so far.
    fn publish(&mut self);
    fn decide(&self, context: &[f64]) -> Distribution;
    fn observe(&mut self, observation: Observation<'_>);
    fn name(&self) -> &str;
    /// How often the policy took the world for changed.
    fn n_changes(&self) -> u64;
}

/// A policy as it was asked for, for any log.
#[derive(Debug)]
pub(super) enum Declared {
    Contextual(ContextualSpec),
    Workers(WorkersWire),
}

impl Declared {
    /// The policy of a name or file.
    pub(super) fn read(path: &Path) -> Result<Self, Fault> {
        match path.to_str() {
            Some("workers") => return Ok(Self::Workers(WorkersWire::default())),
            Some(name) if let Some(spec) = named(name) => return Ok(Self::Contextual(spec)),
            _ => {}
        }
        let bytes = input::read(path)?;
        let fault = |cause: String| Fault::usage(input::name(path), cause).fix(FIX);
        let json: Option<Value> = serde_json::from_slice(&bytes).ok();
        if json.is_some_and(|json| json.get("policy").is_some_and(|it| it == "workers")) {
            let wire = serde_json::from_slice(&bytes).map_err(|error| fault(error.to_string()))?;
            return Ok(Self::Workers(wire));
        }
        let spec = parse(&bytes).map_err(|error| fault(error.to_string()))?;
        Ok(Self::Contextual(spec))
    }

    /// The same policy, forgetting so.
    pub(super) fn forgetting(self, forgetting: Option<Forgetting>) -> Result<Self, Fault> {
        match (self, forgetting) {
            (declared, None) => Ok(declared),
            (Self::Workers(wire), Some(_)) => Ok(Self::Workers(wire.forgetting(forgetting))),
            (Self::Contextual(_), Some(_)) => {
                let cause = "--memory and --window are for `workers`, and without contexts";
                Err(Fault::usage("--policy", cause)
                    .fix("declare \"memory\" of a learner in the policy's file"))
            }
        }
    }

    /// The same policy in a world that it believes to stay as it is.
    pub(super) fn stationary(self) -> Self {
        match self {
            Self::Contextual(spec) => Self::Contextual(ContextualSpec {
                drift: None,
                memory: f64::INFINITY,
                ..spec
            }),
            Self::Workers(wire) => Self::Workers(wire.forgetting(None)),
        }
    }

    /// The policy before its first round.
    ///
    /// # Arguments
    /// `every`: decisions that are made of the same knowledge.
    /// `shards`: parts of the rounds that are learned apart.
    pub(super) fn player(
        &self,
        log: &Log,
        every: u32,
        shards: u32,
    ) -> Result<Box<dyn Player>, Fault> {
        match self {
            Self::Workers(_) if shards > 1 => {
                let cause = "`workers` learns the same in however many shards";
                Err(Fault::usage("--shards", cause).fix("leave it out"))
            }
            Self::Workers(wire) => Ok(Box::new(Workers::new(wire, log)?)),
            Self::Contextual(spec) => {
                let policy = ContextualPolicy::new(spec.clone(), log.d, log.n_actions)
                    .map_err(|error| Fault::usage(log.place.clone(), error))?;
                if shards > 1 {
                    return Ok(Box::new(Sharded::new(policy, shards)));
                }
                // A copy is only kept where decisions lag behind what was learned.
                let snapshot = (every > 1).then(|| policy.clone());
                Ok(Box::new(Contextual { policy, snapshot }))
            }
        }
    }
}

struct Contextual {
    policy: ContextualPolicy,
    snapshot: Option<ContextualPolicy>,
}

impl Player for Contextual {
    fn publish(&mut self) {
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.clone_from(&self.policy);
        }
    }

    fn decide(&self, context: &[f64]) -> Distribution {
        self.snapshot
            .as_ref()
            .unwrap_or(&self.policy)
            .decide(context)
    }

    fn observe(&mut self, observation: Observation<'_>) {
        self.policy.observe(observation);
    }

    fn name(&self) -> &str {
        self.policy.name()
    }

    fn n_changes(&self) -> u64 {
        self.policy.n_changes()
    }
}
