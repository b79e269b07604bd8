//! How near to the best point a noisy search comes, on functions whose best point is known.
//!
//!     cargo test --release -p bandera-lab --test optimise -- --nocapture

#![expect(
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    reason = "a test says what it measured, and may panic"
)]

mod functions;
mod hartmann;

use functions::{BRANIN, HARTMANN, Problem, regret};

/// The median over the first seeds is at most `bound`. Built for release, over ten times as many.
#[track_caller]
fn check(problem: &Problem, n_seeds: u32, bound: f64) {
    let n_seeds = n_seeds * if cfg!(debug_assertions) { 1 } else { 10 };
    let mut regrets: Vec<f64> = (1..=n_seeds).map(|seed| regret(problem, seed)).collect();
    regrets.sort_by(f64::total_cmp);
    let at = |share: f64| regrets[(share * f64::from(n_seeds - 1)) as usize];
    let [low, median, high] = [0.25, 0.5, 0.75].map(at);
    println!(
        "{}, {n_seeds} seeds: median {median:.4}, quartiles {low:.4} and {high:.4}",
        problem.name
    );
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
