//! What one action brought, and how much of it still counts.

/// Decisions and rewards of one action, as shares of the reward's range.
///
/// Counts are real numbers, because what is old may count in part.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct IndexArm {
    /// Decisions, >= 0.
    pub n: f64,
    /// Sum of rewards, in 0 ..= `n`.
    pub sum: f64,
    /// Sum of squared rewards, at most `sum`.
    pub squares: f64,
}

impl IndexArm {
    /// Takes in a reward in [0, 1].
    pub fn observe(&mut self, share: f64) {
        self.n += 1.0;
        self.sum += share;
        self.squares += share * share;
    }

    /// Takes out a reward that has left the window of a sliding-window form.
    pub fn expire(&mut self, share: f64) {
        self.n = f64::max(self.n - 1.0, 0.0);
        self.sum = (self.sum - share).clamp(0.0, self.n);
        self.squares = (self.squares - share * share).clamp(0.0, self.sum);
    }

    /// Mean reward; one half before the first.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.n > 0.0 { self.sum / self.n } else { 0.5 }
    }
}

/// How fast what is old is forgotten, in drifting worlds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Discount(f64);

impl Discount {
    /// Everything counts for ever.
    pub const NONE: Self = Self(1.0);

    /// A memory of about `rounds`: what is that old counts for `1/e`.
    ///
    /// # Formula
    /// `gamma = 1 - 1 / rounds`; `None` where that is not in (0, 1).
    /// # Source
    /// Garivier and Moulines 2011, discounted UCB.
    #[must_use]
    pub fn over_rounds(rounds: f64) -> Option<Self> {
        (rounds > 1.0 && rounds.is_finite()).then_some(Self(1.0 - 1.0 / rounds))
    }

    /// Lets a round pass for every action, whichever was chosen.
    pub fn pass(self, arms: &mut [IndexArm]) {
        for arm in arms {
            arm.n *= self.0;
            arm.sum *= self.0;
            arm.squares *= self.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_fades_and_expires() {
        let mut arms = [IndexArm::default(); 2];
        for _ in 0..10_000 {
            Discount::over_rounds(100.0).unwrap().pass(&mut arms);
            arms[0].observe(0.25);
        }
        assert!((arms[0].n - 100.0).abs() < 1e-9, "{arms:?}");
        assert!((arms[0].mean() - 0.25).abs() < 1e-12);
        assert!((arms[1].mean() - 0.5).abs() < 1e-12);
        assert_eq!(Discount::over_rounds(1.0), None);
        assert_eq!(Discount::over_rounds(f64::NAN), None);

        let mut arm = IndexArm::default();
        arm.observe(1.0);
        arm.observe(0.0);
        arm.expire(1.0);
        let expected = IndexArm {
            n: 1.0,
            ..IndexArm::default()
        };
        assert_eq!(arm, expected);
        arm.expire(1.0);
        arm.expire(1.0);
        assert_eq!(arm, IndexArm::default());
    }
}
