//! Bayesian optimisation: the best setting of continuous parameters, from few and noisy trials.
//!
//! A [`Study`] holds what was tried. [`Study::ask`] names points worth trying next, which run as
//! concurrent arms of an experiment; each comes back as a [`Trial`] with its mean and the standard
//! error of that mean. [`Study::recommend`] names the point whose outcome is believed to be best,
//! which is not the luckiest one measured.
//!
//! Nothing here runs at the edge: there, the points are ordinary variants.

mod acquisition;
mod gauss;
mod kernel;
mod kernels;
mod search;
mod space;

#[cfg(test)]
mod tests;

use std::fmt;

use rand_pcg::Pcg64Mcg;

use acquisition::Improvement;
use gauss::{Belief, Data, Process};

pub use space::{
    Constraint, InvalidPoint, InvalidSpace, Kind, N_CONSTRAINTS_MAX, N_PARAMETERS_MAX, Parameter,
    Scale, Space,
};

/// Trials of one study at most: the work for one point grows with their cube.
pub const N_TRIALS_MAX: usize = 300;
/// Points under way, and points asked for at once, at most.
pub const N_BATCH_MAX: usize = 50;
/// Kernels that are drawn for each question.
const KERNELS: usize = 8;
/// An error smaller than this share of the outcomes' deviation is taken for this.
const ERROR_MIN: f64 = 1e-4;

/// Which outcomes are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Larger ones.
    Maximise,
    /// Smaller ones.
    Minimise,
}

/// A point that was tried, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// A value for each parameter, in the space's order.
    pub point: Vec<f64>,
    /// The mean outcome.
    pub mean: f64,
    /// The standard error of that mean: at least 0.
    pub standard_error: f64,
}

/// What was tried, and what is being tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    space: Space,
    goal: Goal,
    trials: Vec<Trial>,
    pending: Vec<Vec<f64>>,
}

/// The point whose outcome is believed to be best.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// A value for each parameter.
    pub point: Vec<f64>,
    /// The outcome that is expected there.
    pub mean: f64,
    /// How unsure that is: one standard deviation of the belief.
    pub standard_deviation: f64,
}

/// Why a study cannot be begun or asked.
#[derive(Debug, Clone, PartialEq)]
pub enum InvalidStudy {
    /// The point of this trial does not lie in the space.
    Trial(usize, InvalidPoint),
    /// The mean or the standard error of this trial is no finite number, or the latter is negative.
    Outcome(usize),
    /// The point at this place of those under way does not lie in the space.
    Pending(usize, InvalidPoint),
    /// More than `N_TRIALS_MAX` trials.
    TrialCount(usize),
    /// More than `N_BATCH_MAX` points under way, or asked for; or none asked for.
    BatchCount(usize),
    /// The constraints leave no point that could be found.
    Infeasible,
    /// There is no trial to recommend from.
    NoTrials,
    /// The outcomes are so close, or so far apart, that no model of them can be computed.
    Degenerate,
}

impl fmt::Display for InvalidStudy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trial(at, error) => write!(f, "trial {at}: {error}"),
            Self::Outcome(at) => {
                write!(
                    f,
                    "trial {at}: mean and standard error are finite, the error at least 0"
                )
            }
            Self::Pending(at, error) => write!(f, "pending point {at}: {error}"),
            Self::TrialCount(n) => {
                write!(
                    f,
                    "{n} trials; leave out the oldest: {N_TRIALS_MAX} at most"
                )
            }
            Self::BatchCount(n) => write!(f, "{n} points at once; 1 to {N_BATCH_MAX}"),
            Self::Infeasible => f.write_str("the constraints leave no point; loosen one"),
            Self::NoTrials => f.write_str("nothing has been tried yet"),
            Self::Degenerate => f.write_str("these outcomes cannot be modelled"),
        }
    }
}

impl std::error::Error for InvalidStudy {}

/// The outcomes' own units, which the model does not know.
#[derive(Debug, Clone, Copy)]
struct Units {
    mean: f64,
    /// Negative where smaller outcomes are better.
    deviation: f64,
}

impl Study {
    /// A study of a space, with what was tried and what is under way.
    ///
    /// # Errors
    /// `InvalidStudy` names the first trial or point that is wrong, or the limit that is exceeded.
    pub fn new(
        space: Space,
        goal: Goal,
        trials: Vec<Trial>,
        pending: Vec<Vec<f64>>,
    ) -> Result<Self, InvalidStudy> {
        if trials.len() > N_TRIALS_MAX {
            return Err(InvalidStudy::TrialCount(trials.len()));
        }
        if pending.len() > N_BATCH_MAX {
            return Err(InvalidStudy::BatchCount(pending.len()));
        }
        for (at, trial) in trials.iter().enumerate() {
            space
                .check(&trial.point)
                .map_err(|error| InvalidStudy::Trial(at, error))?;
            let error = trial.standard_error;
            if !(trial.mean.is_finite() && error.is_finite() && error >= 0.0) {
                return Err(InvalidStudy::Outcome(at));
            }
        }
        for (at, point) in pending.iter().enumerate() {
            space
                .check(point)
                .map_err(|error| InvalidStudy::Pending(at, error))?;
        }
        Ok(Self {
            space,
            goal,
            trials,
            pending,
        })
    }

    /// What may be tried.
    #[must_use]
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// `n` points that are worth trying next, all at once.
    ///
    /// The first ones are spread evenly; from `2 d` trials on, each is the point with the largest
    /// expected improvement, given what was tried, what is under way and the points before it.
    /// # Returns
    /// `n` points, in the parameters' own units.
    /// # Determinism
    /// The same study and seed give the same points, to the bit, on every platform.
    /// # Errors
    /// `InvalidStudy::BatchCount`, `Infeasible`, `Degenerate`.
    pub fn ask(&self, n: usize, seed: u32) -> Result<Vec<Vec<f64>>, InvalidStudy> {
        if n == 0 || n > N_BATCH_MAX {
            return Err(InvalidStudy::BatchCount(n));
        }
        let known = self.trials.len() + self.pending.len();
        let first = (2 * self.space.dimension()).saturating_sub(known).min(n);
        let mut asked = self.spread(known, first, seed)?;
        if asked.len() == n {
            return Ok(self.named(&asked));
        }
        let processes = self.processes(seed)?;
        let Some((processes, data, _)) = processes else {
            let more = self.spread(known + first, n - first, seed)?;
            asked.extend(more);
            return Ok(self.named(&asked));
        };
        let mut pending: Vec<_> = self
            .pending
            .iter()
            .map(|p| self.space.coordinates(p))
            .collect();
        pending.extend(asked.iter().cloned());
        while asked.len() < n {
            let turn = seed.wrapping_mul(977).wrapping_add(pending.len() as u32);
            let improvement = Improvement::new(&processes, &data, &pending, turn);
            let (place, _) = search::best(&self.space, &data.at, turn, |x| improvement.at(x))
                .ok_or(InvalidStudy::Infeasible)?;
            pending.push(place.clone());
            asked.push(place);
        }
        Ok(self.named(&asked))
    }

    /// The point whose expected outcome is best under what is believed now.
    ///
    /// # Errors
    /// `InvalidStudy::NoTrials`, `Infeasible`, `Degenerate`.
    pub fn recommend(&self, seed: u32) -> Result<Recommendation, InvalidStudy> {
        let Some((processes, data, units)) = self.processes(seed)? else {
            return Err(InvalidStudy::NoTrials);
        };
        let mean = |x: &[f64]| {
            let means = processes.iter().map(|process| process.belief(x).mean);
            means.sum::<f64>() / processes.len() as f64
        };
        let (place, found) =
            search::best(&self.space, &data.at, seed, mean).ok_or(InvalidStudy::Infeasible)?;
        // The variance of a mixture: within its parts, and between them.
        let beliefs = processes.iter().map(|process| process.belief(&place));
        let squares = beliefs.map(|Belief { mean, deviation }| {
            deviation * deviation + (mean - found) * (mean - found)
        });
        let variance = squares.sum::<f64>() / processes.len() as f64;
        Ok(Recommendation {
            point: self.space.point(&place),
            mean: units.mean + units.deviation * found,
            standard_deviation: units.deviation.abs() * variance.sqrt(),
        })
    }

    fn named(&self, coordinates: &[Vec<f64>]) -> Vec<Vec<f64>> {
        coordinates
            .iter()
            .map(|each| self.space.point(each))
            .collect()
    }

    /// `n` evenly spread points, after `before` others of the same sequence.
    fn spread(&self, before: usize, n: usize, seed: u32) -> Result<Vec<Vec<f64>>, InvalidStudy> {
        let all = search::spread(&self.space, before + n, seed);
        if all.len() < before + n {
            return Err(InvalidStudy::Infeasible);
        }
        Ok(all.into_iter().skip(before).collect())
    }

    /// Trials in the model's units; `None` without trials.
    fn data(&self) -> Option<(Data, Units)> {
        let n = self.trials.len() as f64;
        let mean = self.trials.iter().map(|trial| trial.mean).sum::<f64>() / n;
        let squares = self
            .trials
            .iter()
            .map(|trial| (trial.mean - mean) * (trial.mean - mean));
        let spread = (squares.sum::<f64>() / n).sqrt();
        if self.trials.is_empty() {
            return None;
        }
        // Outcomes that are all the same say nothing about their scale.
        let size = if spread > 0.0 { spread } else { 1.0 };
        let deviation = match self.goal {
            Goal::Maximise => size,
            Goal::Minimise => -size,
        };
        let outcome = |trial: &Trial| (trial.mean - mean) / deviation;
        let noise = |trial: &Trial| {
            let error = (trial.standard_error / size).max(ERROR_MIN);
            error * error
        };
        let data = Data {
            at: self
                .trials
                .iter()
                .map(|trial| self.space.coordinates(&trial.point))
                .collect(),
            outcomes: self.trials.iter().map(outcome).collect(),
            noise: self.trials.iter().map(noise).collect(),
        };
        Some((data, Units { mean, deviation }))
    }

    /// The trials' process under each of a few kernels; `None` without trials.
    fn processes(&self, seed: u32) -> Result<Option<(Vec<Process>, Data, Units)>, InvalidStudy> {
        let Some((data, units)) = self.data() else {
            return Ok(None);
        };
        let mut random = Pcg64Mcg::new(u128::from(seed) << 64 | 0x5bd1_e995);
        let kernels = kernels::drawn(KERNELS, self.space.dimension(), &data, &mut random);
        let made = kernels
            .into_iter()
            .filter_map(|kernel| Process::new(kernel, &data));
        let processes: Vec<_> = made.collect();
        if processes.is_empty() {
            return Err(InvalidStudy::Degenerate);
        }
        Ok(Some((processes, data, units)))
    }
}
