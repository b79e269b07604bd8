//! Whether a bandit's margin over its best action is what it says, where the truth is known.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "figures are worth reading, not only checking; and a test may panic"
)]

use bandera_lab::fixed::{Comparison, compare};
use bandera_shared::bandit::features::ONE;
use bandera_shared::bandit::{ContextVector, Distribution, REWARD_UNITS, RewardKind, RewardRange};
use bandera_shared::policy::linear::{
    Block, Estimate, Learned, LearnedAction, Sums, fit, inverse_gaps,
};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Of two devices at two times of day, what each of three actions brings.
type Truth = [[f64; 3]; 4];

/// The demo shop's visitors: always `evening` would bring 0.25, the best of each 0.3875.
const SHOP: Truth = [
    [0.40, 0.10, 0.15],
    [0.10, 0.40, 0.15],
    [0.10, 0.15, 0.40],
    [0.15, 0.35, 0.10],
];
/// Nothing to learn.
const EQUAL: Truth = [[0.2; 3]; 4];
/// Rare rewards, and one action that is best nearly everywhere.
const RARE: Truth = [
    [0.020, 0.050, 0.010],
    [0.030, 0.060, 0.020],
    [0.020, 0.040, 0.060],
    [0.010, 0.050, 0.020],
];

/// How a bandit sees its contexts, and what it gets.
#[derive(Clone, Copy)]
struct World {
    truth: Truth,
    kind: RewardKind,
    /// Whether a number of the vector is 1 for each device at each time, beside those for either.
    features: &'static [fn(usize) -> bool],
    n_decisions: usize,
}

const EITHER: &[fn(usize) -> bool] = &[|c| c < 2, |c| c > 1, |c| c % 2 == 0, |c| c % 2 == 1];
const CROSSED: &[fn(usize) -> bool] = &[
    |c| c < 2,
    |c| c > 1,
    |c| c % 2 == 0,
    |c| c % 2 == 1,
    |c| c == 0,
    |c| c == 1,
    |c| c == 2,
    |c| c == 3,
];

/// Decisions between two snapshots.
const EVERY: usize = 100;
/// Least share of an action, in parts of a million.
const FLOOR: u32 = 20_000;

struct Run {
    world: World,
    draws: Pcg64Mcg,
    blocks: Vec<Block>,
    /// How often each action was chosen in each context, and the sum of all rewards.
    chosen: [[u32; 3]; 4],
    earned: f64,
}

impl Run {
    fn new(world: World, seed: u64) -> Self {
        Self {
            world,
            draws: Pcg64Mcg::seed_from_u64(seed),
            blocks: vec![Block::new(world.features.len()); 3],
            chosen: Default::default(),
            earned: 0.0,
        }
    }

    fn unit(&mut self) -> f64 {
        (self.draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn vector(&self, context: usize) -> Vec<i16> {
        let features = self.world.features.iter();
        features
            .map(|is_in| i16::from(is_in(context)) * ONE)
            .collect()
    }

    /// The distribution in each context, of what is known.
    fn distributions(&self) -> Vec<Distribution> {
        let fit = fit(&self.blocks).unwrap();
        let in_context = |context: usize| {
            let vector = self.vector(context);
            let mean = |of: &Vec<f64>| {
                let parts = of[1..].iter().zip(&vector);
                let sum: f64 = parts.map(|(c, x)| c * f64::from(x / ONE)).sum();
                Some(of[0] + sum)
            };
            let means: Vec<_> = fit.coefficients.iter().map(mean).collect();
            Distribution::from_probabilities(&inverse_gaps(&means, fit.gamma), FLOOR).unwrap()
        };
        (0..4).map(in_context).collect()
    }

    /// A coin's side, or twice a share of the truth: the same mean, and less noise.
    fn reward(&mut self, truth: f64) -> f64 {
        let unit = self.unit();
        match self.world.kind {
            RewardKind::Binary => f64::from(u8::from(unit < truth)),
            RewardKind::Numeric(_) => 2.0 * truth * unit,
        }
    }

    fn play(mut self) -> Self {
        for _ in 0..self.world.n_decisions / EVERY {
            let distributions = self.distributions();
            for _ in 0..EVERY {
                let context = (self.draws.next_u64() >> 62) as usize;
                let (action, _) = distributions[context].sample(self.draws.next_u64());
                let reward = self.reward(self.world.truth[context][action]);
                let vector = ContextVector::new(1, self.vector(context)).unwrap();
                let units = (reward * REWARD_UNITS as f64) as u64;
                self.blocks[action].observe(&vector, units);
                self.chosen[context][action] += 1;
                self.earned += reward;
            }
        }
        self
    }

    fn compared(&self) -> Comparison {
        let fit = fit(&self.blocks).unwrap();
        let models = fit.coefficients.iter().zip(&fit.ridges);
        let actions = models.zip(&self.blocks);
        let actions = actions.map(|((coefficients, ridge), block)| LearnedAction {
            action: "one".into(),
            coefficients: coefficients.clone(),
            products: Sums::of(block).products().to_vec(),
            ridge: *ridge,
            warm: 0.0,
        });
        let learned = Learned {
            noise: fit.noise,
            actions: actions.collect(),
        };
        let n = self.world.n_decisions as f64;
        compare(&learned, self.world.kind, Some(self.earned / n)).unwrap()
    }

    /// What was to be expected of the decisions that were made, and of each action instead.
    fn truth(&self) -> (f64, [f64; 3]) {
        let n = self.world.n_decisions as f64;
        let (mut bandit, mut fixed) = (0.0, [0.0; 3]);
        for (chosen, truth) in self.chosen.iter().zip(&self.world.truth) {
            let n_here: u32 = chosen.iter().sum();
            for action in 0..3 {
                bandit += f64::from(chosen[action]) * truth[action] / n;
                fixed[action] += f64::from(n_here) * truth[action] / n;
            }
        }
        (bandit, fixed)
    }
}

/// What many runs came to.
#[derive(Debug, Default)]
struct Found {
    /// How often the interval of what an action brings alone covered the truth, over all actions.
    alone: f64,
    /// How often the interval of what the action that looks best brings alone covered the truth.
    best: f64,
    /// How often the interval of the margin over the best action did.
    margin: f64,
    /// How often it said that the bandit earned more.
    ahead: f64,
    /// Mean of the true margin over the best action, and how far the estimate lay off.
    truth: f64,
    bias: f64,
}

/// Enough for a standard error of 0.7 points, where that takes no minutes.
const N_RUNS: u32 = if cfg!(debug_assertions) { 60 } else { 1_000 };
const DEVIATIONS: f64 = 1.959_964;

/// Plays and prints; intervals cover the margin as promised, and the best action alone in at least
/// such a share of runs.
#[track_caller]
fn check(name: &str, world: World, best_covered_min: f64) -> Found {
    let mut found = Found::default();
    let run = 1.0 / f64::from(N_RUNS);
    let one_of = |is: bool| f64::from(u8::from(is)) * run;
    for seed in 0..N_RUNS {
        let played = Run::new(world, seed.into()).play();
        let (compared, (bandit, fixed)) = (played.compared(), played.truth());
        let margin = compared.margin(DEVIATIONS).unwrap();
        let covers = |(Estimate { mean, deviation }, truth): (Estimate, f64)| {
            (mean - truth).abs() <= DEVIATIONS * deviation
        };
        for one in compared.fixed.iter().map(|one| one.alone).zip(fixed) {
            found.alone += one_of(covers(one)) / 3.0;
        }
        let best = compared.fixed[margin.best].alone;
        found.best += one_of(covers((best, fixed[margin.best])));
        let truth = bandit - fixed.iter().copied().fold(0.0, f64::max);
        found.margin += one_of((margin.low..=margin.high).contains(&truth));
        found.ahead += one_of(margin.low > 0.0);
        found.truth += truth * run;
        found.bias += (margin.mean - truth) * run;
    }
    println!("{name}: {found:.4?}");
    let off = |share: f64| 3.0 * (share * (1.0 - share) * run).sqrt();
    assert!(found.margin > 0.95 - off(0.95), "{found:?}");
    let least = best_covered_min;
    assert!(found.best > least - off(least), "{found:?}");
    found
}

const BINARY: World = World {
    truth: SHOP,
    kind: RewardKind::Binary,
    features: CROSSED,
    n_decisions: 2_000,
};

#[test]
fn the_shop_is_ahead_of_its_best_headline_and_says_so() {
    let found = check("shop", BINARY, 0.95);
    assert!(found.ahead > 0.9 && found.bias.abs() < 0.01, "{found:?}");
    let early = World {
        n_decisions: 300,
        ..BINARY
    };
    check("shop, early", early, 0.95);
}

#[test]
fn numbers_and_high_rates_are_covered_too() {
    let kind = RewardKind::Numeric(RewardRange::new(0.0, 1.0).unwrap());
    check("shop, numeric", World { kind, ..BINARY }, 0.95);
    let truth = SHOP.map(|row| row.map(|truth| 0.98 - truth));
    check("high rates", World { truth, ..BINARY }, 0.93);
}

#[test]
fn nothing_is_won_where_nothing_can_be() {
    let truth = EQUAL;
    let found = check("equal", World { truth, ..BINARY }, 0.93);
    assert!(found.ahead < 0.05, "{found:?}");
    let rare = World {
        truth: RARE,
        n_decisions: 10_000,
        ..BINARY
    };
    check("rare", rare, 0.93);
}

/// The models cannot say what the truth is; here they err little.
#[test]
fn a_model_that_crosses_nothing_errs() {
    let features = EITHER;
    check("not crossed", World { features, ..BINARY }, 0.93);
}
