//! The next snapshot of a bandit, and whether it is worth publishing.

use super::linear;
use super::thompson::{Beta, probability_best};
use crate::bandit::{Bandit, BetaPrior, Distribution, RewardSpec};
use crate::ledger::{ArmState, MergedState, WarmStart};
use crate::snapshot::{PolicySnapshot, SnapshotAction};
use crate::sorted::Sorted;
use crate::time::UnixMillis;

/// The least change of any action's parts that is worth a snapshot: a tenth of a percent.
pub const MATERIAL_PARTS: u32 = 1_000;

/// What the posterior of one action says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArmOutlook {
    /// Its statistics.
    pub arm: ArmState,
    /// Mean reward so far, in the reward's own unit.
    pub mean_reward: f64,
    /// Central 95 % interval of the posterior mean reward, in the reward's own unit.
    pub interval_95: (f64, f64),
    /// Probability of being the best action.
    pub p_best: f64,
}

/// What is believed of actions from the start.
type WarmStarts = Sorted<Box<str>, WarmStart>;

fn posterior(arm: &ArmState, spec: &RewardSpec, prior: BetaPrior) -> Beta {
    let share = arm.total_share(spec);
    Beta::new(
        prior.successes + share,
        prior.failures + (arm.n_decisions as f64 - share),
    )
}

/// A warm start is added to the prior as pseudo-successes and pseudo-failures.
fn posteriors(
    bandit: &Bandit,
    arms: &Sorted<Box<str>, ArmState>,
    warm: &WarmStarts,
) -> Vec<(ArmState, Beta)> {
    let BetaPrior {
        successes,
        failures,
    } = bandit.policy().prior();
    let prior = |action: &str| {
        let start = warm
            .get(action)
            .map(|start| (start.n_decisions(), start.successes()));
        let (n_decisions, share) = start.unwrap_or_default();
        BetaPrior {
            successes: successes + share,
            failures: failures + (f64::from(n_decisions) - share),
        }
    };
    bandit
        .actions()
        .iter()
        .map(|action| {
            let arm = arms.get(action).copied().unwrap_or_default();
            (arm, posterior(&arm, bandit.reward(), prior(action)))
        })
        .collect()
}

/// What the posterior says of each of the bandit's actions, in declared order.
#[must_use]
pub fn outlook(bandit: &Bandit, merged: &MergedState) -> Vec<ArmOutlook> {
    let posteriors = posteriors(bandit, &merged.arms(), merged.warm_starts());
    let betas: Vec<Beta> = posteriors.iter().map(|(_, beta)| *beta).collect();
    let range = bandit.reward().range();
    let value = |share: f64| range.min() + share * (range.max() - range.min());
    posteriors
        .iter()
        .zip(probability_best(&betas))
        .map(|((arm, beta), p_best)| ArmOutlook {
            arm: *arm,
            mean_reward: arm.mean_reward(bandit.reward()),
            interval_95: (value(beta.quantile(0.025)), value(beta.quantile(0.975))),
            p_best,
        })
        .collect()
}

/// The distribution over the bandit's actions that what was learned calls for, floor included.
///
/// # Returns
/// `None` only where the statistics give no number at all, which no stored state does; the
/// published allocation then stays as it is.
#[must_use]
pub fn allocate(bandit: &Bandit, arms: &Sorted<Box<str>, ArmState>) -> Option<Distribution> {
    allocate_warm(bandit, arms, &WarmStarts::new())
}

fn allocate_warm(
    bandit: &Bandit,
    arms: &Sorted<Box<str>, ArmState>,
    warm: &WarmStarts,
) -> Option<Distribution> {
    let betas: Vec<Beta> = posteriors(bandit, arms, warm)
        .into_iter()
        .map(|(_, beta)| beta)
        .collect();
    Distribution::from_probabilities(&probability_best(&betas), bandit.floor_parts()).ok()
}

/// The snapshot that publishes what all shards together have learned, by the bandit's own policy.
///
/// # Returns
/// `None` only where what was learned gives no number at all, which no stored state does.
#[must_use]
pub fn next_snapshot(
    bandit: &Bandit,
    merged: &MergedState,
    revision: u64,
    at: UnixMillis,
) -> Option<PolicySnapshot> {
    match bandit.features() {
        None => snapshot(bandit, merged, revision, at),
        Some(features) => linear::snapshot(bandit, features, merged, revision, at),
    }
}

/// The snapshot that publishes an allocation.
#[must_use]
pub fn snapshot(
    bandit: &Bandit,
    merged: &MergedState,
    revision: u64,
    at: UnixMillis,
) -> Option<PolicySnapshot> {
    let arms = merged.arms();
    let distribution = allocate_warm(bandit, &arms, merged.warm_starts())?;
    let actions = bandit
        .actions()
        .iter()
        .zip(distribution.parts())
        .map(|(action, parts)| {
            let arm = arms.get(action).copied().unwrap_or_default();
            SnapshotAction {
                action: action.clone(),
                parts: *parts,
                n_decisions: arm.n_decisions,
                n_rewarded: arm.n_rewarded,
                mean_reward: arm.mean_reward(bandit.reward()),
            }
        })
        .collect();
    PolicySnapshot::new(bandit.key(), revision, at, actions).ok()
}

/// Whether `next` differs from what is published enough to be written.
///
/// Other actions always count; parts only from [`MATERIAL_PARTS`] on, and a model where a
/// coefficient or its rate of exploration moved, because every write costs and a smaller shift is
/// less than what a visitor more or less does to it.
#[must_use]
pub fn is_material(published: Option<&PolicySnapshot>, next: &PolicySnapshot) -> bool {
    let Some(published) = published else {
        return true;
    };
    let (before, after) = (published.actions(), next.actions());
    before.len() != after.len()
        || linear::is_material(published.model(), next.model())
        || before.iter().zip(after).any(|(before, after)| {
            before.action != after.action || before.parts.abs_diff(after.parts) >= MATERIAL_PARTS
        })
}

#[cfg(test)]
mod tests;
