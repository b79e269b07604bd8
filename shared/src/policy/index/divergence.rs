//! The Kullback-Leibler divergence of two coins, and the mean it allows.

/// `kl(p, q) = p ln(p / q) + (1 - p) ln((1 - p) / (1 - q))`, >= 0, infinite where `q` excludes what
/// `p` does not.
pub(crate) fn divergence(p: f64, q: f64) -> f64 {
    let part = |p: f64, q: f64| {
        if p <= 0.0 {
            0.0
        } else if q <= 0.0 {
            f64::INFINITY
        } else {
            p * libm::log(p / q)
        }
    };
    f64::max(part(p, q) + part(1.0 - p, 1.0 - q), 0.0)
}

/// The greatest `q` with `kl(p, q) <= budget`.
///
/// # Formula
/// Newton's method from above, where the divergence is convex, so that every step stays above;
/// bisection where a step leaves the bracket. The start is Pinsker's bound, `p + sqrt(budget / 2)`.
/// # Source
/// Garivier and Cappé 2011, section 2.
pub(crate) fn upper_mean(p: f64, budget: f64) -> f64 {
    const ITERATIONS_MAX: usize = 60;
    if budget <= 0.0 || budget.is_nan() {
        return p;
    }
    let (mut low, mut high) = (p, f64::min(p + libm::sqrt(budget / 2.0), 1.0));
    let mut q = if high < 1.0 { high } else { 0.5 * (low + high) };
    for _ in 0..ITERATIONS_MAX {
        let excess = divergence(p, q) - budget;
        if excess > 0.0 {
            high = q;
        } else {
            low = q;
        }
        let newton = q - excess * q * (1.0 - q) / (q - p);
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        let moved = (next - q).abs();
        q = next;
        if moved < 1e-10 {
            break;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_hand_figures() {
        // 0.5 ln 2 + 0.5 ln (2/3).
        assert!((divergence(0.5, 0.25) - 0.143_841_036).abs() < 1e-9);
        assert!(divergence(0.3, 0.3) < 1e-15);
        assert!((divergence(0.0, 0.5) - core::f64::consts::LN_2).abs() < 1e-12);
        assert!(divergence(0.5, 1.0).is_infinite());
    }

    #[test]
    fn the_bound_is_where_the_budget_ends() {
        for (p, budget) in [(0.0, 0.1), (0.05, 0.002), (0.5, 3.0), (0.97, 1e-4)] {
            let q = upper_mean(p, budget);
            assert!(
                (divergence(p, q) - budget).abs() < 1e-5,
                "{p} {budget}: {q}"
            );
        }
        // Of no failure at all, ln (1 / q) is what is left.
        assert!((upper_mean(1.0, 1.0) - 1.0).abs() < 1e-12);
        assert!((upper_mean(0.0, 1.0) - (1.0 - libm::exp(-1.0))).abs() < 1e-8);
        assert!((upper_mean(0.4, f64::NAN) - 0.4).abs() < 1e-12);
    }
}
