//! Random numbers that follow from a seed: the same on every machine and in every version.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Draws(Pcg64);

impl Draws {
    /// The one stream of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Pcg64::seed_from_u64(seed))
    }

    /// One of many streams of a seed; they do not touch each other, so who draws first is no
    /// matter.
    pub(crate) fn stream(seed: u64, stream: u64) -> Self {
        Self(Pcg64::new(u128::from(seed), u128::from(stream)))
    }

    /// Any 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Evenly in 0..1, in steps of 2^-53.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let take = |seed, stream| {
            let mut draws = Draws::stream(seed, stream);
            [draws.bits(), draws.bits()]
        };
        assert_eq!(take(1, 2), take(1, 2));
        assert_ne!(take(1, 2), take(1, 3));
        assert_ne!(take(1, 2), take(2, 2));
    }

    #[test]
    fn units_fill_the_interval_evenly() {
        let mut sum = 0.0;
        for stream in 0..10_000 {
            let unit = Draws::stream(7, stream).unit();
            assert!((0.0..1.0).contains(&unit));
            sum += unit;
        }
        // The mean of 10,000 draws has a standard error of 0.0029.
        assert!((sum / 10_000.0 - 0.5).abs() < 0.0115, "{sum}");
    }
}
