//! A study as people write it: parameters and points by name.

use crate::fault::Fault;
use crate::input;
use bandera_lab::optimise::{Constraint, Goal, Kind, Parameter, Scale, Space, Study, Trial};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Values by the keys of their parameters.
pub(super) type Point = BTreeMap<String, f64>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StudyWire {
    goal: GoalWire,
    parameters: Vec<ParameterWire>,
    #[serde(default)]
    constraints: Vec<ConstraintWire>,
    #[serde(default)]
    trials: Vec<TrialWire>,
    #[serde(default)]
    pending: Vec<Point>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum GoalWire {
    Maximise,
    Minimise,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ParameterWire {
    key: String,
    low: f64,
    high: f64,
    #[serde(default)]
    scale: ScaleWire,
    #[serde(default)]
    kind: KindWire,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum ScaleWire {
    #[default]
    Linear,
    Log,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum KindWire {
    #[default]
    Real,
    Integer,
}

/// `sum of coefficient * value <= atMost`; a parameter that is not named has coefficient 0.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConstraintWire {
    coefficients: Point,
    at_most: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TrialWire {
    point: Point,
    mean: f64,
    standard_error: f64,
}

/// Reads a study from a file.
pub(super) fn read(path: &Path) -> Result<Study, Fault> {
    let bytes = input::read(path)?;
    let name = input::name(path);
    let wire: StudyWire = serde_json::from_slice(&bytes).map_err(|error| {
        Fault::unreachable(&name, error).fix("`bandera optimise --help` shows a study")
    })?;
    study(wire).map_err(|cause| Fault::unreachable(name, cause))
}

fn study(wire: StudyWire) -> Result<Study, String> {
    let keys: Vec<String> = wire
        .parameters
        .iter()
        .map(|each| each.key.clone())
        .collect();
    let parameters = wire.parameters.into_iter().map(|each| Parameter {
        key: each.key,
        low: each.low,
        high: each.high,
        scale: match each.scale {
            ScaleWire::Linear => Scale::Linear,
            ScaleWire::Log => Scale::Log,
        },
        kind: match each.kind {
            KindWire::Real => Kind::Real,
            KindWire::Integer => Kind::Integer,
        },
    });
    let constraints = wire.constraints.iter().enumerate().map(|(at, each)| {
        known(
            &each.coefficients,
            &keys,
            &format!("/constraints/{at}/coefficients"),
        )?;
        let coefficient = |key| each.coefficients.get(key).copied().unwrap_or(0.0);
        Ok(Constraint {
            coefficients: keys.iter().map(coefficient).collect(),
            bound: each.at_most,
        })
    });
    let constraints = constraints.collect::<Result<_, String>>()?;
    let space = Space::new(parameters.collect(), constraints).map_err(|e| e.to_string())?;
    let trials = wire.trials.iter().enumerate().map(|(at, each)| {
        Ok(Trial {
            point: values(&each.point, &keys, &format!("/trials/{at}/point"))?,
            mean: each.mean,
            standard_error: each.standard_error,
        })
    });
    let trials = trials.collect::<Result<_, String>>()?;
    let pending = wire.pending.iter().enumerate();
    let pending = pending.map(|(at, point)| values(point, &keys, &format!("/pending/{at}")));
    let pending = pending.collect::<Result<_, String>>()?;
    let goal = match wire.goal {
        GoalWire::Maximise => Goal::Maximise,
        GoalWire::Minimise => Goal::Minimise,
    };
    Study::new(space, goal, trials, pending).map_err(|error| error.to_string())
}

/// Refuses keys that are no parameters.
fn known(point: &Point, keys: &[String], place: &str) -> Result<(), String> {
    match point.keys().find(|key| !keys.contains(key)) {
        Some(key) => Err(format!("{place}/{key}: there is no such parameter")),
        None => Ok(()),
    }
}

/// The values of a point in the parameters' order.
fn values(point: &Point, keys: &[String], place: &str) -> Result<Vec<f64>, String> {
    known(point, keys, place)?;
    let value = |key: &String| {
        let found = point.get(key).copied();
        found.ok_or_else(|| format!("{place}: a value for {key:?} is missing"))
    };
    keys.iter().map(value).collect()
}
