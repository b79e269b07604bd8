//! The next snapshot of a bandit, and whether it is worth publishing.

use super::index::{IndexArm, Plan};
use super::linear;
use crate::bandit::{Bandit, Distribution};
use crate::ledger::{ArmState, MergedState};
use crate::snapshot::{PolicySnapshot, SnapshotAction};
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

/// What the posterior says of each of the bandit's actions at a moment, in declared order. A rule
/// that has none is not asked: people are told what Thompson sampling would think.
#[must_use]
pub fn outlook(bandit: &Bandit, merged: &MergedState, now: UnixMillis) -> Vec<ArmOutlook> {
    let arms = merged.arms();
    let (rule, known) = (bandit.policy().rule(), merged.remembered(bandit, now));
    let range = bandit.reward().range();
    let value = |share: f64| range.min() + share * (range.max() - range.min());
    let actions = bandit.actions().iter().zip(&known);
    actions
        .zip(rule.best(&known))
        .map(|((action, known), p_best)| {
            let arm = arms.get(action).copied().unwrap_or_default();
            let (low, high) = rule.interval_95(known);
            ArmOutlook {
                arm,
                mean_reward: arm.mean_reward(bandit.reward()),
                interval_95: (value(low), value(high)),
                p_best,
            }
        })
        .collect()
}

/// The distribution over the bandit's actions that what they brought calls for, floor included.
///
/// # Arguments
/// `arms`: of each action, in declared order; [`MergedState::remembered`].
///
/// # Returns
/// `None` only where the statistics give no number at all, which no stored state does; the
/// published allocation then stays as it is.
#[must_use]
pub fn allocate(bandit: &Bandit, arms: &[IndexArm]) -> Option<Distribution> {
    let plan = Plan::snapshot(bandit.floor_parts());
    bandit.policy().rule().distribution(arms, plan).ok()
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
    let distribution = allocate(bandit, &merged.remembered(bandit, at))?;
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
/// Other actions always count, and a quarter more decisions: below the top of a ranked list edges
/// go by what each action earned, which must follow where parts stand still. Parts count only
/// from [`MATERIAL_PARTS`] on, and a model where a coefficient or its rate of exploration moved,
/// because every write costs and a smaller shift is less than what a visitor more or less does. A
/// rule without a posterior sends its traffic to one action until another is due, so its parts
/// move all at once or not at all. Small steps add up, since `published` is what edges have.
#[must_use]
pub fn is_material(published: Option<&PolicySnapshot>, next: &PolicySnapshot) -> bool {
    let Some(published) = published else {
        return true;
    };
    let (before, after) = (published.actions(), next.actions());
    let n_decisions = |actions: &[SnapshotAction]| {
        let each = actions.iter().map(|action| action.n_decisions);
        each.fold(0_u64, u64::saturating_add)
    };
    let (n_before, n_after) = (n_decisions(before), n_decisions(after));
    before.len() != after.len()
        || n_after > n_before.saturating_add(n_before / 4)
        || linear::is_material(published.model(), next.model())
        || before.iter().zip(after).any(|(before, after)| {
            before.action != after.action || before.parts.abs_diff(after.parts) >= MATERIAL_PARTS
        })
}

#[cfg(test)]
mod tests;
