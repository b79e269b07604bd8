//! The JSON that edges, queue, ledgers and coordinators exchange.
//!
//! Items are lists of fixed length, because a batch is mostly items and a ledger reads twenty
//! thousand of them a second. Keys of 128 bits are hexadecimal text: JSON numbers do not hold them.

mod answer;
mod batch;
mod coordinator;
mod learned;

pub use answer::{parse_totals, parse_view, print_totals, print_view};
pub use batch::{
    parse_ledger_command, parse_outcomes, parse_queued, print_ledger_command, print_outcomes,
    print_queued,
};
pub use coordinator::{
    parse_arms, parse_bandit, parse_coordinator_command, parse_warm_start, print_arms,
    print_bandit, print_coordinator_command, print_warm_start,
};
pub use learned::{parse_learned, print_learned};

use std::fmt;

/// Why a message was refused: only a fault of ours, or of another version, can cause it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidMessage {
    /// No such JSON.
    Malformed(String),
    /// A value that no sender writes.
    Value(&'static str),
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(detail) => write!(f, "malformed message: {detail}"),
            Self::Value(member) => write!(f, "invalid value: {member}"),
        }
    }
}

impl std::error::Error for InvalidMessage {}

impl From<crate::wire::tree::Error> for InvalidMessage {
    fn from(error: crate::wire::tree::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// Text of a value that consists of plain data only, which always has a JSON form.
fn print<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
