//! From sums to coefficients and a rate of exploration.

use super::{Block, Sums};
use crate::policy::contextual::triangle::{Triangle, dot};

/// What ridge regression adds to the diagonal: each coefficient starts as if seen once.
pub const RIDGE: f64 = 1.0;
/// A matrix worse conditioned than this gets a stronger ridge.
pub const CONDITION_MAX: f64 = 1e12;
/// How much faster than the uncertainty of expected rewards exploration falls.
pub const EXPLORATION: f64 = 8.0;

/// Ridges tried, each a hundred times the one before.
const RIDGES_MAX: u32 = 6;

/// What a coordinator has found out about a bandit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Coefficients of each action: of the intercept, then of each feature.
    pub coefficients: Vec<Vec<f64>>,
    /// What was added to the diagonal of each action's `sum x x'`.
    pub ridges: Vec<f64>,
    /// Rate of exploration, for [`super::inverse_gaps`].
    pub gamma: f64,
    /// Variance of a reward around what is expected of it.
    pub noise: f64,
    /// Decisions that were learned from.
    pub n_decisions: f64,
    /// Mean of each term.
    mean_terms: Vec<f64>,
}

impl Fit {
    /// Expected rewards of a request with the mean of every feature.
    pub(super) fn expected_on_average(&self) -> Vec<f64> {
        let coefficients = self.coefficients.iter();
        coefficients.map(|of| dot(of, &self.mean_terms)).collect()
    }

    /// Terms of a request with the mean of every feature.
    pub(super) fn mean_terms(&self) -> &[f64] {
        &self.mean_terms
    }
}

/// Fits every action's rewards.
///
/// # Formula
/// With `A = sum x x'` and `b = sum r x` of an action, and their sums over all actions without
/// index: `w = m e + (A + l I)^-1 (b - m A e)` predicts any action's reward, `m` being the mean
/// reward and `e` the intercept; then `w_a = w + (A_a + l I)^-1 (b_a - A_a w)`. So an action of
/// which little is known is expected to do as the others in the same context, and its coefficients
/// leave theirs as evidence comes; of a single block, as of offered actions, `w` is the model.
/// `s^2`, the variance of rewards around `w_a' x`, starts as if one of a quarter had been seen.
/// With `k` actions, `d` terms and `n` decisions an expected reward is known to about
/// `s sqrt(d k / n)`, and `gamma = c k / (s sqrt(d k / n)) = c sqrt(k n / d) / s`.
///
/// # Arguments
/// `blocks`: (`n_actions`,), all of the same number of terms.
///
/// # Returns
/// `None` without blocks, or where sums are no numbers.
///
/// # Source
/// Hoerl and Kennard 1970; Simchi-Levi and Xu 2022, algorithm 1. DIFFERENCE: the rate is measured
/// in the rewards' own noise instead of their bound, and has no logarithms; actions are shrunk
/// towards a common model instead of zero.
///
/// # Determinism
/// `+ - * / sqrt` in a fixed order.
#[must_use]
pub fn fit(blocks: &[Block]) -> Option<Fit> {
    let mut all = blocks.first()?.clone();
    blocks.iter().skip(1).for_each(|block| all.add(block));
    let each: Vec<Sums> = blocks.iter().map(Sums::of).collect();
    fit_sums(Sums::of(&all), &each)
}

/// The same of blocks that count in part, and their sum.
pub(super) fn fit_faded(blocks: &[Sums]) -> Option<Fit> {
    let mut all = blocks.first()?.clone();
    blocks.iter().skip(1).for_each(|block| all.add(block, 1.0));
    fit_sums(all, blocks)
}

fn fit_sums(all: Sums, blocks: &[Sums]) -> Option<Fit> {
    let n_terms = all.n_terms;
    let (products, rewards) = (all.products, all.rewards);
    let n_decisions = *products.first()?;
    let mean = *rewards.first()? / f64::max(n_decisions, 1.0);
    let mut start = vec![0.0; n_terms];
    *start.first_mut()? = mean;
    let (common, ridge) = around(&start, &products, &rewards, n_terms)?;
    let mut coefficients = Vec::with_capacity(blocks.len());
    let mut ridges = Vec::with_capacity(blocks.len());
    let mut left_over = 0.0;
    for block in blocks {
        let (of, ridge) = match blocks.len() {
            1 => (common.clone(), ridge),
            _ => around(&common, &block.products, &block.rewards, n_terms)?,
        };
        left_over += missed(&of, block)?;
        coefficients.push(of);
        ridges.push(ridge);
    }
    let noise = (f64::max(left_over, 0.0) + 0.25) / (n_decisions + 1.0);
    let (k, d) = (blocks.len() as f64, n_terms as f64);
    let gamma = EXPLORATION * libm::sqrt(k * n_decisions / (d * noise));
    let row = products.get(..n_terms)?.iter();
    let mean_terms = row.map(|sum| sum / f64::max(n_decisions, 1.0)).collect();
    gamma.is_finite().then_some(Fit {
        coefficients,
        ridges,
        gamma,
        noise,
        n_decisions,
        mean_terms,
    })
}

/// The sum of `(r - w' x)^2` over an action's decisions.
pub(super) fn missed(w: &[f64], block: &Sums) -> Option<f64> {
    let triangle = Triangle::of_rows(block.n_terms, block.products.clone())?;
    Some(block.squares + triangle.quadratic_form(w) - 2.0 * dot(w, &block.rewards))
}

/// `w + (A + l I)^-1 (b - A w)`, with the least `l` whose matrix is well conditioned, and that `l`.
fn around(w: &[f64], products: &[f64], rewards: &[f64], n_terms: usize) -> Option<(Vec<f64>, f64)> {
    let triangle = Triangle::of_rows(n_terms, products.to_vec())?;
    let mut predicted = vec![0.0; n_terms];
    triangle.multiply(w, &mut predicted);
    let pairs = rewards.iter().zip(&predicted);
    let left: Vec<f64> = pairs
        .map(|(reward, predicted)| reward - predicted)
        .collect();
    let mut ridge = RIDGE;
    for _ in 0..RIDGES_MAX {
        let mut raised = triangle.clone();
        raised.add_to_diagonal(ridge);
        let solved = raised.solved(&left);
        if let Some((step, _)) = solved.filter(|(_, condition)| *condition <= CONDITION_MAX) {
            let moved = w.iter().zip(&step).map(|(w, step)| w + step);
            return Some((moved.collect(), ridge));
        }
        ridge *= 100.0;
    }
    None
}
