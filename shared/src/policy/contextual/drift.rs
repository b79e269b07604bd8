//! Notices that rewards no longer follow from contexts as they did.
//!
//! A learner with a short memory predicts beside the others. While nothing changes it is the worse
//! one, since it knows less; after a change it is soon the better one, and by how much is evidence.

use super::learner::Learner;
use super::state::Walk;

/// How much a policy trusts that the world stays as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftSpec {
    /// Observations of each coefficient of an action that the short memory keeps.
    pub memory: f64,
    /// Log-likelihood ratio that is taken for a change. Were the long memory right, the ratio of
    /// any other prediction would be a martingale of mean 1, so that a false alarm from a given
    /// round on has at most the probability `exp(-evidence)` (Ville 1939).
    pub evidence: f64,
}

impl DriftSpec {
    /// Ten observations of each coefficient are what it takes to know it to a third of the noise;
    /// `e^14` is once in a million.
    pub const DEFAULT: Self = Self {
        memory: 10.0,
        evidence: 14.0,
    };
}

/// The short memory and the evidence in its favour.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watch {
    evidence_max: f64,
    pub(crate) learner: Learner,
    evidence: f64,
    n_rounds: usize,
}

impl Watch {
    pub(crate) fn new(spec: DriftSpec, learner: Learner) -> Self {
        Self {
            evidence_max: spec.evidence,
            learner,
            evidence: 0.0,
            n_rounds: 0,
        }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        self.learner.walk(walk);
        walk.number(&mut self.evidence);
        walk.size(&mut self.n_rounds, usize::MAX);
    }

    /// Takes in a round of which the long memory thought `log_likelihood`.
    ///
    /// # Formula
    /// Page's cumulative sum: `e = max(0, e + own - log_likelihood)`. The last round in which it
    /// was 0 is the likeliest moment of the change.
    /// # Returns
    /// How many rounds ago everything changed, this round included, once that is evident.
    /// # Source
    /// Page 1954, "Continuous inspection schemes".
    pub(crate) fn observe(&mut self, own: f64, log_likelihood: f64) -> Option<usize> {
        self.evidence += own - log_likelihood;
        if self.evidence > 0.0 {
            self.n_rounds += 1;
        } else {
            self.evidence = 0.0;
            self.n_rounds = 0;
        }
        (self.evidence > self.evidence_max).then_some(self.n_rounds)
    }
}
