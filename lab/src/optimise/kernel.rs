//! How alike the outcomes at two points are expected to be.

/// Covariance of a constant that nobody knows, in units of the outcomes' variance.
///
/// With it the model needs no parameter for its mean: where nothing was tried it returns to the
/// mean of what was.
const CONSTANT: f64 = 1.0;

/// A Matérn 5/2 kernel with a length scale for each coordinate, and a constant.
///
/// # Formula
/// `k(x, y) = s^2 (1 + a + a^2/3) exp(-a) + c`, `a = sqrt(5 sum ((x_i - y_i) / l_i)^2)`
/// # Source
/// Rasmussen, Williams 2006, equation 4.17; Snoek, Larochelle, Adams 2012, section 3.1, on why
/// twice differentiable functions suit such problems better than infinitely smooth ones.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    /// `1 / l_i`, for each coordinate.
    rates: Vec<f64>,
    /// `s^2`.
    variance: f64,
}

impl Kernel {
    /// From the logarithms of the length scales and of `s`.
    pub(super) fn new(log_lengths: &[f64], log_deviation: f64) -> Self {
        Self {
            rates: log_lengths
                .iter()
                .map(|&length| libm::exp(-length))
                .collect(),
            variance: libm::exp(2.0 * log_deviation),
        }
    }

    /// The covariance of the outcomes at two points.
    pub(super) fn between(&self, x: &[f64], y: &[f64]) -> f64 {
        let terms = self.rates.iter().zip(x).zip(y);
        let squares = terms.map(|((rate, x), y)| {
            let step = (x - y) * rate;
            step * step
        });
        let a = (5.0 * squares.sum::<f64>()).sqrt();
        self.variance * (1.0 + a + a * a / 3.0) * libm::exp(-a) + CONSTANT
    }

    /// The variance of the outcome at a point.
    pub(super) fn at(&self) -> f64 {
        self.variance + CONSTANT
    }
}
