//! How a policy explores, as written.

use super::{BanditFault, PolicyWire, fault};
use crate::bandit::{DECAY_MAX, EPSILON_DEFAULT, EPSILON_MAX, FeatureSpec, SPREADS_MAX};
use crate::policy::linear::{ALPHA_DEFAULT, ALPHA_MAX, Exploration, ExplorationKind};
use crate::value::Number;

/// What a contextual policy declares.
pub(super) fn declared<F>(policy: &PolicyWire<F>) -> Result<Exploration, BanditFault> {
    Ok(match policy.exploration {
        None | Some(ExplorationKind::InverseGap) => Exploration::InverseGap,
        Some(ExplorationKind::LinUcb) => Exploration::LinUcb {
            alpha: up_to("/policy/alpha", policy.alpha, (ALPHA_DEFAULT, ALPHA_MAX))?,
        },
        Some(ExplorationKind::EpsilonGreedy) => {
            let (epsilon, decay) = chance(policy)?;
            Exploration::EpsilonGreedy { epsilon, decay }
        }
        Some(ExplorationKind::Greedy) => Exploration::Greedy,
    })
}

/// Checks that what a snapshot tells of every action fits into it.
pub(super) fn check_spreads(
    exploration: Exploration,
    features: &FeatureSpec,
    n_actions: usize,
) -> Result<(), BanditFault> {
    let n_terms = features.n_features() + 1;
    let n_spreads = n_actions * (n_terms * (n_terms + 1) / 2);
    if exploration.kind() != ExplorationKind::LinUcb || n_spreads <= SPREADS_MAX {
        return Ok(());
    }
    let message = format!(
        "{n_actions} actions with {} numbers each make linUcb tell {n_spreads} numbers in a \
         snapshot; at most {SPREADS_MAX} are allowed: declare fewer features or actions, or \
         another exploration",
        features.n_features()
    );
    Err(fault("/policy/exploration", message))
}

/// The share that is left to chance, and the power of the number of decisions that divides it.
pub(super) fn chance<F>(policy: &PolicyWire<F>) -> Result<(f64, f64), BanditFault> {
    let epsilon = (EPSILON_DEFAULT, EPSILON_MAX);
    Ok((
        up_to("/policy/epsilon", policy.epsilon, epsilon)?,
        up_to("/policy/decay", policy.decay, (0.0, DECAY_MAX))?,
    ))
}

/// A number from 0 to `max`, or what stands for none.
fn up_to(
    pointer: &str,
    written: Option<f64>,
    (default, max): (f64, f64),
) -> Result<f64, BanditFault> {
    let value = written.unwrap_or(default);
    if (0.0..=max).contains(&value) {
        return Ok(value);
    }
    // As values are printed: another printer of fractions is four kilobytes.
    let max = Number::Float(max);
    Err(fault(pointer, format!("must be between 0 and {max}")))
}
