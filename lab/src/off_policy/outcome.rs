//! What an action is expected to bring in a context, from a log.

use nalgebra::{Cholesky, DMatrix, DVector};

/// Prior precision of each coefficient of standardised features: one observation's worth.
const RIDGE: f64 = 1.0;

/// Contexts, what was done in them and what it brought.
#[derive(Debug, Clone, Copy)]
pub struct Outcomes<'a> {
    /// (n, d), row-major.
    pub contexts: &'a [f64],
    /// Number of features, `d`.
    pub d: usize,
    /// (n,), each below `n_actions`.
    pub actions: &'a [usize],
    /// (n,), finite.
    pub rewards: &'a [f64],
    /// Number of actions.
    pub n_actions: usize,
}

/// Outcomes whose lists do not fit together, or that hold a number that is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidOutcomes;

impl std::fmt::Display for InvalidOutcomes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("contexts, actions and rewards must be of one length and finite")
    }
}

impl std::error::Error for InvalidOutcomes {}

/// A linear model for each action.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeModel {
    /// Mean of each feature, and one by its deviation.
    scale: Vec<(f64, f64)>,
    /// For each action what it brings at the features' mean, and a coefficient for each feature.
    actions: Vec<(f64, Vec<f64>)>,
}

impl OutcomeModel {
    /// Fits a model to those outcomes that `with` names.
    ///
    /// # Formula
    /// Ridge regression of the rewards on standardised features, action by action, about the mean
    /// reward of the action; that mean itself is drawn to the mean of all actions by one
    /// observation.
    /// # Errors
    /// `InvalidOutcomes`, see there.
    /// # Source
    /// Hoerl and Kennard 1970.
    pub fn fit(
        outcomes: Outcomes<'_>,
        with: impl Fn(usize) -> bool,
    ) -> Result<Self, InvalidOutcomes> {
        let Outcomes {
            contexts,
            d,
            actions,
            rewards,
            n_actions,
        } = outcomes;
        let fits = rewards.len() == actions.len()
            && contexts.len() == d * rewards.len()
            && actions.iter().all(|action| *action < n_actions)
            && contexts
                .iter()
                .chain(rewards)
                .all(|number| number.is_finite());
        if !fits {
            return Err(InvalidOutcomes);
        }
        let context = |row: usize| contexts.get(row * d..(row + 1) * d).unwrap_or_default();
        let rows: Vec<usize> = (0..rewards.len()).filter(|row| with(*row)).collect();
        let scale: Vec<_> = (0..d)
            .map(|k| {
                scale_of(&rows, |row| {
                    context(row).get(k).copied().unwrap_or_default()
                })
            })
            .collect();
        let reward = |row: &usize| rewards.get(*row).copied().unwrap_or_default();
        let overall = mean(rows.iter().map(reward)).unwrap_or_default();
        let fitted = (0..n_actions).map(|action| {
            let own: Vec<usize> = rows
                .iter()
                .copied()
                .filter(|row| actions.get(*row) == Some(&action))
                .collect();
            let n = own.len() as f64;
            let sum: f64 = own.iter().map(reward).sum();
            let level = (sum + RIDGE * overall) / (n + RIDGE);
            let standardised = own
                .iter()
                .flat_map(|row| standardise(context(*row), &scale));
            let x = DMatrix::from_row_iterator(own.len(), d, standardised);
            let y = DVector::from_iterator(own.len(), own.iter().map(|row| reward(row) - level));
            let precision = x.tr_mul(&x) + DMatrix::identity(d, d) * RIDGE;
            let coefficients = Cholesky::new(precision).map(|factor| factor.solve(&x.tr_mul(&y)));
            (
                level,
                coefficients.map_or_else(|| vec![0.0; d], |found| found.iter().copied().collect()),
            )
        });
        Ok(Self {
            actions: fitted.collect(),
            scale,
        })
    }

    /// What each action is expected to bring in a context.
    ///
    /// # Arguments
    /// `context`: (d,).
    /// # Returns
    /// (`n_actions`,), in the unit of rewards; not confined to their range.
    #[must_use]
    pub fn expected(&self, context: &[f64]) -> Vec<f64> {
        let x: Vec<f64> = standardise(context, &self.scale).collect();
        let dot = |w: &[f64]| w.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>();
        self.actions
            .iter()
            .map(|(level, w)| level + dot(w))
            .collect()
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let n = values.len();
    (n > 0).then(|| values.sum::<f64>() / n as f64)
}

/// Mean and one by the deviation; a feature that never changes says nothing.
fn scale_of(rows: &[usize], value: impl Fn(usize) -> f64) -> (f64, f64) {
    let centre = mean(rows.iter().map(|row| value(*row))).unwrap_or_default();
    let squares = rows
        .iter()
        .map(|row| (value(*row) - centre) * (value(*row) - centre));
    let deviation = mean(squares).unwrap_or_default().sqrt();
    (
        centre,
        if deviation > 0.0 {
            1.0 / deviation
        } else {
            0.0
        },
    )
}

fn standardise<'a>(context: &'a [f64], scale: &'a [(f64, f64)]) -> impl Iterator<Item = f64> + 'a {
    context
        .iter()
        .zip(scale)
        .map(|(value, (centre, by))| (value - centre) * by)
}
