//! What the reward of a decision becomes when one more event tells of it.
//!
//! A register of two kinds, each free of order and repeats. Where rewards *replace*, the greatest
//! of (time, taken back, units) stands. Where they *add*, every event has a row of its own, which
//! says what it gave or that it was taken back; one that is taken back before it comes gives
//! nothing when it does.

use super::super::ADDITIONS_MAX;
use super::Outcome;
use crate::ledger::state::RowReward;
use crate::time::UnixMillis;

/// What an event says about the reward of its decision.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    /// It is worth so many units, or so many more.
    Given(i64),
    /// It is not worth what was said.
    TakenBack,
}

/// The reward after a word of that time, where rewards replace each other.
pub(super) fn replaced(
    before: Option<RowReward>,
    at: UnixMillis,
    word: Word,
) -> Result<RowReward, Outcome> {
    let (units, n_removed) = match word {
        Word::Given(units) => (units, 0),
        Word::TakenBack => (0, 1),
    };
    let after = RowReward {
        at,
        units,
        n_added: 0,
        n_removed,
    };
    let rank = |reward: RowReward| (reward.at, reward.n_removed, reward.units);
    match before {
        Some(before) if rank(before) >= rank(after) => Err(Outcome::Duplicate),
        _ => Ok(after),
    }
}

/// The reward and the event's own row after a word, where rewards add up.
///
/// # Arguments
/// `event`: the event's own row so far. `is_counted`: whether it is known to be counted, though a
/// former release kept no row of it.
pub(super) fn added(
    before: Option<RowReward>,
    event: Option<RowReward>,
    is_counted: bool,
    word: Word,
) -> Result<(RowReward, RowReward), Outcome> {
    let none = RowReward {
        at: UnixMillis(0),
        units: 0,
        n_added: 0,
        n_removed: 0,
    };
    let before = before.unwrap_or(none);
    let more = |units: i64| RowReward {
        units: before.units.saturating_add(units),
        n_added: before.n_added + 1,
        ..before
    };
    let one = |units: i64, n_removed: u16| RowReward {
        units,
        n_added: 1,
        n_removed,
        ..none
    };
    let is_taken_back = event.is_some_and(|event| event.n_removed > 0);
    match (word, event) {
        (Word::TakenBack, Some(_)) if is_taken_back => Err(Outcome::Duplicate),
        (Word::TakenBack, Some(event)) => {
            let after = RowReward {
                units: before.units.saturating_sub(event.units),
                n_removed: before.n_removed + 1,
                ..before
            };
            Ok((after, one(0, 1)))
        }
        (Word::Given(_), Some(_)) => Err(Outcome::Duplicate),
        (Word::Given(_), None) if is_counted => Err(Outcome::Duplicate),
        (Word::TakenBack, None) if is_counted => Err(Outcome::Unremovable),
        (_, None) if before.n_added >= ADDITIONS_MAX => Err(Outcome::TooMany),
        (Word::Given(units), None) => Ok((more(units), one(units, 0))),
        (Word::TakenBack, None) => {
            let after = RowReward {
                n_removed: before.n_removed + 1,
                ..more(0)
            };
            Ok((after, one(0, 1)))
        }
    }
}
