//! Whether a bandit's own data say the truth about its actions: coverage, bias, false conclusions.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "figures are worth reading, not only checking; and a test may panic"
)]

use bandera_lab::Confidence;
use bandera_lab::adaptive::{Batch, BatchAction, action_means, best_action};
use bandera_shared::bandit::{BetaPrior, PARTS};
use bandera_shared::policy::index::{AllocationRule, IndexArm, MeasuredShare, Plan};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Coins, decided about in 40 batches of 100, each action at least one in twenty.
struct World {
    rule: AllocationRule,
    means: [f64; 3],
    draws: Pcg64Mcg,
    arms: Vec<IndexArm>,
    batches: Vec<Batch>,
}

const N_BATCHES: usize = 40;
const PLAN: Plan = Plan {
    n_decisions: 100,
    share: MeasuredShare {
        floor_parts: PARTS / 20,
    },
};

impl World {
    fn new(rule: AllocationRule, means: [f64; 3], seed: u64) -> Self {
        Self {
            rule,
            means,
            draws: Pcg64Mcg::seed_from_u64(seed),
            arms: vec![IndexArm::default(); 3],
            batches: Vec::new(),
        }
    }

    fn step(&mut self) {
        let shares = self.rule.distribution(&self.arms, PLAN).unwrap();
        let propensity = |parts: &u32| f64::from(*parts) / f64::from(PARTS);
        let mut batch: Batch = shares
            .parts()
            .iter()
            .map(|parts| BatchAction {
                propensity: propensity(parts),
                ..BatchAction::default()
            })
            .collect();
        for _ in 0..PLAN.n_decisions {
            let (action, _) = shares.sample(self.draws.next_u64());
            let unit = (self.draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            let reward = f64::from(u8::from(unit < self.means[action]));
            self.arms[action].observe(reward);
            batch[action].n += 1;
            batch[action].sum += reward;
            batch[action].squares += reward;
        }
        self.batches.push(batch);
    }
}

const THOMPSON: AllocationRule = AllocationRule::Thompson {
    prior: BetaPrior {
        successes: 0.5,
        failures: 0.5,
    },
};
const GREEDY: AllocationRule = AllocationRule::Greedy;

/// Enough for a standard error of 0.5 points.
const N_RUNS: u32 = 2_000;
/// Thompson's distributions are integrals, which take their time without optimisation.
const N_RUNS_THOMPSON: u32 = if cfg!(debug_assertions) { 60 } else { N_RUNS };

/// Coverage of the true means; gives how far the estimates and plain means lie off, on average.
#[track_caller]
fn covers(rule: AllocationRule, n_runs: u32, means: [f64; 3]) -> [f64; 2] {
    let (mut covered, mut bias, mut naive_bias) = ([0.0; 3], [0.0; 3], [0.0; 3]);
    let run = 1.0 / f64::from(n_runs);
    for seed in 0..n_runs {
        let mut world = World::new(rule, means, seed.into());
        (0..N_BATCHES).for_each(|_| world.step());
        let found = action_means(&world.batches, Confidence::P95).unwrap();
        for (action, found) in found.iter().enumerate() {
            let found = found.unwrap();
            if found.interval.contains(means[action]) {
                covered[action] += run;
            }
            bias[action] += (found.value - means[action]) * run;
            naive_bias[action] += (found.naive.unwrap() - means[action]) * run;
        }
    }
    println!(
        "{rule:?} {means:?}: coverage {covered:.3?}, bias {bias:.4?}, naively {naive_bias:.4?}"
    );
    // Three standard errors of the share of runs, about what is promised: 93 to 97 %.
    let off = 0.02 + 3.0 * (0.95 * 0.05 * run).sqrt();
    for action in 0..3 {
        assert!((covered[action] - 0.95).abs() < off, "{covered:?}");
    }
    [bias, naive_bias].map(|bias| bias.iter().sum::<f64>() / 3.0)
}

#[test]
fn intervals_cover_what_thompson_sampling_collected() {
    covers(THOMPSON, N_RUNS_THOMPSON, [0.1; 3]);
    covers(THOMPSON, N_RUNS_THOMPSON, [0.1, 0.12, 0.18]);
}

#[test]
fn intervals_cover_what_greed_collected_and_half_of_its_bias_is_gone() {
    covers(GREEDY, N_RUNS, [0.1, 0.12, 0.18]);
    let [bias, naive] = covers(GREEDY, N_RUNS, [0.1; 3]);
    assert!(
        naive < -0.003 && bias.abs() < 0.6 * naive.abs(),
        "{bias} {naive}"
    );
}

/// Of runs that are looked at after each batch: how many named a best action, how many a wrong
/// one, and after how many batches half had.
fn conclusions(means: [f64; 3]) -> (usize, usize, usize) {
    let mut at: Vec<(usize, usize)> = Vec::new();
    for seed in 0..N_RUNS_THOMPSON {
        let mut world = World::new(THOMPSON, means, seed.into());
        let mut look = || {
            world.step();
            let best = best_action(&world.batches, Confidence::P95).unwrap();
            best.certain.then_some(best.action)
        };
        at.extend((0..N_BATCHES).find_map(|place| Some((place + 1, look()?))));
    }
    at.sort_unstable();
    let best = means.iter().copied().fold(0.0, f64::max);
    // Where all are alike, none is the best.
    let alike = means.iter().all(|mean| *mean >= best);
    let wrong = |action: usize| alike || means[action] < best;
    let n_wrong = at.iter().filter(|(_, action)| wrong(*action)).count();
    let half = at
        .get(N_RUNS_THOMPSON as usize / 2)
        .map_or(N_BATCHES, |(look, _)| *look);
    println!(
        "{means:?}: {} of {N_RUNS_THOMPSON} named, {n_wrong} wrong, half by batch {half}",
        at.len()
    );
    (at.len(), n_wrong, half)
}

#[test]
fn a_best_action_is_named_and_seldom_wrongly_however_often_one_looks() {
    let runs = f64::from(N_RUNS_THOMPSON);
    // 5 % of runs, and three standard errors above.
    let wrong_max = (0.05 * runs + 3.0 * (0.05 * 0.95 * runs).sqrt()) as usize;
    let (_, n_wrong, _) = conclusions([0.1; 3]);
    assert!(n_wrong <= wrong_max, "{n_wrong}");
    let (n_named, n_wrong, half) = conclusions([0.1, 0.12, 0.25]);
    let most = (0.97 * runs) as usize;
    assert!(
        n_named > most && n_wrong <= wrong_max && half < 20,
        "{n_named} {n_wrong} {half}"
    );
}
