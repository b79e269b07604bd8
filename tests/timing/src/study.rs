//! Bayesian optimisation: what to try next, late in a study.

use crate::works::{Operation, number};
use bandera_lab::optimise::{Goal, Kind, Parameter, Scale, Space, Study, Trial};
use std::hint::black_box;

const N_TRIALS: usize = 50;
const N_ASKED: usize = 5;
const STANDARD_ERROR: f64 = 0.2;

/// Hartmann's function of six parameters, to be made small.
fn hartmann(x: &[f64]) -> f64 {
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

/// Points to try next in Hartmann's six parameters after so many noisy trials.
pub(super) fn ask() -> Option<Operation> {
    let parameters: Vec<Parameter> = (0..6)
        .map(|n| Parameter {
            key: format!("x{n}"),
            low: 0.0,
            high: 1.0,
            scale: Scale::Linear,
            kind: Kind::Real,
        })
        .collect();
    let n_parameters = parameters.len();
    let space = Space::new(parameters, vec![]).ok()?;
    let trial = |row: usize| {
        let place = |n| number(row * n_parameters + n).mul_add(0.5, 0.5);
        let point: Vec<f64> = (0..n_parameters).map(place).collect();
        let error = STANDARD_ERROR * number(1_000 + row);
        Trial {
            mean: hartmann(&point) + error,
            point,
            standard_error: STANDARD_ERROR,
        }
    };
    let trials = (0..N_TRIALS).map(trial).collect();
    let study = Study::new(space, Goal::Minimise, trials, vec![]).ok()?;
    study.ask(1, 0).ok()?;
    Some(Box::new(move |repetition| {
        let _ = black_box(black_box(&study).ask(N_ASKED, repetition));
    }))
}
