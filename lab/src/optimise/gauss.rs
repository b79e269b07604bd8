//! A Gaussian process that has seen outcomes with known errors.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use super::kernel::Kernel;

/// Added to the diagonal, relative to the kernel's variance, so that rounding cannot make the
/// matrix indefinite.
const JITTER: f64 = 1e-8;

/// What was seen, in the model's units: coordinates in the unit cube, outcomes of mean 0 and
/// variance 1.
#[derive(Debug, Clone, Default)]
pub(super) struct Data {
    /// Coordinates of each trial.
    pub(super) at: Vec<Vec<f64>>,
    /// Its outcome.
    pub(super) outcomes: Vec<f64>,
    /// The variance of that outcome's error.
    pub(super) noise: Vec<f64>,
}

/// The process, given data.
#[derive(Debug)]
pub(super) struct Process {
    kernel: Kernel,
    at: Vec<Vec<f64>>,
    factor: Cholesky<f64, Dyn>,
    /// `K^-1 y`.
    weights: DVector<f64>,
}

/// Mean and standard deviation of an outcome that has not been seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belief {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// The lower half of `k(X, X)` with something added to its diagonal: all that a factor is made of.
///
/// # Arguments
/// `jitter`: relative to the kernel's variance. `noise`: what else is added for each point.
pub(super) fn covariance(
    kernel: &Kernel,
    at: &[Vec<f64>],
    jitter: f64,
    noise: &[f64],
) -> DMatrix<f64> {
    DMatrix::from_fn(at.len(), at.len(), |row, column| {
        match (at.get(row), at.get(column)) {
            (Some(x), Some(y)) if row > column => kernel.between(x, y),
            (Some(_), Some(_)) if row == column => {
                kernel.at() * (1.0 + jitter) + noise.get(row).copied().unwrap_or_default()
            }
            _ => 0.0,
        }
    })
}

/// The logarithm of the data's probability density under this kernel; `None` where rounding has
/// made the covariance indefinite.
///
/// # Formula
/// `-(y^T K^-1 y + log det K + n log 2 pi) / 2`
/// # Source
/// Rasmussen, Williams 2006, algorithm 2.1.
pub(super) fn log_evidence(kernel: &Kernel, data: &Data) -> Option<f64> {
    let factor = Cholesky::new(covariance(kernel, &data.at, JITTER, &data.noise))?;
    let outcomes = DVector::from_column_slice(&data.outcomes);
    let mut half = outcomes;
    factor.l_dirty().solve_lower_triangular_mut(&mut half);
    let log_det: f64 = 2.0
        * factor
            .l_dirty()
            .diagonal()
            .iter()
            .map(|&d| libm::log(d))
            .sum::<f64>();
    let n = data.outcomes.len() as f64;
    Some(-0.5 * (half.norm_squared() + log_det + n * libm::log(std::f64::consts::TAU)))
}

impl Process {
    /// The process after the data; `None` where rounding has made the covariance indefinite.
    pub(super) fn new(kernel: Kernel, data: &Data) -> Option<Self> {
        let factor = Cholesky::new(covariance(&kernel, &data.at, JITTER, &data.noise))?;
        let weights = factor.solve(&DVector::from_column_slice(&data.outcomes));
        Some(Self {
            kernel,
            at: data.at.clone(),
            factor,
            weights,
        })
    }

    pub(super) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    fn covariances(&self, x: &[f64]) -> DVector<f64> {
        let each = self.at.iter().map(|y| self.kernel.between(x, y));
        DVector::from_iterator(self.at.len(), each)
    }

    /// What is believed of the outcome at a point, its error left out.
    pub(super) fn belief(&self, x: &[f64]) -> Belief {
        let mut covariances = self.covariances(x);
        let mean = covariances.dot(&self.weights);
        self.factor
            .l_dirty()
            .solve_lower_triangular_mut(&mut covariances);
        let variance = self.kernel.at() - covariances.norm_squared();
        Belief {
            mean,
            deviation: variance.max(0.0).sqrt(),
        }
    }

    /// Outcomes at `points` without their errors, drawn together from what is believed of them.
    ///
    /// # Arguments
    /// `normals`: for each draw, one standard normal number for each point.
    pub(super) fn draw(&self, points: &[Vec<f64>], normals: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
        let mut cross = DMatrix::zeros(self.at.len(), points.len());
        for (column, x) in points.iter().enumerate() {
            cross.set_column(column, &self.covariances(x));
        }
        let means = cross.tr_mul(&self.weights);
        self.factor.l_dirty().solve_lower_triangular_mut(&mut cross);
        let prior = covariance(&self.kernel, points, 10.0 * JITTER, &[]);
        let root = Cholesky::new(prior - cross.tr_mul(&cross))?.unpack();
        let draws = normals.iter().map(|each| {
            let normal = DVector::from_column_slice(each);
            (&means + &root * normal).iter().copied().collect()
        });
        Some(draws.collect())
    }
}
