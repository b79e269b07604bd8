//! Which action is best, asked as often as one likes.

use super::{Batch, BatchAction, InvalidBatches, Running, checked, corrections, n_decisions};
use crate::interval::Confidence;

/// The action that leads, and by how much it surely does.
#[derive(Debug, Clone, PartialEq)]
pub struct BestAction {
    /// Index of the action.
    pub action: usize,
    /// Whether it is better than every other, at the asked confidence and over all looks.
    pub certain: bool,
    /// Lower bounds of its lead over each action, in rewards; infinite for itself, and minus
    /// infinite where two were never to be chosen at once.
    pub leads: Vec<f64>,
}

/// The action that leads, and whether it is surely the best: valid at every look at once, so a
/// bandit may be stopped the moment this says so.
///
/// # Formula
/// For a pair, terms `D_t = G_t(a) - G_t(b)` as in [`super::action_means`], weighted by
/// `h_t = 1 / sqrt(1/e_a + 1/e_b)`; with `S` the weighted sum, `H` the sum of weights and
/// `V = sum h_t^2 (D_t - S/H)^2`, the lead is at least
/// `(S - sqrt((V + c) ln((V + c) / (c q^2)))) / H`, `q = (1 - level) / (k - 1)` for `k` actions.
/// `c` is where the bound is tightest: the variance of about two hundred decisions.
/// # Arguments
/// `batches`: in order of time; rewards whose means stay the same.
/// # Errors
/// `InvalidBatches`, see there.
/// # Panics
/// Never.
/// # Source
/// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024, theorem 2.2 (asymptotic confidence
/// sequences; a normal mixture); weights of Bibaut et al. 2021. A wrong action is only named where
/// its lead over the best one is overstated, which `k - 1` pairs can do.
pub fn best_action(
    batches: &[Batch],
    confidence: Confidence,
) -> Result<BestAction, InvalidBatches> {
    let n_actions = checked(batches)?;
    let wrong = (1.0 - confidence.as_f64()) / f64::max(n_actions as f64 - 1.0, 1.0);
    let mut best: Option<BestAction> = None;
    for action in 0..n_actions {
        let lead = |other| {
            if other == action {
                f64::INFINITY
            } else {
                Pair::over(batches, action, other).lead(wrong)
            }
        };
        let leads: Vec<f64> = (0..n_actions).map(lead).collect();
        let least = |leads: &[f64]| leads.iter().copied().fold(f64::INFINITY, f64::min);
        let leader = best
            .as_ref()
            .is_none_or(|best| least(&leads) > least(&best.leads));
        if leader {
            let certain = least(&leads) > 0.0;
            best = Some(BestAction {
                action,
                certain,
                leads,
            });
        }
    }
    best.ok_or(InvalidBatches::Empty)
}

/// Decisions at which the bound is tightest.
const N_TIGHTEST: f64 = 200.0;

/// Weighted sums of the differences of two actions.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    sum: f64,
    weights: f64,
    /// Weighted squares of the differences about 0, with the sums that move their origin.
    squares: f64,
    crossed: f64,
    weights_squared: f64,
    n: f64,
}

impl Pair {
    fn over(batches: &[Batch], action: usize, other: usize) -> Self {
        let of = |batch: &Batch, action: usize| -> BatchAction {
            batch.get(action).copied().unwrap_or_default()
        };
        let (mut own, mut others) = (Running::default(), Running::default());
        let mut pair = Self::default();
        for batch in batches {
            let (a, b) = (of(batch, action), of(batch, other));
            pair.add(n_decisions(batch), (&a, own.mean()), (&b, others.mean()));
            own.add(&a);
            others.add(&b);
        }
        pair
    }

    fn add(
        &mut self,
        n: f64,
        own: (&BatchAction, Option<f64>),
        other: (&BatchAction, Option<f64>),
    ) {
        let (e_own, e_other) = (own.0.propensity, other.0.propensity);
        // Where one of both is never chosen, nothing is learned of their difference.
        if e_own <= 0.0 || e_other <= 0.0 {
            return;
        }
        let (m_own, m_other) = (own.1.unwrap_or_default(), other.1.unwrap_or_default());
        let (plus, plus_squares) = corrections(own.0, m_own);
        let (minus, minus_squares) = corrections(other.0, m_other);
        let base = m_own - m_other;
        let sum = n * base + plus - minus;
        let squares = n * base * base + 2.0 * base * (plus - minus) + plus_squares + minus_squares;
        // 1 / h^2.
        let inverse = 1.0 / e_own + 1.0 / e_other;
        let h = 1.0 / inverse.sqrt();
        self.sum += h * sum;
        self.weights += h * n;
        self.squares += squares / inverse;
        self.crossed += sum / inverse;
        self.weights_squared += n / inverse;
        self.n += n;
    }

    /// The least lead, missed with this probability at any look.
    fn lead(self, wrong: f64) -> f64 {
        if self.weights <= 0.0 {
            return f64::NEG_INFINITY;
        }
        let mean = self.sum / self.weights;
        let spread = self.squares - 2.0 * mean * self.crossed + mean * mean * self.weights_squared;
        if spread <= 0.0 {
            // Nothing ever varied: that is no evidence that nothing can.
            return f64::NEG_INFINITY;
        }
        let tightest = spread / self.n * N_TIGHTEST;
        let mixed = spread + tightest;
        let bound = (mixed * libm::log(mixed / (tightest * wrong * wrong))).sqrt();
        (self.sum - bound) / self.weights
    }
}
