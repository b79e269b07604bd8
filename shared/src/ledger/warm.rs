//! What is believed of an action before its first decision.

use std::fmt;

use crate::bandit::{REWARD_UNITS, RewardRange};
use crate::policy::index::IndexArm;
use crate::time::UnixMillis;

/// Most decisions that a warm start is worth.
pub const WARM_DECISIONS_MAX: u32 = 1_000_000;

/// Pseudo-decisions of an action: as if so many had been rewarded with that mean. They are no
/// counts, and nothing that is counted changes with them; what is learned does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmStart {
    n_decisions: u32,
    units: u64,
    at: UnixMillis,
}

/// Why there is no such warm start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidWarmStart {
    /// The mean is no number of the reward's range.
    Mean,
    /// It is worth more than [`WARM_DECISIONS_MAX`].
    Decisions,
}

impl fmt::Display for InvalidWarmStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean => f.write_str("the mean is not in the declared range of the reward"),
            Self::Decisions => write!(
                f,
                "a warm start weighs at most {WARM_DECISIONS_MAX} decisions"
            ),
        }
    }
}

impl std::error::Error for InvalidWarmStart {}

impl WarmStart {
    /// The warm start with this mean, in the reward's own unit, worth `n_decisions`; 0 stands for
    /// none.
    ///
    /// # Arguments
    /// `at`: of two warm starts of an action the later one stands.
    ///
    /// # Errors
    /// `InvalidWarmStart` says which of both is out of bounds.
    pub fn new(
        mean: f64,
        n_decisions: u32,
        range: RewardRange,
        at: UnixMillis,
    ) -> Result<Self, InvalidWarmStart> {
        let units = range.mean_units(mean).ok_or(InvalidWarmStart::Mean)?;
        Self::from_units(units, n_decisions, at)
    }

    /// The warm start with a mean in units of the range, as it was written.
    ///
    /// # Errors
    /// `InvalidWarmStart`, as for a new one.
    pub fn from_units(
        units: u64,
        n_decisions: u32,
        at: UnixMillis,
    ) -> Result<Self, InvalidWarmStart> {
        if n_decisions > WARM_DECISIONS_MAX {
            return Err(InvalidWarmStart::Decisions);
        }
        if units > REWARD_UNITS {
            return Err(InvalidWarmStart::Mean);
        }
        Ok(Self {
            n_decisions,
            units,
            at,
        })
    }

    /// Decisions that it is worth.
    #[must_use]
    pub fn n_decisions(&self) -> u32 {
        self.n_decisions
    }

    /// Its mean, in units of the range.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.units
    }

    /// When it was given.
    #[must_use]
    pub fn at(&self) -> UnixMillis {
        self.at
    }

    /// As decisions that each brought its mean, in shares of the range.
    #[must_use]
    pub fn as_arm(&self) -> IndexArm {
        let n = f64::from(self.n_decisions);
        let mean = self.units as f64 / REWARD_UNITS as f64;
        IndexArm {
            n,
            sum: n * mean,
            squares: n * mean * mean,
        }
    }
}
