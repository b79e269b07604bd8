//! Each family's inputs, and what of ours estimates its outputs.

use bandera_lab::off_policy::{Estimator, LoggedDecision, OffPolicy};
use bandera_lab::{Confidence, sample_ratio};
use bandera_shared::context::Action;
use bandera_shared::dialect::{Chosen, Source, View, policy};
use bandera_shared::{EvaluationContext, UnixMillis};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Figures by the names that the family gives them; objects in it as objects.
type Found = Result<Map<String, Value>, String>;
type Family = fn(&Value) -> Found;

pub(crate) fn find(family: &str) -> Option<Family> {
    match family {
        "inverse_gap_weighting" => Some(inverse_gap_weighting),
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
    let value = |(name, estimator): (&str, _)| {
        let found = log.evaluate(estimator, Confidence::P95);
        found
            .map(|found| (name.to_owned(), found.value.into()))
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
    let figures = [
        ("chi2", found.chi_square),
        ("p", found.p_value),
        ("df", f64::from(found.n_degrees)),
    ];
    Ok(figures
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect())
}

#[derive(Deserialize)]
struct ScoresWire {
    scores: Map<String, Value>,
    gamma: f64,
    floor: f64,
    flag: String,
}

/// Subjects that are asked, beside those named, until every action was chosen: an action with a
/// share of a thousandth is missed by all of them once in `e^200` times.
const SUBJECTS_MAX: u32 = 200_000;

/// The subjects whose choices the family gives.
const NAMED: [&str; 5] = ["alice", "bob", "user-1", "user-2", "日本"];

/// A model of intercepts alone scores every subject alike; a choice states its own probability, so
/// those of all actions are found by asking for many subjects.
fn inverse_gap_weighting(input: &Value) -> Found {
    let wire: ScoresWire = read(input)?;
    let coefficients = |score: &Value| {
        json!({
            "intercept": score,
            "actionNumericCoefficients": [], "actionCategoricalCoefficients": [],
            "subjectNumericCoefficients": [], "subjectCategoricalCoefficients": [],
        })
    };
    let scores = wire.scores.iter();
    let models: Map<String, Value> = scores
        .map(|(action, score)| (action.clone(), coefficients(score)))
        .collect();
    let model = json!({
        "flagKey": wire.flag,
        "gamma": wire.gamma,
        "defaultActionScore": 0,
        "actionProbabilityFloor": wire.floor,
        "coefficients": models,
    });
    let model = policy(&Source {
        dialect: "eppo".into(),
        op: "falcon".into(),
        attribute: None,
        value: read(&model)?,
    })?;
    let choose = |subject: &str| {
        let mut context = EvaluationContext::new().with_targeting_key(subject);
        for action in wire.scores.keys() {
            context.offer(Action {
                name: action.as_str().into(),
                attributes: EvaluationContext::new(),
            });
        }
        let view = View {
            context: &context,
            at: UnixMillis(0),
            draw: 0,
        };
        match model.choose(&view) {
            Some(Chosen {
                action: Some(action),
                propensity,
            }) => Ok((String::from(action), propensity)),
            _ => Err("nothing was chosen"),
        }
    };
    let mut weights = Map::new();
    let mut selected = Map::new();
    for subject in NAMED {
        let (action, propensity) = choose(subject)?;
        weights.insert(action.clone(), propensity.into());
        selected.insert(subject.to_owned(), action.into());
    }
    let mut subjects = 0..SUBJECTS_MAX;
    while weights.len() < wire.scores.len() {
        let subject = subjects.next().ok_or("an action is never chosen")?;
        let (action, propensity) = choose(&subject.to_string())?;
        weights.insert(action, propensity.into());
    }
    Ok([("weights", weights), ("selected", selected)]
        .map(|(name, found)| (name.to_owned(), Value::Object(found)))
        .into_iter()
        .collect())
}
