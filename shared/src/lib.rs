//! Flag evaluation, bucketing, bandit policies and wire formats; pure.

pub mod bandit;
mod codec;
pub mod decision;
pub mod exposed;
pub mod keys;
pub mod names;
pub mod receipt;
mod signed;
pub mod snapshot;
pub mod sticky;
pub mod subject;
pub mod time;

pub use signed::InvalidToken;
