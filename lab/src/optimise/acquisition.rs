//! What another trial is worth.
//!
//! Nobody knows the best outcome so far: all were measured with errors. So the outcomes of what
//! was tried are drawn, again and again, from what is believed of them; each draw has its best,
//! and what a new point may add to it has a closed form. Trials that are under way are drawn with
//! the others, so that a batch spreads out.

use nalgebra::{Cholesky, DVector, Dyn};
use sobol_burley::sample;
use statrs::distribution::{ContinuousCDF, Normal};

use super::gauss::{Belief, Data, Process, covariance};
use super::kernel::Kernel;

/// Draws of the outcomes for each kernel.
const DRAWS: usize = 16;
/// The same for the matrices of outcomes without errors, which are closer to singular.
const JITTER: f64 = 1e-6;

/// Expected improvement under drawn kernels and drawn outcomes.
///
/// # Formula
/// `mean over draws of E max(0, f(x) - best of the draw)`, `f` being the process that goes through
/// the draw's outcomes
/// # Source
/// Letham, Karrer, Ottoni, Bakshy 2019, "Constrained Bayesian optimization with noisy experiments",
/// section 4; quasi-random draws as in its section 4.2.
#[derive(Debug)]
pub(super) struct Improvement {
    worlds: Vec<World>,
}

/// One kernel, and the draws of outcomes that were made under it.
#[derive(Debug)]
struct World {
    kernel: Kernel,
    at: Vec<Vec<f64>>,
    factor: Cholesky<f64, Dyn>,
    /// `K^-1 f` and the largest of `f`, for each draw `f`.
    draws: Vec<(DVector<f64>, f64)>,
}

/// Standard normal numbers: `n` draws of `width` each, spread evenly.
fn normals(n: usize, width: usize, seed: u32) -> Vec<Vec<f64>> {
    let normal = Normal::standard();
    let number = |draw: usize, place: usize| {
        // The sequence has 256 dimensions; further ones follow another scrambling of the same.
        let (dimension, round) = (place % 256, place / 256);
        let share = sample(
            draw as u32,
            dimension as u32,
            seed.wrapping_add(round as u32),
        );
        normal.inverse_cdf(f64::from(share).clamp(1e-6, 1.0 - 1e-6))
    };
    let draw = |draw: usize| (0..width).map(|place| number(draw, place)).collect();
    (0..n).map(draw).collect()
}

impl World {
    fn new(process: &Process, points: &[Vec<f64>], seed: u32) -> Option<Self> {
        let draws = process.draw(points, &normals(DRAWS, points.len(), seed))?;
        let kernel = process.kernel().clone();
        let factor = Cholesky::new(covariance(&kernel, points, JITTER, &[]))?;
        let each = draws.into_iter().map(|draw| {
            let best = draw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (factor.solve(&DVector::from_vec(draw)), best)
        });
        Some(Self {
            draws: each.collect(),
            kernel,
            at: points.to_vec(),
            factor,
        })
    }

    fn at(&self, x: &[f64]) -> f64 {
        let each = self.at.iter().map(|y| self.kernel.between(x, y));
        let mut covariances = DVector::from_iterator(self.at.len(), each);
        let means: Vec<f64> = self.draws.iter().map(|(w, _)| covariances.dot(w)).collect();
        self.factor
            .l_dirty()
            .solve_lower_triangular_mut(&mut covariances);
        let deviation = (self.kernel.at() - covariances.norm_squared())
            .max(0.0)
            .sqrt();
        let gains = means
            .iter()
            .zip(&self.draws)
            .map(|(&mean, &(_, best))| expected_gain(Belief { mean, deviation }, best));
        gains.sum::<f64>() / DRAWS as f64
    }
}

/// `E max(0, f - best)` for a normal `f`.
fn expected_gain(belief: Belief, best: f64) -> f64 {
    let Belief { mean, deviation } = belief;
    let gain = mean - best;
    if deviation <= f64::EPSILON {
        return gain.max(0.0);
    }
    let z = gain / deviation;
    let density = libm::exp(-0.5 * z * z) / std::f64::consts::TAU.sqrt();
    let below = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    gain * below + deviation * density
}

impl Improvement {
    /// What may be improved on the data, while trials at `pending` are under way.
    ///
    /// # Arguments
    /// `processes`: the data's process under each drawn kernel.
    pub(super) fn new(processes: &[Process], data: &Data, pending: &[Vec<f64>], seed: u32) -> Self {
        let points: Vec<Vec<f64>> = data.at.iter().chain(pending).cloned().collect();
        let distinct = distinct(points);
        let worlds = processes.iter().zip(0_u32..);
        let worlds = worlds.filter_map(|(process, at)| {
            World::new(process, &distinct, seed.wrapping_mul(31).wrapping_add(at))
        });
        Self {
            worlds: worlds.collect(),
        }
    }

    /// The expected improvement at a point, in units of the outcomes' deviation.
    pub(super) fn at(&self, x: &[f64]) -> f64 {
        let sum: f64 = self.worlds.iter().map(|world| world.at(x)).sum();
        sum / self.worlds.len().max(1) as f64
    }
}

/// Each place once: two trials at one place have one outcome.
fn distinct(points: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::with_capacity(points.len());
    for point in points {
        let near = |other: &Vec<f64>| other.iter().zip(&point).all(|(a, b)| (a - b).abs() < 1e-9);
        if !kept.iter().any(near) {
            kept.push(point);
        }
    }
    kept
}
