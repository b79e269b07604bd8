use super::*;
use bandera_shared::compact::encode;
use bandera_shared::compile;
use bandera_shared::wire::context::TEXT_BYTES_MAX;

const RULESET: &str = r#"{"schemaVersion": 1, "flags": {
    "shown": {"type": "boolean", "status": "enabled", "visibility": "client",
        "config": {"columns": 3},
        "variants": {"on": {"value": true, "config": {"columns": 4}}, "off": {"value": false}},
        "offVariant": "off", "defaultVariant": "off",
        "rules": [{"when": {"attribute": "plan", "op": "equals", "value": "pro"},
                   "serve": {"variant": "on"}}]},
    "hidden": {"type": "boolean", "status": "enabled",
        "variants": {"on": {"value": true}}, "defaultVariant": "on"}}}"#;

#[track_caller]
fn check(context: &str, expected: &str) {
    let compiled = compile(RULESET.as_bytes()).unwrap();
    let engine = Engine::new(encode(&compiled.ruleset)).unwrap();
    assert_eq!(engine.evaluate_all(context, 0.0, 0.0).unwrap(), expected);
}

#[test]
fn answers_hold_client_flags_alone() {
    check(
        r#"{"targetingKey": "ana", "plan": "pro"}"#,
        concat!(
            r#"{"shown":{"value":true,"variant":"on","reason":"TARGETING_MATCH","#,
            r#""config":{"columns":4}}}"#
        ),
    );
    check(
        "{}",
        concat!(
            r#"{"shown":{"value":false,"variant":"off","reason":"DEFAULT","#,
            r#""config":{"columns":3}}}"#
        ),
    );
}

#[test]
fn contexts_past_a_limit_are_refused_with_their_place() {
    let text = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes));
    assert!(wire::read_context(&text(TEXT_BYTES_MAX)).is_ok());
    let fault = wire::read_context(&text(TEXT_BYTES_MAX + 1)).unwrap_err();
    assert!(
        fault.starts_with("context/a: a text of 16385 bytes"),
        "{fault}"
    );
}

#[test]
fn a_draw_covers_all_bits_and_saturates() {
    let check = |draw: f64, bits: u64| assert_eq!(bits_of(draw), bits);
    check(0.0, 0);
    check(0.5, 1 << 63);
    check(1.0, u64::MAX);
    check(-1.0, 0);
    check(f64::NAN, 0);
}
