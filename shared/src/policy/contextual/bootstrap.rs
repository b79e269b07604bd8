//! Replicas of the learners, each of which learned every round as often as chance would have it.
//!
//! Their votes are the distribution: what the rounds leave open, replicas answer differently. How
//! often a replica learns a round follows from a hash of their numbers, so nothing is drawn.

use super::learner::{Learner, LearnerSpec, Shape};
use super::scale::Scale;
use super::state::Walk;
use super::{REPLICAS_MAX, explore};
use xxhash_rust::xxh3::xxh3_64;

/// How the replicas are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapSpec {
    /// How many there are, 1 to [`REPLICAS_MAX`].
    pub n_replicas: u32,
    /// How much their hopes for an unknown action deviate, in log-odds: without any, an action that
    /// failed once has no vote left where the others never failed.
    pub hope: f64,
}

impl BootstrapSpec {
    /// What is taken where nothing is declared.
    pub const DEFAULT: Self = Self {
        n_replicas: 8,
        hope: 0.5,
    };
}

/// The replicas and what they learned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Replicas {
    /// Of each replica, its own of each learner.
    replicas: Vec<Vec<Learner>>,
}

impl Replicas {
    /// Replicas that have seen nothing but the scale of contexts.
    ///
    /// # Formula
    /// Replica `i` of `n` hopes for `hope` times the normal quantile of `(i + 1/2) / n` more.
    pub(crate) fn new(
        spec: BootstrapSpec,
        learners: &[LearnerSpec],
        (shape, scale, base): (Shape, &Scale, f64),
    ) -> Self {
        let n = spec.n_replicas.clamp(1, REPLICAS_MAX);
        let replica = |i: u32| {
            let hope = spec.hope * explore::normal_quantile((f64::from(i) + 0.5) / f64::from(n));
            let learner =
                |of: &LearnerSpec| Learner::hopeful(*of, shape, scale.clone(), (base, hope));
            learners.iter().map(learner).collect()
        };
        Self {
            replicas: (0..n).map(replica).collect(),
        }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        for learner in self.replicas.iter_mut().flatten() {
            learner.walk(walk);
        }
    }

    /// Share of the replicas that would choose each action; equals share a vote evenly.
    ///
    /// # Arguments
    /// `terms`: what each learner makes of the context; `trusts`: how much each counts.
    pub(crate) fn votes(&self, terms: &[Vec<f64>], trusts: &[f64], n_actions: usize) -> Vec<f64> {
        let mut votes = vec![0.0; n_actions];
        let mut means = vec![0.0; n_actions];
        for learners in &self.replicas {
            means.fill(0.0);
            for ((learner, x), trust) in learners.iter().zip(terms).zip(trusts) {
                if *trust <= 0.0 {
                    continue;
                }
                for (sum, mean) in means.iter_mut().zip(learner.means(x)) {
                    *sum += trust * mean;
                }
            }
            let best = explore::best_of(means.iter().copied());
            let n_best: f64 = best.iter().sum();
            for (vote, best) in votes.iter_mut().zip(best) {
                *vote += best / n_best;
            }
        }
        votes
    }

    /// Every replica learns a round as often as it comes up for it.
    pub(crate) fn observe(
        &mut self,
        n_round: u64,
        terms: &[Vec<f64>],
        (action, share): (usize, f64),
    ) {
        for (i, learners) in (0_u32..).zip(&mut self.replicas) {
            let count = count(n_round, i);
            if count == 0 {
                continue;
            }
            for (learner, x) in learners.iter_mut().zip(terms) {
                learner.observe_terms(x, (action, share), f64::from(count));
            }
        }
    }
}

/// How often a replica learns a round.
///
/// # Formula
/// Poisson of mean one, at the quantile that the hash of both numbers is: the limit of drawing `n`
/// of `n` rounds with replacement.
/// # Source
/// Oza and Russell 2001 (online bagging); Eckles and Kaptein 2014, "Thompson sampling with the
/// online bootstrap", for weights of any mean-one distribution.
fn count(n_round: u64, replica: u32) -> u32 {
    let mut bytes = [0; 12];
    let (first, last) = bytes.split_at_mut(8);
    first.copy_from_slice(&n_round.to_le_bytes());
    last.copy_from_slice(&replica.to_le_bytes());
    let quantile = (xxh3_64(&bytes) >> 11) as f64 / (1_u64 << 53) as f64;
    let mut count = 0;
    let mut mass = libm::exp(-1.0);
    let mut below = mass;
    while quantile >= below && count < COUNT_MAX {
        count += 1;
        mass /= f64::from(count);
        below += mass;
    }
    count
}

/// Most times that a replica learns a round; more would come up once in a million.
const COUNT_MAX: u32 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_learned_as_often_as_chance_would_have_it() {
        const N_ROUNDS: u32 = 100_000;
        let mut seen = [0.0_f64; 5];
        for n_round in 0..u64::from(N_ROUNDS) {
            seen[(count(n_round, 3) as usize).min(4)] += 1.0;
        }
        let e = libm::exp(1.0);
        let shares = [1.0 / e, 1.0 / e, 0.5 / e, 1.0 / 6.0 / e];
        let left = 1.0 - shares.iter().sum::<f64>();
        let expected = shares.into_iter().chain([left]);
        let terms = seen.iter().zip(expected).map(|(seen, share)| {
            let expected = share * f64::from(N_ROUNDS);
            (seen - expected).powi(2) / expected
        });
        let chi_square: f64 = terms.sum();
        // Four degrees of freedom: 1 in 100,000 lies beyond 28.5.
        assert!(chi_square < 28.5, "{chi_square} {seen:?}");
        let mean = |a: u32, b: u32| -> f64 {
            let products = (0..u64::from(N_ROUNDS)).map(|n| count(n, a) * count(n, b));
            products.map(f64::from).sum::<f64>() / f64::from(N_ROUNDS)
        };
        // Of independent counts the mean product is 1, with a deviation of sqrt 3.
        assert!((mean(0, 1) - 1.0).abs() < 5.0 * libm::sqrt(3.0 / f64::from(N_ROUNDS)));
    }

    #[test]
    fn hopes_leave_a_vote_to_what_had_bad_luck() {
        use crate::policy::contextual::{ContextualPolicy, Observation, wire::parse};
        let parts_of_unlucky = |hope: f64| {
            let json = format!(
                r#"{{"policy": "bootstrap", "link": "logistic", "replicas": 32, "hope": {hope}}}"#
            );
            let spec = parse(json.as_bytes()).unwrap();
            let mut policy = ContextualPolicy::new(spec, 0, 2).unwrap();
            for n in 0..300 {
                policy.observe(Observation {
                    context: &[],
                    action: usize::from(n % 60 == 0),
                    share: f64::from(u8::from(n % 2 == 1)),
                });
            }
            policy.decide(&[]).parts()[1]
        };
        // The second action failed five times, and no replica missed them all.
        assert_eq!(parts_of_unlucky(0.0), 0);
        assert!(parts_of_unlucky(3.0) > 0);
    }
}
