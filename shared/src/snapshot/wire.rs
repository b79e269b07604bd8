//! The JSON of a policy snapshot, as KV holds it.

use crate::wire::tree;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{PolicySnapshot, SNAPSHOT_BYTES_MAX, SnapshotAction};
use crate::bandit::ACTIONS_MAX;
use crate::time::UnixMillis;

/// The version this crate writes and reads.
pub const SNAPSHOT_FORMAT_VERSION: u32 = 1;

/// A snapshot as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotWire {
    format_version: u32,
    bandit: String,
    revision: u64,
    at_ms: i64,
    actions: Vec<ActionWire>,
}

/// An action as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionWire {
    action: String,
    parts: u32,
    #[serde(default)]
    decisions: u64,
    #[serde(default)]
    rewarded: u64,
    #[serde(default)]
    mean_reward: f64,
}

/// Why bytes are no snapshot; the edge then keeps the one it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidSnapshot {
    /// Longer than [`SNAPSHOT_BYTES_MAX`], or more actions than a bandit may have.
    TooLarge,
    /// Written by a later version.
    FutureFormat(u32),
    /// No such JSON.
    Malformed(String),
    /// The parts do not sum.
    Distribution,
}

impl fmt::Display for InvalidSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the snapshot is too large"),
            Self::FutureFormat(version) => write!(f, "format version {version} is unknown"),
            Self::Malformed(detail) => write!(f, "malformed snapshot: {detail}"),
            Self::Distribution => f.write_str("the parts are no distribution"),
        }
    }
}

impl std::error::Error for InvalidSnapshot {}

/// Reads a snapshot.
///
/// # Errors
/// `InvalidSnapshot`, for any bytes that are not one.
pub fn parse(bytes: &[u8]) -> Result<PolicySnapshot, InvalidSnapshot> {
    if bytes.len() > SNAPSHOT_BYTES_MAX {
        return Err(InvalidSnapshot::TooLarge);
    }
    let wire: SnapshotWire =
        tree::from_slice(bytes).map_err(|error| InvalidSnapshot::Malformed(error.to_string()))?;
    if wire.format_version != SNAPSHOT_FORMAT_VERSION {
        return Err(InvalidSnapshot::FutureFormat(wire.format_version));
    }
    if wire.actions.len() > ACTIONS_MAX {
        return Err(InvalidSnapshot::TooLarge);
    }
    let actions = wire
        .actions
        .into_iter()
        .map(|action| SnapshotAction {
            action: action.action.into(),
            parts: action.parts,
            n_decisions: action.decisions,
            n_rewarded: action.rewarded,
            mean_reward: action.mean_reward,
        })
        .collect();
    PolicySnapshot::new(wire.bandit, wire.revision, UnixMillis(wire.at_ms), actions)
        .map_err(|_| InvalidSnapshot::Distribution)
}

/// Writes a snapshot.
#[must_use]
pub fn print(snapshot: &PolicySnapshot) -> String {
    let wire = SnapshotWire {
        format_version: SNAPSHOT_FORMAT_VERSION,
        bandit: snapshot.bandit().into(),
        revision: snapshot.revision(),
        at_ms: snapshot.at().0,
        actions: snapshot
            .actions()
            .iter()
            .map(|action| ActionWire {
                action: (*action.action).into(),
                parts: action.parts,
                decisions: action.n_decisions,
                rewarded: action.n_rewarded,
                mean_reward: action.mean_reward,
            })
            .collect(),
    };
    // Strings and numbers only: there is no map whose keys could fail, and no failing writer.
    serde_json::to_string(&wire).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = concat!(
        r#"{"formatVersion":1,"bandit":"hero","revision":3,"atMs":5,"actions":[{"action":"a","#,
        r#""parts":1000000,"decisions":4,"rewarded":1,"meanReward":0.25}]}"#
    );

    #[test]
    fn prints_what_it_parses() {
        assert_eq!(print(&parse(JSON.as_bytes()).unwrap()), JSON);
    }

    #[test]
    fn refuses_rubbish() {
        let check = |json: &str, expected: fn(&InvalidSnapshot) -> bool| {
            let fault = parse(json.as_bytes()).unwrap_err();
            assert!(expected(&fault), "{fault}");
        };
        check("", |fault| matches!(fault, InvalidSnapshot::Malformed(_)));
        check("[]", |fault| matches!(fault, InvalidSnapshot::Malformed(_)));
        let future = JSON.replace("Version\":1", "Version\":2");
        check(&future, |fault| *fault == InvalidSnapshot::FutureFormat(2));
        check(&JSON.replace("1000000", "7"), |fault| {
            *fault == InvalidSnapshot::Distribution
        });
        check(&" ".repeat(SNAPSHOT_BYTES_MAX + 1), |fault| {
            *fault == InvalidSnapshot::TooLarge
        });
    }
}
