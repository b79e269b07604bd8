//! How much of the past predicts best: the window of a bandit that adapts.

use super::Sums;
use super::fit::{fit_faded, missed};
use crate::bandit::PERIODS;

/// Parts of a window that may count instead of all of it, in periods.
const SPANS_SHORTER: [i64; 4] = [PERIODS / 2, PERIODS / 4, PERIODS / 8, PERIODS / 16];
/// Latest periods whose rewards are predicted.
const N_PREDICTED: usize = 4;
/// How much likelier, as a logarithm, a shorter part must make rewards than the whole window: 150
/// to 1, so that chance alone shortens few.
const EVIDENCE: f64 = 5.0;
/// By what share of its errors the whole window must also be worse, where a model has features: no
/// world is quite linear, and what was learned lately fits what is played lately a little better,
/// also where nothing changes.
const MISFIT: f64 = 0.01;

/// How many of the latest periods best predict the rewards that came after them.
///
/// # Formula
/// Each of the latest four periods, the present one included, is predicted by what
/// `policy::linear::fit` makes of the `n` periods before it, for each `n` of 16, 8, 4, 2 and 1.
/// With `L_n` the sum of squared errors and `s^2` the noise around a fit of all periods, the least
/// `L_n / (2 s^2)` wins, where all but the whole window have 5 added, and with features a hundredth
/// of the whole window's: the prequential likelihood of normal rewards, and Bayes' factor between
/// windows that follow what happens.
///
/// # Arguments
/// `periods`: (`n_periods`, `n_actions`), the present one first; one without decisions is empty.
///
/// # Returns
/// 16, 8, 4, 2 or 1; 16 where nothing tells.
///
/// # Source
/// Dawid 1984 (prequential analysis). Windows that shrink where the world changes: Bifet and
/// Gavalda 2007. DIFFERENCE: a window is chosen by what it predicts, from sums alone, so any order
/// of events and any number of shards choose the same.
///
/// # Determinism
/// `+ - * / sqrt` in a fixed order.
#[must_use]
pub fn best_span(periods: &[Vec<Sums>]) -> i64 {
    let between = |from: usize, n: i64| {
        let mut periods = periods.iter().skip(from).take(n as usize);
        let mut sums = periods.next().cloned().unwrap_or_default();
        for other in periods {
            if sums.is_empty() {
                sums.clone_from(other);
                continue;
            }
            sums.iter_mut()
                .zip(other)
                .for_each(|(sum, of)| sum.add(of, 1.0));
        }
        sums
    };
    let Some(noise) = fit_faded(&between(0, PERIODS)).map(|fit| fit.noise) else {
        return PERIODS;
    };
    let missed_by = |n: i64| -> Option<f64> {
        let mut sum = 0.0;
        for (age, seen) in periods.iter().enumerate().take(N_PREDICTED) {
            let before = between(age + 1, n);
            if seen.is_empty() || between(age + 1, PERIODS).is_empty() {
                continue;
            }
            // Whoever remembers nothing expects nothing.
            let coefficients = fit_faded(&before).map(|fit| fit.coefficients);
            for (action, block) in seen.iter().enumerate() {
                let of = coefficients.as_ref().and_then(|each| each.get(action));
                sum += match of {
                    Some(of) => missed(of, block)?,
                    None => block.squares,
                };
            }
        }
        Some(sum / (2.0 * noise))
    };
    let Some(whole) = missed_by(PERIODS) else {
        return PERIODS;
    };
    let has_features = periods.iter().flatten().any(|of| of.n_terms > 1);
    let misfit = if has_features { MISFIT * whole } else { 0.0 };
    let (mut best, mut least) = (PERIODS, whole - EVIDENCE - misfit);
    for n in SPANS_SHORTER {
        if let Some(missed) = missed_by(n).filter(|missed| *missed < least) {
            (best, least) = (n, missed);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::draws::Draws;
    use crate::policy::index::IndexArm;

    /// Two actions, each tried as often in each period, oldest first, and their rates there.
    fn periods(n_tried: u32, rates: &[[f64; 2]], seed: u64) -> Vec<Vec<Sums>> {
        let mut draws = Draws(seed);
        let mut arm = |rate: f64| {
            let mut arm = IndexArm::default();
            for _ in 0..n_tried {
                arm.observe(f64::from(u8::from(draws.unit() < rate)));
            }
            Sums::plain(&arm)
        };
        let of = |rates: &[f64; 2]| rates.iter().map(|rate| arm(*rate)).collect();
        let mut periods: Vec<Vec<Sums>> = rates.iter().map(of).collect();
        periods.reverse();
        periods
    }

    #[test]
    fn where_nothing_changes_everything_counts() {
        for seed in 0..200 {
            let found = best_span(&periods(200, &[[0.2, 0.3]; 17], seed));
            assert_eq!(found, PERIODS, "{seed}");
        }
    }

    #[test]
    fn after_a_change_the_past_does_not_count() {
        let mut rates = [[0.2, 0.4]; 17];
        rates[14..].fill([0.4, 0.2]);
        let spans: Vec<i64> = (0..100)
            .map(|seed| best_span(&periods(200, &rates, seed)))
            .collect();
        // Three periods are new; of the part of four one is old.
        assert!(spans.iter().all(|span| *span <= 4), "{spans:?}");
        assert!(
            spans.iter().filter(|span| **span <= 2).count() > 90,
            "{spans:?}"
        );
        // Long ago it is forgotten that anything changed.
        rates.fill([0.4, 0.2]);
        rates[0] = [0.2, 0.4];
        assert_eq!(best_span(&periods(200, &rates, 1)), PERIODS);
    }

    #[test]
    fn what_tells_nothing_leaves_the_whole_window() {
        assert_eq!(best_span(&[]), PERIODS);
        assert_eq!(best_span(&vec![Vec::new(); 17]), PERIODS);
        assert_eq!(
            best_span(&periods(3, &[[0.0, 1.0], [1.0, 0.0]], 1)),
            PERIODS
        );
        let mut lonely = vec![Vec::new(); 17];
        lonely[0] = periods(50, &[[0.5, 0.5]], 1).remove(0);
        assert_eq!(best_span(&lonely), PERIODS);
        lonely[16] = periods(50, &[[0.5, 0.5]], 2).remove(0);
        assert_eq!(best_span(&lonely), PERIODS);
    }
}
