//! One way of seeing the contexts: features, a link, and the posterior of every action.

use super::explore::Optimism;
use super::features::{FeatureMap, Features};
use super::posterior::{Evidence, Posterior, Prior};
use super::scale::Scale;
use super::state::Walk;
use super::tree::{Seen, Tree};

/// How a linear predictor becomes an expected reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// `x' w`: ridge regression, exact.
    Identity,
    /// `1 / (1 + exp(-x' w))`: logistic regression, by one-dimensional Laplace steps.
    Logistic,
}

/// How far apart coefficients may lie before anything is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// Variance of the coefficient of a lone feature; each of `d` coefficients has a `sqrt(d)`-th
    /// of it. Halfway between a long context that explains no more than a short one (a `d`-th) and
    /// features that matter as much however many there are (all of it).
    Shared(f64),
    /// Precision of each coefficient, in units of the noise's: the lambda of ridge regression.
    Each(f64),
}

/// A learner as it is declared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnerSpec {
    /// What it is linear in.
    pub features: Features,
    /// What it predicts with.
    pub link: Link,
    /// Its prior.
    pub spread: Spread,
}

/// Variance of an intercept before anything is seen: two, as log-odds or noise deviations, covers
/// what actions of one bandit differ by.
const INTERCEPT_VARIANCE: f64 = 4.0;
/// A Bernoulli reward says at least this much, however sure the prediction is: keeps a run of equal
/// rewards from moving log-odds without end.
const INFORMATION_MIN: f64 = 1e-4;
/// Expected rewards for the prior stay off the ends, where log-odds are infinite.
const BASE_MIN: f64 = 0.02;

/// What a learner expects of one action in one context.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Outlook {
    /// Expected reward, as a share of the range.
    pub(crate) mean: f64,
    /// Its standard deviation, as a share of the range.
    pub(crate) deviation: f64,
    /// Expected reward where the predictor is `optimism` deviations better than its mean.
    pub(crate) optimistic: f64,
}

/// A learner and what it learned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Learner {
    spec: LearnerSpec,
    map: FeatureMap,
    /// Where its coefficients began.
    prior: Prior,
    arms: Vec<Posterior>,
    /// What each action's tree adds; none where the features have none.
    trees: Vec<Tree>,
    /// Observations of each coefficient that it remembers; infinite for all.
    memory: f64,
    /// Sum of squared standardised errors, and their number: the noise of the identity link.
    squares: f64,
    n_squares: f64,
}

impl Learner {
    /// Knows nothing but the scale of contexts and `base`, what an unknown action may bring.
    pub(crate) fn new(spec: LearnerSpec, shape: Shape, scale: Scale, base: f64) -> Self {
        Self::hopeful(spec, shape, scale, (base, 0.0))
    }

    /// The same, hoping for more of what is unknown (or for less): `hope` is in log-odds, of which
    /// one is at most a quarter of the range.
    pub(crate) fn hopeful(
        spec: LearnerSpec,
        shape: Shape,
        scale: Scale,
        (base, hope): (f64, f64),
    ) -> Self {
        let variance = match spec.spread {
            Spread::Shared(variance) => variance / libm::sqrt(f64::max(shape.d as f64, 1.0)),
            Spread::Each(precision) => 1.0 / precision,
        };
        let base = base.clamp(BASE_MIN, 1.0 - BASE_MIN);
        let prior = Prior {
            intercept: match spec.link {
                Link::Identity => base + 0.25 * hope,
                Link::Logistic => libm::log(base / (1.0 - base)) + hope,
            },
            intercept_variance: INTERCEPT_VARIANCE * f64::max(variance, 1.0),
            variance,
        };
        let arm = Posterior::new(&prior, spec.features.n_terms(shape.d));
        Self {
            spec,
            map: FeatureMap::new(spec.features, scale, shape.d),
            prior,
            arms: vec![arm; shape.n_actions],
            trees: match spec.features {
                Features::Trees => vec![Tree::new(shape.d, shape.n_actions); shape.n_actions],
                _ => Vec::new(),
            },
            memory: shape.memory,
            squares: 0.0,
            n_squares: 0.0,
        }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        self.map.walk(walk);
        self.prior.walk(walk);
        for arm in &mut self.arms {
            arm.walk(walk);
        }
        for tree in &mut self.trees {
            tree.walk(walk);
        }
        walk.number(&mut self.squares);
        walk.number(&mut self.n_squares);
    }

    /// What is expected of every action.
    ///
    /// # Formula
    /// With `m` and `v` mean and variance of the predictor: identity `m`, `sqrt(noise v)`,
    /// `m + optimism sqrt(noise v)`; logistic `s(m / sqrt(1 + pi v / 8))` (`MacKay` 1992), half of
    /// `s(m + sqrt v) - s(m - sqrt v)`, and `s(m + optimism sqrt v)`.
    pub(crate) fn outlooks(&self, context: &[f64], optimism: Optimism) -> Vec<Outlook> {
        let x = self.map.terms(context);
        let optimism = optimism.deviations(self.map.standard(&x));
        let noise = noise(self.squares, self.n_squares);
        self.arms
            .iter()
            .enumerate()
            .map(|(action, arm)| {
                let (added, uncertain) = self.added(action, &x);
                let (m, v) = (arm.mean(&x) + added, arm.variance(&x) + uncertain);
                match self.spec.link {
                    Link::Identity => {
                        let deviation = libm::sqrt(noise * v);
                        Outlook {
                            mean: m,
                            deviation,
                            optimistic: m + optimism * deviation,
                        }
                    }
                    Link::Logistic => {
                        let deviation = libm::sqrt(v);
                        Outlook {
                            mean: moderated(m, v),
                            deviation: 0.5 * (sigmoid(m + deviation) - sigmoid(m - deviation)),
                            optimistic: sigmoid(m + optimism * deviation),
                        }
                    }
                }
            })
            .collect()
    }

    /// Mean and variance of what an action's tree adds to the predictor; nothing without one.
    fn added(&self, action: usize, x: &[f64]) -> (f64, f64) {
        let tree = self.trees.get(action);
        tree.map_or((0.0, 0.0), |tree| tree.outlook(x.get(1..).unwrap_or(&[])))
    }

    /// What the learner makes of a context, for [`Self::means`] and [`Self::observe_terms`].
    pub(crate) fn terms(&self, context: &[f64]) -> Vec<f64> {
        self.map.terms(context)
    }

    /// Expected reward of every action where its coefficients are what they are expected to be.
    pub(crate) fn means(&self, x: &[f64]) -> impl Iterator<Item = f64> {
        let link = self.spec.link;
        self.arms.iter().enumerate().map(move |(action, arm)| {
            let predictor = arm.mean(x) + self.added(action, x).0;
            match link {
                Link::Identity => predictor,
                Link::Logistic => sigmoid(predictor),
            }
        })
    }

    /// Expected reward of one action, and then what its reward teaches.
    pub(crate) fn observe(&mut self, context: &[f64], action: usize, share: f64) -> Option<f64> {
        self.observe_terms(&self.map.terms(context), (action, share), 1.0)
    }

    /// The same of terms, and of a reward that counts as so many of the same.
    pub(crate) fn observe_terms(
        &mut self,
        x: &[f64],
        (action, share): (usize, f64),
        count: f64,
    ) -> Option<f64> {
        let kept = 1.0 - 1.0 / (self.memory * x.len() as f64);
        let link = self.spec.link;
        let (added, uncertain) = self.added(action, x);
        let mut joint = (0.0, 0.0);
        self.arms.get_mut(action)?.observe(x, |m, v| {
            joint = (m + added, v + uncertain);
            let (step, information) = step(link, share, count, (m, v / kept));
            forgetting(Evidence { information, step }, v, kept)
        });
        let (m, v) = joint;
        let predicted = match link {
            Link::Identity => m,
            Link::Logistic => moderated(m, v),
        };
        if let Some(tree) = self.trees.get_mut(action) {
            let (step, information) = step(link, share, count, joint);
            let (each, noise) = match link {
                Link::Identity => (1.0, noise(self.squares, self.n_squares)),
                Link::Logistic => (predicted * (1.0 - predicted), 1.0),
            };
            let seen = Seen {
                excess: count * (share - predicted),
                information: count * each,
                evidence: Evidence { information, step },
                noise,
            };
            tree.observe(x.get(1..)?, seen);
        }
        if link == Link::Identity {
            self.squares += (share - m) * (share - m) / (1.0 + v);
        }
        self.n_squares += 1.0;
        Some(predicted)
    }

    /// Adds what the same learner learned elsewhere since both were `start`.
    pub(crate) fn merge(&mut self, other: &Self, start: &Self) {
        let arms = other.arms.iter().zip(&start.arms);
        for (arm, (other, start)) in self.arms.iter_mut().zip(arms) {
            arm.merge(other, start);
        }
        let trees = other.trees.iter().zip(&start.trees);
        for (tree, (other, start)) in self.trees.iter_mut().zip(trees) {
            tree.merge(other, start);
        }
        self.squares += other.squares - start.squares;
        self.n_squares += other.n_squares - start.n_squares;
    }

    /// Whether both see contexts alike, so that what they learned adds up.
    pub(crate) fn is_alike(&self, other: &Self) -> bool {
        self.spec == other.spec
            && self.map == other.map
            && self.prior == other.prior
            && self.arms.len() == other.arms.len()
    }
}

/// The size of a learner's world, and how much of it is remembered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    pub(crate) d: usize,
    pub(crate) n_actions: usize,
    pub(crate) memory: f64,
}

/// Forgets along what was seen, and nothing else: `1 / v` becomes `kept / v` beforehand.
///
/// # Formula
/// With `h` the observation's information: `h - (1 - kept) / v`, and the step over `kept`.
/// # Source
/// Kulhavý 1987, "Restricted exponential forgetting in real-time identification". Forgetting in
/// every direction would let the variance of what is never seen grow without bound.
fn forgetting(evidence: Evidence, v: f64, kept: f64) -> Evidence {
    if kept >= 1.0 || v <= 0.0 {
        return evidence;
    }
    Evidence {
        information: evidence.information - (1.0 - kept) / v,
        step: evidence.step / kept,
    }
}

/// Noise variance of a reward, from what predictions missed: two rounds of a fair coin, which is as
/// noisy as a share can be, count in advance.
fn noise(squares: f64, n_squares: f64) -> f64 {
    (squares + 2.0 * 0.25) / (n_squares + 2.0)
}

/// Step and information of a reward that counts so often, where the predictor is `m`, `v`.
fn step(link: Link, share: f64, count: f64, (m, v): (f64, f64)) -> (f64, f64) {
    match link {
        Link::Identity => (count * (share - m) / (1.0 + count * v), count),
        Link::Logistic => laplace(share, count, m, v),
    }
}

/// Step and information of a Bernoulli (or fractional) reward under the logistic link.
///
/// # Formula
/// The mode along `covariance x` solves `a = c (r - s(m + v a))`, by Newton's method; the
/// information there is `c p (1 - p)`, for a reward that counts `c` times. The mode is unique,
/// since the right side falls as `a` grows.
/// # Source
/// Laplace's approximation for one observation at a time: Spiegelhalter and Lauritzen 1990,
/// section 5.
fn laplace(share: f64, count: f64, m: f64, v: f64) -> (f64, f64) {
    const ITERATIONS_MAX: usize = 30;
    // The solution lies between no step and the step of a prediction that stayed as it is.
    let (mut low, mut high) = {
        let whole = count * (share - sigmoid(m));
        (whole.min(0.0), whole.max(0.0))
    };
    let mut a = 0.5 * (low + high);
    for _ in 0..ITERATIONS_MAX {
        let p = sigmoid(m + v * a);
        let excess = a - count * (share - p);
        if excess > 0.0 {
            high = a;
        } else {
            low = a;
        }
        let newton = a - excess / (1.0 + count * v * p * (1.0 - p));
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        let moved = (next - a).abs();
        a = next;
        if moved < 1e-12 {
            break;
        }
    }
    let p = sigmoid(m + v * a);
    (a, f64::max(count * p * (1.0 - p), INFORMATION_MIN))
}

/// The expected logistic of a normal predictor.
fn moderated(m: f64, v: f64) -> f64 {
    sigmoid(m / libm::sqrt(1.0 + core::f64::consts::PI / 8.0 * v))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

#[cfg(test)]
mod tests;
