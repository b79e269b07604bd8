//! Rules that choose among actions, and the distribution that a snapshot of them publishes.

use super::arm::IndexArm;
use super::divergence::{divergence, upper_mean};
use super::student::{Student, probability_best_student};
use crate::bandit::{BetaPrior, Distribution, EPSILON_DEFAULT, InvalidDistribution};
use crate::policy::{Beta, probability_best};

/// How actions are chosen from what each brought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AllocationRule {
    /// The default: KL-MOSS where each decision knows the last reward, and Thompson sampling with
    /// Jeffreys' prior for a snapshot, whose whole traffic an index would send to one action.
    Automatic,
    /// Each action with the probability of being best.
    Thompson {
        /// Where posteriors start.
        prior: BetaPrior,
    },
    /// Each action with the probability of being best where rewards are normal and their variance
    /// is not known.
    ThompsonNormal,
    /// The greatest upper bound by Hoeffding's inequality.
    Ucb1,
    /// The greatest mean whose divergence is within `ln t / n`.
    KlUcb,
    /// The same within `ln (t / n) / n`: explores no more where much is known.
    KlUcbPlus,
    /// The same within `ln (t / (k n)) / n` for `k` actions: explores no more once an action has
    /// had its even share.
    KlMoss,
    /// The least `n kl(mean, best mean) + ln n`: needs no root of anything.
    Imed,
    /// The best, and with probability `epsilon / t^decay` any.
    EpsilonGreedy {
        /// Probability in the first round.
        epsilon: f64,
        /// How fast it falls; 0 for never.
        decay: f64,
    },
    /// The best so far.
    Greedy,
    /// Thompson sampling that plays the runner-up half of the time: finds the best action soonest,
    /// and earns less meanwhile.
    TopTwo {
        /// Where posteriors start.
        prior: BetaPrior,
    },
}

/// Names of the rules, as commands take them.
pub const RULES: [&str; 12] = [
    "default",
    "thompson",
    "thompson-uniform",
    "thompson-normal",
    "ucb1",
    "kl-ucb",
    "kl-ucb-plus",
    "kl-moss",
    "imed",
    "epsilon-greedy",
    "greedy",
    "top-two",
];

/// The rule of a name in [`RULES`].
#[must_use]
pub fn rule_named(name: &str) -> Option<AllocationRule> {
    let uniform = BetaPrior {
        successes: 1.0,
        failures: 1.0,
    };
    let jeffreys = BetaPrior::JEFFREYS;
    Some(match name {
        "default" => AllocationRule::Automatic,
        "thompson" => AllocationRule::Thompson { prior: jeffreys },
        "thompson-uniform" => AllocationRule::Thompson { prior: uniform },
        "thompson-normal" => AllocationRule::ThompsonNormal,
        "ucb1" => AllocationRule::Ucb1,
        "kl-ucb" => AllocationRule::KlUcb,
        "kl-ucb-plus" => AllocationRule::KlUcbPlus,
        "kl-moss" => AllocationRule::KlMoss,
        "imed" => AllocationRule::Imed,
        "epsilon-greedy" => AllocationRule::EpsilonGreedy {
            epsilon: EPSILON_DEFAULT,
            decay: 0.0,
        },
        "greedy" => AllocationRule::Greedy,
        "top-two" => AllocationRule::TopTwo { prior: jeffreys },
        _ => return None,
    })
}

/// What every action gets, whatever was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeasuredShare {
    /// Least parts of every action: mixed in, so that the order of actions stays.
    pub floor_parts: u32,
}

/// For how long a distribution is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Decisions until it is made anew, at least one.
    pub n_decisions: u32,
    /// What every action gets.
    pub share: MeasuredShare,
}

impl Plan {
    /// A snapshot that serves nobody knows how many decisions.
    #[must_use]
    pub fn snapshot(floor_parts: u32) -> Self {
        Self {
            n_decisions: u32::MAX,
            share: MeasuredShare { floor_parts },
        }
    }
}

impl AllocationRule {
    /// The distribution over actions.
    ///
    /// Where it serves one decision, rules without a posterior choose an action that was never
    /// tried before any other. Where it serves more, all of them would go to such an action, which
    /// somebody may have added a moment ago; so it gets an even share, and the rule divides the
    /// rest among the others.
    ///
    /// # Arguments
    /// `arms`: (`n_arms`,).
    /// # Errors
    /// `Empty` without arms, `Floor` where the floors exceed one.
    pub fn distribution(
        self,
        arms: &[IndexArm],
        plan: Plan,
    ) -> Result<Distribution, InvalidDistribution> {
        Distribution::from_probabilities(
            &self.probabilities(arms, plan.n_decisions),
            plan.share.floor_parts,
        )
    }

    /// Where posteriors start, of a rule with Beta posteriors that can be told.
    #[must_use]
    pub fn prior(self) -> Option<BetaPrior> {
        match self {
            Self::Thompson { prior } | Self::TopTwo { prior } => Some(prior),
            _ => None,
        }
    }

    /// Each action's probability of being best, by the posterior that the rule has or, where it has
    /// none, by that of Jeffreys' prior: what people are told, whatever is published.
    #[must_use]
    pub(crate) fn best(self, arms: &[IndexArm]) -> Vec<f64> {
        match self {
            Self::ThompsonNormal => probability_best_student(arms),
            _ => probability_best(&betas(arms, self.prior().unwrap_or(BetaPrior::JEFFREYS))),
        }
    }

    /// The central 95 % of the same posterior of an action, in shares of the range.
    #[must_use]
    pub(crate) fn interval_95(self, arm: &IndexArm) -> (f64, f64) {
        if self == Self::ThompsonNormal {
            let student = Student::of(arm);
            return (student.quantile(0.025), student.quantile(0.975));
        }
        let beta = beta(arm, self.prior().unwrap_or(BetaPrior::JEFFREYS));
        (beta.quantile(0.025), beta.quantile(0.975))
    }

    /// The same before it is rounded to parts, and not scaled to sum to one.
    fn probabilities(self, arms: &[IndexArm], n_decisions: u32) -> Vec<f64> {
        if n_decisions > 1 && !self.has_posterior() {
            return self.beside_newcomers(arms);
        }
        self.choices(arms, n_decisions)
    }

    fn has_posterior(self) -> bool {
        matches!(
            self,
            Self::Automatic | Self::Thompson { .. } | Self::TopTwo { .. } | Self::ThompsonNormal
        )
    }

    /// An even share for each action that was never tried; the rule's choice among the others.
    fn beside_newcomers(self, arms: &[IndexArm]) -> Vec<f64> {
        let is_known = |arm: &&IndexArm| arm.n > 0.0;
        let known: Vec<IndexArm> = arms.iter().filter(is_known).copied().collect();
        let chosen = self.choices(&known, 1);
        let total: f64 = chosen.iter().sum();
        let each = 1.0 / arms.len() as f64;
        let rest = known.len() as f64 * each;
        let mut chosen = chosen.into_iter();
        let mut of_known = || chosen.next().map_or(0.0, |p| rest * (p / total));
        let shares = arms.iter();
        shares
            .map(|arm| if arm.n > 0.0 { of_known() } else { each })
            .collect()
    }

    fn choices(self, arms: &[IndexArm], n_decisions: u32) -> Vec<f64> {
        match self {
            Self::Automatic if n_decisions > 1 => Self::Thompson {
                prior: BetaPrior::JEFFREYS,
            }
            .choices(arms, n_decisions),
            Self::Automatic => Self::KlMoss.choices(arms, n_decisions),
            Self::Thompson { prior } => probability_best(&betas(arms, prior)),
            Self::TopTwo { prior } => top_two(&probability_best(&betas(arms, prior))),
            Self::ThompsonNormal => probability_best_student(arms),
            Self::Greedy => greatest(known_or_first(arms)),
            Self::EpsilonGreedy { epsilon, decay } => {
                let t = f64::max(total(arms), 1.0);
                let fallen = epsilon * libm::exp(-decay * libm::log(t));
                let epsilon = f64::min(fallen, 1.0);
                let best = greatest(known_or_first(arms));
                let n_best: f64 = best.iter().sum();
                best.iter()
                    .map(|p| (1.0 - epsilon) * p / n_best + epsilon / arms.len() as f64)
                    .collect()
            }
            Self::Ucb1 | Self::KlUcb | Self::KlUcbPlus | Self::KlMoss | Self::Imed => {
                let t = match self {
                    Self::KlMoss => total(arms) / arms.len() as f64,
                    _ => total(arms),
                };
                let means = arms.iter().map(IndexArm::mean);
                let best = means.fold(f64::NEG_INFINITY, f64::max);
                greatest(arms.iter().map(|arm| self.index(arm, t, best)))
            }
        }
    }

    /// How promising an action is; infinite before its first decision.
    ///
    /// # Arguments
    /// `t`: decisions of all actions, of one on average for `KlMoss`; `best`: the greatest mean.
    /// # Source
    /// `Ucb1`: Auer et al. 2002, with `2 ln t`. `KlUcb`, `KlUcbPlus`: Garivier and Cappé 2011,
    /// `c = 0`, and their section 6. `KlMoss`: Garivier, Hadiji, Ménard and Stoltz 2022, section 3,
    /// with the rounds so far for their horizon (Degenne and Perchet 2016 do so for MOSS). `Imed`:
    /// Honda and Takemura 2015, its sign turned.
    fn index(self, arm: &IndexArm, t: f64, best: f64) -> f64 {
        if arm.n <= 0.0 {
            return f64::INFINITY;
        }
        let (n, mean) = (arm.n, arm.mean());
        match self {
            // Of what is forgotten, less than one decision may be left in all.
            Self::Ucb1 => mean + libm::sqrt(2.0 * libm::log(f64::max(t, 1.0)) / n),
            Self::KlUcb => upper_mean(mean, libm::log(t) / n),
            Self::Imed => -(n * divergence(mean, best) + libm::log(n)),
            _ => upper_mean(mean, libm::log(t / n) / n),
        }
    }
}

/// Means, and infinity before an action's first decision: each is tried once.
fn known_or_first(arms: &[IndexArm]) -> impl Iterator<Item = f64> + Clone {
    arms.iter().map(|arm| {
        if arm.n > 0.0 {
            arm.mean()
        } else {
            f64::INFINITY
        }
    })
}

fn total(arms: &[IndexArm]) -> f64 {
    arms.iter().map(|arm| arm.n).sum()
}

/// Where an action's posterior starts, and what it brought.
fn beta(arm: &IndexArm, prior: BetaPrior) -> Beta {
    Beta::new(
        prior.successes + arm.sum,
        prior.failures + (arm.n - arm.sum),
    )
}

fn betas(arms: &[IndexArm], prior: BetaPrior) -> Vec<Beta> {
    arms.iter().map(|arm| beta(arm, prior)).collect()
}

/// One for the greatest, also where several are.
fn greatest(values: impl Iterator<Item = f64> + Clone) -> Vec<f64> {
    let best = values.clone().fold(f64::NEG_INFINITY, f64::max);
    values
        .map(|value| f64::from(u8::from(value >= best)))
        .collect()
}

/// The leader half of the time, else the best of the others.
///
/// # Formula
/// `P(a) = p_a / 2 + sum_{l != a} p_l p_a / (1 - p_l) / 2`.
/// # Source
/// Russo 2016, "Simple Bayesian algorithms for best arm identification", with `beta = 1/2`.
fn top_two(best: &[f64]) -> Vec<f64> {
    // A leader that is certain has no runner-up to speak of.
    const OTHERS_MIN: f64 = 1e-12;
    let shared: f64 = best.iter().map(|p| p / f64::max(1.0 - p, OTHERS_MIN)).sum();
    best.iter()
        .map(|p| 0.5 * p + 0.5 * p * (shared - p / f64::max(1.0 - p, OTHERS_MIN)))
        .collect()
}

#[cfg(test)]
mod tests;
