//! From expected rewards to probabilities: inverse gap weighting.

/// Probabilities of actions by how far each is expected to fall short of the best.
///
/// Closed form, every probability positive, and close ones for actions that are close: what was
/// chosen can be learned from, and judged later.
///
/// # Formula
/// With `k` known actions of `n` and `g = gamma`: `1 / (k + g (best - mean))` for each known action
/// but the best, which have in equal shares what is left; all of it times `k / n`. `1 / n` for an
/// action of which nothing is known.
///
/// # Arguments
/// `means`: (`n_actions`,), expected rewards; `None` for an action of which nothing is known.
/// `gamma`: >= 0, per unit of reward; 0 is the uniform distribution.
///
/// # Returns
/// As many probabilities, summing to one.
///
/// # Determinism
/// `+ - * /` alone, in the order of the actions: the same bits natively and in wasm.
///
/// # Source
/// Abe and Long 1999; Foster and Rakhlin 2020 (`SquareCB`); Simchi-Levi and Xu 2022 (FALCON), whose
/// epochs are snapshots here.
///
/// # Examples
/// ```
/// use bandera_shared::policy::linear::inverse_gaps;
/// let found = inverse_gaps(&[Some(0.5), Some(0.25)], 24.0);
/// assert_eq!(found, [1.0 - 1.0 / 8.0, 1.0 / 8.0]);
/// ```
#[must_use]
pub fn inverse_gaps(means: &[Option<f64>], gamma: f64) -> Vec<f64> {
    let n = means.len() as f64;
    let known = || means.iter().flatten().copied();
    let k = known().count() as f64;
    let best = known().fold(f64::NEG_INFINITY, f64::max);
    let gap = |mean: f64| 1.0 / (k + gamma * (best - mean));
    let n_best = known().filter(|mean| *mean >= best).count() as f64;
    let others: f64 = known().filter(|mean| *mean < best).map(gap).sum();
    let rest = (1.0 - others) / f64::max(n_best, 1.0);
    let probability = |mean: &Option<f64>| match *mean {
        None => 1.0 / n,
        Some(mean) if mean < best => gap(mean) * k / n,
        Some(_) => rest * k / n,
    };
    means.iter().map(probability).collect()
}
