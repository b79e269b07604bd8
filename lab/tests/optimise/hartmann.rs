//! Hartmann's function of six parameters, to be made small: four hills of which one is the highest.
//!
//! `tests/timing` times studies of it and takes this very file.

/// The function at a point of the unit cube; least, -3.32237, at about
/// (0.202, 0.150, 0.477, 0.275, 0.312, 0.657).
pub(crate) fn hartmann(x: &[f64]) -> f64 {
    const HEIGHTS: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
    const RATES: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const PEAKS: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let hills = HEIGHTS.iter().zip(RATES.iter().zip(&PEAKS));
    let heights = hills.map(|(height, (rates, peak))| {
        let terms = x.iter().zip(peak).zip(rates);
        let distance: f64 = terms.map(|((x, p), rate)| rate * (x - p) * (x - p)).sum();
        height * libm::exp(-distance)
    });
    -heights.sum::<f64>()
}
