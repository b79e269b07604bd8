//! What a shard has counted.

use crate::bandit::RewardSpec;
use crate::bandit::{REWARD_UNITS, Repeat};
use crate::policy::linear::Block;
use crate::sorted::Sorted;
use crate::time::UnixMillis;
use std::sync::Arc;

/// The reward of one decision so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowReward {
    /// Time of the reward that counts; of the latest, where rewards add up.
    pub at: UnixMillis,
    /// Units of the reward that counts, or the uncut sum where rewards add up.
    pub units: i64,
    /// How many rewards the sum has; 0 where rewards replace each other.
    pub n_added: u32,
}

impl RowReward {
    /// What the decision is worth: units from the bottom of the range, in `0..=REWARD_UNITS`.
    #[must_use]
    pub fn worth(&self, spec: &RewardSpec) -> u64 {
        let units = match spec.repeat {
            Repeat::Replace => self.units,
            Repeat::Add => self.units.saturating_add(spec.range().zero_units()),
        };
        units.clamp(0, REWARD_UNITS as i64) as u64
    }
}

/// One remembered decision (or exposure of a flag, which has no reward).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionRow {
    /// Whether its exposure was reported.
    pub exposed: bool,
    /// Its reward, if any.
    pub reward: Option<RowReward>,
    /// How long it is remembered.
    pub keep_until: UnixMillis,
}

/// Sufficient statistics of one action in one shard, or summed over shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ArmState {
    /// Decisions known, through exposure or reward.
    pub n_decisions: u64,
    /// Decisions whose exposure was reported.
    pub n_exposed: u64,
    /// Decisions that have a reward.
    pub n_rewarded: u64,
    /// Sum of the units of rewarded decisions.
    pub units: u128,
    /// Sum of their squares.
    pub units_squared: u128,
}

impl ArmState {
    /// The sum of two disjoint sets of decisions.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            n_decisions: self.n_decisions.saturating_add(other.n_decisions),
            n_exposed: self.n_exposed.saturating_add(other.n_exposed),
            n_rewarded: self.n_rewarded.saturating_add(other.n_rewarded),
            units: self.units.saturating_add(other.units),
            units_squared: self.units_squared.saturating_add(other.units_squared),
        }
    }

    /// Replaces what one decision is worth.
    pub(crate) fn revalue(&mut self, old: Option<u64>, new: u64) {
        match old {
            None => self.n_rewarded += 1,
            Some(old) => {
                let old = u128::from(old);
                self.units = self.units.saturating_sub(old);
                self.units_squared = self.units_squared.saturating_sub(old * old);
            }
        }
        let new = u128::from(new);
        self.units = self.units.saturating_add(new);
        self.units_squared = self.units_squared.saturating_add(new * new);
    }

    /// Sum of all decisions' rewards as a share of the range, counting unrewarded ones at rest.
    ///
    /// # Returns
    /// In `0..=n_decisions`.
    #[must_use]
    pub fn total_share(&self, spec: &RewardSpec) -> f64 {
        let n_resting = u128::from(self.n_decisions.saturating_sub(self.n_rewarded));
        let rest = n_resting.saturating_mul(u128::from(spec.range().rest_units()));
        self.units.saturating_add(rest) as f64 / REWARD_UNITS as f64
    }

    /// Mean reward in the reward's own unit; what no reward is worth before the first decision.
    #[must_use]
    pub fn mean_reward(&self, spec: &RewardSpec) -> f64 {
        let range = spec.range();
        if self.n_decisions == 0 {
            return range.value(range.rest_units() as f64);
        }
        range.value(self.total_share(spec) / self.n_decisions as f64 * REWARD_UNITS as f64)
    }
}

/// What one shard knows of one bandit under one reward definition: cumulative.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShardState {
    /// Rises with each change; of two states of one shard the higher is the later.
    pub sequence: u64,
    /// Statistics of each action.
    pub arms: Sorted<Box<str>, ArmState>,
    /// What a contextual bandit learns of each action. Shared, because states are copied at every
    /// commit and only few blocks of one change.
    pub blocks: Sorted<Box<str>, Arc<Block>>,
}

/// Counts of a shard over all bandits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Exposures of bandit decisions, each decision once.
    pub n_exposures: u64,
    /// Exposures of flags, each (subject, flag, variant) once.
    pub n_flag_exposures: u64,
    /// Decisions that have a reward.
    pub n_rewards: u64,
    /// Later rewards that changed what a decision is worth.
    pub n_reward_updates: u64,
    /// Events that changed nothing.
    pub n_duplicates: u64,
    /// Events refused because their decision has too many added rewards.
    pub n_refused: u64,
}
