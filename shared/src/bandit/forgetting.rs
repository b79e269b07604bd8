//! How a bandit forgets: what was decided long ago counts less, or no more.
//!
//! Decisions are counted by the period that they were made in. What a period counts for is a
//! function of the period and of the moment that asks, so sums of shards add up whatever their
//! order, and a late reward counts for as much as the decision that it is for.

use crate::time::UnixMillis;

/// Periods that count: half of a half-life each, or a sixteenth of a window.
pub const PERIODS: i64 = 16;
/// Periods of an action that a shard keeps: one more than count, for clocks that are ahead.
pub const PERIODS_KEPT: usize = PERIODS as usize + 1;
/// Shortest half-life or window.
pub const FORGETTING_MS_MIN: u64 = 1_000;
/// Longest half-life or window: a year.
pub const FORGETTING_MS_MAX: u64 = 366 * 86_400_000;

/// How what was learned loses weight, by the time of each decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgetting {
    /// What is `ms` older counts for half.
    HalfLife {
        /// Milliseconds, in [`FORGETTING_MS_MIN`]`..=`[`FORGETTING_MS_MAX`].
        ms: u64,
    },
    /// What is older than `ms` does not count.
    Window {
        /// Milliseconds, in [`FORGETTING_MS_MIN`]`..=`[`FORGETTING_MS_MAX`].
        ms: u64,
    },
    /// A window of at most `ms`: of its latest part, all, a half, a quarter, an eighth or a
    /// sixteenth, the one by which the latest rewards were best predicted; see
    /// [`crate::policy::linear`].
    Adaptive {
        /// Milliseconds, in [`FORGETTING_MS_MIN`]`..=`[`FORGETTING_MS_MAX`].
        ms: u64,
    },
}

/// How far back a bandit that forgets looks at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    forgetting: Forgetting,
    n_periods: i64,
}

impl Forgetting {
    /// How long a period is, in milliseconds.
    #[must_use]
    pub fn period_ms(self) -> i64 {
        match self {
            Self::HalfLife { ms } => (ms / 2).max(1) as i64,
            Self::Window { ms } | Self::Adaptive { ms } => (ms / PERIODS as u64).max(1) as i64,
        }
    }

    /// The period of a moment, counted from 1970; 0 for what was before.
    #[must_use]
    pub fn period_of(self, at: UnixMillis) -> i64 {
        (at.0 / self.period_ms()).max(0)
    }

    /// As far back as it ever looks.
    #[must_use]
    pub fn whole(self) -> Reach {
        self.reach(PERIODS)
    }

    /// No further back than so many periods, the present one included.
    #[must_use]
    pub fn reach(self, n_periods: i64) -> Reach {
        Reach {
            forgetting: self,
            n_periods: n_periods.min(PERIODS),
        }
    }

    /// What tells one declaration from another.
    pub(super) fn identity(self) -> [u8; 9] {
        let (kind, ms) = match self {
            Self::HalfLife { ms } => (0, ms),
            Self::Window { ms } => (1, ms),
            Self::Adaptive { ms } => (2, ms),
        };
        let mut identity = [kind; 9];
        for (byte, of) in identity.iter_mut().skip(1).zip(ms.to_le_bytes()) {
            *byte = of;
        }
        identity
    }
}

impl Reach {
    /// The period of a moment.
    #[must_use]
    pub fn period_of(self, at: UnixMillis) -> i64 {
        self.forgetting.period_of(at)
    }

    /// How long it is, in milliseconds.
    #[must_use]
    pub fn ms(self) -> i64 {
        self.n_periods.saturating_mul(self.forgetting.period_ms())
    }

    /// What decisions of a period count for at a moment.
    ///
    /// # Formula
    /// 0 beyond it, for half-lives that is where less than 1/180 would be left. Before that 1 in a
    /// window; with a half-life of `h`, `2^(-a / h)`, `a` being the time since the period's end.
    /// What is ahead of the moment counts as of the present.
    ///
    /// # Returns
    /// In `0..=1`. Determinism: the same bits in wasm.
    ///
    /// # Source
    /// Garivier and Moulines 2011, discounted and sliding-window UCB. DIFFERENCE: by time instead
    /// of rounds, and in steps.
    #[must_use]
    pub fn weight_left(self, period: i64, now: UnixMillis) -> f64 {
        let forgetting = self.forgetting;
        let age = forgetting.period_of(now).saturating_sub(period);
        match forgetting {
            _ if age >= self.n_periods => 0.0,
            Forgetting::Window { .. } | Forgetting::Adaptive { .. } => 1.0,
            Forgetting::HalfLife { ms } => {
                let end = period
                    .saturating_add(1)
                    .saturating_mul(forgetting.period_ms());
                let since = now.0.saturating_sub(end).max(0);
                libm::exp2(-(since as f64) / ms as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_counts_less_and_then_not() {
        let check = |forgetting: Forgetting, decided: i64, now: i64, expected: f64| {
            let period = forgetting.period_of(UnixMillis(decided));
            let weight_left = forgetting.whole().weight_left(period, UnixMillis(now));
            assert!(
                (weight_left - expected).abs() < 1e-15,
                "{forgetting:?} {decided} at {now}: {weight_left}"
            );
        };
        let half = Forgetting::HalfLife { ms: 2_000 };
        check(half, 10_000, 10_999, 1.0);
        // Its period ends at 11,000.
        check(half, 10_000, 12_000, libm::sqrt(0.5));
        check(half, 10_999, 13_000, 0.5);
        check(half, 10_500, 15_000, 0.25);
        check(half, 10_500, 25_999, libm::exp2(-14_999.0 / 2_000.0));
        check(half, 10_500, 26_000, 0.0);
        // A clock that is ahead.
        check(half, 99_000, 26_000, 1.0);
        let window = Forgetting::Window { ms: 16_000 };
        check(window, 10_000, 10_000, 1.0);
        check(window, 10_999, 25_999, 1.0);
        check(window, 10_999, 26_000, 0.0);
        check(window, i64::MAX, i64::MIN, 1.0);
        check(half, i64::MIN, i64::MAX, 0.0);
        let adaptive = Forgetting::Adaptive { ms: 16_000 };
        check(adaptive, 10_999, 25_999, 1.0);
        check(adaptive, 10_999, 26_000, 0.0);
        let weight_left = |period| adaptive.reach(2).weight_left(period, UnixMillis(25_999));
        let counts = [26, 25, 24, 23].map(|period| weight_left(period) > 0.5);
        assert_eq!(counts, [true, true, true, false]);
        let ms = [2, PERIODS, PERIODS + 1].map(|n| adaptive.reach(n).ms());
        assert_eq!(ms, [2_000, 16_000, 16_000]);
    }
}
