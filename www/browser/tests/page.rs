//! The engine as a page uses it: objects go in and come out.

#![cfg(target_family = "wasm")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use bandera_browser::Engine;
use bandera_shared::compact::encode;
use bandera_shared::compile;
use bandera_shared::wire::context::{ATTRIBUTES_MAX, DEPTH_MAX, TEXT_BYTES_MAX};
use js_sys::{Array, Function, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const RULESET: &str = r#"{"schemaVersion": 1, "flags": {
    "shown": {"type": "boolean", "status": "enabled", "visibility": "client",
        "config": {"columns": 3, "names": ["a", null], "__proto__": 1, "share": 0.5},
        "variants": {"on": {"value": true, "config": {"columns": 4}}, "off": {"value": false}},
        "offVariant": "off", "defaultVariant": "off",
        "rules": [{"when": {"attribute": "plan", "op": "equals", "value": "pro"},
                   "serve": {"variant": "on"}}]},
    "digits": {"type": "boolean", "status": "enabled", "visibility": "client",
        "variants": {"on": {"value": true}, "off": {"value": false}}, "defaultVariant": "off",
        "rules": [{"when": {"attribute": "id", "op": "equals", "value": 123456789012345680},
                   "serve": {"variant": "on"}}]},
    "deep": {"type": "boolean", "status": "enabled", "visibility": "client",
        "variants": {"on": {"value": true}, "off": {"value": false}}, "defaultVariant": "off",
        "rules": [{"when": {"attribute": ["order", "items"], "op": "sizeEquals", "value": 2},
                   "serve": {"variant": "on"}}]},
    "hidden": {"type": "boolean", "status": "enabled",
        "variants": {"on": {"value": true}}, "defaultVariant": "on"}}}"#;

fn engine(document: &[u8]) -> Engine {
    let compiled = compile(document).unwrap();
    Engine::new(encode(&compiled.ruleset)).ok().unwrap()
}

fn evaluate(context: &Object) -> Result<String, String> {
    let engine = engine(RULESET.as_bytes());
    let answers = engine.evaluate_all(context, 0.0, 0.0).map_err(|error| {
        let message = Reflect::get(&JsValue::from(error), &"message".into());
        message.unwrap().as_string().unwrap()
    })?;
    Ok(JSON::stringify(&answers).unwrap().into())
}

fn parse(json: &str) -> Object {
    JSON::parse(json).unwrap().unchecked_into()
}

/// The values of `shown`, `digits` and `deep`.
#[track_caller]
fn check(context: &str, shown: bool, digits: bool, deep: bool) {
    let answers = parse(&evaluate(&parse(context)).unwrap());
    for (key, expected) in [("shown", shown), ("digits", digits), ("deep", deep)] {
        let answer = Reflect::get(&answers, &key.into()).unwrap();
        let value = Reflect::get(&answer, &"value".into()).unwrap();
        assert_eq!(value.as_bool(), Some(expected), "{key} of {context}");
    }
    assert_eq!(Object::keys(&answers).length(), 3, "{context}");
}

#[wasm_bindgen_test]
fn answers_hold_client_flags_alone() {
    let answers = evaluate(&parse(r#"{"targetingKey": "ana", "plan": "pro"}"#)).unwrap();
    let expected = concat!(
        r#""shown":{"value":true,"variant":"on","reason":"TARGETING_MATCH","#,
        r#""config":{"columns":4,"names":["a",null],"__proto__":1,"share":0.5}}"#
    );
    assert!(answers.contains(expected), "{answers}");
}

#[wasm_bindgen_test]
fn values_mean_what_their_json_means() {
    check("{}", false, false, false);
    check(
        r#"{"plan": "pro", "id": 1, "order": {"items": [1, "b"]}}"#,
        true,
        false,
        true,
    );
    check(
        r#"{"plan": null, "id": true, "order": {"items": [[], {}]}}"#,
        false,
        false,
        true,
    );
    check(r#"{"id": 123456789012345680}"#, false, true, false);
}

#[wasm_bindgen_test]
fn what_json_does_not_know_is_null() {
    let context = Object::new();
    for (name, value) in [
        ("plan", JsValue::UNDEFINED),
        ("id", f64::NAN.into()),
        ("order", Function::new_no_args("").into()),
    ] {
        Reflect::set(&context, &name.into(), &value).unwrap();
    }
    assert!(evaluate(&context).is_ok());
}

#[track_caller]
fn check_limit(at_limit: &Object, beyond: &Object, fault: &str) {
    assert!(evaluate(at_limit).is_ok());
    let found = evaluate(beyond).unwrap_err();
    assert!(found.starts_with(fault), "{found}");
}

#[wasm_bindgen_test]
fn contexts_past_a_limit_are_refused_with_their_place() {
    let text = |bytes: usize| parse(&format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes)));
    let fault = "context/a: a text of 16385 bytes";
    check_limit(&text(TEXT_BYTES_MAX), &text(TEXT_BYTES_MAX + 1), fault);
    // The context itself is a level.
    let lists = |n: usize| parse(&format!(r#"{{"a":{}{}}}"#, "[".repeat(n), "]".repeat(n)));
    let fault = "context: objects and lists are nested in more than 32 levels";
    check_limit(&lists(DEPTH_MAX - 1), &lists(DEPTH_MAX), fault);
    let many = |n: usize| {
        let entries: Array = (0..n)
            .map(|i| Array::of2(&format!("a{i}").into(), &JsValue::NULL))
            .collect();
        Object::from_entries(&entries).unwrap()
    };
    let fault = "context: more than 1000 attributes";
    check_limit(&many(ATTRIBUTES_MAX), &many(ATTRIBUTES_MAX + 1), fault);
}

#[wasm_bindgen_test]
fn an_object_that_holds_itself_is_refused() {
    let context = parse("{}");
    Reflect::set(&context, &"self".into(), &context).unwrap();
    assert!(evaluate(&context).unwrap_err().contains("nested"));
}

/// The page's engine knows no bandits, and what it says is what one says that does: see the unit
/// test of the same name.
#[wasm_bindgen_test]
fn bandits_that_have_not_learned_choose_as_at_the_edge() {
    let engine = engine(include_bytes!("bandits.json"));
    let mut found = [const { String::new() }; 3];
    for n in 0..20 {
        let context = parse(&format!(r#"{{"targetingKey": "subject-{n}"}}"#));
        let answers = engine.evaluate_all(&context, 0.0, 0.4).ok().unwrap();
        for (key, found) in ["kept", "by_revision", "by_request"].iter().zip(&mut found) {
            let answer = Reflect::get(&answers, &(*key).into()).unwrap();
            let variant = Reflect::get(&answer, &"variant".into()).unwrap();
            found.push_str(&variant.as_string().unwrap());
        }
    }
    let by_request = "b".repeat(20);
    assert_eq!(
        found,
        ["cbbccacaabccacccbcab", "acacabcbabcaccaabaac", &by_request]
    );
}
