//! Forgetting what one action has earned.

use std::sync::Arc;

use super::RESETS_MAX;
use super::apply::{Change, Memory, Outcome};
use super::slot::period_in;
use super::state::{ArmState, Reset};
use crate::policy::linear::Block;
use crate::time::UnixMillis;

/// What a shard stores so that an action of a bandit starts anew, under every reward definition.
///
/// # Arguments
/// `at`: names the command; one of that moment or an earlier one is not carried out twice.
///
/// # Returns
/// The change, and [`Outcome::Duplicate`] where there is nothing to forget, or
/// [`Outcome::TooMany`] after [`RESETS_MAX`]; then the change is empty.
#[must_use]
pub fn reset(memory: &Memory, bandit: &str, action: &str, at: UnixMillis) -> (Change, Outcome) {
    let none = || Change {
        totals: memory.totals,
        ..Change::default()
    };
    let mut change = none();
    let learners = memory.learners.iter();
    for (learner, state) in learners.filter(|((key, _), _)| &**key == bandit) {
        let before = state.resets.get(action).copied().unwrap_or_default();
        let is_done = before.n > 0 && before.at >= at;
        if is_done || state.arms.get(action).is_none() {
            continue;
        }
        if before.n >= RESETS_MAX {
            return (none(), Outcome::TooMany);
        }
        let mut state = state.clone();
        state.sequence += 1;
        state.arms.insert(action.into(), ArmState::default());
        let n = before.n + 1;
        state.resets.insert(action.into(), Reset { n, at });
        if let Some(block) = state.blocks.get(action) {
            let empty = Block::new(block.n_terms() - 1);
            state.blocks.insert(action.into(), Arc::new(empty));
            change.learned.push((learner.clone(), action.into()));
        }
        let names = state.arms.keys();
        let periods = names.filter(|name| period_in(name, action).is_some());
        for name in periods.cloned().collect::<Vec<_>>() {
            state.arms.remove(&name);
            if state.blocks.remove(&name).is_some() {
                change.learned.push((learner.clone(), name));
            }
        }
        change.learners.insert(learner.clone(), state);
    }
    let outcome = if change.learners.is_empty() {
        Outcome::Duplicate
    } else {
        Outcome::Committed
    };
    (change, outcome)
}
