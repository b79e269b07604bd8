//! What non-contextual policies give away where each action's rewards are known: coins, or shares
//! that vary less.
//!
//! A simulation, and not an estimate: the truth is given. Random numbers are the caller's.

use crate::regret::InvalidMeans;
use bandera_shared::UnixMillis;
use bandera_shared::bandit::{
    BetaPrior, Distribution, Forgetting, InvalidDistribution, PERIODS, PERIODS_KEPT, Reach,
};
use bandera_shared::policy::index::{AllocationRule, IndexArm, MeasuredShare, Plan, Student};
use bandera_shared::policy::linear::{Sums, best_span};
use std::collections::VecDeque;

/// How long a round lasts, for policies that forget by time.
pub const ROUND_MS: u64 = 1_000;

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// What was given away, in rewards.
    pub regret: f64,
    /// What had been given away after each of the trial's checkpoints; nothing where it has more
    /// rounds than the run.
    pub regrets: Vec<f64>,
    /// Of each hundredth of the run, how many decisions were for the best action of their moment.
    pub best: Vec<u32>,
}

/// Parts of a run whose decisions for the best action are counted.
pub const N_PARTS: u32 = 100;

/// A world and how a policy lives in it.
#[derive(Debug, Clone, PartialEq)]
pub struct BernoulliTrial {
    means: Vec<f64>,
    /// Standard deviation of rewards; `None` for coins.
    deviation: Option<f64>,
    /// Decisions of one run.
    pub n_rounds: u32,
    /// Decisions between two snapshots: 1 for one that learns at once.
    pub every: u32,
    /// What every action gets.
    pub share: MeasuredShare,
    /// How the policy forgets, where it does; a round lasts [`ROUND_MS`].
    pub forgetting: Option<Forgetting>,
    /// The round from which on the means are in reverse order.
    pub reversed_from: Option<u32>,
    /// Numbers of rounds after which it is noted what was given away by then.
    pub checkpoints: Vec<u32>,
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
            deviation: None,
            n_rounds,
            every: 1,
            share: MeasuredShare::default(),
            forgetting: None,
            reversed_from: None,
            checkpoints: Vec::new(),
        })
    }

    /// The same world with rewards between 0 and 1 of that standard deviation: Beta distributions.
    ///
    /// # Errors
    /// `InvalidMeans` where no such distribution has an action's mean: the deviation must be above
    /// 0 and below `sqrt(mean (1 - mean))`, a coin's.
    pub fn with_deviation(self, deviation: f64) -> Result<Self, InvalidMeans> {
        let fits = |mean: &f64| deviation > 0.0 && deviation * deviation < mean * (1.0 - mean);
        if !self.means.iter().all(fits) {
            return Err(InvalidMeans);
        }
        Ok(Self {
            deviation: Some(deviation),
            ..self
        })
    }

    /// A reward of an action with this mean.
    fn reward(&self, mean: f64, bits: &mut impl FnMut() -> u64) -> f64 {
        let Some(deviation) = self.deviation else {
            return f64::from(u8::from(unit(bits) < mean));
        };
        let n = mean * (1.0 - mean) / (deviation * deviation) - 1.0;
        beta(mean * n, (1.0 - mean) * n, bits)
    }

    /// One run.
    ///
    /// # Arguments
    /// `bits`: each call 64 random bits, independent of all others.
    /// # Errors
    /// `Floor` where the shares of all actions exceed one.
    pub fn run(
        &self,
        rule: AllocationRule,
        bits: &mut impl FnMut() -> u64,
    ) -> Result<Played, InvalidDistribution> {
        let plan = Plan {
            n_decisions: self.every.max(1),
            share: self.share,
        };
        let best = self.means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut arms = vec![IndexArm::default(); self.means.len()];
        let mut periods = VecDeque::new();
        let mut snapshot = Distribution::uniform(arms.len())?;
        let mut published = arms.clone();
        let mut played = Played {
            regret: 0.0,
            regrets: vec![0.0; self.checkpoints.len()],
            best: vec![0; N_PARTS as usize],
        };
        for round in 0..self.n_rounds {
            if round.is_multiple_of(plan.n_decisions) {
                match self.forgetting {
                    None => published.clone_from(&arms),
                    Some(forgetting) => remember(&mut published, &periods, forgetting, round),
                }
                if !is_sampled(rule, plan) {
                    snapshot = rule.distribution(&published, plan)?;
                }
            }
            let action = match rule {
                AllocationRule::Thompson { prior } if is_sampled(rule, plan) => {
                    greatest(&published, |arm| thompson(arm, prior, bits))
                }
                AllocationRule::ThompsonNormal if is_sampled(rule, plan) => {
                    greatest(&published, |arm| student(arm, bits))
                }
                _ => snapshot.sample(bits()).0,
            };
            let mean = self.mean(action, round);
            played.regret += best - mean;
            let noted = self.checkpoints.iter().zip(&mut played.regrets);
            for (_, regret) in noted.filter(|(at, _)| **at == round + 1) {
                *regret = played.regret;
            }
            let part = u64::from(round) * u64::from(N_PARTS) / u64::from(self.n_rounds);
            if let Some(n_best) = played.best.get_mut(part as usize) {
                *n_best += u32::from(mean >= best);
            }
            let reward = self.reward(mean, bits);
            let counting = match self.forgetting {
                None => &mut arms,
                Some(forgetting) => period(&mut periods, arms.len(), forgetting, round),
            };
            if let Some(arm) = counting.get_mut(action) {
                arm.observe(reward);
            }
        }
        Ok(played)
    }

    /// What an action's rewards are on average in a round.
    fn mean(&self, action: usize, round: u32) -> f64 {
        let is_reversed = self.reversed_from.is_some_and(|from| round >= from);
        let mean = if is_reversed {
            self.means.iter().rev().nth(action)
        } else {
            self.means.get(action)
        };
        mean.copied().unwrap_or_default()
    }
}

/// What actions brought in each period, oldest first.
type Periods = VecDeque<(i64, Vec<IndexArm>)>;

fn moment(round: u32) -> UnixMillis {
    UnixMillis((u64::from(round) * ROUND_MS) as i64)
}

/// What counts of each action before a round.
fn remember(arms: &mut [IndexArm], periods: &Periods, forgetting: Forgetting, round: u32) {
    arms.fill(IndexArm::default());
    let reach = reach(periods, forgetting, round);
    for (period, of) in periods {
        let weight_left = reach.weight_left(*period, moment(round));
        for (arm, of) in arms.iter_mut().zip(of) {
            arm.add(of, weight_left);
        }
    }
}

/// How far back the policy looks before a round.
fn reach(periods: &Periods, forgetting: Forgetting, round: u32) -> Reach {
    let Forgetting::Adaptive { .. } = forgetting else {
        return forgetting.whole();
    };
    let present = forgetting.period_of(moment(round));
    let of = |age| {
        let found = periods.iter().find(|(period, _)| *period == present - age);
        found.map_or_else(Vec::new, |(_, arms)| arms.iter().map(Sums::plain).collect())
    };
    let periods: Vec<Vec<Sums>> = (0..PERIODS_KEPT as i64).map(of).collect();
    forgetting.reach(best_span(&periods))
}

/// The sums of a round's period; those that count no more are dropped.
fn period(
    periods: &mut Periods,
    n_arms: usize,
    forgetting: Forgetting,
    round: u32,
) -> &mut Vec<IndexArm> {
    let present = forgetting.period_of(moment(round));
    if periods.back().is_none_or(|(period, _)| *period < present) {
        periods.push_back((present, vec![IndexArm::default(); n_arms]));
        periods.retain(|(period, _)| present - period <= PERIODS);
    }
    let last = periods.len() - 1;
    &mut periods[last].1
}

/// Whether posteriors are drawn from rather than integrated: the same choice, in a fiftieth of the
/// time, where a distribution would serve one decision.
fn is_sampled(rule: AllocationRule, plan: Plan) -> bool {
    let may_be = matches!(
        rule,
        AllocationRule::Thompson { .. } | AllocationRule::ThompsonNormal
    );
    may_be && plan.n_decisions == 1 && plan.share == MeasuredShare::default()
}

/// The action whose draw is the greatest.
fn greatest(arms: &[IndexArm], mut draw: impl FnMut(&IndexArm) -> f64) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, arm) in arms.iter().enumerate() {
        let drawn = draw(arm);
        if drawn > best.1 {
            best = (i, drawn);
        }
    }
    best.0
}

/// A draw from an action's Beta posterior.
fn thompson(arm: &IndexArm, prior: BetaPrior, bits: &mut impl FnMut() -> u64) -> f64 {
    let (a, b) = (prior.successes, prior.failures);
    beta(a + arm.sum, b + arm.n - arm.sum, bits)
}

/// A draw from an action's posterior under the normal model: a normal number over the root of a
/// chi-square one.
fn student(arm: &IndexArm, bits: &mut impl FnMut() -> u64) -> f64 {
    let Student {
        location,
        scale,
        freedom,
    } = Student::of(arm);
    let width = (0.5 * freedom / gamma(0.5 * freedom, bits)).sqrt();
    location + scale * width * normal(bits)
}

/// A draw from a Beta distribution.
fn beta(a: f64, b: f64, bits: &mut impl FnMut() -> u64) -> f64 {
    let (a, b) = (gamma(a, bits), gamma(b, bits));
    a / (a + b)
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
