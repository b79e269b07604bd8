//! What a bandit earned, beside what always choosing one of its actions would have earned.
//!
//! By the direct method: each action's own model says what it would have brought in the contexts
//! that came. It needs no log and no propensities, only the sums that a coordinator has; it is as
//! true as the model. Where features do not tell apart what rewards depend on, an action is judged
//! by the contexts that it was chosen in, and [`crate::off_policy`] on a log is the better judge.

use bandera_shared::bandit::RewardKind;
use bandera_shared::policy::index::IndexArm;
use bandera_shared::policy::linear::{Estimate, Learned, LearnedAction, RIDGE};

/// What a bandit earned beside each of its actions alone, in shares of the reward's range.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Decisions that it is about; where a bandit forgets, what still counts of them.
    pub n_decisions: f64,
    /// Mean reward of those.
    pub bandit: Estimate,
    /// Each action, in the bandit's order: at least two.
    pub fixed: Vec<Fixed>,
}

/// One action, as if it had always been chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fixed {
    /// What it would have brought.
    pub alone: Estimate,
    /// By how much the bandit brought more. Both know the rewards of the action's own decisions, so
    /// this is surer than the difference of two unrelated numbers.
    pub margin: Estimate,
}

/// By how much a bandit earned more than its best action alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// Place of the action that is estimated best.
    pub best: usize,
    /// The bandit's mean less that action's.
    pub mean: f64,
    /// Lower end: the least over all actions, since another than the one that looks best may be it.
    pub low: f64,
    /// Upper end, of the action that is estimated best.
    pub high: f64,
}

impl Comparison {
    /// The margin over the best action, with an interval of so many standard errors.
    ///
    /// A lower end above 0 says that the bandit earned more than whichever action is the best.
    /// # Arguments
    /// `deviations`: 1.96 for 95 %.
    /// # Returns
    /// `None` only without actions.
    #[must_use]
    pub fn margin(&self, deviations: f64) -> Option<Margin> {
        let ranked = self.fixed.iter().enumerate();
        let (best, found) =
            ranked.max_by(|(_, a), (_, b)| a.alone.mean.total_cmp(&b.alone.mean))?;
        let lows = self.fixed.iter().map(|one| one.margin);
        let lows = lows.map(|margin| margin.mean - deviations * margin.deviation);
        Some(Margin {
            best,
            mean: found.margin.mean,
            low: lows.fold(f64::INFINITY, f64::min),
            high: found.margin.mean + deviations * found.margin.deviation,
        })
    }
}

/// Compares what was earned with each action alone.
///
/// # Formula
/// With `x` the mean context with its intercept, `n` decisions, `s^2` the rewards' noise, and of
/// action `b` its coefficients `w_b`, `A_b = sum x x'`, ridge `l` and `M = (A_b + l I)^-1`:
/// it would have brought `V_b = w_b' x` with variance `v_b x' M x`, where `v_b` is
/// `V_b (1 - V_b)` for binary rewards and `s^2` otherwise. The bandit's mean `R` has variance
/// `s^2 / n` and the covariance `min(s^2, v_b) / n (x' M A_b e)` with `V_b`, `e` the intercept;
/// so `R - V_b` has about `v_b x' M x - s^2 / n`, which is nothing where `b` alone was chosen.
/// All of it is about the contexts that came, as they came.
/// # Arguments
/// `measured`: the mean reward, in [0, 1], of all decisions; `None` takes the models' word for it,
/// as is right where decisions count in part.
/// # Returns
/// `None` with less than two actions, before the first decision, and where numbers are no model.
/// # Panics
/// Never.
/// # Source
/// The direct method of Dudík, Langford and Li 2011, section 2, with ridge regression's posterior.
/// DIFFERENCE: variances are as if contexts and choices had been fixed beforehand.
/// # Examples
/// ```
/// use bandera_lab::fixed::{compare, without_contexts};
/// use bandera_shared::bandit::RewardKind;
/// use bandera_shared::policy::index::IndexArm;
/// let arm = |n, sum| IndexArm { n, sum, squares: sum };
/// let learned = without_contexts(&[arm(80.0, 40.0), arm(20.0, 5.0)]).unwrap();
/// let found = compare(&learned, RewardKind::Binary, Some(0.45)).unwrap();
/// // As if one decision more had earned the mean of all: (40 + 0.45) / 81.
/// assert!((found.fixed[0].alone.mean - 40.45 / 81.0).abs() < 1e-12);
/// // Always choosing the first would have earned 5 points more than the bandit did.
/// let margin = found.margin(1.96).unwrap();
/// assert!((margin.mean + 0.0494).abs() < 1e-4 && margin.low < margin.mean);
/// ```
#[must_use]
pub fn compare(learned: &Learned, kind: RewardKind, measured: Option<f64>) -> Option<Comparison> {
    let everybody = learned.segment(0)?;
    let n: f64 = everybody.decisions.iter().sum();
    let start = std::iter::once(1.0).chain(std::iter::repeat(0.0));
    let start: Vec<f64> = start.take(everybody.terms.len()).collect();
    let both = everybody.terms.iter().zip(&start).map(|(a, b)| a + b);
    let estimator = learned.estimator()?;
    let at_mean = estimator.estimates(&everybody.terms)?;
    let at_start = estimator.estimates(&start)?;
    let at_both = estimator.estimates(&both.collect::<Vec<_>>())?;
    let bandit = Estimate {
        mean: measured.or_else(|| modelled(learned, n))?,
        deviation: libm::sqrt(learned.noise / n),
    };
    let actions = learned.actions.iter().zip(&everybody.decisions);
    let estimates = at_mean.iter().zip(&at_start).zip(&at_both);
    let fixed = actions.zip(estimates).map(|((action, n_own), parts)| {
        let ((mean, start), both) = parts;
        let squared = |one: &Estimate| one.deviation * one.deviation / learned.noise;
        let across = (squared(both) - squared(mean) - squared(start)) / 2.0;
        let noise = match kind {
            RewardKind::Binary => {
                // Never without any doubt: as if it could still be wrong once more.
                let least = 1.0 / (n_own + 2.0);
                let share = mean.mean.clamp(least, 1.0 - least);
                share * (1.0 - share)
            }
            RewardKind::Numeric(_) => learned.noise,
        };
        let shared = f64::min(noise, learned.noise) / n;
        let shared = shared * (1.0 - (action.ridge + action.warm) * across);
        let own = noise * squared(mean);
        let variance = learned.noise / n + own - 2.0 * shared;
        Fixed {
            alone: Estimate {
                mean: mean.mean,
                deviation: libm::sqrt(own),
            },
            margin: Estimate {
                mean: bandit.mean - mean.mean,
                deviation: libm::sqrt(f64::max(variance, 0.0)),
            },
        }
    });
    let fixed: Vec<Fixed> = fixed.collect();
    (fixed.len() > 1).then_some(Comparison {
        n_decisions: n,
        bandit,
        fixed,
    })
}

/// What the actions' own models say of their own decisions, on the mean of all.
fn modelled(learned: &Learned, n: f64) -> Option<f64> {
    let of = |action: &LearnedAction| {
        let sums = action.products.get(..action.coefficients.len())?.iter();
        let parts = sums.zip(&action.coefficients);
        let sum: f64 = parts.map(|(sum, coefficient)| sum * coefficient).sum();
        Some(sum - action.warm * action.coefficients.first()?)
    };
    let sums = learned.actions.iter().map(of);
    Some(sums.sum::<Option<f64>>()? / n)
}

/// What is known of actions that look at no context, as a model of an intercept alone, each as if
/// one decision more had earned the mean of all.
///
/// # Arguments
/// `arms`: of each action, in shares of the reward's range.
/// # Returns
/// `None` before the first decision.
#[must_use]
pub fn without_contexts(arms: &[IndexArm]) -> Option<Learned> {
    let sum = |of: fn(&IndexArm) -> f64| arms.iter().map(of).sum::<f64>();
    let n = sum(|arm| arm.n);
    let mean = sum(|arm| arm.sum) / n;
    let left_over = sum(|arm| arm.squares - arm.sum * arm.sum / f64::max(arm.n, 1.0));
    let action = |arm: &IndexArm| LearnedAction {
        action: "".into(),
        coefficients: vec![(arm.sum + RIDGE * mean) / (arm.n + RIDGE)],
        products: vec![arm.n],
        ridge: RIDGE,
        warm: 0.0,
    };
    (n > 0.0).then(|| Learned {
        noise: (f64::max(left_over, 0.0) + 0.25) / (n + 1.0),
        actions: arms.iter().map(action).collect(),
    })
}
