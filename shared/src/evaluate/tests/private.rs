//! What is private decides, and is told nowhere.

use super::*;
use crate::compact::encode;
use crate::wire::evaluation::{EvaluationWire, ExplanationWire};
use crate::wire::read_context;

const SECRET: &str = "secret@acme.test";

/// Flags that use private attributes in every way: conditions of ours and of other systems, sets,
/// segments, buckets, gates, expressions that name what they read.
const FLAGS: &str = r#"{"schemaVersion":1, "salt":"t",
  "privateAttributes": ["email", ["user", "email"], "tags"],
  "segments": {"staff": {"when": {"attribute": "email", "op": "endsWith", "value": "@staff.test"}}},
  "flags": {
    "tested": {"type":"boolean","status":"enabled","defaultVariant":"off",
      "variants":{"on":{"value":true},"off":{"value":false}},
      "rules":[{"when":{"any":[
        {"attribute":"email","op":"equals","value":"ana@staff.test"},
        {"attribute":["user","email"],"op":"startsWith","value":"ana"},
        {"attribute":{"of":"user","path":["email"]},"op":"matches","value":"^ana"},
        {"attribute":"user","op":"hasType","value":"list"},
        {"attribute":"tags","op":"containsAny","value":["a","b"]},
        {"attribute":"tags","op":"isEmpty"},
        {"segment":"staff"},
        {"not":{"attribute":"email","op":"exists"}},
        {"attribute":"email","dialect":"launchdarkly","op":"in","value":["x"]}]},
        "serve":{"variant":"on"}}]},
    "matched": {"type":"boolean","status":"enabled","defaultVariant":"off",
      "variants":{"on":{"value":true},"off":{"value":false}},
      "rules":[{"when":{"attribute":"email","op":"endsWith","value":"@acme.test"},
                "serve":{"variant":"on"}}]},
    "split": {"type":"boolean","status":"ab_test","offVariant":"off",
      "variants":{"on":{"value":true},"off":{"value":false}},
      "experiment":{"control":"off","weights":{"on":1,"off":1},"bucketing":{"by":"email"}}},
    "gated": {"type":"boolean","status":"enabled","defaultVariant":"off",
      "variants":{"on":{"value":true},"off":{"value":false}},
      "rules":[{"gates":[{"percentage":50,"bucketing":{"by":[["user","email"]]}}],
                "serve":{"variant":"on"}}]},
    "lacking": {"type":"boolean","status":"enabled","defaultVariant":"off",
      "variants":{"on":{"value":true},"off":{"value":false}},
      "rules":[{"gates":[{"percentage":50,"bucketing":{"by":["tags"]}}],"serve":{"variant":"on"}}]},
    "named": {"type":"boolean","status":"enabled","defaultVariant":"off",
      "variants":{"on":{"value":true},"off":{"value":false}},
      "rules":[{"serve":{"expression":{"dialect":"flagd/2","value":{"var":"email"}}}}]}
  }}"#;

fn context() -> EvaluationContext {
    read_context(&format!(
        r#"{{"targetingKey":"ana","email":"{SECRET}","tags":["{SECRET}"],
             "user":{{"email":"{SECRET}","plan":"pro"}},"plan":"pro"}}"#
    ))
    .expect("a context")
}

#[test]
fn no_answer_and_no_explanation_tells_it() {
    let compiled = compile(FLAGS.as_bytes()).expect("a ruleset");
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    let compact = Ruleset::from_compact(encode(&compiled.ruleset)).expect("its compact form");
    assert_eq!(compact.private(), compiled.ruleset.private());
    let context = context();
    for ruleset in [&compiled.ruleset, &compact] {
        Given::new(ruleset).with(&context, |evaluator| {
            for flag in ruleset.flags() {
                let explained = evaluator.explain(&flag.key);
                assert_eq!(evaluator.evaluate(&flag.key), explained.evaluation);
                let told = [
                    serde_json::to_string(&ExplanationWire::from(&explained)).expect("JSON"),
                    serde_json::to_string(&EvaluationWire::from(&explained.evaluation))
                        .expect("JSON"),
                    format!("{explained:?}"),
                ];
                for told in told {
                    assert!(!told.contains("secret"), "{}: {told}", flag.key);
                }
            }
        });
    }
}

#[test]
fn it_decides_as_anything_else_does() {
    let ruleset = compile(FLAGS.as_bytes()).expect("a ruleset").ruleset;
    let open = FLAGS.replace("privateAttributes", "formerly");
    let open = compile(open.as_bytes()).expect("a ruleset").ruleset;
    let context = context();
    for flag in ruleset.flags() {
        let variant = |ruleset: &Ruleset| {
            Given::new(ruleset).with(&context, |evaluator| {
                let answer = evaluator.evaluate(&flag.key);
                (
                    answer.variant().map(|v| v.key.clone()),
                    answer.details.bucket,
                )
            })
        };
        assert_eq!(variant(&ruleset), variant(&open), "{}", flag.key);
    }
    let explained = Given::new(&ruleset).with(&context, |evaluator| {
        format!("{:?}", evaluator.explain("tested").steps)
    });
    assert!(explained.contains("email is private; "), "{explained}");
    let explained = Given::new(&open).with(&context, |evaluator| {
        format!("{:?}", evaluator.explain("tested").steps)
    });
    assert!(
        explained.contains(SECRET),
        "the test can go red: {explained}"
    );
}

#[test]
fn a_declaration_has_to_be_one_that_holds() {
    let errors = |declared: &str| -> Vec<String> {
        let text = format!(r#"{{"schemaVersion":1,"privateAttributes":{declared}}}"#);
        let found = compile(text.as_bytes()).expect("a ruleset").diagnostics;
        found.iter().map(|fault| fault.pointer.clone()).collect()
    };
    assert!(errors(r#"["email", ["user", "targetingKey"]]"#).is_empty());
    assert_eq!(
        errors(r#"["email", "targetingKey"]"#),
        ["/privateAttributes/1"]
    );
    assert_eq!(
        errors(r#"[{"of":"user","path":["email"]}]"#),
        ["/privateAttributes/0"]
    );
    let many = |n: usize| format!("[{}]", vec![r#""a""#; n].join(","));
    assert!(errors(&many(crate::private::PRIVATE_MAX)).is_empty());
    assert_eq!(
        errors(&many(crate::private::PRIVATE_MAX + 1)),
        ["/privateAttributes"]
    );
    assert!(compile(br#"{"schemaVersion":1,"privateAttributes":[7]}"#).is_err());
}
