//! What a learner makes of a context: an intercept, the features, and products of them.

use super::scale::Scale;
use super::state::Walk;

/// Which terms a learner is linear in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Features {
    /// An intercept alone: the context is ignored.
    Constant,
    /// An intercept and every feature.
    Linear,
    /// Those, and for each action a tree of contexts that adds what they leave unexplained.
    Trees,
    /// Those of [`Features::Linear`], and every product of two features, squares included.
    Quadratic,
    /// Those, and every product of three.
    Cubic,
}

impl Features {
    /// Terms of a context of `d` features: `C(d + degree, degree)`.
    #[must_use]
    pub const fn n_terms(self, d: usize) -> usize {
        match self {
            Self::Constant => 1,
            Self::Linear | Self::Trees => d + 1,
            Self::Quadratic => (d + 1) * (d + 2) / 2,
            Self::Cubic => (d + 1) * (d + 2) / 2 * (d + 3) / 3,
        }
    }
}

/// Features and the scale they are taken at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FeatureMap {
    features: Features,
    scale: Scale,
    d: usize,
}

impl FeatureMap {
    pub(crate) fn new(features: Features, scale: Scale, d: usize) -> Self {
        Self { features, scale, d }
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        self.scale.walk(walk);
    }

    /// The terms of a context, the intercept first.
    ///
    /// # Formula
    /// With standard values `z`: `1`, `z_i`, `c_2 z_i z_j` for `i <= j`, and `c_3 z_i z_j z_k` for
    /// `i <= j <= k`. `c_2 = sqrt(d / m_2)` and `c_3 = sqrt(d / (3 m_3))`, with `m` the number of
    /// products of that degree, make each degree as likely as the linear one to explain something
    /// under one prior (for standard normal values about three times the variance comes of a third
    /// power, which `c_3` divides by).
    pub(crate) fn terms(&self, context: &[f64]) -> Vec<f64> {
        let n_terms = self.features.n_terms(self.d);
        let mut terms = Vec::with_capacity(n_terms);
        terms.push(1.0);
        if self.features == Features::Constant {
            return terms;
        }
        terms.extend(self.scale.standard(context));
        if matches!(self.features, Features::Linear | Features::Trees) {
            return terms;
        }
        let d = self.d as f64;
        let z: Vec<f64> = terms.iter().skip(1).copied().collect();
        let c_2 = libm::sqrt(2.0 / (d + 1.0));
        for (i, x) in z.iter().enumerate() {
            terms.extend(z.iter().skip(i).map(|y| c_2 * x * y));
        }
        if self.features == Features::Cubic {
            let c_3 = libm::sqrt(2.0 / ((d + 1.0) * (d + 2.0)));
            for (i, x) in z.iter().enumerate() {
                for (j, y) in z.iter().enumerate().skip(i) {
                    terms.extend(z.iter().skip(j).map(|w| c_3 * x * y * w));
                }
            }
        }
        terms
    }

    /// The standard values among a context's terms; none where the context is ignored.
    pub(crate) fn standard<'t>(&self, terms: &'t [f64]) -> &'t [f64] {
        terms.get(1..=self.d).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_counted_and_even() {
        let seen = [
            [1.0, -1.0, 1.0],
            [-1.0, 1.0, 1.0],
            [1.0, 1.0, -1.0],
            [-1.0, -1.0, -1.0],
        ];
        let scale = Scale::of(3, seen.iter().map(<[f64; 3]>::as_slice));
        for features in [
            Features::Constant,
            Features::Linear,
            Features::Trees,
            Features::Quadratic,
            Features::Cubic,
        ] {
            let map = FeatureMap::new(features, scale.clone(), 3);
            assert_eq!(
                map.terms(&seen[0]).len(),
                features.n_terms(3),
                "{features:?}"
            );
        }
        let cubic = FeatureMap::new(Features::Cubic, scale, 3).terms(&seen[0]);
        assert_eq!(cubic.len(), 20);
        let square = |range: std::ops::Range<usize>| -> f64 {
            cubic[range].iter().map(|term| term * term).sum()
        };
        // Each degree has the same squared length, the third a third of it.
        assert!((square(1..4) - 3.0).abs() < 1e-12);
        assert!((square(4..10) - 3.0).abs() < 1e-12);
        assert!((square(10..20) - 1.0).abs() < 1e-12);
    }
}
