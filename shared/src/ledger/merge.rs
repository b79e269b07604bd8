//! How the shards of one bandit add up.

use super::slot::period_in;
use super::slot::slot;
use super::state::{ArmState, ShardState};
use super::warm::WarmStart;
use crate::bandit::{Bandit, Forgetting, PERIODS_KEPT, Reach, RewardSpec};
use crate::policy::index::IndexArm;
use crate::policy::linear::{Block, Sums, best_span};
use crate::sorted::Sorted;
use crate::time::UnixMillis;

/// The latest known state of each shard.
///
/// Merging keeps the state with the higher sequence number, shard by shard. That is associative,
/// commutative and idempotent: repeated, late and reordered messages end in the same state.
///
/// Beside what was counted stands what is believed from the start; see [`WarmStart`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergedState {
    shards: Sorted<u16, ShardState>,
    warm: Sorted<Box<str>, WarmStart>,
}

impl MergedState {
    /// Takes over a shard's state unless a later one is known.
    ///
    /// # Returns
    /// Whether anything changed.
    pub fn merge_shard(&mut self, shard: u16, state: ShardState) -> bool {
        let is_later = self
            .shards
            .get(&shard)
            .is_none_or(|known| known.sequence < state.sequence);
        if is_later {
            self.shards.insert(shard, state);
        }
        is_later
    }

    /// Takes over every shard of another merged state.
    pub fn merge(&mut self, other: &Self) {
        for (shard, state) in &other.shards {
            self.merge_shard(*shard, state.clone());
        }
        for (action, start) in &other.warm {
            self.warm_up(action, *start);
        }
    }

    /// Takes over a warm start of an action unless a later one is known.
    ///
    /// # Returns
    /// Whether anything changed.
    pub fn warm_up(&mut self, action: &str, start: WarmStart) -> bool {
        let known = self.warm.get(action);
        let is_later = known.is_none_or(|known| known.at() < start.at());
        if is_later {
            self.warm.insert(action.into(), start);
        }
        is_later
    }

    /// What is believed of each action from the start.
    #[must_use]
    pub fn warm_starts(&self) -> &Sorted<Box<str>, WarmStart> {
        &self.warm
    }

    /// Statistics of each action over all shards, and of each period of one.
    #[must_use]
    pub fn arms(&self) -> Sorted<Box<str>, ArmState> {
        let mut arms: Sorted<Box<str>, ArmState> = Sorted::new();
        for (action, arm) in self.shards.values().flat_map(|state| &state.arms) {
            let sum = arms.or_default(action.clone());
            *sum = sum.plus(arm);
        }
        arms
    }

    /// What each of the actions adds up to over all shards and its warm start, in order; nothing
    /// for one unheard of.
    #[must_use]
    pub fn blocks(&self, actions: &[Box<str>], n_features: usize) -> Vec<Block> {
        let block = |action: &str| {
            let mut sum = match self.warm.get(action) {
                Some(start) => Block::warm(n_features, start),
                None => Block::new(n_features),
            };
            let states = self.shards.values();
            let blocks = states.filter_map(|state| state.blocks.get(action));
            blocks.for_each(|block| sum.add(block));
            sum
        };
        actions.iter().map(|action| block(action)).collect()
    }

    /// What still counts of an action, and how much, oldest first: names of its sums.
    fn counting(
        &self,
        action: &str,
        reach: Option<Reach>,
        now: UnixMillis,
    ) -> Sorted<Box<str>, f64> {
        let Some(reach) = reach else {
            return Sorted::from([(action.into(), 1.0)]);
        };
        let names = self.shards.values().flat_map(|state| state.arms.keys());
        let counting = names.filter_map(|name| {
            let weight_left = reach.weight_left(period_in(name, action)?, now);
            (weight_left > 0.0).then(|| (name.clone(), weight_left))
        });
        counting.collect()
    }

    /// A warm start of an action, and how much of it still counts.
    fn warm_start(
        &self,
        action: &str,
        reach: Option<Reach>,
        now: UnixMillis,
    ) -> Option<(&WarmStart, f64)> {
        let start = self.warm.get(action)?;
        let weight_left = |it: Reach| it.weight_left(it.period_of(start.at()), now);
        Some((start, reach.map_or(1.0, weight_left)))
    }

    /// How far back a bandit looks at a moment; `None` for one that forgets nothing.
    #[must_use]
    pub fn reach(&self, bandit: &Bandit, now: UnixMillis) -> Option<Reach> {
        let forgetting = bandit.forgetting()?;
        let Forgetting::Adaptive { .. } = forgetting else {
            return Some(forgetting.whole());
        };
        let present = forgetting.period_of(now);
        let periods = (0..PERIODS_KEPT as i64).map(|age| present - age);
        let periods: Vec<Vec<Sums>> = if let Some(features) = bandit.features() {
            let of = |period| self.period_blocks(bandit, features.n_features(), period);
            periods.map(of).collect()
        } else {
            let (arms, spec) = (self.arms(), bandit.reward());
            let of = |action: &str, period| {
                let arm = arms.get(&*slot(action, period)).copied();
                Sums::plain(&in_shares(&arm.unwrap_or_default(), spec))
            };
            let each = |period| bandit.actions().iter().map(|it| of(it, period)).collect();
            periods.map(each).collect()
        };
        Some(forgetting.reach(best_span(&periods)))
    }

    /// What each action of a contextual bandit adds up to in a period.
    fn period_blocks(&self, bandit: &Bandit, n_features: usize, period: i64) -> Vec<Sums> {
        let of = |action: &str| {
            let name = slot(action, period);
            let mut whole = Block::new(n_features);
            let states = self.shards.values();
            let blocks = states.filter_map(|state| state.blocks.get(&name));
            blocks.for_each(|block| whole.add(block));
            Sums::of(&whole)
        };
        bandit.actions().iter().map(|action| of(action)).collect()
    }

    /// Pseudo-decisions of each of the bandit's actions that still count at a moment.
    #[must_use]
    pub fn warm_weights(&self, bandit: &Bandit, now: UnixMillis) -> Vec<f64> {
        let reach = self.reach(bandit, now);
        let of = |action: &str| {
            let start = self.warm_start(action, reach, now);
            start.map_or(0.0, |(start, left)| f64::from(start.n_decisions()) * left)
        };
        bandit.actions().iter().map(|action| of(action)).collect()
    }

    /// What counts of each of the bandit's actions at a moment, warm starts included, in shares of
    /// the reward's range.
    #[must_use]
    pub fn remembered(&self, bandit: &Bandit, now: UnixMillis) -> Vec<IndexArm> {
        let (spec, reach) = (bandit.reward(), self.reach(bandit, now));
        let arms = self.arms();
        let of = |action: &str| {
            let mut sum = IndexArm::default();
            if let Some((start, weight_left)) = self.warm_start(action, reach, now) {
                sum.add(&start.as_arm(), weight_left);
            }
            for (name, weight_left) in &self.counting(action, reach, now) {
                if let Some(arm) = arms.get(name) {
                    sum.add(&in_shares(arm, spec), *weight_left);
                }
            }
            sum
        };
        bandit.actions().iter().map(|action| of(action)).collect()
    }

    /// The same of a contextual bandit that forgets.
    #[must_use]
    pub fn faded(&self, bandit: &Bandit, n_features: usize, now: UnixMillis) -> Vec<Sums> {
        let reach = self.reach(bandit, now);
        let of = |action: &str| {
            let mut sum = Sums::of(&Block::new(n_features));
            if let Some((start, weight_left)) = self.warm_start(action, reach, now) {
                sum.add(&Sums::of(&Block::warm(n_features, start)), weight_left);
            }
            for (name, weight_left) in &self.counting(action, reach, now) {
                let mut whole = Block::new(n_features);
                let states = self.shards.values();
                let blocks = states.filter_map(|state| state.blocks.get(name));
                blocks.for_each(|block| whole.add(block));
                sum.add(&Sums::of(&whole), *weight_left);
            }
            sum
        };
        bandit.actions().iter().map(|action| of(action)).collect()
    }

    /// The latest known state of a shard.
    #[must_use]
    pub fn shard(&self, shard: u16) -> Option<&ShardState> {
        self.shards.get(&shard)
    }

    /// Each shard and its state.
    pub fn shards(&self) -> impl Iterator<Item = (u16, &ShardState)> {
        self.shards.iter().map(|(shard, state)| (*shard, state))
    }
}

fn in_shares(arm: &ArmState, spec: &RewardSpec) -> IndexArm {
    IndexArm {
        n: arm.n_decisions as f64,
        sum: arm.total_share(spec),
        squares: arm.total_squared_share(spec),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A shard's state is a function of its sequence number, as it is in life.
    fn merged() -> impl Strategy<Value = MergedState> {
        prop::collection::btree_map(0u16..6, 0u64..9, 0..6).prop_map(|sequences| {
            let mut merged = MergedState::default();
            for (shard, sequence) in sequences {
                let arm = ArmState {
                    n_decisions: sequence * (u64::from(shard) + 1),
                    units: u128::from(sequence) << 32,
                    ..ArmState::default()
                };
                let arms = Sorted::from([("a".into(), arm)]);
                let state = ShardState {
                    sequence,
                    arms,
                    ..ShardState::default()
                };
                merged.merge_shard(shard, state);
            }
            merged
        })
    }

    fn joined(a: &MergedState, b: &MergedState) -> MergedState {
        let mut joined = a.clone();
        joined.merge(b);
        joined
    }

    proptest! {
        #[test]
        fn merging_is_associative_commutative_and_idempotent(
            a in merged(), b in merged(), c in merged(),
        ) {
            prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
            prop_assert_eq!(joined(&a, &b), joined(&b, &a));
            prop_assert_eq!(joined(&a, &a), a);
        }
    }

    #[test]
    fn a_late_message_changes_nothing() {
        let state = |sequence| ShardState {
            sequence,
            ..ShardState::default()
        };
        let mut merged = MergedState::default();
        assert!(merged.merge_shard(0, state(0)));
        assert!(merged.merge_shard(0, state(5)));
        assert!(!merged.merge_shard(0, state(5)));
        assert!(!merged.merge_shard(0, state(4)));
        assert!(merged.merge_shard(1, state(1)));
        assert_eq!(merged.shards().count(), 2);
    }
}
