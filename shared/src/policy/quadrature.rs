//! Gauss-Legendre quadrature that also integrates up to each node.
//!
//! On a panel with nodes `x_i` a function is known at the nodes. Its integral over the panel is
//! `sum w_i f(x_i)`; its integral from the panel's start to `x_i` is `sum_j s_ij f(x_j)`, exact for
//! polynomials of degree below the number of nodes. So a distribution function costs nothing
//! beyond the density.

/// Nodes of one panel.
pub(crate) const N_NODES: usize = 12;

/// Nodes in (-1, 1), their weights, and the weights of the integrals from -1 to each node.
pub(crate) struct Rule {
    pub(crate) nodes: [f64; N_NODES],
    pub(crate) weights: [f64; N_NODES],
    pub(crate) partial: [[f64; N_NODES]; N_NODES],
}

impl Rule {
    /// The Gauss-Legendre rule of `N_NODES` nodes.
    ///
    /// # Formula
    /// Nodes: the roots of the Legendre polynomial `P_n`, by Newton's method. Weights:
    /// `w_j = 2 / ((1 - x_j^2) P_n'(x_j)^2)`. Partial integrals: with the Lagrange polynomial
    /// `L_j(t) = w_j sum_k (2k+1)/2 P_k(x_j) P_k(t)` and
    /// `integral of P_k from -1 to x = (P_{k+1}(x) - P_{k-1}(x)) / (2k+1)`.
    ///
    /// # Source
    /// Abramowitz and Stegun 1964, 25.4.29 and 22.7.10.
    pub(crate) fn new() -> Self {
        let n = N_NODES as f64;
        let node = |i: usize| {
            let mut x = -libm::cos(core::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5));
            // Quadratic convergence from this start: six steps reach the last bit.
            for _ in 0..6 {
                let (value, slope) = value_and_slope(x);
                x -= value / slope;
            }
            x
        };
        let nodes: [f64; N_NODES] = core::array::from_fn(node);
        let weights = nodes.map(|x| {
            let (_, slope) = value_and_slope(x);
            2.0 / ((1.0 - x * x) * slope * slope)
        });
        let polynomials = nodes.map(legendre);
        let partial = polynomials.map(|at_upper| {
            let mut row = [0.0; N_NODES];
            for ((sum, at_node), weight) in row.iter_mut().zip(&polynomials).zip(weights) {
                *sum = weight * lagrange_integral(at_node, &at_upper);
            }
            row
        });
        Self {
            nodes,
            weights,
            partial,
        }
    }

    /// Integral of `f` over one panel.
    pub(crate) fn integral(&self, from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (half, middle) = (0.5 * (to - from), 0.5 * (to + from));
        let nodes = self.nodes.iter().zip(self.weights);
        half * nodes
            .map(|(x, weight)| weight * f(middle + half * x))
            .sum::<f64>()
    }
}

/// `P_0(x)` to `P_n(x)`.
fn legendre(x: f64) -> [f64; N_NODES + 1] {
    let (mut earlier, mut previous) = (0.0, 1.0);
    core::array::from_fn(|k| {
        if k > 0 {
            let k = k as f64;
            let next = ((2.0 * k - 1.0) * x * previous - (k - 1.0) * earlier) / k;
            (earlier, previous) = (previous, next);
        }
        previous
    })
}

/// `P_n(x)` and its derivative `n (x P_n - P_{n-1}) / (x^2 - 1)`.
fn value_and_slope(x: f64) -> (f64, f64) {
    let [.., before, value] = legendre(x);
    let n = N_NODES as f64;
    (value, n * (x * value - before) / (x * x - 1.0))
}

/// Integral from -1 to `x` of `L_j / w_j`, from the polynomials at `x_j` and at `x`.
fn lagrange_integral(at_node: &[f64; N_NODES + 1], at_upper: &[f64; N_NODES + 1]) -> f64 {
    // k = 0: the integral of 1 is x + 1, and P_1(x) = x.
    let [_, x, ..] = at_upper;
    let first = 0.5 * (x + 1.0);
    let differences = at_upper.windows(3).map(|window| match window {
        [below, _, above] => 0.5 * (above - below),
        _ => 0.0,
    });
    let rest: f64 = at_node
        .iter()
        .skip(1)
        .zip(differences)
        .map(|(p, d)| p * d)
        .sum();
    first + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrates_polynomials_exactly() {
        let rule = Rule::new();
        let check = |power: i32, exact: f64| {
            let f = rule.nodes.map(|x| x.powi(power));
            let sum: f64 = f.iter().zip(rule.weights).map(|(f, w)| f * w).sum();
            assert!((sum - exact).abs() < 1e-14, "{power}: {sum}");
        };
        check(0, 2.0);
        check(1, 0.0);
        check(22, 2.0 / 23.0);
    }

    #[test]
    fn integrates_up_to_each_node() {
        let rule = Rule::new();
        for power in 0..N_NODES as i32 {
            let f = rule.nodes.map(|x| x.powi(power));
            for (x, row) in rule.nodes.iter().zip(rule.partial) {
                let exact = (x.powi(power + 1) - (-1f64).powi(power + 1)) / f64::from(power + 1);
                let sum: f64 = row.iter().zip(f).map(|(s, f)| s * f).sum();
                assert!(
                    (sum - exact).abs() < 1e-13,
                    "x^{power} to {x}: {sum} {exact}"
                );
            }
        }
    }
}
