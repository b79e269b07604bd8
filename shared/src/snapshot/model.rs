//! The part of a snapshot that looks at the context: coefficients of each action.

use super::{PolicySnapshot, SnapshotAction};
use crate::bandit::features::{FEATURES_MAX, ONE};
use crate::bandit::{Bandit, ContextVector, Distribution, RewardRange};
use crate::policy::linear::{EXPLORATION, Weighing};

/// Most coefficients of one action: of an intercept and of every feature.
pub const COEFFICIENTS_MAX: usize = FEATURES_MAX + 1;

/// Expected rewards as linear functions of a context, and how much is still to be found out.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    features: u32,
    /// Whether the greatest is chosen, and `rate` is the share of chance.
    is_best: bool,
    rate: f32,
    coefficients: Box<[Box<[f32]>]>,
    spreads: Box<[Box<[f32]>]>,
}

impl LinearModel {
    /// The model of these coefficients.
    ///
    /// # Arguments
    /// `features`: the [fingerprint](crate::bandit::FeatureSpec::fingerprint) of what they belong
    /// to; `weighing`: what expectations are turned into, its number as one of 32 bits;
    /// `coefficients`: of each action of the snapshot, in its order, of the intercept and then
    /// of each feature, in shares of the reward's range.
    ///
    /// # Returns
    /// `None` for numbers that are not finite, a negative rate, a share above 1, more than
    /// [`COEFFICIENTS_MAX`] coefficients, or actions that have not as many as the first.
    #[must_use]
    pub fn new(features: u32, weighing: Weighing, coefficients: Vec<Box<[f32]>>) -> Option<Self> {
        let (is_best, rate, rate_max) = match weighing {
            Weighing::InverseGap { gamma } => (false, gamma as f32, f32::MAX),
            Weighing::Best { epsilon } => (true, epsilon as f32, 1.0),
        };
        let length = coefficients.first()?.len();
        let is_sound = (0.0..=rate_max).contains(&rate)
            && (1..=COEFFICIENTS_MAX).contains(&length)
            && are_sound(&coefficients, length);
        is_sound.then(|| Self {
            features,
            is_best,
            rate,
            coefficients: coefficients.into(),
            spreads: Box::default(),
        })
    }

    /// The same, hoping for more of actions of which less is known.
    ///
    /// # Arguments
    /// `spreads`: of each action the rows of the upper triangle of a symmetric matrix, whose
    /// quadratic form of a context's terms is the square of what is added to the expectation; none
    /// at all for nothing.
    ///
    /// # Returns
    /// `None` for numbers that are not finite, or not as many as that.
    #[must_use]
    pub fn with_spreads(self, spreads: Vec<Box<[f32]>>) -> Option<Self> {
        let n_terms = self.coefficients.first()?.len();
        let is_sound = spreads.is_empty()
            || spreads.len() == self.coefficients.len()
                && are_sound(&spreads, n_terms * (n_terms + 1) / 2);
        is_sound.then(|| Self {
            spreads: spreads.into(),
            ..self
        })
    }

    /// The declaration of features that it belongs to.
    #[must_use]
    pub fn features(&self) -> u32 {
        self.features
    }

    /// What expectations are turned into.
    #[must_use]
    pub fn weighing(&self) -> Weighing {
        let rate = f64::from(self.rate);
        if self.is_best {
            Weighing::Best { epsilon: rate }
        } else {
            Weighing::InverseGap { gamma: rate }
        }
    }

    /// Its number: rate of exploration, or share of chance.
    #[must_use]
    pub fn rate(&self) -> f32 {
        self.rate
    }

    /// Whether the other one explores in another way.
    #[must_use]
    pub fn explores_otherwise(&self, other: &Self) -> bool {
        self.is_best != other.is_best || self.spreads.is_empty() != other.spreads.is_empty()
    }

    /// Spreads of each action; none where nothing is added to expectations.
    #[must_use]
    pub fn spreads(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.spreads.iter().map(|of| &**of)
    }

    /// Coefficients of each action.
    #[must_use]
    pub fn coefficients(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.coefficients.iter().map(|of| &**of)
    }

    /// What is hoped beyond expectation by each term alone, of one action after the other.
    pub(crate) fn reaches(&self) -> impl Iterator<Item = f64> {
        let n_terms = self.coefficients.first().map_or(0, |of| of.len());
        let diagonal = move |spread: &[f32]| {
            let mut rows = spread;
            let mut found = Vec::with_capacity(n_terms);
            for length in (1..=n_terms).rev() {
                let first = rows.first().copied().unwrap_or_default();
                found.push(libm::sqrt(f64::max(first.into(), 0.0)));
                rows = rows.get(length..).unwrap_or_default();
            }
            found
        };
        self.spreads().flat_map(diagonal)
    }

    /// Whether the context's numbers are those that the coefficients belong to.
    fn fits(&self, context: &ContextVector) -> bool {
        let length = self.coefficients.first().map(|of| of.len());
        self.features == context.spec() && length == Some(context.values().len() + 1)
    }

    /// What is expected or hoped of an action, as a share of the reward's range.
    fn expected(&self, action: usize, context: &ContextVector) -> Option<f64> {
        let (intercept, rest) = self.coefficients.get(action)?.split_first()?;
        let mut sum = f64::from(*intercept);
        for (w, value) in rest.iter().zip(context.values()) {
            sum += f64::from(*w) * (f64::from(*value) / f64::from(ONE));
        }
        if !self.spreads.is_empty() {
            let values = context.values().iter();
            let rest = values.map(|value| f64::from(*value) / f64::from(ONE));
            sum += self.reach(
                action,
                &std::iter::once(1.0).chain(rest).collect::<Vec<_>>(),
            );
        }
        Some(sum)
    }

    /// What is hoped of an action beyond what is expected of it.
    pub(crate) fn reach(&self, action: usize, terms: &[f64]) -> f64 {
        let Some(spread) = self.spreads.get(action) else {
            return 0.0;
        };
        let mut sum = 0.0;
        let mut rows = &**spread;
        let mut left = terms;
        while let Some((first, others)) = left.split_first()
            && let Some(([diagonal, beside @ ..], below)) = rows.split_at_checked(left.len())
        {
            let mut row = f64::from(*diagonal) * first;
            for (value, term) in beside.iter().zip(others) {
                row += 2.0 * f64::from(*value) * term;
            }
            sum += first * row;
            (left, rows) = (others, below);
        }
        // Rounding to 32 bits can make of next to nothing less than nothing.
        libm::sqrt(f64::max(sum, 0.0))
    }
}

/// Whether all have so many numbers, and all of those are finite.
fn are_sound(rows: &[Box<[f32]>], length: usize) -> bool {
    rows.iter()
        .all(|of| of.len() == length && of.iter().all(|value| value.is_finite()))
}

impl PolicySnapshot {
    /// The same snapshot with a model; `None` where it has not as many actions.
    #[must_use]
    pub fn with_model(self, model: LinearModel) -> Option<Self> {
        let is_sound = model.coefficients.len() == self.actions.len();
        is_sound.then_some(Self {
            model: Some(model),
            ..self
        })
    }

    /// The model, where the bandit looks at contexts.
    #[must_use]
    pub fn model(&self) -> Option<&LinearModel> {
        self.model.as_ref()
    }

    /// The distribution over the bandit's actions in a context, its floor mixed in.
    ///
    /// An action that the snapshot does not know yet gets an equal share, and one that is no longer
    /// offered none, as in [`PolicySnapshot::distribution`].
    ///
    /// # Returns
    /// `None` where the snapshot has no model, or one of other features.
    ///
    /// # Determinism
    /// The same parts natively and in wasm.
    #[must_use]
    pub fn distribution_in(
        &self,
        context: &ContextVector,
        bandit: &Bandit,
    ) -> Option<Distribution> {
        self.model.as_ref()?;
        self.distribution_among(bandit.actions(), context, bandit)
    }

    /// The distribution over some of the bandit's actions by what is expected of each, its floor
    /// mixed in: what a place in a ranked list is drawn from.
    ///
    /// Without a model every context is alike. An action's expectation is then its mean reward,
    /// drawn towards that of all actions as by one decision, and the rate of exploration that of
    /// `policy::linear::fit` for an intercept alone.
    ///
    /// # Formula
    /// With `k` actions, `n` decisions and mean reward `m`, as shares of the reward's range:
    /// `(n_a m_a + m) / (n_a + 1)` and `8 sqrt(k n / s^2)`, where
    /// `s^2 = (n m (1 - m) + 1/4) / (n + 1)` bounds the rewards' variance.
    ///
    /// # Returns
    /// As many parts as `left` has actions; `None` where there are none, or the model is one of
    /// other features.
    ///
    /// # Determinism
    /// The same parts natively and in wasm.
    #[must_use]
    pub fn distribution_among(
        &self,
        left: &[Box<str>],
        context: &ContextVector,
        bandit: &Bandit,
    ) -> Option<Distribution> {
        let (means, weighing) = match &self.model {
            Some(model) => {
                if !model.fits(context) {
                    return None;
                }
                let means = (0..self.actions.len()).map(|place| model.expected(place, context));
                (means.collect::<Vec<_>>(), model.weighing())
            }
            None => self.without_contexts(bandit.reward().range()),
        };
        let expected = |action: &str| {
            let mut known = self.actions.iter().zip(&means);
            let found = known.find(|(known, _)| *known.action == *action);
            found.and_then(|(_, mean)| *mean)
        };
        let offered: Vec<Option<f64>> = left.iter().map(|it| expected(it)).collect();
        let probabilities = weighing.probabilities(&offered);
        Distribution::from_probabilities(&probabilities, bandit.floor_parts()).ok()
    }

    /// The distribution over actions that a request offers by what one model expects of each, with
    /// the bandit's floor shared among them.
    ///
    /// # Arguments
    /// `offered`: of each action, the context's and its own numbers.
    ///
    /// # Returns
    /// As many parts as there are actions; `None` where there are none, or no model of these
    /// features.
    ///
    /// # Formula
    /// [`Weighing::probabilities`], inverse gaps with `k` times the rate of a single action, `k`
    /// actions being offered: as many are told from the best by the same `d` coefficients.
    ///
    /// # Determinism
    /// The same parts natively and in wasm.
    #[must_use]
    pub fn distribution_over(
        &self,
        offered: &[ContextVector],
        bandit: &Bandit,
    ) -> Option<Distribution> {
        self.distribution_of(&self.hoped_over(offered)?, bandit)
    }

    /// What is hoped of each action that a request offers; see
    /// [`distribution_over`](Self::distribution_over).
    pub(crate) fn hoped_over(&self, offered: &[ContextVector]) -> Option<Vec<Option<f64>>> {
        let model = self.model.as_ref()?;
        let hoped = |it: &ContextVector| model.fits(it).then(|| model.expected(0, it));
        offered.iter().map(hoped).collect()
    }

    /// The distribution over offered actions of which so much is hoped.
    pub(crate) fn distribution_of(
        &self,
        means: &[Option<f64>],
        bandit: &Bandit,
    ) -> Option<Distribution> {
        let model = self.model.as_ref()?;
        let n = means.len();
        let weighing = match model.weighing() {
            Weighing::InverseGap { gamma } => Weighing::InverseGap {
                gamma: gamma * n as f64,
            },
            best @ Weighing::Best { .. } => best,
        };
        let probabilities = weighing.probabilities(means);
        let floor_parts = bandit.floor_parts().checked_div(n as u32)?;
        Distribution::from_probabilities(&probabilities, floor_parts).ok()
    }

    /// What is expected of each action, as a share of the range, and the rate of exploration.
    fn without_contexts(&self, range: RewardRange) -> (Vec<Option<f64>>, Weighing) {
        let share = |mean: f64| (mean - range.min()) / (range.max() - range.min());
        let brought = |known: &SnapshotAction| {
            let n = known.n_decisions as f64;
            (n, n * share(known.mean_reward))
        };
        let each = || self.actions.iter().map(brought);
        let (n, sum) = each().fold((0.0, 0.0), |(n, sum), of| (n + of.0, sum + of.1));
        let mean = if n > 0.0 { sum / n } else { 0.5 };
        let noise = (n * mean * (1.0 - mean) + 0.25) / (n + 1.0);
        let k = self.actions.len() as f64;
        let gamma = EXPLORATION * libm::sqrt(f64::max(k * n / noise, 0.0));
        let means = each().map(|(n, sum)| Some((sum + mean) / (n + 1.0)));
        (means.collect(), Weighing::InverseGap { gamma })
    }
}
