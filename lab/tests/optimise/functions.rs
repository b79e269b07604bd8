//! Functions whose best point is known, searched with noise.

use super::hartmann::hartmann;
use bandera_lab::optimise::{Goal, Kind, Parameter, Scale, Space, Study, Trial};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;
use std::f64::consts::{PI, TAU};

/// A function to minimise, and how it is searched.
pub(crate) struct Problem {
    pub(crate) name: &'static str,
    bounds: &'static [(f64, f64)],
    value: fn(&[f64]) -> f64,
    smallest: f64,
    /// Standard deviation of a measurement's error.
    noise: f64,
    n_trials: usize,
    n_batch: usize,
}

pub(crate) const BRANIN: Problem = Problem {
    name: "Branin, deviation 0.05, 30 trials",
    bounds: &[(-5.0, 10.0), (0.0, 15.0)],
    value: branin,
    smallest: 0.397_887_357_729_738,
    noise: 0.05,
    n_trials: 30,
    n_batch: 1,
};

pub(crate) const HARTMANN: Problem = Problem {
    name: "Hartmann 6, deviation 0.2, 50 trials, 5 at once",
    bounds: &[(0.0, 1.0); 6],
    value: hartmann,
    smallest: -3.322_368_011_391_339,
    noise: 0.2,
    n_trials: 50,
    n_batch: 5,
};

fn branin(x: &[f64]) -> f64 {
    let [x, y] = x else {
        return f64::NAN;
    };
    let bend = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    bend * bend + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * libm::cos(*x) + 10.0
}

/// A standard normal number, by Box and Muller.
fn normal(random: &mut Pcg64Mcg) -> f64 {
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let radius = (-2.0 * libm::log(1.0 - uniform())).sqrt();
    radius * libm::cos(TAU * uniform())
}

fn space(problem: &Problem) -> Space {
    let parameter = |(at, &(low, high)): (usize, &(f64, f64))| Parameter {
        key: format!("x{at}"),
        low,
        high,
        scale: Scale::Linear,
        kind: Kind::Real,
    };
    let parameters = problem.bounds.iter().enumerate().map(parameter).collect();
    Space::new(parameters, vec![]).expect("these bounds are fine")
}

/// The search after the first `n_trials` trials; the seed makes errors and questions.
pub(crate) fn searched(problem: &Problem, n_trials: usize, seed: u32) -> Study {
    let mut random = Pcg64Mcg::new(u128::from(seed) * 7919 + 1);
    let mut trials: Vec<Trial> = Vec::new();
    let study = |trials: &[Trial]| {
        Study::new(space(problem), Goal::Minimise, trials.to_vec(), vec![])
            .expect("trials lie in it")
    };
    while trials.len() < n_trials {
        let asked = study(&trials).ask(problem.n_batch, seed * 1000 + trials.len() as u32);
        trials.extend(
            asked
                .expect("there is room")
                .into_iter()
                .map(|point| Trial {
                    mean: (problem.value)(&point) + problem.noise * normal(&mut random),
                    standard_error: problem.noise,
                    point,
                }),
        );
    }
    study(&trials)
}

/// How much larger than its smallest value the function is at the point that a whole search
/// recommends.
pub(crate) fn regret(problem: &Problem, seed: u32) -> f64 {
    let found = searched(problem, problem.n_trials, seed)
        .recommend(seed)
        .expect("there are trials");
    (problem.value)(&found.point) - problem.smallest
}
