//! Commands of the two Durable Objects and what they answer, shared by caller and object.

use crate::bandit::Bandit;
use crate::snapshot::PolicySnapshot;
use crate::time::UnixMillis;

use super::item::{Batch, Report};
use super::state::{ArmState, ShardState, Totals};
use super::warm::WarmStart;

/// What a `Ledger` is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum LedgerCommand {
    /// Count a batch; answered with one [`Outcome`](super::Outcome) for each item once durable.
    Commit {
        /// The shard that the object is.
        shard: u16,
        /// What to count.
        batch: Batch,
    },
    /// Tell the counts; answered with [`ShardTotals`].
    Totals,
    /// Forget what an action has earned; answered with one [`Outcome`](super::Outcome).
    Reset {
        /// Key of the bandit.
        bandit: Box<str>,
        /// The action.
        action: Box<str>,
        /// Names the command: one that was carried out is not carried out again.
        at: UnixMillis,
    },
    /// Send what changed to the coordinators now rather than by alarm.
    Flush,
}

/// What a `Coordinator` is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub enum CoordinatorCommand {
    /// Take over a shard's cumulative state.
    Merge {
        /// The shard that sends.
        shard: u16,
        /// Publication that `bandit` is from.
        publication: u64,
        /// The bandit as the shard knows it.
        bandit: Box<Bandit>,
        /// The reward definition that the state was counted under.
        definition: u64,
        /// The state.
        state: ShardState,
    },
    /// Believe something of an action from the start.
    Warm {
        /// Publication that `bandit` is from.
        publication: u64,
        /// The bandit as the caller knows it.
        bandit: Box<Bandit>,
        /// The action.
        action: Box<str>,
        /// What to believe.
        start: WarmStart,
    },
    /// Tell what was learned; answered with [`BanditView`].
    View,
    /// Tell what was learned of contexts; answered with
    /// [`Learned`](crate::policy::linear::Learned).
    Learned,
}

/// Counts of one shard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShardTotals {
    /// Counts over all bandits.
    pub totals: Totals,
    /// First exposures of each flag and variant.
    pub flags: Vec<(Box<str>, Box<str>, u64)>,
    /// Sums of what senders reported.
    pub reported: Report,
    /// Rows remembered.
    pub n_rows: u64,
    /// Bytes of the store.
    pub database_bytes: u64,
}

/// One action as the coordinator knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmView {
    /// The action.
    pub action: Box<str>,
    /// Its statistics.
    pub arm: ArmState,
    /// Mean reward in the reward's own unit.
    pub mean_reward: f64,
    /// Central 95 % interval of the posterior mean reward, in the reward's own unit.
    pub interval_95: (f64, f64),
    /// Probability of being best, without floor.
    pub p_best: f64,
    /// Probability with which the latest snapshot chooses it, in parts of a million.
    pub parts: u32,
}

/// A published snapshot, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotView {
    /// Its revision.
    pub revision: u64,
    /// When it was computed.
    pub at: UnixMillis,
}

impl From<&PolicySnapshot> for SnapshotView {
    fn from(snapshot: &PolicySnapshot) -> Self {
        Self {
            revision: snapshot.revision(),
            at: snapshot.at(),
        }
    }
}

/// What a coordinator knows of its bandit.
#[derive(Debug, Clone, PartialEq)]
pub struct BanditView {
    /// Key of the bandit.
    pub bandit: Box<str>,
    /// Publication its definition is from.
    pub publication: u64,
    /// The latest snapshot, once there is one.
    pub snapshot: Option<SnapshotView>,
    /// Shards that have reported.
    pub n_shards: usize,
    /// Each action.
    pub arms: Vec<ArmView>,
}
