//! The ruleset and the contexts of the benchmarks, made by rule and the same everywhere.
//!
//! Half of the flags are boolean with a 50 % rollout; the other half walk through three rules of
//! three conditions each, of which the last matches and splits three ways 20/30/50; one flag in
//! ten is disabled. Conditions look at lists of ten texts, versions, numbers, starts and ends of
//! texts. A context has ten attributes besides its targeting key.

use bandera_shared::EvaluationContext;
use serde_json::{Map, Value, json};

/// How many different contexts there are; [`context`] repeats after them.
pub const N_CONTEXTS: u32 = 64;

const COUNTRIES: [&str; 12] = [
    "AT", "BR", "CL", "DK", "ES", "FI", "GR", "HU", "IE", "JP", "KE", "LU",
];
const DEVICES: [&str; 10] = [
    "mobile", "tablet", "desktop", "console", "watch", "tv", "kiosk", "car", "reader", "other",
];

/// A flag without conditions: a boolean that half of the subjects get.
#[must_use]
pub fn rollout_flag() -> Value {
    json!({
        "type": "boolean",
        "status": "gradual_rollout",
        "offVariant": "off",
        "variants": { "on": { "value": true }, "off": { "value": false } },
        "rollout": { "variant": "on", "percentage": 50 },
    })
}

/// The ten devices, from a place that the number decides, so that no two flags share their list.
fn ten_devices(from: usize) -> Vec<&'static str> {
    let n = DEVICES.len();
    DEVICES.into_iter().cycle().skip(from % n).take(n).collect()
}

fn rule(id: &str, conditions: &[Value; 3], serve: &Value) -> Value {
    json!({ "id": id, "when": { "all": conditions }, "serve": serve })
}

fn test(attribute: &str, op: &str, value: impl Into<Value>) -> Value {
    json!({ "attribute": attribute, "op": op, "value": value.into() })
}

/// A flag of three rules with three conditions each. Every context passes the first conditions of
/// each rule, fails a later one of the first two, and matches the third, which splits three ways.
#[must_use]
pub fn three_rule_flag(index: usize) -> Value {
    let first = rule(
        "admins",
        &[
            test("country", "in", COUNTRIES.to_vec()),
            test(
                "appVersion",
                "versionGreaterOrEqual",
                format!("1.{}.0", index % 9),
            ),
            test("email", "startsWith", format!("admin-{index}")),
        ],
        &json!({ "variant": "a" }),
    );
    let second = rule(
        "partners",
        &[
            test("plan", "equals", "pro"),
            test("age", "greaterOrEqual", 18 + index % 5),
            test("email", "endsWith", format!("@partner-{index}.example")),
        ],
        &json!({ "variant": "b" }),
    );
    let split = json!({ "split": { "weights": { "a": 20, "b": 30, "c": 50 } } });
    let third = rule(
        "everybody",
        &[
            test("device", "in", ten_devices(index)),
            test(
                "appVersion",
                "versionLessThan",
                format!("9.{}.0", index % 7),
            ),
            test("email", "startsWith", "subject."),
        ],
        &split,
    );
    json!({
        "type": "string",
        "status": "enabled",
        "defaultVariant": "off",
        "variants": {
            "off": { "value": "off" },
            "a": { "value": "first" },
            "b": { "value": "second" },
            "c": { "value": "third" },
        },
        "rules": [first, second, third],
    })
}

/// A ruleset of that many flags, as the bytes an edge would read.
#[must_use]
pub fn ruleset(n_flags: usize) -> Vec<u8> {
    let mut flags = Map::new();
    for index in 0..n_flags {
        let mut flag = if index % 2 == 0 {
            rollout_flag()
        } else {
            three_rule_flag(index)
        };
        if index % 10 == 9
            && let Some(members) = flag.as_object_mut()
        {
            members.insert("status".into(), "disabled".into());
            members.insert("offVariant".into(), "off".into());
        }
        flags.insert(flag_key(index), flag);
    }
    json!({ "schemaVersion": 1, "salt": "benchmark", "flags": flags })
        .to_string()
        .into_bytes()
}

/// The key of the flag with that index; odd ones have three rules.
#[must_use]
pub fn flag_key(index: usize) -> String {
    format!("bench.flag_{index:04}")
}

/// One of the contexts, by any number.
#[must_use]
pub fn context(number: u32) -> EvaluationContext {
    let number = number % N_CONTEXTS;
    let pick = |list: &[&str], step: u32| {
        let place = (number * step) as usize % list.len();
        list.get(place).copied().unwrap_or_default().to_owned()
    };
    let device = if number.is_multiple_of(2) {
        "mobile"
    } else {
        "tablet"
    };
    EvaluationContext::new()
        .with_targeting_key(&format!("subject-{}", 1000 + 37 * number))
        .with("country", pick(&COUNTRIES, 5))
        .with("plan", "pro")
        .with("device", device)
        .with("age", f64::from(25 + number % 40))
        .with("appVersion", format!("2.{}.3", number % 12))
        .with("email", format!("subject.{number}@example.com"))
        .with("build", f64::from(21_000 + number))
        .with("locale", "es_ES")
        .with("browser", "firefox")
        .with("signupDays", f64::from(number * 7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::evaluate::{Evaluator, Participation, Policies};
    use bandera_shared::sticky::StickyDecisions;
    use bandera_shared::{Outcome, Reason, UnixMillis, compile};

    /// Shares of the reasons over all flags and contexts: the workload does what it says.
    #[test]
    fn the_workload_does_what_it_says() {
        let compiled = compile(&ruleset(100)).unwrap();
        assert_eq!(compiled.diagnostics, []);
        let (mut on, mut splits, mut disabled) = (0, 0, 0);
        for number in 0..N_CONTEXTS {
            let context = context(number);
            let evaluator = Evaluator {
                ruleset: &compiled.ruleset,
                context: &context,
                at: UnixMillis(0),
                draw: 0,
                policies: &Policies::default(),
                sticky: &StickyDecisions::default(),
                participation: Participation::Full,
            };
            for evaluation in evaluator.evaluate_all() {
                let Outcome::Resolved {
                    variant, reason, ..
                } = &evaluation.outcome
                else {
                    panic!("{evaluation:?}");
                };
                on += u32::from(&*variant.key == "on");
                disabled += u32::from(*reason == Reason::Disabled);
                splits += u32::from(evaluation.details.rule == Some("everybody"));
            }
        }
        assert_eq!(disabled, 10 * N_CONTEXTS);
        assert_eq!(splits, 40 * N_CONTEXTS);
        let rollouts = 50 * N_CONTEXTS;
        assert!(
            (rollouts * 2 / 5..rollouts * 3 / 5).contains(&on),
            "{on} of {rollouts}"
        );
    }
}
