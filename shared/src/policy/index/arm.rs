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

    /// Takes in what other decisions add up to, each counting for `weight`.
    pub fn add(&mut self, other: &Self, weight: f64) {
        self.n += weight * other.n;
        self.sum += weight * other.sum;
        self.squares += weight * other.squares;
    }

    /// Mean reward; one half before the first.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.n > 0.0 { self.sum / self.n } else { 0.5 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_count_in_part() {
        let mut one = IndexArm::default();
        one.observe(1.0);
        one.observe(0.5);
        let mut sum = IndexArm::default();
        sum.add(&one, 0.5);
        sum.add(&one, 1.5);
        let expected = IndexArm {
            n: 4.0,
            sum: 3.0,
            squares: 2.5,
        };
        assert_eq!(sum, expected);
        assert!((sum.mean() - 0.75).abs() < 1e-15);
    }
}
