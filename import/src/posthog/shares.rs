//! Rollouts and splits: thresholds of fractions, moved to the integers that are drawn.

use bandera_shared::dialect::method::{SHA1_60_SCALE, first_reaching};
use serde_json::{Value as Json, json};

/// Who is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unit {
    /// The person, by its distinct id.
    Person,
    /// The person's device.
    Device,
    /// A group of that type, by its key.
    Group(String),
}

impl Unit {
    fn bucketing(&self, kind: &str, flag: &str) -> Json {
        match self {
            // In a context of several entities the person is one of them.
            Self::Person => person(kind, flag, "targetingKey"),
            Self::Device => person(kind, flag, "$device_id"),
            Self::Group(name) => json!({
                "kind": kind,
                "salt": flag,
                "by": [{"of": name, "path": "targetingKey"}],
            }),
        }
    }
}

fn person(kind: &str, flag: &str, attribute: &str) -> Json {
    json!({
        "kind": kind,
        "salt": flag,
        "by": [attribute],
        "orBy": [{"of": "user", "path": attribute}],
    })
}

/// The hash as the fraction that is compared there.
fn fraction(drawn: u64) -> f64 {
    // Fifteen hexadecimal digits, all of them `f`, as a double.
    drawn as f64 / (SHA1_60_SCALE - 1) as f64
}

/// The gate of a rollout; `None` where everybody passes.
pub(super) fn gate(flag: &str, unit: &Unit, percentage: f64) -> Option<Json> {
    share(&unit.bucketing("posthog", flag), percentage)
}

/// The gate of a holdout, which is the same for all flags; `None` where everybody is held out.
pub(super) fn holdout_gate(unit: &Unit, percentage: f64) -> Option<Json> {
    if percentage >= 100.0 {
        return None;
    }
    share(&unit.bucketing("posthog/holdout", "holdout"), percentage)
}

fn share(bucketing: &Json, percentage: f64) -> Option<Json> {
    let out = first_reaching(SHA1_60_SCALE, |drawn| fraction(drawn) > percentage / 100.0);
    (out < SHA1_60_SCALE).then(|| {
        let ranges = if out > 0 {
            json!([[0, out]])
        } else {
            json!([])
        };
        json!({"ranges": ranges, "bucketing": bucketing})
    })
}

/// The split over variants; what no variant covers is simply on.
pub(super) fn variants_split(
    flag: &str,
    unit: &Unit,
    (variants, on): (&[(&str, f64)], &str),
) -> Json {
    let mut ranges = Vec::new();
    let mut reached = 0.0;
    let mut from = 0;
    for (name, percentage) in variants {
        reached += percentage / 100.0;
        let to = first_reaching(SHA1_60_SCALE, |drawn| fraction(drawn) >= reached);
        if from < to {
            ranges.push(json!({"variant": name, "from": from, "to": to}));
            from = to;
        }
    }
    if from < SHA1_60_SCALE {
        ranges.push(json!({"variant": on, "from": from, "to": SHA1_60_SCALE}));
    }
    json!({"split": {"ranges": ranges, "bucketing": unit.bucketing("posthog/variant", flag)}})
}
