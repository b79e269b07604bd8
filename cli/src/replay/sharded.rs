//! A policy whose shards learn apart, each from its part of the rounds, and are merged whenever
//! what they learned is published.

use super::player::Player;
use bandera_shared::bandit::Distribution;
use bandera_shared::policy::contextual::{ContextualPolicy, Observation, RECENT_ROUNDS};

/// What was published, and what each shard made of it since.
pub(super) struct Sharded {
    published: ContextualPolicy,
    shards: Vec<ContextualPolicy>,
    n_observed: u64,
}

impl Sharded {
    pub(super) fn new(policy: ContextualPolicy, n_shards: u32) -> Self {
        Self {
            shards: vec![policy.clone(); n_shards as usize],
            published: policy,
            n_observed: 0,
        }
    }

    /// While the scale of contexts settles, one shard learns alone: what shards then learn does not
    /// add up.
    fn is_young(&self) -> bool {
        self.published.n_rounds() <= RECENT_ROUNDS as u64
    }

    /// What the shards learned, put together. One that began anew meanwhile, since it took the
    /// world for changed, takes the place of everything.
    fn merged(&self) -> ContextualPolicy {
        let mut merged = self.published.clone();
        for shard in &self.shards {
            if merged.merge(shard, &self.published).is_err() {
                return shard.clone();
            }
        }
        merged
    }
}

impl Player for Sharded {
    fn publish(&mut self) {
        let alone = self.shards.first().filter(|_| self.is_young());
        self.published = alone.cloned().unwrap_or_else(|| self.merged());
        self.shards.fill(self.published.clone());
    }

    fn decide(&self, context: &[f64]) -> Distribution {
        self.published.decide(context)
    }

    fn observe(&mut self, observation: Observation<'_>) {
        let turn = if self.is_young() {
            0
        } else {
            self.n_observed as usize % self.shards.len().max(1)
        };
        self.n_observed += 1;
        if let Some(shard) = self.shards.get_mut(turn) {
            shard.observe(observation);
        }
    }

    fn name(&self) -> &str {
        self.published.name()
    }

    fn n_changes(&self) -> u64 {
        self.published.n_changes()
    }
}
