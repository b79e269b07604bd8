//! The part of a snapshot that looks at the context: coefficients of each action.

use super::PolicySnapshot;
use crate::bandit::features::{FEATURES_MAX, ONE};
use crate::bandit::{Bandit, ContextVector, Distribution};
use crate::policy::linear::inverse_gaps;

/// Most coefficients of one action: of an intercept and of every feature.
pub const COEFFICIENTS_MAX: usize = FEATURES_MAX + 1;

/// Expected rewards as linear functions of a context, and how much is still to be found out.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    features: u32,
    gamma: f32,
    coefficients: Box<[Box<[f32]>]>,
}

impl LinearModel {
    /// The model of these coefficients.
    ///
    /// # Arguments
    /// `features`: the [fingerprint](crate::bandit::FeatureSpec::fingerprint) of what they belong
    /// to; `coefficients`: of each action of the snapshot, in its order, of the intercept and then
    /// of each feature, in shares of the reward's range.
    ///
    /// # Returns
    /// `None` for numbers that are not finite, a negative rate, more than [`COEFFICIENTS_MAX`]
    /// coefficients, or actions that have not as many as the first.
    #[must_use]
    pub fn new(features: u32, gamma: f32, coefficients: Vec<Box<[f32]>>) -> Option<Self> {
        let length = coefficients.first()?.len();
        let is_sound = gamma.is_finite()
            && gamma >= 0.0
            && (1..=COEFFICIENTS_MAX).contains(&length)
            && coefficients.iter().all(|of| of.len() == length)
            && coefficients.iter().flatten().all(|w| w.is_finite());
        is_sound.then(|| Self {
            features,
            gamma,
            coefficients: coefficients.into(),
        })
    }

    /// The declaration of features that it belongs to.
    #[must_use]
    pub fn features(&self) -> u32 {
        self.features
    }

    /// Rate of exploration.
    #[must_use]
    pub fn gamma(&self) -> f32 {
        self.gamma
    }

    /// Coefficients of each action.
    #[must_use]
    pub fn coefficients(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.coefficients.iter().map(|of| &**of)
    }

    /// What is expected of an action, as a share of the reward's range.
    fn expected(&self, action: usize, context: &ContextVector) -> Option<f64> {
        let (intercept, rest) = self.coefficients.get(action)?.split_first()?;
        let mut sum = f64::from(*intercept);
        for (w, value) in rest.iter().zip(context.values()) {
            sum += f64::from(*w) * (f64::from(*value) / f64::from(ONE));
        }
        Some(sum)
    }
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
        let model = self.model.as_ref()?;
        let length = model.coefficients.first()?.len();
        if model.features != context.spec() || length != context.values().len() + 1 {
            return None;
        }
        let expected = |action: &str| {
            let mut known = self.actions.iter();
            let place = known.position(|known| *known.action == *action)?;
            model.expected(place, context)
        };
        let means: Vec<Option<f64>> = bandit
            .actions()
            .iter()
            .map(|action| expected(action))
            .collect();
        let probabilities = inverse_gaps(&means, model.gamma.into());
        Distribution::from_probabilities(&probabilities, bandit.floor_parts()).ok()
    }
}
