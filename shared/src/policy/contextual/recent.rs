//! The latest rounds as they were, for starting again from them.

use super::RECENT_ROUNDS;
use super::scale::Scale;
use std::collections::VecDeque;

/// One round.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Round {
    pub(crate) context: Box<[f64]>,
    pub(crate) action: usize,
    pub(crate) share: f64,
}

/// At most [`RECENT_ROUNDS`] rounds, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Recent {
    rounds: VecDeque<Round>,
    /// Rounds since the start or the last change, those no longer kept included.
    n_rounds: usize,
}

impl Recent {
    pub(crate) fn push(&mut self, round: Round) {
        if self.rounds.len() == RECENT_ROUNDS {
            self.rounds.pop_front();
        }
        self.rounds.push_back(round);
        self.n_rounds = self.n_rounds.saturating_add(1);
    }

    pub(crate) fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.rounds.iter()
    }

    /// Whether the scale of contexts is due to be taken again: at powers of two and halfway between
    /// them, while every round is still here. From then on it stays, so that what is learned adds
    /// up, over time and over shards.
    pub(crate) fn scale_is_due(&self) -> bool {
        let n = self.n_rounds;
        let halfway = n.is_multiple_of(3) && (n / 3).is_power_of_two();
        n <= RECENT_ROUNDS && (n.is_power_of_two() || halfway)
    }

    /// Scale of the kept contexts.
    pub(crate) fn scale(&self, d: usize) -> Scale {
        Scale::of(d, self.rounds.iter().map(|round| &*round.context))
    }

    /// Mean reward of the kept rounds and one half of one more.
    pub(crate) fn base(&self) -> f64 {
        let total: f64 = self.rounds.iter().map(|round| round.share).sum();
        (total + 0.5) / (self.rounds.len() as f64 + 1.0)
    }

    /// Forgets all but the latest `n_rounds`.
    pub(crate) fn keep(&mut self, n_rounds: usize) {
        let excess = self.rounds.len().saturating_sub(n_rounds);
        self.rounds.drain(..excess);
        self.n_rounds = n_rounds;
    }
}
