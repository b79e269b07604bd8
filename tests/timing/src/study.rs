//! Bayesian optimisation: what to try next, late in a study.

use crate::hartmann::hartmann;
use crate::works::{Operation, number};
use bandera_lab::optimise::{Goal, Kind, Parameter, Scale, Space, Study, Trial};
use std::hint::black_box;

const N_TRIALS: usize = 50;
const N_ASKED: usize = 5;
const STANDARD_ERROR: f64 = 0.2;

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
