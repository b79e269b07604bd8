//! What a shard has counted.

use crate::bandit::RewardSpec;
use crate::bandit::{REWARD_UNITS, Repeat};
use crate::policy::linear::Block;
use crate::sorted::Sorted;
use crate::time::UnixMillis;
use std::sync::Arc;

/// The reward of one decision so far; or, where rewards add up, of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowReward {
    /// Time of the reward that counts; 0 where rewards add up.
    pub at: UnixMillis,
    /// Units of the reward that counts, or the uncut sum where rewards add up.
    pub units: i64,
    /// How many events the sum knows of, those that were taken back included; 0 where rewards
    /// replace each other.
    pub n_added: u16,
    /// How many of them were taken back; 1 where the reward that replaced all others is none.
    pub n_removed: u16,
}

impl RowReward {
    /// What the decision is worth: units from the bottom of the range, in `0..=REWARD_UNITS`;
    /// `None` when everything was taken back.
    #[must_use]
    pub fn worth(&self, spec: &RewardSpec) -> Option<u64> {
        let (units, is_given) = match spec.repeat {
            Repeat::Replace => (self.units, self.n_removed == 0),
            Repeat::Add => {
                let units = self.units.saturating_add(spec.range().zero_units());
                (units, self.n_added > self.n_removed)
            }
        };
        is_given.then(|| units.clamp(0, REWARD_UNITS as i64) as u64)
    }

    /// Both numbers in one, as they are stored: a store from before anything was taken back reads
    /// as what it meant.
    #[must_use]
    pub const fn tallies(&self) -> u32 {
        self.n_added as u32 | (self.n_removed as u32) << 16
    }

    /// The reward with numbers that were stored as one.
    #[must_use]
    pub const fn with_tallies(self, tallies: u32) -> Self {
        Self {
            n_added: tallies as u16,
            n_removed: (tallies >> 16) as u16,
            ..self
        }
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
    /// How often its action had been reset when it was first heard of; at most
    /// [`RESETS_MAX`](super::RESETS_MAX).
    pub generation: u8,
}

impl DecisionRow {
    /// What its reward is worth, where it has one.
    #[must_use]
    pub fn worth(&self, spec: &RewardSpec) -> Option<u64> {
        self.reward.and_then(|reward| reward.worth(spec))
    }
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

    /// Replaces what one decision is worth; `None` stands for no reward.
    pub(crate) fn revalue(&mut self, old: Option<u64>, new: Option<u64>) {
        if let Some(old) = old.map(u128::from) {
            self.n_rewarded = self.n_rewarded.saturating_sub(1);
            self.units = self.units.saturating_sub(old);
            self.units_squared = self.units_squared.saturating_sub(old * old);
        }
        if let Some(new) = new.map(u128::from) {
            self.n_rewarded += 1;
            self.units = self.units.saturating_add(new);
            self.units_squared = self.units_squared.saturating_add(new * new);
        }
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

    /// Sum of the squares of all decisions' rewards as shares of the range, unrewarded ones at
    /// rest.
    ///
    /// # Returns
    /// In `0..=n_decisions`.
    #[must_use]
    pub fn total_squared_share(&self, spec: &RewardSpec) -> f64 {
        let n_resting = u128::from(self.n_decisions.saturating_sub(self.n_rewarded));
        let rest = u128::from(spec.range().rest_units());
        let rest = n_resting.saturating_mul(rest * rest);
        let unit = REWARD_UNITS as f64;
        self.units_squared.saturating_add(rest) as f64 / (unit * unit)
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
    /// Actions that have been reset.
    pub resets: Sorted<Box<str>, Reset>,
}

/// How often an action was reset, and when for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reset {
    /// How often.
    pub n: u8,
    /// The moment that the last command named: a command of then or before was carried out.
    pub at: UnixMillis,
}

impl ShardState {
    /// How often the action has been reset.
    #[must_use]
    pub fn generation(&self, action: &str) -> u8 {
        self.resets.get(action).map_or(0, |reset| reset.n)
    }
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
    /// Later rewards, and removals, that changed what a decision is worth.
    pub n_reward_updates: u64,
    /// Events that changed nothing.
    pub n_duplicates: u64,
    /// Events refused because their decision has too many added rewards.
    pub n_refused: u64,
}
