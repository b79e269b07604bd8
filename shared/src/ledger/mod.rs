//! Counting: what one shard remembers, how events change it, and how shards add up.
//!
//! Everything here is pure: a Durable Object loads rows, calls [`apply()`], stores what changed,
//! and replies. Counting is idempotent and does not depend on order:
//!
//! * A decision is one row, under a hash of its id, subject, action and reward definition. Its
//!   exposure is a flag of that row, set once.
//! * A reward implies that its decision was made: whichever of exposure and reward comes first
//!   counts the decision, the other one adds what it knows. So rewards never outnumber decisions.
//! * Rewards that *replace* are a register that keeps the greatest (time, value): the time is the
//!   client's own, or the decision's where none is given. Sending any of them again, in any order
//!   and under any event id, ends in the same state.
//! * Rewards that *add* are told apart by event id, and the sum is cut to the declared range. A
//!   receipt replayed under fresh event ids can thus raise its own decision to at most one full
//!   reward, and [`ADDITIONS_MAX`] bounds what is remembered for it.
//! * A removal is a reward of a kind: where rewards replace, a register entry that says "none" and
//!   wins over those of its own time; where they add, a mark in the row of the event it takes back,
//!   which may come before that event does.
//! * Sums are whole [`REWARD_UNITS`](crate::bandit::REWARD_UNITS), so their order cannot show.
//!
//! A shard sends its cumulative [`ShardState`], never a difference; [`MergedState`] keeps the
//! latest of each shard, so a repeated or late message is harmless.
//!
//! # Memory
//! A row is kept until no receipt for it can be admitted any more ([`LATE_ARRIVAL_MS_MAX`] after
//! its attribution window), and a day for clocks and queues. Then it counts as forgotten, whether
//! or not it was deleted yet. Sums stay.
//!
//! # Periods
//! Of a bandit that forgets, a decision counts for its action and, apart, for the period that it
//! was made in; rewards that come later, and removals, count there too. A shard keeps the latest
//! periods; how much each weighs is the coordinator's to say, at the moment that it computes. With
//! each commit for such a bandit, periods that count no more go, of every action
//! ([`Change::without_forgotten`]).
//!
//! # Resets
//! A reset sets the sums of one action to nothing and leaves its rows. Each row knows how often its
//! action had been reset when it was first heard of; what comes later for a decision of before the
//! last reset is told apart from its repeats as ever, and changes no sum of that action.
//!
//! # Changed bandits
//! Every batch carries the bandits that its items speak of and the publication they come from; the
//! highest publication counts. A changed reward definition starts a new [`ShardState`]; other
//! changes apply at once.

mod admit;
mod apply;
mod command;
mod item;
mod merge;
mod recent;
mod reset;
mod slot;
mod state;
mod warm;
pub mod wire;

pub use admit::{Admitted, Desk, admit, exposure, flag_exposure};
pub use apply::{Change, Known, Learned, Memory, NewRow, Outcome, apply};
pub use command::{
    ArmView, BanditView, CoordinatorCommand, LedgerCommand, ShardTotals, SnapshotView,
};
pub use item::{
    Batch, DecisionItem, FlagItem, Item, Observation, Report, RowKey, cut, joined, routed,
};
pub use merge::MergedState;
pub use recent::{Missing, Recent, SLICES, bounds, entry};
pub use reset::reset;
pub use slot::{period_in, slot};
pub use state::{ArmState, DecisionRow, Reset, RowReward, ShardState, Totals};
pub use warm::{InvalidWarmStart, WARM_DECISIONS_MAX, WarmStart};

/// How long after the attribution window an event may still arrive: retries and offline pages.
pub const LATE_ARRIVAL_MS_MAX: u64 = 3_600_000;
/// How much longer a row is kept than its events are admitted: clocks of edges differ, and a queue
/// may hold an admitted event back for hours.
pub const KEEP_MARGIN_MS: u64 = 86_400_000;
/// How long the exposure of a flag is told apart from its repeats: 30 days.
pub const FLAG_EXPOSURE_KEEP_MS: u64 = 30 * 86_400_000;
/// Most rewards that add up for one decision, those that were taken back included.
pub const ADDITIONS_MAX: u16 = 100;
/// How often an action can be reset under one reward definition: as many as five bits tell apart.
pub const RESETS_MAX: u8 = 31;
/// Rows that a shard holds in memory before it brings some to their places: 4 MB, and three times
/// that just after a restart. Several shards may live in one isolate of 128 MB.
pub const RECENT_ROWS_MAX: usize = 32_768;
/// Most items of one batch, also of a merged one.
pub const ITEMS_PER_BATCH_MAX: usize = 2_000;
