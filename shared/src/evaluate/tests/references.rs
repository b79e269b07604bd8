//! Conditions that ask other flags or chance, answers of several types, and errors on purpose.

use super::{Given, subject};
use crate::compile::compile;
use crate::context::EvaluationContext;
use crate::evaluation::Outcome;
use crate::flag::FlagType;
use crate::ruleset::Ruleset;
use crate::value::Value;
use std::fmt::Write;

/// A ruleset of these flags, which must be free of faults.
fn flags(members: &str) -> Ruleset {
    let document = format!(r#"{{"schemaVersion":1,"flags":{{{members}}}}}"#);
    let compiled = compile(document.as_bytes()).expect("a ruleset");
    assert_eq!(compiled.diagnostics, []);
    compiled.ruleset
}

/// A boolean flag with these rules and an `other` one that says how the attribute `other` is.
fn asking(condition: &str) -> Ruleset {
    flags(&format!(
        r#""f":{{"type":"boolean","status":"enabled","defaultVariant":"off",
               "variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
               "rules":[{{"when":{condition},"serve":{{"variant":"on"}}}}]}},
           "other":{{"type":"string","status":"enabled","defaultVariant":"b",
               "variants":{{"a":{{"value":"A"}},"b":{{"value":"B","name":"bee"}}}},
               "rules":[{{"when":{{"attribute":"other","op":"equals","value":"a"}},
                          "serve":{{"variant":"a"}}}},
                        {{"when":{{"attribute":"other","op":"equals","value":"error"}},
                          "serve":{{"error":{{"code":"GENERAL","message":"no"}}}}}}]}},
           "dark":{{"type":"string","status":"disabled","offVariant":"a",
               "variants":{{"a":{{"value":"A"}}}}}}"#
    ))
}

#[track_caller]
fn check(condition: &str, other: &str, expected: &str) {
    let ruleset = asking(condition);
    let context = subject("ana").with("other", other);
    assert_eq!(
        Given::new(&ruleset).answer(&context),
        expected,
        "{condition} {other}"
    );
}

#[test]
fn a_condition_may_ask_another_flag() {
    const ON: &str = "on TARGETING_MATCH";
    const OFF: &str = "off DEFAULT";
    check(r#"{"flag":"other","variants":["a"]}"#, "a", ON);
    check(r#"{"flag":"other","variants":["a"]}"#, "b", OFF);
    check(r#"{"flag":"other","variants":["bee"]}"#, "b", ON);
    check(r#"{"flag":"other","equals":"B"}"#, "b", ON);
    check(r#"{"not":{"flag":"other","equals":"B"}}"#, "b", OFF);
    check(r#"{"flag":"dark","variants":["a"]}"#, "", ON);
    check(r#"{"flag":"dark","on":true,"variants":["a"]}"#, "", OFF);
    check(r#"{"flag":"other","on":true}"#, "error", OFF);
    check(
        r#"{"flag":"other","on":true,"onFailure":"fails"}"#,
        "error",
        "GENERAL",
    );
}

#[test]
fn circles_are_faults_unless_the_condition_says_what_they_mean() {
    let circle = |on_failure: &str| {
        format!(
            r#"{{"schemaVersion":1,"flags":{{"f":{{"type":"boolean","status":"enabled",
               "defaultVariant":"on","variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
               "rules":[{{"when":{{"flag":"f","equals":true{on_failure}}},
                          "serve":{{"variant":"off"}}}}]}}}}}}"#
        )
    };
    let plain = compile(circle("").as_bytes()).expect("a ruleset");
    assert_eq!(plain.diagnostics.len(), 1, "{:?}", plain.diagnostics);
    let answer = |on_failure: &str| {
        let document = circle(&format!(r#","onFailure":"{on_failure}""#));
        let compiled = compile(document.as_bytes()).expect("a ruleset");
        assert_eq!(compiled.diagnostics, []);
        Given::new(&compiled.ruleset).answer(&subject("ana"))
    };
    assert_eq!(answer("doesNotHold"), "on DEFAULT");
    assert_eq!(answer("fails"), "GENERAL");
    assert_eq!(answer("unknown"), "on DEFAULT");
}

/// A contrary of what cannot be told cannot be told either.
#[test]
fn a_failure_may_leave_a_condition_undecided() {
    let answer = |on_failure: &str| {
        let document = format!(
            r#"{{"schemaVersion":1,"flags":{{"f":{{"type":"boolean","status":"enabled",
               "defaultVariant":"on","variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
               "rules":[{{"when":{{"not":{{"flag":"f","equals":true,"onFailure":"{on_failure}"}}}},
                          "serve":{{"variant":"off"}}}}]}}}}}}"#
        );
        let compiled = compile(document.as_bytes()).expect("a ruleset");
        Given::new(&compiled.ruleset).answer(&subject("ana"))
    };
    assert_eq!(answer("doesNotHold"), "off TARGETING_MATCH");
    assert_eq!(answer("unknown"), "on DEFAULT");
}

#[test]
fn a_web_of_flags_ends_when_its_allowance_is_spent() {
    let mut members = String::new();
    for level in 0..12 {
        let next = (level + 1) % 12;
        let ask = format!(r#"{{"flag":"f{next}","equals":false,"onFailure":"doesNotHold"}}"#);
        let _ = write!(
            members,
            r#""f{level}":{{"type":"boolean","status":"enabled","defaultVariant":"on",
               "variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
               "rules":[{{"when":{{"any":[{ask},{ask},{ask}]}},"serve":{{"variant":"off"}}}}]}},"#
        );
    }
    let members = format!(
        r#"{members}"f":{{"type":"boolean","status":"enabled","defaultVariant":"on",
           "variants":{{"on":{{"value":true}}}},
           "rules":[{{"when":{{"flag":"f0","equals":true,"onFailure":"fails"}},
                      "serve":{{"variant":"on"}}}}]}}"#
    );
    // Three to the twelfth evaluations would be asked for.
    let answer = Given::new(&flags(&members)).answer(&subject("ana"));
    assert!(
        ["on TARGETING_MATCH", "GENERAL"].contains(&answer.as_str()),
        "{answer}"
    );
}

#[test]
fn a_condition_may_draw_a_share_by_any_attribute() {
    let ruleset = asking(r#"{"chance":{"percentage":50,"bucketing":{"salt":"s","by":"account"}}}"#);
    let given = Given::new(&ruleset);
    let served = |account: i64| given.answer(&subject("ana").with("account", account));
    let n_on = (0..1_000).filter(|n| served(*n).starts_with("on")).count();
    assert!((450..550).contains(&n_on), "{n_on}");
    assert_eq!(given.answer(&subject("ana")), "INVALID_CONTEXT");
}

#[test]
fn a_variant_may_have_a_value_for_each_type() {
    let ruleset = flags(
        r#""f":{"type":"json","status":"enabled","defaultVariant":"on",
            "variants":{"on":{"value":true,"views":{"boolean":true,"string":"text"}}}}"#,
    );
    Given::new(&ruleset).with(&subject("ana"), |evaluator| {
        let plain = evaluator.evaluate("f");
        assert_eq!(plain.value(), Some(&true.into()));
        let text = plain.clone().expect_type(FlagType::String);
        assert_eq!(text.value(), Some(&"text".into()));
        let number = plain.expect_type(FlagType::Number);
        assert_eq!(number.value(), None);
    });
}

#[test]
fn the_off_variant_must_be_of_the_type_that_is_asked_for() {
    let check = |off: &str, wanted: FlagType, expected: &str| {
        let ruleset = flags(&format!(
            r#""f":{{"type":"json","status":"disabled",
                "variants":{{"on":{{"value":true}},"plain":{{"value":"x"}},
                "seen":{{"value":0,"views":{{"string":"text"}}}}}}{off}}}"#
        ));
        Given::new(&ruleset).with(&subject("ana"), |evaluator| {
            let answer = evaluator.evaluate("f").expect_type(wanted);
            let found = match answer.outcome {
                Outcome::Failed { code, .. } => code.as_str(),
                Outcome::Resolved { reason, .. } | Outcome::CallerDefault { reason } => {
                    reason.as_str()
                }
            };
            assert_eq!(found, expected, "{off} as {wanted:?}");
        });
    };
    check(
        r#","offVariant":"plain""#,
        FlagType::Number,
        "TYPE_MISMATCH",
    );
    check(r#","offVariant":"plain""#, FlagType::String, "DISABLED");
    check(r#","offVariant":"seen""#, FlagType::Number, "TYPE_MISMATCH");
    check(r#","offVariant":"seen""#, FlagType::String, "DISABLED");
    // What the caller brings along is of the caller's type.
    check("", FlagType::Number, "DISABLED");
}

#[test]
fn a_rule_may_leave_the_value_to_the_caller() {
    let ruleset = flags(
        r#""f":{"type":"boolean","status":"enabled","defaultVariant":"on",
            "variants":{"on":{"value":true}},"rules":[{"serve":{"default":true}}]}"#,
    );
    let answer = Given::new(&ruleset).answer(&EvaluationContext::new());
    assert_eq!(answer, "- DEFAULT");
}

#[test]
fn splits_follow_the_hash_of_another_system() {
    // MD5 of "salt-aña" begins with a number that is 8,600 modulo 10,000.
    let split = |from: u64, to: u64| {
        let ruleset = flags(&format!(
            r#""f":{{"type":"boolean","status":"enabled","variants":{{"on":{{"value":true}}}},
               "rules":[{{"serve":{{"split":{{
                 "bucketing":{{"kind":"eppo","salt":"salt","scale":10000}},
                 "ranges":[{{"variant":"on","from":{from},"to":{to}}}],
                 "propensities":{{"on":0.25}}}}}}}}]}}"#
        ));
        Given::new(&ruleset).answer(&subject("aña"))
    };
    assert_eq!(split(8_600, 8_601), "on SPLIT");
    assert_eq!(split(0, 8_600), "- DEFAULT");
}

#[test]
fn what_is_written_wrong_is_said() {
    let fault = |rule: &str| {
        let document = format!(
            r#"{{"schemaVersion":1,"flags":{{"f":{{"type":"boolean","status":"enabled",
               "variants":{{"on":{{"value":true}}}},"rules":[{rule}]}}}}}}"#
        );
        let compiled = compile(document.as_bytes()).expect("a ruleset");
        let first = compiled.diagnostics.first().expect("a fault");
        first.to_string()
    };
    let check = |rule: &str, part: &str| {
        let fault = fault(rule);
        assert!(fault.contains(part), "{rule}: {fault}");
    };
    let gate = |bucketing: &str| {
        format!(
            r#"{{"gates":[{{"ranges":[[0,1]],"bucketing":{bucketing}}}],
                "serve":{{"variant":"on"}}}}"#
        )
    };
    check(&gate(r#"{"kind":"md5"}"#), "unknown bucketing \"md5\"");
    check(&gate(r#"{"kind":"eppo"}"#), "needs a scale");
    check(&gate(r#"{"kind":"eppo","scale":0}"#), "needs a scale");
    check(
        &gate(r#"{"kind":"unleash","scale":10}"#),
        "has a scale of its own",
    );
    check(&gate(r#"{"onMissing":"x"}"#), "unknown \"x\"");
    check(
        r#"{"when":{"flag":"f"},"serve":{"variant":"on"}}"#,
        "what the flag must answer",
    );
    check(
        r#"{"when":{"dialect":"nobody"},"serve":{"variant":"on"}}"#,
        "nobody",
    );
    check(
        r#"{"serve":{"error":{"code":"X","message":""}}}"#,
        "no error code",
    );
    check(r#"{"serve":{"default":false}}"#, "exactly one");
}

#[test]
fn conditions_and_buckets_may_be_of_a_kind_of_entity() {
    let ruleset = flags(
        r#""f":{"type":"boolean","status":"enabled","defaultVariant":"off",
            "variants":{"on":{"value":true},"off":{"value":false}},
            "rules":[{"when":{"attribute":{"of":"org","path":["plan"]},"op":"equals","value":"pro"},
                      "serve":{"split":{"ranges":[{"variant":"on","from":0,"to":1000000}],
                               "bucketing":{"by":[{"of":"org","path":"targetingKey"}]}}}}]}"#,
    );
    let org = |key: &str| {
        let members = [("plan", "pro"), (key, "acme")];
        Value::Object(
            members
                .map(|(name, text)| (name.into(), text.into()))
                .into(),
        )
    };
    let check = |context: EvaluationContext, expected: &str| {
        assert_eq!(Given::new(&ruleset).answer(&context), expected);
    };
    let several = |org: Value| subject("ana").with("kind", "multi").with("org", org);
    check(several(org("targetingKey")), "on SPLIT");
    check(several(org("id")), "INVALID_CONTEXT");
    check(
        subject("acme").with("plan", "pro").with("kind", "org"),
        "on SPLIT",
    );
    check(subject("acme").with("plan", "pro"), "off DEFAULT");
}
