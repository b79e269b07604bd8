//! What the actions of a bandit are worth, after the bandit chose which of them were tried.
//!
//! A bandit tries an action less once it looks bad, so bad luck is never made up for, and the mean
//! of an action's rewards lies below the truth. Propensities undo that. Data come in batches: runs
//! of decisions under one distribution, in order of time. A single decision is a batch too.
//!
//! For actions without contexts, or for their means over the contexts that came.

mod best;

pub use best::{BestAction, best_action};

use crate::interval::{Confidence, Interval};

/// What one action did in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BatchAction {
    /// Probability with which it was chosen, throughout the batch, in [0, 1].
    pub propensity: f64,
    /// How often it was chosen.
    pub n: u64,
    /// Sum of its rewards.
    pub sum: f64,
    /// Sum of their squares.
    pub squares: f64,
}

/// Decisions under one distribution: an entry for each action.
pub type Batch = Vec<BatchAction>;

/// Why nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidBatches {
    /// There is no decision at all.
    Empty,
    /// This batch has another number of actions than the first.
    Actions(usize),
    /// This batch has a number that is not finite, a propensity outside [0, 1], or an action that
    /// was chosen without any.
    Numbers(usize),
}

impl std::fmt::Display for InvalidBatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no decision"),
            Self::Actions(batch) => {
                write!(
                    f,
                    "batch {batch} has another number of actions than the first"
                )
            }
            Self::Numbers(batch) => write!(
                f,
                "batch {batch} has a number that is not finite, a propensity outside 0..1, or an \
                 action that was chosen though its propensity is 0"
            ),
        }
    }
}

impl std::error::Error for InvalidBatches {}

/// The mean reward of an action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActionMean {
    /// How often it was chosen.
    pub n: u64,
    /// What it brings.
    pub value: f64,
    /// Standard error of that.
    pub standard_error: f64,
    /// Normal interval at the asked confidence.
    pub interval: Interval,
    /// The mean of its rewards as they came, which adaptive choice pulls down; `None` where it was
    /// never chosen. For comparison alone.
    pub naive: Option<f64>,
}

/// The mean of each action, by adaptively weighted augmented inverse propensity weighting.
///
/// # Formula
/// For an action with propensity `e_t`, `G_t = m_t + 1(chosen) (r_t - m_t) / e_t` with `m_t` the
/// mean of its rewards in earlier batches; `value = sum h_t G_t / sum h_t` with `h_t = sqrt(e_t)`,
/// under which its terms vary alike however `e_t` moves; variance
/// `sum h_t^2 (G_t - value)^2 / (sum h_t)^2`.
/// # Arguments
/// `batches`: in order of time.
/// # Returns
/// (`n_actions`,); `None` for an action that could never have been chosen.
/// # Errors
/// `InvalidBatches`, see there.
/// # Panics
/// Never.
/// # Source
/// Hadad, Hirshberg, Zhan, Wager and Athey 2021, equations 5 and 14 (constant allocation).
/// # Examples
/// ```
/// use bandera_lab::adaptive::{BatchAction, action_means};
/// use bandera_lab::Confidence;
/// let one = |n, sum| BatchAction { propensity: 0.5, n, sum, squares: sum };
/// let means = action_means(&[vec![one(50, 20.0), one(50, 30.0)]], Confidence::P95).unwrap();
/// // With one batch there is nothing to augment with: 2 * 20 / 100.
/// assert_eq!(means[0].unwrap().value, 0.4);
/// ```
pub fn action_means(
    batches: &[Batch],
    confidence: Confidence,
) -> Result<Vec<Option<ActionMean>>, InvalidBatches> {
    let n_actions = checked(batches)?;
    let mean = |action| mean(batches, action, confidence);
    Ok((0..n_actions).map(mean).collect())
}

/// Checks batches; gives the number of actions.
fn checked(batches: &[Batch]) -> Result<usize, InvalidBatches> {
    let sound = |action: &BatchAction| {
        action.sum.is_finite()
            && action.squares.is_finite()
            && (0.0..=1.0).contains(&action.propensity)
            && (action.n == 0 || action.propensity > 0.0)
    };
    let n_actions = batches.first().map_or(0, Vec::len);
    for (place, batch) in batches.iter().enumerate() {
        if batch.len() != n_actions {
            return Err(InvalidBatches::Actions(place));
        }
        if !batch.iter().all(sound) {
            return Err(InvalidBatches::Numbers(place));
        }
    }
    if batches.iter().flatten().all(|action| action.n == 0) {
        return Err(InvalidBatches::Empty);
    }
    Ok(n_actions)
}

fn n_decisions(batch: &Batch) -> f64 {
    batch.iter().map(|action| action.n).sum::<u64>() as f64
}

/// The running mean of an action's rewards: what earlier batches expect of it.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    n: u64,
    sum: f64,
}

impl Running {
    fn mean(self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }

    fn add(&mut self, action: &BatchAction) {
        self.n += action.n;
        self.sum += action.sum;
    }
}

/// Sums of `(r - m) / e` and of its square over the rewards of an action in a batch.
fn corrections(action: &BatchAction, expected: f64) -> (f64, f64) {
    if action.n == 0 {
        return (0.0, 0.0);
    }
    let n = action.n as f64;
    let off = action.sum - n * expected;
    let squares = action.squares - 2.0 * expected * action.sum + n * expected * expected;
    let e = action.propensity;
    // Rounding can leave a tiny negative sum of squares.
    (off / e, squares.max(0.0) / (e * e))
}

fn mean(batches: &[Batch], action: usize, confidence: Confidence) -> Option<ActionMean> {
    let of = |batch: &Batch| batch.get(action).copied().unwrap_or_default();
    let weigh = |one: &BatchAction| one.propensity.sqrt();
    let (mut running, mut sum, mut whole) = (Running::default(), 0.0, 0.0);
    for batch in batches {
        let (one, n) = (of(batch), n_decisions(batch));
        let expected = running.mean().unwrap_or_default();
        let h = weigh(&one);
        sum += h * (n * expected + corrections(&one, expected).0);
        whole += h * n;
        running.add(&one);
    }
    if whole <= 0.0 {
        return None;
    }
    let value = sum / whole;
    let naive = running.mean();
    let (mut running, mut squares) = (Running::default(), 0.0);
    for batch in batches {
        let (one, n) = (of(batch), n_decisions(batch));
        let expected = running.mean().unwrap_or_default();
        let (off, off_squares) = corrections(&one, expected);
        let base = expected - value;
        squares += one.propensity * (n * base * base + 2.0 * base * off + off_squares);
        running.add(&one);
    }
    let standard_error = squares.max(0.0).sqrt() / whole;
    let half = confidence.z() * standard_error;
    Some(ActionMean {
        n: running.n,
        value,
        standard_error,
        interval: Interval {
            low: value - half,
            high: value + half,
        },
        naive,
    })
}

#[cfg(test)]
mod tests;
