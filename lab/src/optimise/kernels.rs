//! Kernels that explain the data, drawn from what is believed of them afterwards.
//!
//! A handful of noisy trials fits many kernels. Settling on the likeliest makes a search too sure
//! of itself; a few drawn kernels keep the doubt.

use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::gauss::{Data, log_evidence};
use super::kernel::Kernel;

/// Sweeps before the first kernel is kept.
const WARM_UP_SWEEPS: usize = 24;
/// Sweeps between kernels that are kept.
const SWEEPS_APART: usize = 3;
/// Width of the first bracket of a slice, in logarithms.
const BRACKET: f64 = 1.5;
/// How often a bracket may be widened, and shrunk, at most.
const STEPS_MAX: usize = 12;

/// Prior of the logarithm of a length scale in a cube of `d` dimensions: normal with mean
/// `sqrt(2) + log(d) / 2` and deviation `sqrt(3)`.
///
/// Distances in a cube grow with the root of its dimension, and so do the lengths over which
/// outcomes may be expected to stay alike.
/// # Source
/// Hvarfner, Hellsten, Nardi 2024, "Vanilla Bayesian optimization performs great in high
/// dimensions", section 4.
fn log_prior(parameters: &[f64]) -> f64 {
    let Some((deviation, lengths)) = parameters.split_last() else {
        return 0.0;
    };
    let mean = std::f64::consts::SQRT_2 + 0.5 * libm::log(lengths.len() as f64);
    let of_lengths: f64 = lengths
        .iter()
        .map(|length| (length - mean) * (length - mean) / 3.0)
        .sum();
    // Outcomes have variance 1: so has, give or take, the part that varies.
    -0.5 * (of_lengths + deviation * deviation)
}

/// The logarithm of the posterior density; negative infinity where it cannot be computed.
fn log_posterior(parameters: &[f64], data: &Data) -> f64 {
    // Beyond these bounds kernels are constant, or noise, to the last digit.
    if parameters.iter().any(|p| p.abs() > 8.0) {
        return f64::NEG_INFINITY;
    }
    let evidence = log_evidence(&kernel(parameters), data).unwrap_or(f64::NEG_INFINITY);
    log_prior(parameters) + evidence
}

fn kernel(parameters: &[f64]) -> Kernel {
    match parameters.split_last() {
        Some((&deviation, lengths)) => Kernel::new(lengths, deviation),
        None => Kernel::new(&[], 0.0),
    }
}

/// A uniform number in [0, 1).
fn uniform(random: &mut Pcg64Mcg) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// `n` kernels after the data, drawn by slice sampling along each parameter in turn.
///
/// # Arguments
/// `dimension`: coordinates of a point. `data`: at least one trial.
/// # Source
/// Neal 2003, "Slice sampling", figures 3 and 5.
pub(super) fn drawn(n: usize, dimension: usize, data: &Data, random: &mut Pcg64Mcg) -> Vec<Kernel> {
    // A third of the cube for each length, the outcomes' own deviation.
    let mut parameters = vec![libm::log(0.3) + 0.5 * libm::log(dimension as f64); dimension];
    parameters.push(0.0);
    let mut density = log_posterior(&parameters, data);
    let mut kept = Vec::with_capacity(n);
    for sweep in 1.. {
        for at in 0..parameters.len() {
            density = step(&mut parameters, at, density, data, random);
        }
        if sweep >= WARM_UP_SWEEPS && (sweep - WARM_UP_SWEEPS).is_multiple_of(SWEEPS_APART) {
            kept.push(kernel(&parameters));
        }
        if kept.len() >= n {
            break;
        }
    }
    kept
}

/// Moves one parameter to a place of the slice below its density; gives the density there.
fn step(
    parameters: &mut [f64],
    at: usize,
    density: f64,
    data: &Data,
    random: &mut Pcg64Mcg,
) -> f64 {
    let Some(&here) = parameters.get(at) else {
        return density;
    };
    let mut look = |place: f64| {
        if let Some(parameter) = parameters.get_mut(at) {
            *parameter = place;
        }
        log_posterior(parameters, data)
    };
    let floor = density + libm::log(uniform(random).max(f64::MIN_POSITIVE));
    let mut low = here - BRACKET * uniform(random);
    let mut high = low + BRACKET;
    for _ in 0..STEPS_MAX {
        if look(low) <= floor {
            break;
        }
        low -= BRACKET;
    }
    for _ in 0..STEPS_MAX {
        if look(high) <= floor {
            break;
        }
        high += BRACKET;
    }
    for _ in 0..STEPS_MAX * 4 {
        let place = low + uniform(random) * (high - low);
        let found = look(place);
        if found > floor {
            return found;
        }
        if place < here {
            low = place;
        } else {
            high = place;
        }
    }
    look(here)
}
