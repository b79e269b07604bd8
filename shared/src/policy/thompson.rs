//! Thompson sampling as probabilities: each action's probability of being the best one.
//!
//! # The posterior
//! Binary rewards: Beta(prior + successes, prior + failures), exact. Bounded numeric rewards:
//! rescaled to [0, 1] and counted as fractional successes, `Beta(prior + sum u, prior + n - sum
//! u)`. That is what Agrawal and Goyal's coin flip (2012, algorithm 2) arrives at on average,
//! without the coin, so that equal data give equal bits. It is never narrower than the truth,
//! because no distribution on [0, 1] with that mean has a greater variance than the Bernoulli one;
//! it explores more than needed where rewards vary little. A normal posterior of unknown variance
//! is narrower ([`super::index`]); where most rewards are zero (revenue) its first variances are
//! far too small, so that it can settle on the wrong action. Jeffreys' prior is the default.
//!
//! # Log-odds
//! Everything is integrated over `y = ln(x / (1 - x))`. There a Beta density is
//! `exp(a y - (a + b) ln(1 + e^y)) / B(a, b)`: smooth, with one peak and exponential tails, even
//! where `a < 1` and the density over `x` is infinite at 0.

use super::quadrature::{N_NODES, Rule};

/// A Beta distribution, both parameters finite and > 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    a: f64,
    b: f64,
}

/// Parameters outside are brought to these bounds: beyond, a density is a needle or a flat line.
const PARAMETER_MIN: f64 = 1e-3;
const PARAMETER_MAX: f64 = 1e15;

impl Beta {
    /// The distribution with `a` pseudo-successes and `b` pseudo-failures.
    ///
    /// What is not within 1e-3 ..= 1e15 is brought there, and what is no number becomes 1e-3: the
    /// statistics of a shard are never negative, so this is a last resort and not an answer.
    #[must_use]
    pub fn new(a: f64, b: f64) -> Self {
        let bound = |x: f64| {
            if x >= PARAMETER_MIN {
                x.min(PARAMETER_MAX)
            } else {
                PARAMETER_MIN
            }
        };
        Self {
            a: bound(a),
            b: bound(b),
        }
    }

    /// `a / (a + b)`.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// The value below which lies the share `level` of the distribution.
    ///
    /// # Arguments
    /// `level`: in (0, 1).
    ///
    /// # Returns
    /// In (0, 1), to 1e-10 of the width of the distribution. Determinism: the same bits in wasm.
    #[must_use]
    pub fn quantile(&self, level: f64) -> f64 {
        1.0 / (1.0 + libm::exp(-quantile_of(self, level)))
    }
}

/// A posterior that can be integrated: smooth, with one peak.
pub(super) trait Posterior {
    /// Where the density is greatest.
    fn peak(&self) -> f64;
    /// Logarithm of the density at `d` from its peak, less its value there.
    fn log_density(&self, d: f64) -> f64;
    /// Distances from the peak, ascending, between which the density is smooth and outside which it
    /// is negligible.
    fn cuts(&self) -> Vec<f64>;
}

impl Posterior for Beta {
    /// Log-odds of the peak of the density over log-odds.
    fn peak(&self) -> f64 {
        libm::log(self.a / self.b)
    }

    /// Logarithm of the density at `d` from its peak, less its value there.
    ///
    /// # Formula
    /// With `n = a + b`, `p = a / n`, `q = b / n`: `a d - n ln(1 + p (e^d - 1))`, which equals
    /// `-b d - n ln(1 + q (e^-d - 1))`. The smaller of `p` and `q` is used, and near the peak only
    /// terms of size `sqrt(n)` cancel. Beyond 600 the logarithm is replaced by its asymptote.
    fn log_density(&self, d: f64) -> f64 {
        const FAR: f64 = 600.0;
        let n = self.a + self.b;
        let (p, q) = (self.a / n, self.b / n);
        if d < -FAR {
            self.a * d - n * libm::log(q)
        } else if d > FAR {
            -self.b * d - n * libm::log(p)
        } else if p <= q {
            self.a * d - n * libm::log1p(p * libm::expm1(d))
        } else {
            -self.b * d - n * libm::log1p(q * libm::expm1(-d))
        }
    }

    /// Distances from the peak, ascending, between which the density is smooth.
    ///
    /// Near the peak the density is a bell of width `sqrt(1/a + 1/b)`; far out it falls like
    /// `e^(a d)` to the left and `e^(-b d)` to the right. Steps grow with the distance, until the
    /// density is below `e^-40` of its peak.
    fn cuts(&self) -> Vec<f64> {
        const NEGLIGIBLE: f64 = -40.0;
        let width = libm::sqrt(1.0 / self.a + 1.0 / self.b);
        let mut cuts = vec![0.0];
        for (direction, rate) in [(-1.0, self.a), (1.0, self.b)] {
            // One bell width at first; in the tail no more than eight e-foldings.
            let longest = (8.0 / rate).max(width);
            let (mut d, mut step) = (0.0, width);
            for _ in 0..64 {
                d += direction * step;
                cuts.push(d);
                if self.log_density(d) < NEGLIGIBLE {
                    break;
                }
                step = (step * 1.25).min(longest);
            }
        }
        cuts.sort_by(f64::total_cmp);
        cuts
    }
}

/// Neighbours in a list.
fn pairs(cuts: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    cuts.iter().copied().zip(cuts.iter().copied().skip(1))
}

/// The value below which lies the share `level` of a posterior, in what it is a density over.
pub(super) fn quantile_of(posterior: &dyn Posterior, level: f64) -> f64 {
    let rule = Rule::new();
    let density = |d: f64| libm::exp(posterior.log_density(d));
    let integral = |from: f64, to: f64| rule.integral(from, to, density);
    let panels: Vec<(f64, f64, f64)> = pairs(&posterior.cuts())
        .map(|(from, to)| (from, to, integral(from, to)))
        .collect();
    let mut wanted = level * panels.iter().map(|(_, _, mass)| mass).sum::<f64>();
    let (mut low, mut high) = (0.0, 0.0);
    for (from, to, mass) in &panels {
        (low, high) = (*from, *to);
        if wanted <= *mass {
            break;
        }
        wanted -= mass;
    }
    let from = low;
    for _ in 0..48 {
        let middle = 0.5 * (low + high);
        if integral(from, middle) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    posterior.peak() + 0.5 * (low + high)
}

/// A posterior with what the panels need of it.
struct Arm<'p> {
    posterior: &'p dyn Posterior,
    peak: f64,
    /// Where its density begins and ends to matter.
    low: f64,
    high: f64,
    /// Integral of its unscaled density.
    mass: f64,
}

impl<'p> Arm<'p> {
    fn new(posterior: &'p dyn Posterior, rule: &Rule, cuts: &mut Vec<f64>) -> Self {
        let peak = posterior.peak();
        let own = posterior.cuts();
        let mass = pairs(&own)
            .map(|(from, to)| rule.integral(from, to, |d| libm::exp(posterior.log_density(d))))
            .sum();
        cuts.extend(own.iter().map(|d| peak + d));
        let low = peak + own.first().copied().unwrap_or_default();
        let high = peak + own.last().copied().unwrap_or_default();
        Self {
            posterior,
            peak,
            low,
            high,
            mass,
        }
    }
}

/// One arm on one panel: its density at the nodes and its distribution function there.
struct ArmOnPanel {
    density: [f64; N_NODES],
    cumulative: [f64; N_NODES],
}

/// The probability of each arm that its mean is the greatest.
///
/// # Formula
/// `p_k = integral f_k(y) prod_{j != k} F_j(y) dy`, by Gauss-Legendre panels of 12 nodes between
/// cuts that follow every arm's peak and tails; `F_j` by integrating `f_j` along the same nodes.
/// The integrals are scaled to sum to 1.
///
/// # Arguments
/// `arms`: (`n_arms`,), the posteriors of the means, independent.
///
/// # Returns
/// (`n_arms`,), each >= 0, summing to 1 within 1e-12; accurate to 1e-9. Empty for no arms.
///
/// # Determinism
/// `+ - * /` and `sqrt` of doubles, `exp`, `log`, `log1p` and `cos` of the `libm` crate: the same
/// bits natively and in wasm.
///
/// # Source
/// Thompson 1933; Scott 2010, "A modern Bayesian look at the multi-armed bandit", equation 2.
///
/// # Examples
/// ```
/// use bandera_shared::policy::{Beta, probability_best};
/// // Beta(2, 1) against Beta(1, 1): the integral of 2x * x over [0, 1] is 2/3.
/// let p = probability_best(&[Beta::new(2.0, 1.0), Beta::new(1.0, 1.0)]);
/// assert!((p[0] - 2.0 / 3.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn probability_best(arms: &[Beta]) -> Vec<f64> {
    probability_best_of(arms)
}

/// The same for posteriors of any kind, over whatever they are densities of.
pub(super) fn probability_best_of<P: Posterior>(arms: &[P]) -> Vec<f64> {
    let rule = Rule::new();
    let mut cuts = Vec::new();
    let arms: Vec<Arm<'_>> = arms
        .iter()
        .map(|posterior| Arm::new(posterior, &rule, &mut cuts))
        .collect();
    best_of(&rule, cuts, &arms)
}

fn best_of(rule: &Rule, mut cuts: Vec<f64>, arms: &[Arm<'_>]) -> Vec<f64> {
    cuts.sort_by(f64::total_cmp);
    // Cuts closer than rounding would make panels without width.
    cuts.dedup_by(|later, earlier| *later - *earlier < 1e-14 * (1.0 + later.abs()));
    let mut below = vec![0.0; arms.len()];
    let mut best = vec![0.0; arms.len()];
    for (from, to) in pairs(&cuts) {
        let panel: Vec<ArmOnPanel> = arms
            .iter()
            .zip(&mut below)
            .map(|(arm, below)| on_panel(rule, arm, below, (from, to)))
            .collect();
        add_panel(rule, &panel, 0.5 * (to - from), &mut best);
    }
    let total: f64 = best.iter().sum();
    best.iter().map(|p| p / total).collect()
}

/// Evaluates an arm on a panel and moves `below`, its distribution function, to the panel's end.
fn on_panel(rule: &Rule, arm: &Arm<'_>, below: &mut f64, (from, to): (f64, f64)) -> ArmOnPanel {
    let start = *below;
    if to <= arm.low || from >= arm.high {
        return ArmOnPanel {
            density: [0.0; N_NODES],
            cumulative: [start; N_NODES],
        };
    }
    let (half, middle) = (0.5 * (to - from), 0.5 * (to + from) - arm.peak);
    let density = rule
        .nodes
        .map(|x| libm::exp(arm.posterior.log_density(middle + half * x)) / arm.mass);
    let sum = |weights: &[f64; N_NODES]| {
        half * weights
            .iter()
            .zip(&density)
            .map(|(weight, f)| weight * f)
            .sum::<f64>()
    };
    // Interpolation can undershoot by rounding where the density is almost nothing.
    let cumulative = rule.partial.map(|row| (start + sum(&row)).clamp(0.0, 1.0));
    *below = (start + sum(&rule.weights)).min(1.0);
    ArmOnPanel {
        density,
        cumulative,
    }
}

/// Adds a panel's share of every `p_k`; products of all others from both ends, without division.
fn add_panel(rule: &Rule, panel: &[ArmOnPanel], half: f64, best: &mut [f64]) {
    for (i, weight) in rule.weights.iter().enumerate() {
        let at = |values: &[f64; N_NODES]| values.get(i).copied().unwrap_or_default();
        let mut product = 1.0;
        let mut before: Vec<f64> = Vec::with_capacity(panel.len());
        for arm in panel {
            before.push(product);
            product *= at(&arm.cumulative);
        }
        let mut after = 1.0;
        for ((arm, before), best) in panel.iter().zip(before).zip(best.iter_mut()).rev() {
            *best += half * weight * at(&arm.density) * before * after;
            after *= at(&arm.cumulative);
        }
    }
}

#[cfg(test)]
mod tests;
