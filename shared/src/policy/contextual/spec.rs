//! A contextual policy as it is declared.

use super::drift::DriftSpec;
use super::explore::Exploration;
use super::features::Features;
use super::learner::{LearnerSpec, Link, Spread};

/// What a contextual policy is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextualSpec {
    /// Its name, for people.
    pub name: Box<str>,
    /// The learners it aggregates, at least one. One that would be too large for the bandit's
    /// contexts and actions is left out.
    pub learners: Vec<LearnerSpec>,
    /// How it explores.
    pub exploration: Exploration,
    /// How it notices that everything changed; `None` for a world that stays as it is.
    pub drift: Option<DriftSpec>,
    /// Observations of each coefficient that learners remember; infinite for all.
    pub memory: f64,
    /// Least parts of every action.
    pub floor_parts: u32,
}

/// Variance of the coefficient of a lone standardised feature, in log-odds: the weakly informative
/// scale of Gelman, Jakulin, Pittau and Su 2008 as a variance. A narrower prior cannot tell classes
/// apart before it has seen many of each; a wider one takes the first rewards for more than they
/// are.
pub const PRIOR_VARIANCE: f64 = 2.5;

/// Growth of optimism: where one feature counts, 1.65 deviations above expectation after two
/// thousand rounds, and four tenths of one where nine do. Less forgets actions that had bad luck;
/// more goes on trying what is already known to be worse.
pub const OPTIMISM: f64 = 0.6;

impl ContextualSpec {
    /// One learner that explores, in a world that stays as it is.
    #[must_use]
    pub fn single(name: &str, learner: LearnerSpec, exploration: Exploration) -> Self {
        Self {
            name: name.into(),
            learners: vec![learner],
            exploration,
            drift: None,
            memory: f64::INFINITY,
            floor_parts: 0,
        }
    }
}

impl ContextualSpec {
    /// All that what is learned depends on, as numbers.
    pub(crate) fn marks(&self) -> Vec<u64> {
        let learner = |of: &LearnerSpec| {
            let link = match of.link {
                Link::Identity => 0,
                Link::Logistic => 1,
            };
            let (spread, number) = match of.spread {
                Spread::Shared(variance) => (0, variance),
                Spread::Each(precision) => (1, precision),
            };
            [of.features as u64, link, spread, number.to_bits()]
        };
        let mut marks = vec![self.memory.to_bits(), self.learners.len() as u64];
        marks.extend(self.learners.iter().flat_map(learner));
        if let Some(drift) = self.drift {
            marks.extend([1, drift.memory.to_bits(), drift.evidence.to_bits()]);
        }
        if let Exploration::Bootstrap(spec) = self.exploration {
            marks.extend([2, spec.n_replicas.into(), spec.hope.to_bits()]);
        }
        marks
    }
}

impl Default for ContextualSpec {
    /// The policy for everybody: logistic learners, one with trees and two of higher degrees,
    /// trusted as their predictions deserve, some optimism, and a watch for change.
    fn default() -> Self {
        let learner = |features| LearnerSpec {
            features,
            link: Link::Logistic,
            spread: Spread::Shared(PRIOR_VARIANCE),
        };
        Self {
            name: "default".into(),
            learners: [Features::Trees, Features::Quadratic, Features::Cubic]
                .map(learner)
                .into(),
            exploration: Exploration::GrowingOptimism { scale: OPTIMISM },
            drift: Some(DriftSpec::DEFAULT),
            memory: f64::INFINITY,
            floor_parts: 0,
        }
    }
}
