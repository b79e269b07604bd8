//! The common path of an evaluation allocates nothing, counted.

#![cfg(not(target_family = "wasm"))]

use allocation_counter::measure;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{
    EvaluationContext, Evaluator, Outcome, Participation, Policies, Reason, Ruleset, UnixMillis,
    compile,
};
use std::hint::black_box;

/// A boolean for half of the subjects.
const ROLLOUT: &str = r#"{"type": "boolean", "status": "gradual_rollout", "offVariant": "off",
    "variants": {"on": {"value": true}, "off": {"value": false}},
    "rollout": {"variant": "on", "percentage": 50}}"#;

/// Lists, versions, numbers, starts and ends of texts; the last rule splits three ways.
const RULES: &str = r#"{"type": "string", "status": "enabled", "defaultVariant": "off",
    "variants": {"off": {"value": "o"}, "a": {"value": "A"}, "b": {"value": "B"}},
    "rules": [
        {"when": {"all": [
            {"attribute": "country", "op": "in", "value": ["AT", "BR", "ES", "FI", "LU"]},
            {"attribute": "appVersion", "op": "versionGreaterOrEqual", "value": "1.4.0"},
            {"attribute": "email", "op": "startsWith", "value": "admin-"}
        ]}, "serve": {"variant": "a"}},
        {"when": {"all": [
            {"attribute": "age", "op": "greaterOrEqual", "value": 18},
            {"not": {"attribute": "email", "op": "endsWith", "value": "@example.com"}}
        ]}, "serve": {"variant": "b"}},
        {"when": {"attribute": "appVersion", "op": "versionLessThan", "value": "9.0.0"},
         "serve": {"split": {"weights": {"a": 40, "b": 60}}}}
    ]}"#;

/// The same boolean by a subject that is a number, which has to be printed to be hashed.
const BY_NUMBER: &str = r#"{"type": "boolean", "status": "enabled", "defaultVariant": "off",
    "variants": {"on": {"value": true}, "off": {"value": false}},
    "rules": [{"serve": {"split": {"ranges": [{"variant": "on", "from": 0, "to": 1000000}],
               "bucketing": {"by": ["age"]}}}}]}"#;

fn ruleset() -> Ruleset {
    let document = format!(
        r#"{{"schemaVersion": 1, "salt": "s", "flags": {{
            "f.rollout": {ROLLOUT}, "f.rules": {RULES}, "f.by_number": {BY_NUMBER}}}}}"#
    );
    let compiled = compile(document.as_bytes()).expect("a valid ruleset");
    assert_eq!(compiled.diagnostics, []);
    compiled.ruleset
}

fn context() -> EvaluationContext {
    EvaluationContext::new()
        .with_targeting_key("subject-1037")
        .with("country", "ES")
        .with("appVersion", "2.10.3")
        .with("age", 37)
        .with("email", "ana@example.com")
}

/// Checks why the flag is served and how often that allocates.
#[track_caller]
fn check(key: &str, expected: Reason, allocations: std::ops::RangeInclusive<u64>) {
    let (ruleset, context) = (ruleset(), context());
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    let evaluator = Evaluator {
        ruleset: &ruleset,
        context: &context,
        at: UnixMillis(0),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: Participation::Full,
    };
    let outcome = evaluator.evaluate(key).outcome;
    let is_expected = matches!(outcome, Outcome::Resolved { reason, .. } if reason == expected);
    assert!(is_expected, "{outcome:?}");
    let counted = measure(|| {
        black_box(evaluator.evaluate(black_box(key)));
    });
    assert!(
        allocations.contains(&counted.count_total),
        "{key}: {counted:?}"
    );
}

#[test]
fn a_rollout_and_a_flag_of_many_conditions_allocate_nothing() {
    check("f.rollout", Reason::Split, 0..=0);
    check("f.rules", Reason::Split, 0..=0);
}

#[test]
fn what_allocates_is_counted() {
    check("f.by_number", Reason::Split, 1..=4);
}
