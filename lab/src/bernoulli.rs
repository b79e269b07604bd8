//! What non-contextual policies give away where each action's rewards are coins of a known bias.
//!
//! A simulation, and not an estimate: the truth is given. Random numbers are the caller's.

use crate::regret::InvalidMeans;
use bandera_shared::bandit::{BetaPrior, Distribution, InvalidDistribution};
use bandera_shared::policy::index::{AllocationRule, IndexArm, MeasuredShare, Plan};

/// A world and how a policy lives in it.
#[derive(Debug, Clone, PartialEq)]
pub struct BernoulliTrial {
    means: Vec<f64>,
    /// Decisions of one run.
    pub n_rounds: u32,
    /// Decisions between two snapshots: 1 for one that learns at once.
    pub every: u32,
    /// What every action gets.
    pub share: MeasuredShare,
}

/// Mean regret of many runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanRegret {
    /// Mean over runs, in rewards.
    pub mean: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
}

impl MeanRegret {
    /// Mean and standard error of the regrets of runs; zeros for none.
    #[must_use]
    pub fn of(regrets: &[f64]) -> Self {
        let n = regrets.len() as f64;
        let mean = regrets.iter().sum::<f64>() / f64::max(n, 1.0);
        let squares: f64 = regrets.iter().map(|x| (x - mean) * (x - mean)).sum();
        Self {
            mean,
            standard_error: (squares / f64::max(n - 1.0, 1.0) / f64::max(n, 1.0)).sqrt(),
        }
    }
}

impl BernoulliTrial {
    /// A world of coins.
    ///
    /// # Arguments
    /// `means`: (`n_actions`,), each in [0, 1], at least one.
    /// # Errors
    /// `InvalidMeans` otherwise.
    pub fn new(means: &[f64], n_rounds: u32) -> Result<Self, InvalidMeans> {
        if means.is_empty() || !means.iter().all(|mean| (0.0..=1.0).contains(mean)) {
            return Err(InvalidMeans);
        }
        Ok(Self {
            means: means.to_vec(),
            n_rounds,
            every: 1,
            share: MeasuredShare::default(),
        })
    }

    /// One run: what it gave away by the end.
    ///
    /// # Arguments
    /// `bits`: each call 64 random bits, independent of all others.
    /// # Errors
    /// `Floor` where the shares of all actions exceed one.
    pub fn run(
        &self,
        rule: AllocationRule,
        bits: &mut impl FnMut() -> u64,
    ) -> Result<f64, InvalidDistribution> {
        let plan = Plan {
            n_decisions: self.every.max(1),
            share: self.share,
        };
        let best = self.means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut arms = vec![IndexArm::default(); self.means.len()];
        let mut snapshot = Distribution::uniform(arms.len())?;
        let mut published = arms.clone();
        let mut regret = 0.0;
        for round in 0..self.n_rounds {
            if round.is_multiple_of(plan.n_decisions) {
                published.clone_from(&arms);
                if !is_sampled(rule, plan) {
                    snapshot = rule.distribution(&arms, plan)?;
                }
            }
            let action = match rule {
                AllocationRule::Thompson { prior } if is_sampled(rule, plan) => {
                    thompson(&published, prior, bits)
                }
                _ => snapshot.sample(bits()).0,
            };
            let mean = self.means.get(action).copied().unwrap_or_default();
            regret += best - mean;
            if let Some(arm) = arms.get_mut(action) {
                arm.observe(f64::from(u8::from(unit(bits) < mean)));
            }
        }
        Ok(regret)
    }
}

/// Whether posteriors are drawn from rather than integrated: the same choice, in a fiftieth of the
/// time, where a distribution would serve one decision.
fn is_sampled(rule: AllocationRule, plan: Plan) -> bool {
    matches!(rule, AllocationRule::Thompson { .. })
        && plan.n_decisions == 1
        && plan.share == MeasuredShare::default()
}

/// The action whose draw from its posterior is the greatest.
fn thompson(arms: &[IndexArm], prior: BetaPrior, bits: &mut impl FnMut() -> u64) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, arm) in arms.iter().enumerate() {
        let a = gamma(prior.successes + arm.sum, bits);
        let b = gamma(prior.failures + arm.n - arm.sum, bits);
        let draw = a / (a + b);
        if draw > best.1 {
            best = (i, draw);
        }
    }
    best.0
}

/// A draw from the gamma distribution of this shape and scale 1.
///
/// # Source
/// Marsaglia and Tsang 2000; for shapes below 1 with the power of a uniform number, section 6.
fn gamma(shape: f64, bits: &mut impl FnMut() -> u64) -> f64 {
    if shape < 1.0 {
        return gamma(shape + 1.0, bits) * libm::pow(open_unit(bits), 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(bits);
        let v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x);
        if v > 0.0 && libm::log(open_unit(bits)) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// A standard normal draw (Box and Muller 1958).
fn normal(bits: &mut impl FnMut() -> u64) -> f64 {
    let radius = (-2.0 * libm::log(open_unit(bits))).sqrt();
    radius * libm::cos(2.0 * std::f64::consts::PI * unit(bits))
}

/// Evenly in [0, 1).
fn unit(bits: &mut impl FnMut() -> u64) -> f64 {
    (bits() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Evenly in (0, 1].
fn open_unit(bits: &mut impl FnMut() -> u64) -> f64 {
    1.0 - unit(bits)
}

#[cfg(test)]
mod tests;
