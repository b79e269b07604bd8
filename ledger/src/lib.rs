//! What the edge Worker counts and learns with: an engine of its own beside the one that answers.
//!
//! [`queue`] hands in what nobody waited for. A [`Ledger`] counts one shard's decisions and
//! rewards; a [`Coordinator`] merges the shards of one bandit and publishes what to do next. An
//! isolate that only answers requests never instantiates any of this. What both keep is in SQLite
//! ([`sql`]); how counts and policies change is pure, in `bandera_shared`.

mod coordinator;
mod ledger;
mod queue;
mod sql;

pub use coordinator::Coordinator;
pub use ledger::Ledger;
