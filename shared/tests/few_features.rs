//! Whether the contextual default gets stuck where contexts have few features, or are categories:
//! there an action that had bad luck is not seen again by chance. Beside the same learners, greedy,
//! on made-up problems.
//!
//!     cargo test --release -p bandera-shared --test few_features -- --nocapture

#![allow(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a test may fail loudly, and this one prints a table"
)]

use bandera_shared::policy::contextual::{
    ContextualPolicy, ContextualSpec, Exploration, Observation,
};

#[path = "../src/policy/draws.rs"]
mod draws;

use draws::Draws;

impl Draws {
    /// A sum of twelve uniform numbers: near enough to a normal one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// What contexts are.
#[derive(Clone, Copy)]
enum Contexts {
    /// Independent normal numbers.
    Normal,
    /// One of as many categories as there are features.
    Categories,
}

/// A kind of problem. The log-odds of an action's reward are `base`, and half a normal number for
/// the action, and `slope` standard deviations of a random direction in the context.
struct Problem {
    name: &'static str,
    contexts: Contexts,
    d: usize,
    n_actions: usize,
    base: f64,
    slope: f64,
    /// How much of what a greedy policy gives away the default may, on average.
    most: f64,
    /// The share of runs that may be stuck, in percent.
    most_stuck: u64,
}

/// Less than this share of the best action in the last quarter is stuck.
const STUCK: f64 = 0.7;

const fn problem(
    (name, contexts): (&'static str, Contexts),
    (d, n_actions): (usize, usize),
    (base, slope): (f64, f64),
    (most, most_stuck): (f64, u64),
) -> Problem {
    Problem {
        name,
        contexts,
        d,
        n_actions,
        base,
        slope,
        most,
        most_stuck,
    }
}

/// As many problems, the first ones, have numbers for contexts.
const N_OF_NUMBERS: usize = 4;

const PROBLEMS: [Problem; 6] = [
    problem(
        ("one number", Contexts::Normal),
        (1, 2),
        (-1.0, 1.0),
        (0.7, 5),
    ),
    problem(
        ("two numbers", Contexts::Normal),
        (2, 3),
        (-1.0, 1.0),
        (0.9, 5),
    ),
    problem(
        ("two numbers, rare rewards", Contexts::Normal),
        (2, 3),
        (-3.0, 0.7),
        (1.1, 10),
    ),
    problem(
        ("ten numbers", Contexts::Normal),
        (10, 4),
        (-1.0, 1.0),
        (1.05, 5),
    ),
    problem(
        ("four categories", Contexts::Categories),
        (4, 4),
        (-1.0, 2.0),
        (0.65, 25),
    ),
    problem(
        ("twenty categories", Contexts::Categories),
        (20, 5),
        (-1.0, 4.0),
        (0.95, 60),
    ),
];

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Regret per round, and the share of the best action in the last quarter.
fn play(spec: &ContextualSpec, problem: &Problem, seed: u64, n_rounds: u32) -> (f64, f64) {
    let mut draws = Draws(seed << 32);
    let Problem { d, n_actions, .. } = *problem;
    let slope = problem.slope / libm::sqrt(d as f64);
    let actions: Vec<(f64, Vec<f64>)> = (0..n_actions)
        .map(|_| {
            let base = problem.base + 0.5 * draws.normal();
            (base, (0..d).map(|_| slope * draws.normal()).collect())
        })
        .collect();
    let mut policy = ContextualPolicy::new(spec.clone(), d, n_actions).expect("it fits");
    let (mut regret, mut n_best) = (0.0, 0_u32);
    for round in 0..n_rounds {
        let context: Vec<f64> = match problem.contexts {
            Contexts::Normal => (0..d).map(|_| draws.normal()).collect(),
            Contexts::Categories => {
                let category = (draws.unit() * d as f64) as usize;
                (0..d).map(|i| f64::from(u8::from(i == category))).collect()
            }
        };
        let mean = |(base, direction): &(f64, Vec<f64>)| {
            let along = direction.iter().zip(&context).map(|(w, x)| w * x);
            sigmoid(base + along.sum::<f64>())
        };
        let means: Vec<f64> = actions.iter().map(mean).collect();
        let luck: Vec<f64> = means.iter().map(|_| draws.unit()).collect();
        let (action, _) = policy.decide(&context).sample(draws.bits());
        let lost = means.iter().copied().fold(0.0, f64::max) - means[action];
        regret += lost;
        n_best += u32::from(lost <= 0.0 && round >= n_rounds - n_rounds / 4);
        policy.observe(Observation {
            context: &context,
            action,
            share: f64::from(u8::from(luck[action] < means[action])),
        });
    }
    let share = f64::from(n_best) / f64::from(n_rounds / 4);
    (regret / f64::from(n_rounds), share)
}

#[test]
fn the_default_is_seldom_stuck() {
    let (n_rounds, n_runs, problems) = if cfg!(debug_assertions) {
        (2_000, 12, &PROBLEMS[N_OF_NUMBERS..])
    } else {
        (4_000, 100, &PROBLEMS[..])
    };
    let greedy = ContextualSpec {
        exploration: Exploration::Greedy,
        ..ContextualSpec::default()
    };
    println!("| contexts | greedy | stuck | default | stuck | ratio |");
    let found = problems.iter().map(|problem| {
        let [greedy, default] = [&greedy, &ContextualSpec::default()].map(|spec| {
            let runs: Vec<(f64, f64)> = (1..=n_runs)
                .map(|seed| play(spec, problem, seed, n_rounds))
                .collect();
            let n_stuck = runs.iter().filter(|(_, share)| *share < STUCK).count() as u64;
            let regret: f64 = runs.iter().map(|(regret, _)| regret).sum();
            (regret / n_runs as f64, 100 * n_stuck / n_runs)
        });
        let ratio = default.0 / greedy.0;
        println!(
            "| {} | {:.4} | {} % | {:.4} | {} % | {ratio:.2} |",
            problem.name, greedy.0, greedy.1, default.0, default.1
        );
        (problem, ratio, default.1)
    });
    let found: Vec<(&Problem, f64, u64)> = found.collect();
    for (problem, ratio, stuck) in found {
        assert!(ratio <= problem.most, "{}: {ratio}", problem.name);
        assert!(stuck <= problem.most_stuck, "{}: {stuck} %", problem.name);
    }
}

/// The best actions of a world of two numbers and three actions change at a stroke; whether the
/// default is still at under 80 % of the best action after 1,000 to 1,500 more rounds.
fn is_stuck_after_a_turn(seed: u64) -> bool {
    const TURN: u32 = 1_500;
    let mut draws = Draws(seed << 32);
    let mut policy = ContextualPolicy::new(ContextualSpec::default(), 2, 3).expect("it fits");
    let mut n_best = 0;
    for round in 0..2 * TURN {
        let [x, y] = [0, 1].map(|_| 2.0 * draws.unit() - 1.0);
        let mut means = [0.5 + 0.4 * x, 0.5 + 0.4 * y, 0.5 - 0.2 * (x + y)];
        if round >= TURN {
            means.reverse();
        }
        let luck = means.map(|_| draws.unit());
        let (action, _) = policy.decide(&[x, y]).sample(draws.bits());
        let is_best = means.iter().all(|mean| *mean <= means[action]);
        n_best += u32::from(is_best && round >= TURN + 1_000);
        policy.observe(Observation {
            context: &[x, y],
            action,
            share: f64::from(u8::from(luck[action] < means[action])),
        });
    }
    n_best < 400
}

#[test]
fn the_default_is_seldom_stuck_after_a_turn() {
    let n_worlds = if cfg!(debug_assertions) { 10 } else { 1_000 };
    let n_stuck = (1..=n_worlds)
        .filter(|seed| is_stuck_after_a_turn(*seed))
        .count() as u64;
    println!("{n_stuck} of {n_worlds} turned worlds stuck");
    assert!(100 * n_stuck <= n_worlds, "{n_stuck} of {n_worlds}");
}
