//! Each family's inputs, and what of ours estimates its outputs.

use bandera_lab::off_policy::{Estimator, LoggedDecision, OffPolicy};
use bandera_lab::{Confidence, sample_ratio};
use serde::Deserialize;
use serde_json::Value;

/// Figures by the names that the family gives them.
type Found = Result<Vec<(&'static str, f64)>, String>;
type Family = fn(&Value) -> Found;

pub(crate) fn find(family: &str) -> Option<Family> {
    match family {
        "off_policy_evaluation" => Some(off_policy_evaluation),
        "srm_chi2" => Some(srm_chi2),
        _ => None,
    }
}

fn read<'a, T: Deserialize<'a>>(input: &'a Value) -> Result<T, String> {
    T::deserialize(input).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct LogWire {
    action: Vec<usize>,
    reward: Vec<f64>,
    pscore: Vec<f64>,
    pi_e: Vec<Vec<f64>>,
    q_hat: Vec<Vec<f64>>,
    lam: f64,
}

fn off_policy_evaluation(input: &Value) -> Found {
    let wire: LogWire = read(input)?;
    let one = |i: usize| {
        let (target, expected) = (wire.pi_e.get(i)?, wire.q_hat.get(i)?);
        let action = *wire.action.get(i)?;
        Some(LoggedDecision {
            reward: *wire.reward.get(i)?,
            propensity: *wire.pscore.get(i)?,
            target_propensity: *target.get(action)?,
            expected: *expected.get(action)?,
            target_expected: target.iter().zip(expected).map(|(p, q)| p * q).sum(),
        })
    };
    let log: Option<Vec<_>> = (0..wire.action.len()).map(one).collect();
    let log = log.ok_or("the lists differ in length")?;
    let log = OffPolicy::new(&log).map_err(|error| error.to_string())?;
    let bound = wire.lam;
    let estimators = [
        ("ips", Estimator::Ips),
        ("ips_clip", Estimator::ClippedIps { bound }),
        ("snips", Estimator::Snips),
        ("dm", Estimator::Direct),
        ("dr", Estimator::DoublyRobust),
        ("sndr", Estimator::SelfNormalisedDoublyRobust),
        ("switch_dr", Estimator::SwitchDoublyRobust { bound }),
        ("dr_os", Estimator::ShrunkDoublyRobust { bound }),
    ];
    let value = |(name, estimator)| {
        let found = log.evaluate(estimator, Confidence::P95);
        found
            .map(|found| (name, found.value))
            .map_err(|error| error.to_string())
    };
    estimators.into_iter().map(value).collect()
}

#[derive(Deserialize)]
struct CountsWire {
    observed: Vec<u64>,
    expected_share: Vec<f64>,
}

fn srm_chi2(input: &Value) -> Found {
    let wire: CountsWire = read(input)?;
    let found = sample_ratio(&wire.observed, &wire.expected_share);
    let found = found.map_err(|error| error.to_string())?;
    Ok(vec![
        ("chi2", found.chi_square),
        ("p", found.p_value),
        ("df", f64::from(found.n_degrees)),
    ])
}
