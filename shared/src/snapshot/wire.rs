//! The JSON of a policy snapshot, as KV holds it.

use crate::wire::tree;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{LinearModel, PolicySnapshot, SNAPSHOT_BYTES_MAX, SnapshotAction};
use crate::bandit::ACTIONS_MAX;
use crate::hex;
use crate::policy::linear::Weighing;
use crate::time::UnixMillis;

/// The version this crate writes and reads.
pub const SNAPSHOT_FORMAT_VERSION: u32 = 1;

/// A snapshot as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotWire {
    format_version: u32,
    bandit: String,
    revision: u64,
    at_ms: i64,
    actions: Vec<ActionWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<ModelWire>,
}

/// A model as written: numbers of each action as doubles of 32 bits, little endian, in hexadecimal.
/// One of `gamma` and `epsilon`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ModelWire {
    features: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gamma: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epsilon: Option<f64>,
    coefficients: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spreads: Vec<String>,
}

/// An action as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionWire {
    action: String,
    parts: u32,
    #[serde(default)]
    decisions: u64,
    #[serde(default)]
    rewarded: u64,
    #[serde(default)]
    mean_reward: f64,
}

/// Why bytes are no snapshot; the edge then keeps the one it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidSnapshot {
    /// Longer than [`SNAPSHOT_BYTES_MAX`], or more actions than a bandit may have.
    TooLarge,
    /// Written by a later version.
    FutureFormat(u32),
    /// No such JSON.
    Malformed(String),
    /// The parts do not sum.
    Distribution,
    /// The model has coefficients that no coordinator writes.
    Model,
}

impl fmt::Display for InvalidSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the snapshot is too large"),
            Self::FutureFormat(version) => write!(f, "format version {version} is unknown"),
            Self::Malformed(detail) => write!(f, "malformed snapshot: {detail}"),
            Self::Distribution => f.write_str("the parts are no distribution"),
            Self::Model => f.write_str("the model's coefficients are not sound"),
        }
    }
}

impl std::error::Error for InvalidSnapshot {}

/// Reads a snapshot.
///
/// # Errors
/// `InvalidSnapshot`, for any bytes that are not one.
pub fn parse(bytes: &[u8]) -> Result<PolicySnapshot, InvalidSnapshot> {
    if bytes.len() > SNAPSHOT_BYTES_MAX {
        return Err(InvalidSnapshot::TooLarge);
    }
    let wire: SnapshotWire =
        tree::from_slice(bytes).map_err(|error| InvalidSnapshot::Malformed(error.to_string()))?;
    if wire.format_version != SNAPSHOT_FORMAT_VERSION {
        return Err(InvalidSnapshot::FutureFormat(wire.format_version));
    }
    if wire.actions.len() > ACTIONS_MAX {
        return Err(InvalidSnapshot::TooLarge);
    }
    let actions = wire
        .actions
        .into_iter()
        .map(|action| SnapshotAction {
            action: action.action.into(),
            parts: action.parts,
            n_decisions: action.decisions,
            n_rewarded: action.rewarded,
            mean_reward: action.mean_reward,
        })
        .collect();
    let at = UnixMillis(wire.at_ms);
    let snapshot = PolicySnapshot::new(wire.bandit, wire.revision, at, actions)
        .map_err(|_| InvalidSnapshot::Distribution)?;
    match wire.model {
        None => Ok(snapshot),
        Some(model) => read_model(&model)
            .and_then(|model| snapshot.with_model(model))
            .ok_or(InvalidSnapshot::Model),
    }
}

fn read_model(wire: &ModelWire) -> Option<LinearModel> {
    let weighing = match (wire.gamma, wire.epsilon) {
        (Some(gamma), None) => Weighing::InverseGap { gamma },
        (None, Some(epsilon)) => Weighing::Best { epsilon },
        _ => return None,
    };
    let model = LinearModel::new(wire.features, weighing, read_rows(&wire.coefficients)?)?;
    model.with_spreads(read_rows(&wire.spreads)?)
}

fn read_rows(texts: &[String]) -> Option<Vec<Box<[f32]>>> {
    let row = |text: &String| {
        let bytes = hex::decode(text)?;
        let (numbers, rest) = bytes.as_chunks();
        let numbers = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
        rest.is_empty().then(|| numbers.collect())
    };
    texts.iter().map(row).collect()
}

fn write_model(model: &LinearModel) -> ModelWire {
    let text = |of: &[f32]| {
        let bytes: Vec<u8> = of.iter().flat_map(|w| w.to_le_bytes()).collect();
        hex::encode(&bytes)
    };
    let (gamma, epsilon) = match model.weighing() {
        Weighing::InverseGap { gamma } => (Some(gamma), None),
        Weighing::Best { epsilon } => (None, Some(epsilon)),
    };
    ModelWire {
        features: model.features(),
        gamma,
        epsilon,
        coefficients: model.coefficients().map(text).collect(),
        spreads: model.spreads().map(text).collect(),
    }
}

/// Writes a snapshot.
#[must_use]
pub fn print(snapshot: &PolicySnapshot) -> String {
    let wire = SnapshotWire {
        format_version: SNAPSHOT_FORMAT_VERSION,
        bandit: snapshot.bandit().into(),
        revision: snapshot.revision(),
        at_ms: snapshot.at().0,
        actions: snapshot
            .actions()
            .iter()
            .map(|action| ActionWire {
                action: (*action.action).into(),
                parts: action.parts,
                decisions: action.n_decisions,
                rewarded: action.n_rewarded,
                mean_reward: action.mean_reward,
            })
            .collect(),
        model: snapshot.model().map(write_model),
    };
    // Strings and numbers only: there is no map whose keys could fail, and no failing writer.
    serde_json::to_string(&wire).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandit::SPREADS_MAX;

    const JSON: &str = concat!(
        r#"{"formatVersion":1,"bandit":"hero","revision":3,"atMs":5,"actions":[{"action":"a","#,
        r#""parts":1000000,"decisions":4,"rewarded":1,"meanReward":0.25}]}"#
    );

    #[test]
    fn prints_what_it_parses() {
        assert_eq!(print(&parse(JSON.as_bytes()).unwrap()), JSON);
    }

    #[test]
    fn models_print_and_parse_back_and_broken_ones_are_refused() {
        let model = r#""model":{"features":7,"gamma":1.5,"coefficients":["0000003f000080bf"]}}"#;
        let json = JSON.replace("]}", &format!("],{model}"));
        let read = parse(json.as_bytes()).unwrap();
        let found: Vec<&[f32]> = read.model().unwrap().coefficients().collect();
        assert_eq!(found, [[0.5, -1.0]]);
        assert_eq!(print(&read), json);
        let check = |from: &str, to: &str| {
            let broken = json.replace(from, to);
            assert_eq!(
                parse(broken.as_bytes()),
                Err(InvalidSnapshot::Model),
                "{broken}"
            );
        };
        check("0000003f000080bf", "0000003f000080b");
        check("0000003f000080bf", "0000003f0000807f");
        check("0000003f000080bf", "");
        check("1.5", "-1.5");
        check(r#"["0000003f000080bf"]"#, "[]");
        check(r#"["0000003f000080bf"]"#, r#"["0000003f","0000003f"]"#);
        check(r#""gamma":1.5,"#, "");
        check(r#""gamma":1.5"#, r#""gamma":1.5,"epsilon":0.5"#);
        check(r#""gamma":1.5"#, r#""epsilon":1.5"#);
    }

    #[test]
    fn models_of_the_best_print_and_parse_back_with_their_spreads() {
        let model = concat!(
            r#""model":{"features":7,"epsilon":0.25,"coefficients":["0000003f000080bf"],"#,
            r#""spreads":["0000803f0000003f0000803f"]}}"#
        );
        let json = JSON.replace("]}", &format!("],{model}"));
        let read = parse(json.as_bytes()).unwrap();
        let found = read.model().unwrap();
        assert_eq!(found.weighing(), Weighing::Best { epsilon: 0.25 });
        assert_eq!(found.spreads().collect::<Vec<_>>(), [[1.0, 0.5, 1.0]]);
        assert_eq!(print(&read), json);
        // 1 + 2 / 2 * 2 + 4.
        assert!((found.reach(0, &[1.0, 2.0]) - libm::sqrt(7.0)).abs() < 1e-12);
        for broken in [
            r#"["0000803f0000003f"]"#,
            r#"["0000803f0000003f0000807f"]"#,
            r#"["0000803f0000003f0000803f","0000803f0000003f0000803f"]"#,
        ] {
            let broken = json.replace(r#"["0000803f0000003f0000803f"]"#, broken);
            assert_eq!(parse(broken.as_bytes()), Err(InvalidSnapshot::Model));
        }
    }

    #[test]
    fn the_greatest_snapshot_fits_its_limit_and_one_more_coefficient_is_refused() {
        let greatest = |n_coefficients: usize| {
            let name =
                |n: usize| "\u{1}".repeat(crate::bandit::KEY_BYTES_MAX - 2) + &format!("{n:2}");
            let action = |n: usize| SnapshotAction {
                action: name(n).into(),
                parts: 15_625,
                n_decisions: u64::MAX,
                n_rewarded: u64::MAX,
                mean_reward: -f64::MAX / 3.0,
            };
            let actions = (0..ACTIONS_MAX).map(action).collect();
            let snapshot = PolicySnapshot::new(name(0), u64::MAX, UnixMillis(i64::MIN), actions);
            let rows = vec![vec![-f32::MAX; n_coefficients].into(); ACTIONS_MAX];
            let gamma = f32::MAX.into();
            let most = Weighing::InverseGap { gamma };
            let model = LinearModel::new(u32::MAX, most, rows)?;
            snapshot.unwrap().with_model(model)
        };
        let snapshot = greatest(crate::snapshot::COEFFICIENTS_MAX).unwrap();
        let json = print(&snapshot);
        // Eight digits a number, quotes and commas around those of each action.
        let spreads = SPREADS_MAX * 8 + ACTIONS_MAX * 3 + 16;
        assert!(json.len() + spreads <= SNAPSHOT_BYTES_MAX, "{}", json.len());
        // Edges read a hundred of them at once, of which KV gives 25 MiB.
        const { assert!(100 * SNAPSHOT_BYTES_MAX < 25 << 20) };
        assert_eq!(parse(json.as_bytes()), Ok(snapshot));
        assert_eq!(greatest(crate::snapshot::COEFFICIENTS_MAX + 1), None);
    }

    #[test]
    fn refuses_rubbish() {
        let check = |json: &str, expected: fn(&InvalidSnapshot) -> bool| {
            let fault = parse(json.as_bytes()).unwrap_err();
            assert!(expected(&fault), "{fault}");
        };
        check("", |fault| matches!(fault, InvalidSnapshot::Malformed(_)));
        check("[]", |fault| matches!(fault, InvalidSnapshot::Malformed(_)));
        let future = JSON.replace("Version\":1", "Version\":2");
        check(&future, |fault| *fault == InvalidSnapshot::FutureFormat(2));
        check(&JSON.replace("1000000", "7"), |fault| {
            *fault == InvalidSnapshot::Distribution
        });
        check(&" ".repeat(SNAPSHOT_BYTES_MAX + 1), |fault| {
            *fault == InvalidSnapshot::TooLarge
        });
    }
}
