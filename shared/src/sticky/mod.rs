//! The bandit decisions a subject already has, carried in a cookie signed for that subject.
//!
//! A kept decision is returned as it was made, with its propensity, so that a later snapshot
//! neither moves the visitor nor rewrites history. Bounded: the oldest give way.

mod token;

pub use token::{STICKY_CHARS_MAX, STICKY_DECISIONS_MAX};

use crate::decision::Decision;

/// Kept decisions, at most one for a bandit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StickyDecisions(Vec<Decision>);

impl StickyDecisions {
    /// The kept decision of a bandit.
    #[must_use]
    pub fn get(&self, bandit: &str) -> Option<&Decision> {
        self.0.iter().find(|decision| &*decision.bandit == bandit)
    }

    /// Keeps a decision in place of the bandit's earlier one; beyond the limit the oldest goes.
    ///
    /// Set [`Decision::shard`] first, so that the decision stays counted where it began.
    pub fn keep(&mut self, decision: Decision) {
        self.0.retain(|kept| kept.bandit != decision.bandit);
        let is_earlier = |kept: &Decision| {
            (kept.decided_at, &kept.bandit) < (decision.decided_at, &decision.bandit)
        };
        let place = self.0.partition_point(is_earlier);
        self.0.insert(place, decision);
        if self.0.len() > STICKY_DECISIONS_MAX {
            self.0.remove(0);
        }
    }

    /// Every kept decision, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Decision> {
        self.0.iter()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
