//! What trees are worth in contexts of many features, where no product of features fits: the
//! contextual default beside the same with a plain linear learner, on made-up problems.
//!
//!     cargo test --release -p bandera-shared --test nonlinear -- --nocapture

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a test may fail loudly, and this one prints a table"
)]

use bandera_shared::policy::contextual::{
    ContextualPolicy, ContextualSpec, Features, LearnerSpec, Observation,
};

#[path = "../src/policy/draws.rs"]
mod draws;

use draws::Draws;

const D: usize = 24;
const N_ACTIONS: usize = 4;

impl Draws {
    /// A sum of twelve uniform numbers: near enough to a normal one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}

/// What an action's reward depends on: two features, two signs and a direction.
struct Taste {
    first: usize,
    second: usize,
    signs: [f64; 2],
    direction: Vec<f64>,
}

type Truth = fn(&[f64], &Taste) -> f64;

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn along(x: impl Iterator<Item = f64>, taste: &Taste) -> f64 {
    x.zip(&taste.direction).map(|(x, w)| x * w).sum()
}

/// Problems by name, and how much more or less the default may give away than without trees.
const PROBLEMS: [(&str, Truth, f64); 7] = [
    (
        "linear",
        |x, taste| sigmoid(along(x.iter().copied(), taste)),
        1.05,
    ),
    (
        "steps",
        |x, taste| {
            if x[taste.first] > 0.5 * taste.signs[0] {
                0.6
            } else {
                0.2
            }
        },
        0.9,
    ),
    (
        "boxes",
        |x, taste| {
            let [first, second] = taste.signs;
            let is_in = first * x[taste.first] > 0.0 && second * x[taste.second] > 0.0;
            if is_in { 0.7 } else { 0.15 }
        },
        0.85,
    ),
    (
        "bands",
        |x, taste| sigmoid(2.0 - 3.0 * x[taste.first] * x[taste.first]),
        0.5,
    ),
    (
        "products",
        |x, taste| sigmoid(2.0 * x[taste.first] * x[taste.second]),
        1.05,
    ),
    (
        "squares",
        |x, taste| sigmoid(along(x.iter().map(|x| x * x - 1.0), taste)),
        1.05,
    ),
    (
        "signs",
        |x, taste| sigmoid(x[0].signum() * along(x.iter().copied(), taste)),
        1.05,
    ),
];

/// Regret per round of a policy.
fn regret(spec: &ContextualSpec, truth: Truth, seed: u64, n_rounds: u32) -> f64 {
    let mut draws = Draws(seed);
    let tastes: Vec<Taste> = (0..N_ACTIONS)
        .map(|_| Taste {
            first: draws.below(D),
            second: draws.below(D),
            signs: [0, 1].map(|_| if draws.unit() < 0.5 { -1.0 } else { 1.0 }),
            direction: (0..D).map(|_| 0.45 * draws.normal()).collect(),
        })
        .collect();
    let mut policy = ContextualPolicy::new(spec.clone(), D, N_ACTIONS).expect("it fits");
    let mut regret = 0.0;
    for _ in 0..n_rounds {
        let context: Vec<f64> = (0..D).map(|_| draws.normal()).collect();
        let means: Vec<f64> = tastes.iter().map(|taste| truth(&context, taste)).collect();
        let luck: Vec<f64> = means.iter().map(|_| draws.unit()).collect();
        let (action, _) = policy.decide(&context).sample(draws.bits());
        regret += means.iter().copied().fold(0.0, f64::max) - means[action];
        policy.observe(Observation {
            context: &context,
            action,
            share: f64::from(u8::from(luck[action] < means[action])),
        });
    }
    regret / f64::from(n_rounds)
}

fn without_trees() -> ContextualSpec {
    let mut spec = ContextualSpec::default();
    for learner in &mut spec.learners {
        if learner.features == Features::Trees {
            *learner = LearnerSpec {
                features: Features::Linear,
                ..*learner
            };
        }
    }
    spec
}

#[test]
fn trees_pay_where_rewards_are_not_linear() {
    let (n_rounds, seeds) = if cfg!(debug_assertions) {
        (3_000, 1..4)
    } else {
        (8_000, 1..9)
    };
    let (trees, plain) = (ContextualSpec::default(), without_trees());
    println!("| problem | without trees | default | ratio |");
    for (name, truth, most) in PROBLEMS {
        let mean = |spec| {
            let all = seeds
                .clone()
                .map(|seed| regret(spec, truth, seed, n_rounds));
            all.sum::<f64>() / seeds.clone().count() as f64
        };
        let (without, with) = (mean(&plain), mean(&trees));
        let ratio = with / without;
        println!("| {name} | {without:.4} | {with:.4} | {ratio:.2} |");
        assert!(ratio < most, "{name}: {with} {without}");
    }
}
