use super::limits::RULESET_BYTES_MAX;
use super::*;
use crate::diagnostic::Severity;
use crate::evaluate::{Evaluator, Participation, Policies};
use crate::evaluation::Outcome;
use crate::sticky::StickyDecisions;
use crate::{EvaluationContext, UnixMillis};

mod limits;
mod lists;

/// The errors of a document, as `code pointer`.
#[track_caller]
fn errors(document: &str) -> Vec<String> {
    let compiled = compile(document.as_bytes()).expect("the outline is a ruleset");
    let errors = compiled
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error);
    errors
        .map(|d| format!("{} {}", d.code.as_str(), d.pointer))
        .collect()
}

/// A ruleset with these members beside one sound flag named `sound`.
fn with(members: &str) -> String {
    format!(
        r#"{{"schemaVersion":1,"flags":{{
            "sound":{{"type":"boolean","status":"enabled","defaultVariant":"on",
                     "variants":{{"on":{{"value":true}},"off":{{"value":false}}}}}}{members}"#
    )
}

/// A flag whose body, after its variants `on` and `off`, is given.
fn flag(body: &str) -> String {
    let head = r#","f":{"type":"boolean","variants":{"on":{"value":true},"off":{"value":false}},"#;
    with(&format!("{head}{body}}}}}}}"))
}

/// The flag with that body has exactly that error.
#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(errors(&flag(body)), [expected], "{body}");
}

#[test]
fn faults_of_rules_have_pointers() {
    let rule = |rule: &str| format!(r#""status":"enabled","rules":[{rule}]"#);
    let when = |when: &str| rule(&format!(r#"{{"when":{when},"serve":{{"variant":"on"}}}}"#));
    check(
        &when(r#"{"segment":"beta"}"#),
        "unknown-reference /flags/f/rules/0/when/segment",
    );
    check(&when("{}"), "invalid-condition /flags/f/rules/0/when");
    for attribute in [
        r#"{"of":"org"}"#,
        r#"{"path":"x"}"#,
        r#"{"of":"org","path":"x","in":1}"#,
    ] {
        let test = format!(r#"{{"attribute":{attribute},"op":"exists"}}"#);
        let compiled = errors(&flag(&rule(&format!(
            r#"{{"when":{test},"serve":{{"variant":"on"}}}}"#
        ))));
        assert_eq!(compiled.len(), 1, "{attribute}");
        assert!(compiled[0].starts_with("malformed /flags/f/rules/0/when/attribute"));
    }
    check(
        &when(r#"{"all":[{"attribute":"a","op":"matches","value":"("}]}"#),
        "invalid-condition /flags/f/rules/0/when/all/0/value",
    );
    check(
        &when(r#"{"attribute":"a","op":"like","value":"x"}"#),
        "invalid-condition /flags/f/rules/0/when/op",
    );
    check(&rule(r#"{"serve":{}}"#), "malformed /flags/f/rules/0/serve");
    check(
        &rule(r#"{"id":"a","serve":{"variant":"on"}},{"id":"a","serve":{"variant":"on"}}"#),
        "duplicate /flags/f/rules/1/id",
    );
    check(
        &rule(r#"{"serve":{"bandit":"b"}}"#),
        "unknown-reference /flags/f/rules/0/serve/bandit",
    );
}

#[test]
fn faults_of_flags_have_pointers() {
    check(r#""status":"paused""#, "malformed /flags/f/status");
    check(
        r#""status":"enabled","offVariant":"of""#,
        "unknown-reference /flags/f/offVariant",
    );
    check(r#""status":"ab_test""#, "missing /flags/f/experiment");
    check(r#""status":"canary""#, "missing /flags/f/canary");
    check(r#""status":"gradual_rollout""#, "missing /flags/f/rollout");
    check(
        r#""status":"gradual_rollout","rollout":{"variant":"on","percentage":100.1}"#,
        "invalid-percentage /flags/f/rollout/percentage",
    );
    check(
        r#""status":"ab_test","experiment":{"weights":{"on":0,"off":0}}"#,
        "invalid-split /flags/f/experiment/weights",
    );
    check(
        r#""status":"ab_test","experiment":{"ranges":[{"variant":"on","from":0,"to":2},
            {"variant":"off","from":1,"to":3}]}"#,
        "overlap /flags/f/experiment/ranges",
    );
    check(
        r#""status":"ab_test","experiment":{"ranges":[{"variant":"on","from":0,"to":1000001}]}"#,
        "invalid-split /flags/f/experiment/ranges/0",
    );
    check(
        r#""status":"enabled","schedule":{"startAt":"2026-01-01"}"#,
        "invalid-time /flags/f/schedule/startAt",
    );
    check(
        r#""status":"enabled","requires":[{"flag":"sound","variants":["blue"]}]"#,
        "unknown-reference /flags/f/requires/0/variants/0",
    );
    check(
        r#""status":"enabled","requires":[{"flag":"f","variants":["on"]}]"#,
        "cycle /flags/f/requires",
    );
    check(
        r#""status":"enabled","layer":{"key":"l","ranges":[]}"#,
        "unknown-reference /flags/f/layer/key",
    );
    check(
        r#""status":"enabled","holdouts":["h"]"#,
        "unknown-reference /flags/f/holdouts/0",
    );
}

/// Flags are read one by one as long as the document is plain; then all of it is read with care.
#[test]
fn one_flag_that_is_not_plain_changes_nothing_of_the_others() {
    let flag = |requires: &str, rest: &str| {
        format!(
            r#"{{"type":"boolean","status":"enabled","variants":{{"on":{{"value":true}}}},
                "requires":[{requires}]{rest}}}"#
        )
    };
    let other =
        |name: &str, variant: &str| format!(r#"{{"flag":"{name}","variants":["{variant}"]}}"#);
    // Each requires the next, wherever that stands; `d` a variant that `a` does not have.
    let compiled = |rest: [&str; 4]| {
        let [a, b, c, d] = rest;
        let flags = [
            flag(&other("b", "on"), a),
            flag(&other("c", "on"), b),
            flag("", c),
            flag(&other("a", "none"), d),
        ];
        let [a, b, c, d] = flags;
        let json = format!(r#"{{"schemaVersion":1,"flags":{{"d":{d},"c":{c},"b":{b},"a":{a}}}}}"#);
        compile(json.as_bytes()).unwrap()
    };
    let plain = compiled([""; 4]);
    let states = |compiled: &Compiled| {
        let flags = compiled.ruleset.flags();
        flags
            .map(|flag| (flag.requires.clone(), flag.state.clone()))
            .collect::<Vec<_>>()
    };
    let faults = |compiled: &Compiled| {
        let errors = compiled.diagnostics.iter();
        let errors = errors.filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(plain.diagnostics.len(), 1, "{:?}", plain.diagnostics);
    assert_eq!(
        plain.diagnostics[0].pointer,
        "/flags/d/requires/0/variants/0"
    );
    for place in 0..4 {
        let mut rest = [""; 4];
        rest[place] = r#","unheardOf":1"#;
        let careful = compiled(rest);
        assert_eq!(careful.diagnostics.len(), 2, "{:?}", careful.diagnostics);
        assert_eq!(states(&careful), states(&plain));
        assert_eq!(faults(&careful), faults(&plain));
    }
}

#[test]
fn a_broken_flag_answers_with_an_error_and_the_rest_is_unharmed() {
    let document = flag(r#""status":"enabled","offVariant":"nowhere""#);
    let compiled = compile(document.as_bytes()).unwrap();
    let context = EvaluationContext::new();
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    let evaluator = Evaluator {
        ruleset: &compiled.ruleset,
        context: &context,
        at: UnixMillis(0),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: Participation::Full,
    };
    let code = crate::ErrorCode::ParseError;
    let broken = evaluator.evaluate("f").outcome;
    assert!(
        matches!(broken, Outcome::Failed { code: c, .. } if c == code),
        "{broken:?}"
    );
    assert_eq!(
        evaluator.evaluate("sound").variant().map(|v| &*v.key),
        Some("on")
    );
}

#[test]
fn circles_concern_their_members_only() {
    let member = |name: &str, requires: &str| {
        format!(
            r#","{name}":{{"type":"boolean","status":"enabled","defaultVariant":"on",
                "variants":{{"on":{{"value":true}}}},
                "requires":[{{"flag":"{requires}","variants":["on"]}}]}}"#
        )
    };
    let members = [
        member("a", "b"),
        member("b", "a"),
        member("c", "a"),
        member("d", "sound"),
    ];
    let document = with(&format!("{}}}}}", members.concat()));
    assert_eq!(
        errors(&document),
        ["cycle /flags/a/requires", "cycle /flags/b/requires"]
    );
}

#[test]
fn segments_in_a_circle_break_the_flags_that_use_them() {
    let segments = r#"},"segments":{"x":{"when":{"segment":"y"}},"y":{"when":{"segment":"x"}}}}"#;
    let starter = r#","f":{"type":"boolean","status":"enabled","variants":{"on":{"value":true}},
        "rules":[{"when":{"segment":"x"},"serve":{"variant":"on"}}]}"#;
    let document = with(&format!("{starter}{segments}"));
    let expected = [
        "cycle /segments/x",
        "cycle /segments/y",
        "broken-dependency /flags/f",
    ];
    assert_eq!(errors(&document), expected);
}

#[test]
fn two_flags_cannot_own_the_same_buckets_of_a_layer() {
    let member = |name: &str, from: u32| {
        format!(
            r#","{name}":{{"type":"boolean","status":"enabled","variants":{{"on":{{"value":true}}}},
                "layer":{{"key":"l","ranges":[[{from},500000]]}}}}"#
        )
    };
    let clash = format!(
        r#"{}{}}},"layers":{{"l":{{}}}}}}"#,
        with(&member("a", 0)),
        member("b", 499_999)
    );
    assert_eq!(errors(&clash), ["overlap /flags/b/layer/ranges"]);
}

#[test]
fn documents_that_are_no_ruleset_are_refused_as_a_whole() {
    #[track_caller]
    fn check(bytes: &[u8], expected: &RulesetError) {
        assert_eq!(compile(bytes).err().as_ref(), Some(expected));
    }
    check(b"\xFF", &RulesetError::NotText);
    check(
        br#"{"schemaVersion":2}"#,
        &RulesetError::UnknownSchemaVersion { found: 2 },
    );
    let at = vec![b' '; RULESET_BYTES_MAX + 1];
    check(
        &at,
        &RulesetError::TooLarge {
            bytes: RULESET_BYTES_MAX + 1,
        },
    );
    let mut fits = br#"{"schemaVersion":1}"#.to_vec();
    fits.resize(RULESET_BYTES_MAX, b' ');
    assert!(compile(&fits).is_ok());
    for rubbish in [
        "",
        "null",
        "[]",
        "{",
        r#"{"schemaVersion":"1"}"#,
        r#"{"flags":{}}"#,
    ] {
        let refused = compile(rubbish.as_bytes());
        assert!(
            matches!(refused, Err(RulesetError::Malformed { .. })),
            "{rubbish}"
        );
    }
}

#[test]
fn unknown_fields_are_remarked_and_near_names_suggested() {
    let compiled = compile(flag(r#""status":"enabled","ofVariant":"off""#).as_bytes()).unwrap();
    let remark = compiled.diagnostics.first().unwrap();
    assert_eq!(
        (remark.severity, &*remark.pointer),
        (Severity::Warning, "/flags/f/ofVariant")
    );
    let misspelt = compile(flag(r#""status":"enabled","offVariant":"of""#).as_bytes()).unwrap();
    let message = &misspelt.diagnostics.first().unwrap().message;
    assert_eq!(message, r#"unknown variant "of"; did you mean "off"?"#);
}

#[test]
fn holdouts_that_keep_nobody_out_are_remarked() {
    let check = |body: &str, expected: &[&str]| {
        let document = flag(body).replacen('{', r#"{"holdouts":{"h":{"percentage":5}},"#, 1);
        let remarks = compile(document.as_bytes()).unwrap().diagnostics;
        let told: Vec<String> = remarks.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected, "{body}");
    };
    let remark = "warning[no-effect] /flags/f/holdouts: the flag has no experiment or bandit to \
                  keep subjects out of";
    let weights = r#""weights":{"on":1,"off":1}"#;
    check(r#""status":"enabled","defaultVariant":"on""#, &[]);
    check(
        r#""status":"enabled","defaultVariant":"on","holdouts":["h"]"#,
        &[remark],
    );
    let rollout = r#""rollout":{"variant":"on","percentage":5}"#;
    check(
        &format!(r#""status":"gradual_rollout","offVariant":"off",{rollout},"holdouts":["h"]"#),
        &[remark],
    );
    let experiment = format!(r#""experiment":{{"control":"off",{weights}}},"holdouts":["h"]"#);
    check(&format!(r#""status":"ab_test",{experiment}"#), &[]);
    // The experiment is over or not begun; its holdouts wait for it.
    check(
        &format!(r#""status":"enabled","defaultVariant":"on",{experiment}"#),
        &[],
    );
}

#[test]
fn names_that_stand_twice_are_refused() {
    let twice = with(r#","sound":{}}}"#);
    let refused = compile(twice.as_bytes()).err();
    let Some(RulesetError::Malformed { pointer, message }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (&*pointer, &*message),
        ("/flags", r#""sound" stands twice in this object"#)
    );
    let variants = r#","f":{"type":"boolean","status":"enabled",
        "variants":{"on":{"value":true},"on":{"value":false}}}}}"#;
    assert_eq!(errors(&with(variants)), ["malformed /flags/f/variants"]);
    let apart = r#","f":{"type":"boolean","status":"enabled",
        "variants":{"on":{"value":true},"a":{"value":true},"b":{"value":true},"on":{}}}}}"#;
    assert_eq!(errors(&with(apart)), ["malformed /flags/f/variants"]);
}

#[test]
fn names_in_any_order_mean_the_same() {
    let document = |variants: &str, weights: &str| {
        let head = r#","f":{"type":"string","status":"ab_test","variants":"#;
        with(&format!(
            r#"{head}{variants},"experiment":{{"weights":{weights}}}}}}}}}"#
        ))
    };
    let rising = document(
        r#"{"a":{"value":"x"},"b":{"value":"y"},"c":{"value":"z"}}"#,
        r#"{"a":1,"b":2,"c":3}"#,
    );
    let mixed = document(
        r#"{"c":{"value":"z"},"a":{"value":"x"},"b":{"value":"y"}}"#,
        r#"{"c":3,"b":2,"a":1}"#,
    );
    let [rising, mixed] = [rising, mixed].map(|text| compile(text.as_bytes()).unwrap());
    assert_eq!(
        (&rising.diagnostics, &mixed.diagnostics),
        (&vec![], &vec![])
    );
    let encode = crate::compact::encode;
    assert_eq!(encode(&rising.ruleset), encode(&mixed.ruleset));
}

#[test]
fn a_gate_that_draws_the_splits_bucket_is_remarked() {
    let remarks = |gates: &str, serve: &str| {
        let rule = format!(r#"{{"gates":[{gates}],"serve":{{{serve}}}}}"#);
        let document = flag(&format!(r#""status":"enabled","rules":[{rule}]"#));
        let compiled = compile(document.as_bytes()).expect("a ruleset");
        let remarks = compiled.diagnostics.iter();
        let remarks = remarks.map(|d| format!("{} {}", d.code.as_str(), d.pointer));
        remarks.collect::<Vec<_>>()
    };
    let weights = r#""split":{"weights":{"on":1,"off":1}}"#;
    let own = r#"{"percentage":50,"bucketing":{"salt":"own"}}"#;
    let expected = ["invalid-split /flags/f/rules/0/gates/1"];
    assert_eq!(
        remarks(&format!(r#"{own},{{"percentage":50}}"#), weights),
        expected
    );
    let salted = r#""split":{"weights":{"on":1,"off":1},"bucketing":{"salt":"own"}}"#;
    assert_eq!(
        remarks(own, salted),
        ["invalid-split /flags/f/rules/0/gates/0"]
    );
    // Whoever writes ranges, or lets everybody pass, or serves one variant, means it.
    let none = [""; 0];
    assert_eq!(remarks(own, weights), none);
    assert_eq!(remarks(r#"{"percentage":100}"#, weights), none);
    assert_eq!(remarks(r#"{"percentage":50}"#, r#""variant":"on""#), none);
    let ranges = r#""split":{"ranges":[{"variant":"on","from":0,"to":500000}]}"#;
    assert_eq!(remarks(r#"{"percentage":50}"#, ranges), none);
}

#[test]
fn a_bandit_never_looks_at_what_is_private() {
    let bandit = |attribute: &str| {
        let features = format!(
            r#"{{"kind":"hashed","attribute":"city","places":2}},
               {{"kind":"hashed","attribute":{attribute},"places":2}}"#
        );
        let policy = format!(r#"{{"kind":"contextual","features":[{features}]}}"#);
        let reward = r#"{"metric":"m","kind":"binary"}"#;
        let more = format!(
            r#"}},"privateAttributes":["email",["person","name"]],
            "bandits":{{"b":{{"actions":["on"],"reward":{reward},"policy":{policy}}}}}}}"#
        );
        errors(&with(&more))
    };
    assert_eq!(bandit(r#""device""#), [""; 0]);
    assert_eq!(bandit(r#"["person","age"]"#), [""; 0]);
    let pointer = "/bandits/b/policy/features/1/attribute";
    let refused = [format!("invalid-bandit {pointer}")];
    assert_eq!(bandit(r#""email""#), refused);
    assert_eq!(bandit(r#"["person","name"]"#), refused);
    assert_eq!(bandit(r#"{"of":"org","path":"email"}"#), refused);
}
