//! What ranked lists give away where each action's attraction is known: a simulation.

use crate::regret::InvalidMeans;
use bandera_shared::policy::index::{IndexArm, learn_cascade};

/// A world of lists.
#[derive(Debug, Clone, PartialEq)]
pub struct ListTrial {
    attractions: Vec<f64>,
    n_positions: usize,
    /// Lists of one run.
    pub n_rounds: u32,
    /// Lists between two snapshots: 1 for a policy that learns at once.
    pub every: u32,
}

impl ListTrial {
    /// A world of lists.
    ///
    /// # Arguments
    /// `attractions`: (`n_actions`,), each in [0, 1]; `n_positions`: 1 to `n_actions`.
    /// # Errors
    /// `InvalidMeans` otherwise.
    pub fn new(
        attractions: &[f64],
        n_positions: usize,
        n_rounds: u32,
    ) -> Result<Self, InvalidMeans> {
        let are_sound = attractions.iter().all(|mean| (0.0..=1.0).contains(mean));
        if !are_sound || !(1..=attractions.len()).contains(&n_positions) {
            return Err(InvalidMeans);
        }
        Ok(Self {
            attractions: attractions.to_vec(),
            n_positions,
            n_rounds,
            every: 1,
        })
    }

    /// Positions of a list.
    #[must_use]
    pub fn n_positions(&self) -> usize {
        self.n_positions
    }

    /// One run: how many choices less than the best list's were made, on average, by the end.
    ///
    /// # Formula
    /// The sum over lists of `prod (1 - w_shown) - prod (1 - w_best)`.
    /// # Arguments
    /// `list`: the actions of the next list, from what a snapshot knows of each and the run's
    /// random bits; `bits`: each call 64 random bits, independent of all others.
    /// # Source
    /// Kveton, Szepesvári, Wen and Ashkan 2015, equation 4.
    pub fn run(
        &self,
        mut list: impl FnMut(&[IndexArm], &mut dyn FnMut() -> u64) -> Vec<usize>,
        bits: &mut dyn FnMut() -> u64,
    ) -> f64 {
        let mut best = self.attractions.clone();
        best.sort_by(|a, b| b.total_cmp(a));
        let best = missed(best.iter().take(self.n_positions));
        let mut arms = vec![IndexArm::default(); self.attractions.len()];
        let mut published = arms.clone();
        let mut regret = 0.0;
        for round in 0..self.n_rounds {
            if round.is_multiple_of(self.every.max(1)) {
                published.clone_from(&arms);
            }
            let shown = list(&published, bits);
            let attractions = shown.iter().filter_map(|it| self.attractions.get(*it));
            regret += missed(attractions.clone()) - best;
            let attracts = |w: &f64| ((bits() >> 11) as f64 / (1_u64 << 53) as f64) < *w;
            let chosen = attractions.clone().position(attracts);
            learn_cascade(&mut arms, &shown, chosen);
        }
        regret
    }
}

/// The probability that nothing attracts.
fn missed<'a>(attractions: impl Iterator<Item = &'a f64>) -> f64 {
    attractions.map(|w| 1.0 - w).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bernoulli::MeanRegret;
    use bandera_shared::policy::index::{MeasuredShare, Plan, rule_named, slate};
    use rand_core::{Rng, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    const PLAN: Plan = Plan {
        n_decisions: 1,
        share: MeasuredShare { floor_parts: 0 },
    };

    /// Regret over 20 runs.
    fn regret(rule: &str, trial: &ListTrial) -> f64 {
        let rule = rule_named(rule).unwrap();
        let runs: Vec<f64> = (0..20)
            .map(|run: u64| {
                let mut draws = Pcg64Mcg::seed_from_u64(run);
                let mut bits = || draws.next_u64();
                let list = |arms: &[IndexArm], bits: &mut dyn FnMut() -> u64| {
                    let list = slate(rule, arms, trial.n_positions(), PLAN, bits).unwrap();
                    list.iter().map(|placed| placed.action).collect()
                };
                trial.run(list, &mut bits)
            })
            .collect();
        MeanRegret::of(&runs).mean
    }

    #[test]
    fn the_most_attractive_come_to_the_top() {
        let attractions = [0.1, 0.3, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1];
        let trial = ListTrial::new(&attractions, 2, 3_000).unwrap();
        let found = ["default", "kl-ucb", "ucb1"].map(|rule| regret(rule, &trial));
        let [default, kl_ucb, ucb1] = found;
        // Kveton et al. 2015, section 5: CascadeKL-UCB is better than CascadeUCB1.
        assert!(default < kl_ucb && kl_ucb < ucb1, "{found:?}");
        // Two drawn evenly miss with 0.73 on average, the best list with 0.49.
        assert!(ucb1 < 0.8 * 0.24 * 3_000.0, "{found:?}");
        // A list that holds everything cannot be wrong.
        let whole = ListTrial::new(&[0.1, 0.5], 2, 50).unwrap();
        assert!(regret("default", &whole).abs() < 1e-9);
    }

    #[test]
    fn lists_are_no_longer_than_there_are_actions() {
        assert!(ListTrial::new(&[0.1, 0.5], 0, 1).is_err());
        assert!(ListTrial::new(&[0.1, 0.5], 2, 1).is_ok());
        assert!(ListTrial::new(&[0.1, 0.5], 3, 1).is_err());
        assert!(ListTrial::new(&[0.1, 1.5], 1, 1).is_err());
    }
}
