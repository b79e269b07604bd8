//! How near to the best point a noisy search comes, on functions whose best point is known.

mod functions;
mod hartmann;

use functions::{BRANIN, HARTMANN, Problem, regret};

/// The median over the first seeds is at most `bound`.
#[track_caller]
fn check(problem: &Problem, n_seeds: u32, bound: f64) {
    let regrets: Vec<f64> = (1..=n_seeds).map(|seed| regret(problem, seed)).collect();
    let within = regrets.iter().filter(|regret| **regret <= bound).count();
    assert!(2 * within > regrets.len(), "{}: {regrets:?}", problem.name);
}

#[test]
fn branin_with_thirty_noisy_trials() {
    check(&BRANIN, 7, 0.012);
}

#[test]
fn hartmann_with_fifty_very_noisy_trials_in_batches() {
    check(&HARTMANN, 5, 0.60);
}
