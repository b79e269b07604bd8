//! What a contextual bandit has learned, with how sure that is: for people who look at it. Edges
//! decide by what a snapshot holds.

use super::fit::Fit;
use crate::policy::contextual::triangle::{Factor, Triangle, dot};

/// One action's model and the evidence for it, rewards in shares of the range.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedAction {
    /// The action.
    pub action: Box<str>,
    /// Of the intercept and of each feature.
    pub coefficients: Vec<f64>,
    /// Rows of the upper triangle of `sum x x'` over its decisions, `x` with an intercept.
    pub products: Vec<f64>,
    /// What its model added to the diagonal of those.
    pub ridge: f64,
    /// Pseudo-decisions of a warm start among them: an intercept without a context.
    pub warm: f64,
}

/// What is known of every action.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Variance of a reward around what is expected of it.
    pub noise: f64,
    /// The actions, in the bandit's order.
    pub actions: Vec<LearnedAction>,
}

/// What is expected of an action in a context, in shares of the reward's range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Expected reward.
    pub mean: f64,
    /// Standard deviation of that expectation.
    pub deviation: f64,
}

/// The contexts of a segment, as they came: one number of their vectors is 1 in it and 0 elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentMean {
    /// Decisions of each action in it.
    pub decisions: Vec<f64>,
    /// Mean of each term over those decisions: the intercept, then the vector.
    pub terms: Vec<f64>,
}

impl Learned {
    /// The fit of actions, each with its rows of `sum x x'` and the pseudo-decisions among them.
    pub(super) fn new<'a>(
        fit: Fit,
        actions: impl IntoIterator<Item = (&'a Box<str>, (Vec<f64>, f64))>,
    ) -> Self {
        let models = fit.coefficients.into_iter().zip(fit.ridges);
        let actions = actions.into_iter().zip(models);
        let actions =
            actions.map(
                |((action, (products, warm)), (coefficients, ridge))| LearnedAction {
                    action: action.clone(),
                    coefficients,
                    products,
                    ridge,
                    warm,
                },
            );
        Self {
            noise: fit.noise,
            actions: actions.collect(),
        }
    }

    /// The mean context of a segment; of all decisions for term 0, the intercept.
    ///
    /// # Arguments
    /// `term`: 0, or one more than the place of the segment's number in a vector.
    ///
    /// # Returns
    /// `None` where the segment has not occurred, or there is no such term.
    #[must_use]
    pub fn segment(&self, term: usize) -> Option<SegmentMean> {
        let n_terms = self.actions.first()?.coefficients.len();
        let mut terms = vec![0.0; n_terms];
        let mut decisions = Vec::with_capacity(self.actions.len());
        for LearnedAction { products, warm, .. } in &self.actions {
            let mut row = row(products, n_terms, term)?;
            if let (0, Some(n)) = (term, row.first_mut()) {
                *n = f64::max(*n - warm, 0.0);
            }
            decisions.push(*row.get(term)?);
            for (sum, of) in terms.iter_mut().zip(&row) {
                *sum += of;
            }
        }
        let n: f64 = decisions.iter().sum();
        for sum in &mut terms {
            *sum /= n;
        }
        // Less than a decision is rounding, or what has been forgotten.
        (n >= 0.5).then_some(SegmentMean { decisions, terms })
    }

    /// What estimates in any context are made of: each action's matrix, factored once.
    ///
    /// # Returns
    /// `None` where an action's numbers are no model: too few, or not positive definite.
    #[must_use]
    pub fn estimator(&self) -> Option<Estimator<'_>> {
        let factor = |one: &LearnedAction| {
            let n_terms = one.coefficients.len();
            let mut triangle = Triangle::of_rows(n_terms, one.products.clone())?;
            triangle.add_to_diagonal(one.ridge);
            triangle.factor()
        };
        let factors = self.actions.iter().map(factor).collect::<Option<_>>()?;
        Some(Estimator {
            learned: self,
            factors,
        })
    }
}

/// Says what is expected of actions in contexts, and how surely.
#[derive(Debug)]
pub struct Estimator<'l> {
    learned: &'l Learned,
    factors: Vec<Factor>,
}

impl Estimator<'_> {
    /// What is expected of each action in a context.
    ///
    /// # Formula
    /// `w_a' x`, and `s sqrt(x' (A_a + l I)^-1 x)` with `A_a` the action's `sum x x'`, `s^2` the
    /// noise and `l` the ridge of its model: the deviation of Bayesian linear regression whose
    /// prior deviates by `s / sqrt(l)` around what actions have in common, whose own uncertainty is
    /// left out.
    ///
    /// # Arguments
    /// `terms`: (`n_terms`,), the intercept 1 and a context's numbers in -1..=1.
    ///
    /// # Returns
    /// As many as there are actions; `None` for terms of another length.
    ///
    /// # Source
    /// Bishop 2006, equation 3.59.
    #[must_use]
    pub fn estimates(&self, terms: &[f64]) -> Option<Vec<Estimate>> {
        let of = |(one, factor): (&LearnedAction, &Factor)| {
            let is_sound = one.coefficients.len() == terms.len();
            let mut solved = is_sound.then(|| terms.to_vec())?;
            factor.solve(&mut solved)?;
            let variance = self.learned.noise * f64::max(dot(terms, &solved), 0.0);
            Some(Estimate {
                mean: dot(&one.coefficients, terms),
                deviation: libm::sqrt(variance),
            })
        };
        let actions = self.learned.actions.iter();
        actions.zip(&self.factors).map(of).collect()
    }
}

/// A whole row of a symmetric matrix from the rows of its upper triangle.
fn row(triangle: &[f64], n: usize, wanted: usize) -> Option<Vec<f64>> {
    let start = |row: usize| row * n - row * row.saturating_sub(1) / 2;
    let at = |column: usize| {
        let (low, high) = (wanted.min(column), wanted.max(column));
        triangle.get(start(low) + high - low).copied()
    };
    (wanted < n).then(|| (0..n).map(at).collect::<Option<_>>())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two actions over contexts (1, x): `a` saw x = 1 thrice and x = 0 once, `b` x = 0 twice.
    fn learned() -> Learned {
        let action = |name: &str, coefficients: [f64; 2], products: [f64; 3]| LearnedAction {
            action: name.into(),
            coefficients: coefficients.into(),
            products: products.into(),
            ridge: 1.0,
            warm: 0.0,
        };
        Learned {
            noise: 0.25,
            actions: vec![
                action("a", [0.2, 0.5], [4.0, 3.0, 3.0]),
                action("b", [0.3, 0.1], [2.0, 0.0, 0.0]),
            ],
        }
    }

    #[test]
    fn segments_are_what_has_occurred() {
        let learned = learned();
        let everybody = learned.segment(0).unwrap();
        assert_eq!(everybody.decisions, [4.0, 2.0]);
        assert_eq!(everybody.terms, [1.0, 0.5]);
        let segment = learned.segment(1).unwrap();
        assert_eq!(segment.decisions, [3.0, 0.0]);
        assert_eq!(segment.terms, [1.0, 1.0]);
        assert_eq!(learned.segment(2), None);
        let mut none = learned;
        for one in &mut none.actions {
            one.products.fill(0.0);
        }
        assert_eq!(none.segment(0), None);
    }

    #[test]
    fn warm_starts_are_no_decisions() {
        let mut learned = learned();
        // As 1,000 decisions more, with no context.
        let [a, _] = &mut learned.actions[..] else {
            panic!("two actions");
        };
        (a.products[0], a.warm) = (1_004.0, 1_000.0);
        let everybody = learned.segment(0).unwrap();
        assert_eq!(everybody.decisions, [4.0, 2.0]);
        assert_eq!(everybody.terms, [1.0, 0.5]);
        assert_eq!(learned.segment(1).unwrap().decisions, [3.0, 0.0]);
    }

    #[test]
    fn estimates_are_surer_where_more_was_seen() {
        let estimates = |learned: &Learned, terms: &[f64]| {
            let estimator = learned.estimator().unwrap();
            estimator.estimates(terms)
        };
        let mut learned = learned();
        let [a, b] = estimates(&learned, &[1.0, 1.0]).unwrap()[..] else {
            panic!("two actions");
        };
        assert!((a.mean - 0.7).abs() < 1e-12 && (b.mean - 0.4).abs() < 1e-12);
        // (A + I) = [[5, 3], [3, 4]], its inverse by hand: [[4, -3], [-3, 5]] / 11.
        assert!((a.deviation - 0.5 * (3.0_f64 / 11.0).sqrt()).abs() < 1e-12);
        // [[3, 0], [0, 1]]: nothing is known of x = 1 but the prior.
        assert!((b.deviation - 0.5 * (4.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(estimates(&learned, &[1.0]), None);
        // A model with a stronger ridge is surer: [[102, 0], [0, 100]].
        learned.actions[1].ridge = 100.0;
        let b = estimates(&learned, &[1.0, 1.0]).unwrap()[1];
        assert!((b.deviation - 0.5 * (1.0_f64 / 102.0 + 0.01).sqrt()).abs() < 1e-12);
        learned.actions[1].products.pop();
        assert!(learned.estimator().is_none());
    }
}
