//! The latest rounds as they were, for starting again from them.

use super::RECENT_ROUNDS;
use super::scale::Scale;
use super::state::Walk;
use std::collections::VecDeque;

/// One round.
#[derive(Debug, Clone, PartialEq, Default)]
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

    pub(crate) fn walk(&mut self, walk: &mut impl Walk, (d, n_actions): (usize, usize)) {
        let mut n = self.rounds.len();
        walk.size(&mut n, RECENT_ROUNDS);
        self.rounds.resize_with(n, Round::default);
        for round in &mut self.rounds {
            let mut context = round.context.to_vec();
            let mut length = context.len();
            walk.size(&mut length, d);
            context.resize(length, 0.0);
            for x in &mut context {
                walk.any(x);
            }
            round.context = context.into();
            walk.size(&mut round.action, n_actions.saturating_sub(1));
            walk.number(&mut round.share);
        }
        walk.size(&mut self.n_rounds, usize::MAX);
    }

    pub(crate) fn rounds(&self) -> impl ExactSizeIterator<Item = &Round> {
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

    /// What an action of which nothing is known may bring.
    ///
    /// # Formula
    /// With `m` the mean reward of the kept rounds and one half of one more:
    /// `max(m, min(1/2, b))`, `b` being the greatest mean of an action's kept rounds and four more
    /// of `m`. Where rewards are rare and actions were drawn evenly, as before a first snapshot,
    /// `m` is what the poor ones bring: a prior at that level takes whatever was not yet seen for
    /// poor, and goes on comparing poor actions. One half, zero log-odds, is as far as that goes.
    pub(crate) fn base(&self, n_actions: usize) -> f64 {
        /// Rounds of the mean that an action's own are seen among.
        const AMONG: f64 = 4.0;
        let mut sums = vec![(0.0, 0.0); n_actions];
        let mut total = 0.0;
        for round in &self.rounds {
            total += round.share;
            if let Some((sum, n)) = sums.get_mut(round.action) {
                *sum += round.share;
                *n += 1.0;
            }
        }
        let mean = (total + 0.5) / (self.rounds.len() as f64 + 1.0);
        let of_action = |(sum, n): &(f64, f64)| (sum + AMONG * mean) / (n + AMONG);
        let best = sums.iter().map(of_action).fold(mean, f64::max);
        f64::max(mean, f64::min(best, 0.5))
    }

    /// Forgets all but the latest `n_rounds`.
    pub(crate) fn keep(&mut self, n_rounds: usize) {
        let excess = self.rounds.len().saturating_sub(n_rounds);
        self.rounds.drain(..excess);
        self.n_rounds = n_rounds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rewards: &[(usize, u32, u32)], expected: f64) {
        let mut recent = Recent::default();
        for (action, n_rounds, n_rewarded) in rewards {
            for i in 0..*n_rounds {
                recent.push(Round {
                    context: [].into(),
                    action: *action,
                    share: f64::from(u8::from(i < *n_rewarded)),
                });
            }
        }
        let found = recent.base(3);
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn the_unknown_may_be_as_good_as_the_best_but_not_better_than_even() {
        check(&[], 0.5);
        // A mean of 15.5 in 61 rounds, and 14 in 20 and four more; that is over one half.
        check(&[(0, 20, 14), (1, 20, 1), (2, 20, 0)], 0.5);
        // A mean of 6.5 in 61 rounds, and 5 in 20 and four more.
        check(
            &[(0, 20, 5), (1, 20, 1), (2, 20, 0)],
            (5.0 + 4.0 * 6.5 / 61.0) / 24.0,
        );
        // One lucky round says little.
        check(&[(0, 1, 1), (1, 30, 0)], (1.0 + 4.0 * 1.5 / 32.0) / 5.0);
        // Where more than half is won, the mean is all that is assumed.
        check(&[(0, 40, 39), (1, 20, 2)], 41.5 / 61.0);
    }
}
