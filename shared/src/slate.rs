//! Ranked lists: several different actions of one bandit, one for each position.
//!
//! A list is a decision for each position, from the top, each with the propensity that it had given
//! what stands above it: a list's propensity is the product. So each position has a receipt of its
//! own, and nothing that counts decisions needs to know of lists. The first position is what the
//! bandit decides without lists, and a longer list begins with the shorter one.

use crate::bandit::Stickiness;
use crate::decision::{Choice, Decision, Offered, place};

/// Most positions of a list.
pub const POSITIONS_MAX: usize = 32;

/// A position of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Which action stands there, and with what probability given those above.
    pub decision: Decision,
    /// What it was drawn from: the actions that stand in no position above. `None` for a decision
    /// that was kept.
    pub drawn_from: Option<Box<[Share]>>,
}

/// How likely an action was to come into a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The action.
    pub action: Box<str>,
    /// Its probability, in parts of [`crate::bandit::PARTS`].
    pub parts: u32,
}

/// A list of different actions, from the top.
///
/// A position is drawn from what the policy's exploration makes of what is expected of the actions
/// that are left, inverse gap weights unless it declares another; the first one from what the
/// policy publishes. A visitor who reads from the top and takes
/// the first action that attracts is best served by the most attractive ones, best first, so each
/// position asks for the best of those left.
///
/// # Arguments
/// `choice`: as for [`decide`](crate::decision::decide); draws follow from its unit and the
/// position. `kept`: decisions of a list that the unit was given before, from the top: with
/// [`Stickiness::Subject`] those that are this bandit's and still offered come first, as they were.
/// `n_positions`: more than there are actions, the bandit's or the request's, are cut.
///
/// # Returns
/// At most [`POSITIONS_MAX`] positions, no action twice.
///
/// # Determinism
/// The same bits natively and in wasm; integers decide.
///
/// # Source
/// Kveton, Szepesvári, Wen and Ashkan 2015, "Cascading bandits": the best list has the most
/// attractive actions; learning from a list is learning from each position that was seen.
/// Foster and Rakhlin 2020 (inverse gap weighting).
#[must_use]
pub fn rank(choice: &Choice<'_>, kept: Vec<Decision>, n_positions: usize) -> Vec<Position> {
    let bandit = choice.bandit;
    let mut offered = Offered::to(choice);
    let n_positions = n_positions.min(POSITIONS_MAX).min(offered.actions().len());
    let mut list: Vec<Position> = Vec::with_capacity(n_positions);
    let mut kept = kept;
    if kept.is_empty() {
        kept.extend(choice.sticky.get(bandit.key()).cloned());
    }
    let is_kept = |decision: &Decision| {
        bandit.stickiness() == Stickiness::Subject && *decision.bandit == *bandit.key()
    };
    let mut kept = kept.into_iter().filter(is_kept);
    while list.len() < n_positions {
        let (decision, drawn_from) = match kept.next() {
            Some(decision) => (decision, None),
            None => match place(choice, &offered, list.len() as u16) {
                Some((decision, distribution)) => {
                    let from = offered.actions().iter().zip(distribution.parts());
                    let from = from.map(|(action, parts)| Share {
                        action: action.clone(),
                        parts: *parts,
                    });
                    (decision, Some(from.collect()))
                }
                None => break,
            },
        };
        // A kept action that is no longer offered, or stands above, leaves its place.
        let mut left = offered.actions().iter();
        if let Some(place) = left.position(|action| *action == decision.action) {
            offered.remove(place);
            list.push(Position {
                decision,
                drawn_from,
            });
        }
    }
    list
}

#[cfg(test)]
mod tests;
