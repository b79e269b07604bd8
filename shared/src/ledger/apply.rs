//! How a batch changes a shard.

mod register;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::item::{Batch, DecisionItem, FlagItem, Item, Observation, RowKey};
use super::slot::slot;
use super::state::{ArmState, DecisionRow, RowReward, ShardState, Totals};
use crate::bandit::{Bandit, RewardSpec};
use crate::policy::linear::Block;
use crate::sorted::Sorted;
use crate::time::UnixMillis;
use register::Word;

/// A bandit under one reward definition.
pub(crate) type LearnerKey = (Box<str>, u64);

/// An action, and the bandit and reward definition under which its block changed.
pub type Learned = ((Box<str>, u64), Box<str>);

/// What a shard keeps in memory between batches; rows of decisions stay in its store.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// State of each bandit and reward definition.
    pub learners: Sorted<(Box<str>, u64), ShardState>,
    /// The latest form of each bandit, and the publication it is from.
    pub bandits: Sorted<Box<str>, (u64, Bandit)>,
    /// First exposures of each (flag, variant).
    pub flags: Sorted<(Box<str>, Box<str>), u64>,
    /// Counts over all bandits.
    pub totals: Totals,
}

/// What the store already remembers of the rows that a batch names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// Decisions and flag exposures.
    pub rows: BTreeMap<RowKey, DecisionRow>,
    /// Rewards that were added.
    pub additions: BTreeSet<RowKey>,
}

impl Known {
    /// Drops what has outlived its time, so that it does not matter when it is deleted.
    #[must_use]
    pub fn without_forgotten(mut self, now: UnixMillis) -> Self {
        self.rows.retain(|_, row| row.keep_until >= now);
        self
    }
}

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It changed what is counted.
    Committed,
    /// It changed nothing.
    Duplicate,
    /// Its decision has [`ADDITIONS_MAX`](super::ADDITIONS_MAX) added rewards.
    TooMany,
    /// What it takes back was added by a release that did not keep how much it was.
    Unremovable,
}

/// A remembered addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRow {
    /// Its key.
    pub row: RowKey,
    /// How long it is kept.
    pub keep_until: UnixMillis,
}

/// What to store and to answer after a commit; whole values, so that storing twice is harmless.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// Rows to insert or replace, by key in rising order.
    pub rows: Vec<(RowKey, DecisionRow)>,
    /// Additions to remember.
    pub additions: Vec<NewRow>,
    /// New states of the bandits that changed.
    pub learners: Sorted<(Box<str>, u64), ShardState>,
    /// Actions, and periods of actions, whose blocks changed, each once: few, so they are looked
    /// through. Of one that was dropped, `learners` has no block any more.
    pub learned: Vec<Learned>,
    /// Bandits that are new or of a later publication.
    pub bandits: Sorted<Box<str>, (u64, Bandit)>,
    /// New counts of the flags that changed.
    pub flags: Sorted<(Box<str>, Box<str>), u64>,
    /// New totals.
    pub totals: Totals,
    /// For each batch, the outcome of each item, in order.
    pub outcomes: Vec<Vec<Outcome>>,
}

impl Memory {
    /// Takes over a change, once it is stored.
    pub fn adopt(&mut self, change: &Change) {
        let learners = change
            .learners
            .iter()
            .map(|(key, state)| (key.clone(), state.clone()));
        self.learners.extend(learners);
        self.bandits.extend(
            change
                .bandits
                .iter()
                .map(|(key, known)| (key.clone(), known.clone())),
        );
        self.flags
            .extend(change.flags.iter().map(|(key, n)| (key.clone(), *n)));
        self.totals = change.totals;
    }
}

/// Applies batches, one after the other, to what a shard knows.
///
/// # Arguments
/// `known`: rows of the store for every key that the batches name; of others nothing is read.
///
/// # Returns
/// The change and the outcomes; nothing is changed in place, so a failed store leaves no trace.
#[must_use]
pub fn apply(memory: &Memory, known: Known, batches: &[&Batch]) -> Change {
    let mut applying = Applying {
        memory,
        known,
        change: Change {
            totals: memory.totals,
            ..Change::default()
        },
        touched: Vec::new(),
    };
    for batch in batches {
        applying.note_bandits(batch);
        let specs: Vec<(LearnerKey, &Bandit)> = batch
            .bandits
            .iter()
            .map(|bandit| ((bandit.key().into(), bandit.definition()), bandit))
            .collect();
        let outcomes = batch
            .items
            .iter()
            .map(|item| applying.apply_item(item, &specs))
            .collect();
        applying.change.outcomes.push(outcomes);
    }
    applying.finish()
}

struct Applying<'a> {
    memory: &'a Memory,
    known: Known,
    change: Change,
    touched: Vec<RowKey>,
}

impl Applying<'_> {
    /// Remembers bandits of a later publication.
    fn note_bandits(&mut self, batch: &Batch) {
        for bandit in &batch.bandits {
            let changed = self.change.bandits.get(bandit.key());
            let known = changed.or_else(|| self.memory.bandits.get(bandit.key()));
            // Also an unchanged bandit: else a late batch of a publication between could undo it.
            let is_news = known.is_none_or(|(publication, _)| *publication < batch.publication);
            if is_news {
                let noted = (batch.publication, bandit.clone());
                self.change.bandits.insert(bandit.key().into(), noted);
            }
        }
    }

    fn apply_item(&mut self, item: &Item, specs: &[(LearnerKey, &Bandit)]) -> Outcome {
        let outcome = match item {
            Item::Flag(item) => self.apply_flag(item),
            Item::Decision(item) => match specs.get(usize::from(item.bandit)) {
                Some((learner, bandit)) => self.apply_decision(item, learner, bandit),
                // `wire` refuses such a batch before it comes here.
                None => Outcome::Duplicate,
            },
        };
        match outcome {
            Outcome::Committed => {}
            Outcome::Duplicate => self.change.totals.n_duplicates += 1,
            Outcome::TooMany | Outcome::Unremovable => self.change.totals.n_refused += 1,
        }
        outcome
    }

    fn apply_flag(&mut self, item: &FlagItem) -> Outcome {
        if self.known.rows.contains_key(&item.row) {
            return Outcome::Duplicate;
        }
        let row = DecisionRow {
            exposed: true,
            reward: None,
            keep_until: item.keep_until,
            generation: 0,
        };
        self.write(item.row, row);
        let key = (item.flag.clone(), item.variant.clone());
        let before = self.memory.flags.get(&key).copied().unwrap_or_default();
        *self.change.flags.or_insert_with(key, || before) += 1;
        self.change.totals.n_flag_exposures += 1;
        Outcome::Committed
    }

    fn apply_decision(
        &mut self,
        item: &DecisionItem,
        learner: &LearnerKey,
        bandit: &Bandit,
    ) -> Outcome {
        let spec = bandit.reward();
        let before = self.known.rows.get(&item.row).copied();
        let generation = self.generation(learner, &item.action);
        let mut row = before.unwrap_or(DecisionRow {
            exposed: false,
            reward: None,
            keep_until: item.keep_until,
            generation,
        });
        // Receipts of one decision made at several moments: the longest window counts.
        row.keep_until = row.keep_until.max(item.keep_until);
        let word = match &item.observation {
            Observation::Exposed if row.exposed => return Outcome::Duplicate,
            Observation::Exposed => {
                row.exposed = true;
                None
            }
            Observation::Rewarded { reward, at, .. } => Some((*at, Word::Given(reward.units()))),
            Observation::Removed { at, .. } => Some((*at, Word::TakenBack)),
        };
        if let Some((at, word)) = word {
            let told = match item.event_row(spec.repeat) {
                None => register::replaced(row.reward, at, word),
                Some(event) => self.add(event, &row, word),
            };
            match told {
                Ok(reward) => row.reward = Some(reward),
                Err(outcome) => return outcome,
            }
        }
        let memory = self.memory;
        let state = self.change.learners.or_insert_with(learner.clone(), || {
            memory.learners.get(learner).cloned().unwrap_or_default()
        });
        // What a reset forgot stays forgotten, whatever is still told of it.
        let is_current = row.generation == generation;
        let arm = is_current.then(|| state.arms.or_default(item.action.clone()));
        count(arm, &mut self.change.totals, (before, row), spec);
        if is_current {
            let names = learn(state, item, bandit, (before, row));
            for name in names.into_iter().flatten() {
                let learned = (learner.clone(), name);
                if !self.change.learned.contains(&learned) {
                    self.change.learned.push(learned);
                }
            }
        }
        self.write(item.row, row);
        Outcome::Committed
    }

    /// How often the action has been reset.
    fn generation(&self, learner: &LearnerKey, action: &str) -> u8 {
        let changed = self.change.learners.get(learner);
        let state = changed.or_else(|| self.memory.learners.get(learner));
        state.map_or(0, |state| state.generation(action))
    }

    /// The reward of a decision after a word about one of those that add up to it.
    fn add(&mut self, event: RowKey, row: &DecisionRow, word: Word) -> Result<RowReward, Outcome> {
        let of_event = self.known.rows.get(&event).and_then(|row| row.reward);
        let is_counted = self.known.additions.contains(&event);
        let (after, of_event) = register::added(row.reward, of_event, is_counted, word)?;
        let keep_until = row.keep_until;
        if self.known.additions.insert(event) {
            let row = event;
            self.change.additions.push(NewRow { row, keep_until });
        }
        let kept = DecisionRow {
            exposed: false,
            reward: Some(of_event),
            keep_until,
            generation: row.generation,
        };
        self.write(event, kept);
        Ok(after)
    }

    fn write(&mut self, key: RowKey, row: DecisionRow) {
        self.known.rows.insert(key, row);
        self.touched.push(key);
    }

    /// One step of sequence for each bandit that changed, however many batches share the commit.
    fn finish(mut self) -> Change {
        for state in self.change.learners.values_mut() {
            state.sequence += 1;
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        let rows = &self.known.rows;
        self.change.rows = self
            .touched
            .iter()
            .filter_map(|key| Some((*key, *rows.get(key)?)))
            .collect();
        self.change
    }
}

/// Carries the difference between two forms of a row into the sums; into the totals alone where its
/// action was reset since.
fn count(
    arm: Option<&mut ArmState>,
    totals: &mut Totals,
    (before, after): (Option<DecisionRow>, DecisionRow),
    spec: &RewardSpec,
) {
    let newly_exposed = after.exposed && !before.is_some_and(|row| row.exposed);
    totals.n_exposures += u64::from(newly_exposed);
    let mut nobody = ArmState::default();
    let arm = arm.unwrap_or(&mut nobody);
    arm.n_exposed += u64::from(newly_exposed);
    arm.n_decisions += u64::from(before.is_none());
    if before.and_then(|row| row.reward) == after.reward {
        return;
    }
    let (old, new) = (before.and_then(|row| row.worth(spec)), after.worth(spec));
    match (old, new) {
        (None, None) => {}
        (None, Some(_)) => totals.n_rewards += 1,
        (Some(_), None) => {
            totals.n_rewards = totals.n_rewards.saturating_sub(1);
            totals.n_reward_updates += 1;
        }
        (Some(_), Some(_)) => totals.n_reward_updates += 1,
    }
    arm.revalue(old, new);
}

/// Carries the same difference into the period of a bandit that forgets, and into the block of a
/// contextual one. A decision that was made from other features, before they were declared anew,
/// teaches nothing.
///
/// # Returns
/// The names of blocks that changed, and that were dropped.
fn learn(
    state: &mut ShardState,
    item: &DecisionItem,
    bandit: &Bandit,
    rows: (Option<DecisionRow>, DecisionRow),
) -> [Option<Box<str>>; 2] {
    if bandit.forgetting().is_none() {
        let name = item.action.clone();
        return [learn_block(state, name, (item, bandit), rows), None];
    }
    // A sender that knows of no periods knows of no bandit that has them.
    let Some(period) = item.period else {
        return [None, None];
    };
    let name = slot(&item.action, period);
    let arm = state.arms.or_default(name.clone());
    count(Some(arm), &mut Totals::default(), rows, bandit.reward());
    let learned = learn_block(state, name, (item, bandit), rows);
    [learned, state.drop_oldest(&item.action)]
}

/// # Returns
/// The name, where its block changed.
fn learn_block(
    state: &mut ShardState,
    name: Box<str>,
    (item, bandit): (&DecisionItem, &Bandit),
    (before, after): (Option<DecisionRow>, DecisionRow),
) -> Option<Box<str>> {
    let features = bandit.features()?;
    if item.features.spec() != features.fingerprint() {
        return None;
    }
    let spec = bandit.reward();
    let rest = || spec.range().rest_units();
    let worth = |row: DecisionRow| row.worth(spec).unwrap_or_else(rest);
    let (was, is) = (before.map(worth), worth(after));
    if was == Some(is) {
        return None;
    }
    let make = || Arc::new(Block::new(features.n_features()));
    let block = Arc::make_mut(state.blocks.or_insert_with(name.clone(), make));
    match was {
        None => block.observe(&item.features, is),
        Some(was) => block.revalue(&item.features, was, is),
    }
    Some(name)
}

#[cfg(test)]
mod tests;
