//! Where the values of a feature lie: its mean and its standard deviation among seen contexts.

use super::state::Walk;

/// Values farther out than this many standard deviations count as that far: one wild value of a
/// heavy tail says "large" and no more, whatever degree it is raised to.
const DEVIATIONS_MAX: f64 = 3.0;

/// What makes a context's values comparable: `(x - mean) / sd`, for each feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    centres: Box<[f64]>,
    /// `1 / sd`; zero for what has not varied.
    rates: Box<[f64]>,
}

impl Scale {
    /// The scale of contexts as they were seen.
    ///
    /// # Formula
    /// Two passes, so that nothing cancels: `m_j = sum x_j / n`, `sd_j^2 = sum (x_j - m_j)^2 / n`.
    /// A feature whose deviation is rounding (below 1e-9 of its mean) has not varied.
    ///
    /// # Arguments
    /// `contexts`: each of length `d`; values that are no finite number are left out.
    pub(crate) fn of<'a>(d: usize, contexts: impl Iterator<Item = &'a [f64]> + Clone) -> Self {
        let mut counts = vec![0.0; d];
        let mut centres = vec![0.0; d];
        let mut squares = vec![0.0; d];
        for context in contexts.clone() {
            for ((count, sum), x) in counts.iter_mut().zip(&mut centres).zip(context) {
                if x.is_finite() {
                    *count += 1.0;
                    *sum += x;
                }
            }
        }
        for (centre, count) in centres.iter_mut().zip(&counts) {
            *centre /= f64::max(*count, 1.0);
        }
        for context in contexts {
            for ((square, centre), x) in squares.iter_mut().zip(&centres).zip(context) {
                if x.is_finite() {
                    *square += (x - centre) * (x - centre);
                }
            }
        }
        let spreads = squares.iter().zip(&counts).zip(&centres);
        let rates = spreads
            .map(|((square, count), centre)| {
                let deviation = libm::sqrt(square / f64::max(*count, 1.0));
                let varied = deviation > 1e-9 * centre.abs() && deviation.is_normal();
                if varied { 1.0 / deviation } else { 0.0 }
            })
            .collect();
        Self {
            centres: centres.into(),
            rates,
        }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        walk.numbers(&mut self.centres);
        walk.numbers(&mut self.rates);
    }

    /// Standard values of a context, in -3 ..= 3. A value that is missing or no finite number is
    /// the feature's mean: nothing is known, so nothing is moved.
    pub(crate) fn standard<'a>(&'a self, context: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let values = context.iter().copied().chain(std::iter::repeat(f64::NAN));
        let scales = self.centres.iter().zip(&self.rates);
        scales.zip(values).map(|((centre, rate), x)| {
            if x.is_finite() {
                ((x - centre) * rate).clamp(-DEVIATIONS_MAX, DEVIATIONS_MAX)
            } else {
                0.0
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standard(contexts: &[[f64; 2]], of: &[f64]) -> Vec<f64> {
        let scale = Scale::of(2, contexts.iter().map(<[f64; 2]>::as_slice));
        scale.standard(of).collect()
    }

    #[test]
    fn units_do_not_matter() {
        let metres = [[0.0, 5.0], [2.0, 5.0], [4.0, 5.0], [2.0, 5.0]];
        let millimetres = metres.map(|[x, y]| [x * 1000.0 + 7e6, y]);
        let [found, other] = [
            standard(&metres, &[4.0, 5.0]),
            standard(&millimetres, &[7_004_000.0, 9.0]),
        ];
        assert!((found[0] - libm::sqrt(2.0)).abs() < 1e-12, "{found:?}");
        assert!((other[0] - libm::sqrt(2.0)).abs() < 1e-12, "{other:?}");
        assert_eq!((found[1], other[1]), (0.0, 0.0));
    }

    #[test]
    fn wild_and_missing_values_are_tame() {
        let seen = [[0.0, 1.0], [1.0, f64::INFINITY]];
        assert_eq!(standard(&seen, &[1e300, f64::NAN]), [3.0, 0.0]);
        assert_eq!(standard(&seen, &[]), [0.0, 0.0]);
        assert_eq!(standard(&[], &[1.0, 1.0]), [0.0, 0.0]);
    }
}
