//! Probabilities of actions, in whole parts of a million, and the draw from them.
//!
//! Integers decide: the parts sum exactly, so a logged propensity is the probability that was used
//! and not its rounding. This is not a posterior: see [`crate::policy`].

use crate::sorted::arrange;
use std::fmt;
use std::num::NonZeroU32;

/// The whole, in parts: probabilities are multiples of 1 / 1,000,000.
pub const PARTS: u32 = 1_000_000;

/// The probability with which an action was chosen, in (0, 1].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Propensity(NonZeroU32);

impl Propensity {
    /// What is certain.
    pub const ONE: Self = match NonZeroU32::new(PARTS) {
        Some(parts) => Self(parts),
        None => Self(NonZeroU32::MIN),
    };

    /// The propensity of that many parts; `None` outside `1..=PARTS`.
    #[must_use]
    pub fn from_parts(parts: u32) -> Option<Self> {
        NonZeroU32::new(parts)
            .filter(|parts| parts.get() <= PARTS)
            .map(Self)
    }

    /// Parts of [`PARTS`], in `1..=PARTS`.
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0.get()
    }

    /// The probability, in (0, 1].
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0.get()) / f64::from(PARTS)
    }
}

impl fmt::Debug for Propensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Propensity({})", self.as_f64())
    }
}

/// Why numbers are no distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidDistribution {
    /// There is no action.
    Empty,
    /// A probability is negative, not a number or infinite, or all are zero.
    Probability,
    /// The parts do not sum to [`PARTS`].
    Sum,
    /// The floor times the number of actions exceeds one.
    Floor,
}

impl fmt::Display for InvalidDistribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no action",
            Self::Probability => "a probability is not a finite, non-negative number",
            Self::Sum => "the parts do not sum to 1000000",
            Self::Floor => "the floor of all actions together exceeds 1",
        })
    }
}

impl std::error::Error for InvalidDistribution {}

/// Probabilities of the actions of one decision: not empty, summing exactly to [`PARTS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution(Box<[u32]>);

impl Distribution {
    /// The distribution with these parts.
    ///
    /// # Errors
    /// `Empty` without parts, `Sum` when they do not sum to [`PARTS`].
    pub fn from_parts(parts: impl Into<Box<[u32]>>) -> Result<Self, InvalidDistribution> {
        let parts = parts.into();
        if parts.is_empty() {
            return Err(InvalidDistribution::Empty);
        }
        let sum: u64 = parts.iter().map(|part| u64::from(*part)).sum();
        if sum == u64::from(PARTS) {
            Ok(Self(parts))
        } else {
            Err(InvalidDistribution::Sum)
        }
    }

    /// Equal probabilities; the first `PARTS mod n` actions get the parts that are left over.
    ///
    /// # Errors
    /// `Empty` for no action, `Floor` for more than [`PARTS`] actions.
    pub fn uniform(n_actions: usize) -> Result<Self, InvalidDistribution> {
        let n = u32::try_from(n_actions).map_err(|_| InvalidDistribution::Floor)?;
        match n {
            0 => Err(InvalidDistribution::Empty),
            n if n > PARTS => Err(InvalidDistribution::Floor),
            n => Ok(Self(
                (0..n)
                    .map(|i| PARTS / n + u32::from(i < PARTS % n))
                    .collect(),
            )),
        }
    }

    /// The nearest whole parts to `floor + (1 - n floor) p`, by largest remainder.
    ///
    /// Mixing with the uniform distribution, rather than cutting at the floor, keeps the order of
    /// the actions and has no kink.
    ///
    /// # Arguments
    /// `probabilities`: (`n_actions`,), finite, >= 0, at least one positive; scaled to sum to one.
    /// `floor_parts`: least parts of every action; times `n_actions` at most [`PARTS`].
    ///
    /// # Returns
    /// Every action has at least `floor_parts`, and differs from the exact value by less than one
    /// part. Of equal remainders the earlier action gets the part.
    ///
    /// # Errors
    /// `Empty`, `Probability`, `Floor`, as their names say.
    ///
    /// # Determinism
    /// Only `+ - * /` and `floor` on doubles: the same parts natively and in wasm.
    ///
    /// # Examples
    /// ```
    /// use bandera_shared::bandit::Distribution;
    /// let even = Distribution::from_probabilities(&[3.0, 1.0], 100_000).unwrap();
    /// assert_eq!(even.parts(), [700_000, 300_000]);
    /// ```
    pub fn from_probabilities(
        probabilities: &[f64],
        floor_parts: u32,
    ) -> Result<Self, InvalidDistribution> {
        if probabilities.is_empty() {
            return Err(InvalidDistribution::Empty);
        }
        let total: f64 = probabilities.iter().sum();
        let valid = |p: &f64| p.is_finite() && *p >= 0.0;
        if !probabilities.iter().all(valid) || !total.is_finite() || total <= 0.0 {
            return Err(InvalidDistribution::Probability);
        }
        let floored = u64::from(floor_parts) * probabilities.len() as u64;
        let shared = u64::from(PARTS)
            .checked_sub(floored)
            .ok_or(InvalidDistribution::Floor)?;
        let exact = |p: &f64| p / total * shared as f64;
        let mut parts: Vec<u32> = probabilities
            .iter()
            .map(|p| floor_parts + libm::floor(exact(p)) as u32)
            .collect();
        let mut by_remainder: Vec<(usize, f64)> = probabilities
            .iter()
            .enumerate()
            .map(|(i, p)| (i, exact(p) - libm::floor(exact(p))))
            .collect();
        arrange(&mut by_remainder, |(_, a), (_, b)| a.total_cmp(b).is_gt());
        let given: u64 = parts.iter().map(|part| u64::from(*part)).sum();
        let missing = u64::from(PARTS).saturating_sub(given) as usize;
        for (i, _) in by_remainder.iter().cycle().take(missing) {
            if let Some(part) = parts.get_mut(*i) {
                *part += 1;
            }
        }
        // Rounding errors of the division could at most give one part too many.
        Self::from_parts(parts)
    }

    /// How many actions there are, at least one.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.0.len()
    }

    /// The parts of each action, summing to [`PARTS`].
    #[must_use]
    pub fn parts(&self) -> &[u32] {
        &self.0
    }

    /// The action at the `u`-th point of 2^64 evenly spread ones, and its propensity.
    ///
    /// # Arguments
    /// `u`: 64 uniform bits, a hash or a random number.
    ///
    /// # Returns
    /// An index below [`Self::n_actions`] whose action has at least one part. Each action's share
    /// of the `u` differs from its propensity by less than 2^-44.
    ///
    /// # Examples
    /// ```
    /// use bandera_shared::bandit::Distribution;
    /// let half = Distribution::from_parts([500_000, 0, 500_000]).unwrap();
    /// assert_eq!(half.sample(0).0, 0);
    /// assert_eq!(half.sample(1 << 63).0, 2);
    /// assert_eq!(half.sample(u64::MAX).1.parts(), 500_000);
    /// ```
    #[must_use]
    pub fn sample(&self, u: u64) -> (usize, Propensity) {
        let point = ((u128::from(u) * u128::from(PARTS)) >> 64) as u32;
        let mut passed = 0;
        for (i, part) in self.0.iter().enumerate() {
            passed += part;
            if let Some(parts) = NonZeroU32::new(*part).filter(|_| point < passed) {
                return (i, Propensity(parts));
            }
        }
        // The parts sum to PARTS and `point` is below it, so the loop has returned.
        (0, Propensity::ONE)
    }
}

#[cfg(test)]
mod tests;
