//! What a contextual bandit learns in the Workers: one linear model of each action's reward.
//!
//! Shards keep [`Block`]s, exact integer sums that add up in any order; a coordinator adds them,
//! solves ridge regressions and publishes coefficients with a rate of exploration; edges turn both
//! into a distribution over actions, by inverse gap weighting ([`inverse_gaps`]) unless a bandit
//! declares another [`Exploration`]. Nothing here depends on the order of events. The learners of
//! [`super::contextual`] do, which is why they are not what runs there: `docs/design.md` says more.

mod block;
mod exploration;
mod fit;
mod learned;
mod span;
mod weighting;

pub use block::{Block, Sums};
pub use exploration::{
    ALPHA_DEFAULT, ALPHA_MAX, EXPLORATION_KINDS, Exploration, ExplorationKind, Weighing,
};
use fit::fit_faded;
pub use fit::{CONDITION_MAX, EXPLORATION, Fit, RIDGE, fit};
pub use learned::{Estimate, Estimator, Learned, LearnedAction, SegmentMean};
pub use span::best_span;
pub use weighting::inverse_gaps;

use crate::bandit::{Bandit, Distribution, FeatureSpec, Policy};
use crate::ledger::MergedState;
use crate::policy::contextual::triangle::Triangle;
use crate::snapshot::{LinearModel, PolicySnapshot, SnapshotAction};
use crate::time::UnixMillis;

/// The least change of a coefficient, as a share of the reward's range, that is worth a snapshot.
pub const MATERIAL_COEFFICIENT: f32 = 1e-3;
/// The least relative change of the rate of exploration that is worth a snapshot: 4 % more
/// decisions.
pub const MATERIAL_GAMMA: f32 = 0.02;

/// The snapshot that publishes what was learned of a contextual bandit.
///
/// The parts of its actions are what a request with the mean of all features seen would be given.
///
/// # Returns
/// `None` only where the sums give no number at all, which no stored state does; what is published
/// then stays as it is.
#[must_use]
pub fn snapshot(
    bandit: &Bandit,
    features: &FeatureSpec,
    merged: &MergedState,
    revision: u64,
    at: UnixMillis,
) -> Option<PolicySnapshot> {
    let arms = merged.arms();
    let (fit, sums) = fitted(bandit, features, merged, at)?;
    let model = model(bandit, features, &fit, &sums)?;
    let expected = fit.expected_on_average().into_iter().enumerate();
    let hoped = expected.map(|(place, mean)| Some(mean + model.reach(place, fit.mean_terms())));
    let average = model.weighing().probabilities(&hoped.collect::<Vec<_>>());
    let average = Distribution::from_probabilities(&average, bandit.floor_parts()).ok()?;
    let actions = bandit.actions().iter().zip(average.parts());
    let actions = actions.map(|(action, parts)| {
        let arm = arms.get(action).copied().unwrap_or_default();
        SnapshotAction {
            action: action.clone(),
            parts: *parts,
            n_decisions: arm.n_decisions,
            n_rewarded: arm.n_rewarded,
            mean_reward: arm.mean_reward(bandit.reward()),
        }
    });
    let snapshot = PolicySnapshot::new(bandit.key(), revision, at, actions.collect()).ok()?;
    snapshot.with_model(model)
}

/// What is published of a fit.
///
/// # Formula
/// For `linUcb`, with `A_a` an action's `sum x x'`, `l` the ridge of its model and `s^2` the noise:
/// `alpha^2 s^2 (A_a + l I)^-1`, so that `x' . x` is the square of `alpha` deviations.
fn model(bandit: &Bandit, features: &FeatureSpec, fit: &Fit, sums: &[Sums]) -> Option<LinearModel> {
    let exploration = match bandit.policy() {
        Policy::Contextual { exploration, .. } => *exploration,
        Policy::Plain { .. } => Exploration::default(),
    };
    let rounded = |of: &[f64]| of.iter().map(|value| *value as f32).collect();
    let coefficients = fit.coefficients.iter().map(|of| rounded(of));
    let weighing = exploration.weighing(fit.gamma, fit.n_decisions);
    let model = LinearModel::new(features.fingerprint(), weighing, coefficients.collect())?;
    let Exploration::LinUcb { alpha } = exploration else {
        return Some(model);
    };
    let spread = |(of, ridge): (&Sums, &f64)| {
        let mut triangle = Triangle::of_rows(of.n_terms, of.products.clone())?;
        triangle.add_to_diagonal(*ridge);
        let inverse = triangle.inverse()?;
        let scale = alpha * alpha * fit.noise;
        let scaled: Vec<f64> = inverse.values().iter().map(|value| scale * value).collect();
        Some(rounded(&scaled))
    };
    let spreads = sums.iter().zip(&fit.ridges).map(spread);
    model.with_spreads(spreads.collect::<Option<_>>()?)
}

/// The fit of what counts at a moment, and what it was made of.
fn fitted(
    bandit: &Bandit,
    features: &FeatureSpec,
    merged: &MergedState,
    at: UnixMillis,
) -> Option<(Fit, Vec<Sums>)> {
    let n_features = features.n_features();
    if bandit.forgetting().is_none() {
        let blocks = merged.blocks(bandit.actions(), n_features);
        return Some((fit(&blocks)?, blocks.iter().map(Sums::of).collect()));
    }
    let sums = merged.faded(bandit, n_features, at);
    Some((fit_faded(&sums)?, sums))
}

/// What counts of a contextual bandit at a moment, for people.
///
/// # Returns
/// `None` for a bandit that looks at no context, and where the sums give no number.
#[must_use]
pub fn learned(bandit: &Bandit, merged: &MergedState, now: UnixMillis) -> Option<Learned> {
    let (fit, sums) = fitted(bandit, bandit.features()?, merged, now)?;
    let products = sums.into_iter().map(|of| of.products);
    let evidence = products.zip(merged.warm_weights(bandit, now));
    Some(Learned::new(fit, bandit.actions().iter().zip(evidence)))
}

/// Whether a model says something else than the one that is published.
pub(super) fn is_material(published: Option<&LinearModel>, next: Option<&LinearModel>) -> bool {
    let (Some(published), Some(next)) = (published, next) else {
        return published.is_some() != next.is_some();
    };
    let gamma = (next.rate() - published.rate()).abs();
    let pairs = published.coefficients().zip(next.coefficients());
    let mut reaches = published.reaches().zip(next.reaches());
    published.features() != next.features()
        || published.explores_otherwise(next)
        || gamma > MATERIAL_GAMMA * published.rate()
        || reaches.any(|(before, after)| (before - after).abs() >= MATERIAL_COEFFICIENT.into())
        || pairs.into_iter().any(|(before, after)| {
            let mut pairs = before.iter().zip(after);
            pairs.any(|(before, after)| (before - after).abs() >= MATERIAL_COEFFICIENT)
        })
}

#[cfg(test)]
mod tests;
