//! What a coordinator publishes: the allocation that edges sample from, or the model they
//! compute one with.
//!
//! A snapshot is a fact about a moment. It names every action it knows with its parts, so that an
//! edge whose ruleset lists other actions can still derive an honest distribution from it.

mod model;
pub mod wire;

pub use model::{COEFFICIENTS_MAX, LinearModel};

use crate::bandit::{
    ACTIONS_MAX, Distribution, InvalidDistribution, KEY_BYTES_MAX, PARTS, SPREADS_MAX,
};
use crate::time::UnixMillis;

/// One action of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotAction {
    /// The action, a variant name.
    pub action: Box<str>,
    /// Its probability, in parts of [`PARTS`].
    pub parts: u32,
    /// Decisions counted for it.
    pub n_decisions: u64,
    /// Decisions that were rewarded.
    pub n_rewarded: u64,
    /// Mean reward of its decisions, in the reward's own unit.
    pub mean_reward: f64,
}

/// A published allocation.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySnapshot {
    bandit: Box<str>,
    revision: u64,
    at: UnixMillis,
    actions: Box<[SnapshotAction]>,
    model: Option<LinearModel>,
}

impl PolicySnapshot {
    /// The snapshot with these actions.
    ///
    /// # Errors
    /// `Empty` or `Sum` when the parts are no distribution.
    pub fn new(
        bandit: impl Into<Box<str>>,
        revision: u64,
        at: UnixMillis,
        actions: Vec<SnapshotAction>,
    ) -> Result<Self, InvalidDistribution> {
        let parts: Vec<u32> = actions.iter().map(|action| action.parts).collect();
        Distribution::from_parts(parts)?;
        Ok(Self {
            bandit: bandit.into(),
            revision,
            at,
            actions: actions.into(),
            model: None,
        })
    }

    /// Key of the bandit.
    #[must_use]
    pub fn bandit(&self) -> &str {
        &self.bandit
    }

    /// Rises with each snapshot of the bandit, from 1.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// When it was computed.
    #[must_use]
    pub fn at(&self) -> UnixMillis {
        self.at
    }

    /// Every action it knows.
    #[must_use]
    pub fn actions(&self) -> &[SnapshotAction] {
        &self.actions
    }

    /// The distribution over an action list.
    ///
    /// For the snapshot's own actions, in any order, these are its very parts. An action that the
    /// snapshot does not know yet gets an equal share (one over the number of actions), one that is
    /// no longer offered loses its share to the others in proportion.
    ///
    /// # Returns
    /// As many parts as `offered` has actions. Without any, a distribution over one action, which
    /// no index of the empty list reaches.
    #[must_use]
    pub fn distribution(&self, offered: &[Box<str>]) -> Distribution {
        let known = |action: &str| {
            self.actions
                .iter()
                .find(|known| &*known.action == action)
                .map(|known| known.parts)
        };
        let parts: Vec<Option<u32>> = offered.iter().map(|action| known(action)).collect();
        let same: Option<Vec<u32>> = parts.iter().copied().collect();
        if let Some(Ok(same)) = same.map(Distribution::from_parts) {
            return same;
        }
        let n = offered.len().max(1) as f64;
        let n_new = parts.iter().filter(|parts| parts.is_none()).count() as f64;
        let kept: f64 = parts.iter().flatten().map(|parts| f64::from(*parts)).sum();
        let probabilities: Vec<f64> = parts
            .iter()
            .map(|parts| match parts {
                Some(parts) if kept > 0.0 => f64::from(*parts) / kept * (1.0 - n_new / n),
                Some(_) | None => 1.0 / n,
            })
            .collect();
        Distribution::from_probabilities(&probabilities, 0)
            .or_else(|_| Distribution::uniform(offered.len().max(1)))
            .unwrap_or_else(|_| certain())
    }
}

/// All parts on one action.
fn certain() -> Distribution {
    // One part of PARTS sums to PARTS.
    Distribution::from_parts([PARTS]).expect("a single full part is a distribution")
}

/// Longest snapshot accepted: every action at its longest, with room for its numbers and
/// coefficients, and spreads.
pub const SNAPSHOT_BYTES_MAX: usize =
    ACTIONS_MAX * (KEY_BYTES_MAX * 6 + 256 + COEFFICIENTS_MAX * 8) + SPREADS_MAX * 8 + 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(parts: &[(&str, u32)]) -> PolicySnapshot {
        let actions = parts
            .iter()
            .map(|(action, parts)| SnapshotAction {
                action: (*action).into(),
                parts: *parts,
                n_decisions: 0,
                n_rewarded: 0,
                mean_reward: 0.0,
            })
            .collect();
        PolicySnapshot::new("hero", 1, UnixMillis(0), actions).unwrap()
    }

    #[test]
    fn follows_the_offered_actions() {
        let snapshot = snapshot(&[("a", 600_000), ("b", 300_000), ("c", 100_000)]);
        let check = |offered: &[&str], parts: &[u32]| {
            let offered: Vec<Box<str>> = offered.iter().map(|action| (*action).into()).collect();
            assert_eq!(
                snapshot.distribution(&offered).parts(),
                parts,
                "{offered:?}"
            );
        };
        check(&["a", "b", "c"], &[600_000, 300_000, 100_000]);
        check(&["c", "a", "b"], &[100_000, 600_000, 300_000]);
        check(&["a", "b"], &[666_667, 333_333]);
        check(&["a", "b", "c", "d"], &[450_000, 225_000, 75_000, 250_000]);
        check(&["x", "y"], &[500_000, 500_000]);
    }

    #[test]
    fn refuses_parts_that_do_not_sum() {
        let short = SnapshotAction {
            action: "a".into(),
            parts: 999_999,
            n_decisions: 0,
            n_rewarded: 0,
            mean_reward: 0.0,
        };
        let made = PolicySnapshot::new("hero", 1, UnixMillis(0), vec![short]);
        assert_eq!(made, Err(InvalidDistribution::Sum));
    }
}
