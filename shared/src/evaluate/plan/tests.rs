//! Plans beside walks: an evaluation follows the plan, its explanation walks.

use super::*;
use crate::compile::compile;
#[cfg(feature = "dialects")]
use crate::context::Action;
use crate::context::EvaluationContext;
use crate::evaluate::{Evaluator, Participation, Policies};
use crate::ruleset::Ruleset;
use crate::sticky::StickyDecisions;
use crate::time::UnixMillis;
use crate::value::Value;

fn ruleset(flag: &str) -> Ruleset {
    let document = format!(
        r#"{{"schemaVersion":1,"salt":"t","flags":{{"f":{{"type":"boolean","status":"enabled",
        "offVariant":"off","defaultVariant":"off",
        "variants":{{"on":{{"value":true}},"off":{{"value":false}}}},{flag}}},
        "g":{{"type":"boolean","status":"enabled","offVariant":"off","defaultVariant":"on",
        "variants":{{"on":{{"value":true}},"off":{{"value":false}}}}}}}},
        "segments":{{"staff":{{"included":["ana"]}}}},"layers":{{"page":{{}}}},
        "holdouts":{{"q":{{"percentage":10}}}}}}"#
    );
    let compiled = compile(document.as_bytes()).expect("a ruleset");
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    compiled.ruleset
}

fn plan(ruleset: &Ruleset) -> Option<Plan> {
    lay_out(ruleset.flag("f").expect("the flag"))
}

/// Whether the flag serves `on`, by each way to ask.
#[track_caller]
fn is_on(ruleset: &Ruleset, context: &EvaluationContext) -> bool {
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    let evaluator = Evaluator {
        ruleset,
        context,
        at: UnixMillis(0),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: Participation::Full,
    };
    let walked = evaluator.explain("f").evaluation;
    assert_eq!(evaluator.evaluate("f"), walked, "{context:?}");
    let swept = evaluator.evaluate_all().find(|it| it.flag_key == "f");
    assert_eq!(swept.as_ref(), Some(&walked), "{context:?}");
    walked.value() == Some(&Value::Bool(true))
}

fn rule(condition: &str) -> String {
    format!(r#""rules":[{{"when":{condition},"serve":{{"variant":"on"}}}}]"#)
}

/// Checks which values of the attribute `a` pass, and that the plan itself can tell.
#[track_caller]
fn check(op: &str, operand: &str, passing: &[Value], failing: &[Value]) {
    let condition = format!(r#"{{"attribute":"a","op":"{op}","value":{operand}}}"#);
    let ruleset = ruleset(&rule(&condition));
    let Plan(code) = plan(&ruleset).expect("a plan");
    let operator = code.get(2).map(|head| head & 0xFF);
    assert_ne!(operator, Some(Operator::Other as u32), "{condition}");
    for (values, expected) in [(passing, true), (failing, false)] {
        for value in values {
            let context = EvaluationContext::new().with("a", value.clone());
            assert_eq!(is_on(&ruleset, &context), expected, "{condition} {value:?}");
        }
    }
    assert!(!is_on(&ruleset, &EvaluationContext::new()), "{condition}");
}

fn texts<const N: usize>(texts: [&str; N]) -> [Value; N] {
    texts.map(Value::from)
}

fn list<const N: usize>(items: [&str; N]) -> Value {
    Value::List(texts(items).into())
}

#[test]
fn operators_of_texts() {
    let failing = [Value::Null];
    check(
        "exists",
        "true",
        &[1.into(), list([]), false.into()],
        &failing,
    );
    check(
        "in",
        r#"["", "a", "abcd", "abcde", "abcdefgh", "abcdefghi", "é"]"#,
        &[
            &texts(["", "a", "abcd", "abcde", "abcdefgh", "abcdefghi", "é"])[..],
            &[list(["x", "abcde"])],
        ]
        .concat(),
        &[
            &texts(["b", "a\0", "abc", "abcdf", "abcdefgi", "abcdefgh\0", "e"])[..],
            &[1.into(), true.into(), list([]), list(["x"]), Value::Null],
        ]
        .concat(),
    );
    check(
        "equals",
        r#""pro""#,
        &texts(["pro"]),
        &texts(["", "pr", "pro", "proo"])[..2],
    );
    check(
        "startsWith",
        r#""subject.""#,
        &[
            &texts(["subject.", "subject.1"])[..],
            &[list(["x", "subject.1"])],
        ]
        .concat(),
        &[&texts(["", "subject", "Subject.1"])[..], &[7.into()]].concat(),
    );
    check(
        "endsWith",
        r#""@ü.de""#,
        &texts(["@ü.de", "a@ü.de"]),
        &[&texts(["", "ü.de", "a@u.de", "@ü.de "])[..], &[list(["a"])]].concat(),
    );
    check("startsWith", r#""""#, &texts(["", "a"]), &[1.into()]);
}

#[test]
fn operators_of_numbers_and_versions() {
    check(
        "greaterOrEqual",
        "18.5",
        &[
            18.5.into(),
            19.into(),
            Value::List([1.into(), 20.into()].into()),
        ],
        &[18.into(), "19".into(), true.into()],
    );
    check(
        "lessThan",
        "-1",
        &[(-2).into(), (-1.5).into()],
        &[(-1).into(), 0.into()],
    );
    check(
        "versionGreaterOrEqual",
        r#""1.10.0""#,
        &texts([
            "1.10.0",
            "1.10.1-rc.1",
            "1.10.0+build",
            "2.0.0",
            "99999999.0.0",
        ]),
        &[
            &texts(["1.9.9", "1.10.0-rc.1", "1.10", "x"])[..],
            &[2.into()],
        ]
        .concat(),
    );
    check(
        "versionEquals",
        r#""1.2.3""#,
        &texts(["1.2.3", "1.2.3+x"]),
        &texts(["1.2.4"]),
    );
}

#[test]
fn long_lists_are_searched_by_their_first_words() {
    let names: Vec<String> = (0..400)
        .step_by(2)
        .map(|n| format!("user-{n:04}"))
        .collect();
    let short: Vec<String> = (0..400).step_by(2).map(|n| format!("{n:03}")).collect();
    for list in [names, short] {
        let operand = serde_json::to_string(&list).expect("texts");
        let condition = format!(r#"{{"attribute":"a","op":"in","value":{operand}}}"#);
        let ruleset = ruleset(&rule(&condition));
        for n in 0..400 {
            for name in [format!("user-{n:04}"), format!("{n:03}")] {
                let context = EvaluationContext::new().with("a", &*name);
                assert_eq!(is_on(&ruleset, &context), list.contains(&name), "{name}");
            }
        }
    }
}

#[test]
fn what_a_plan_does_not_know_is_left_to_the_walk() {
    for condition in [
        r#"{"segment":"staff"}"#,
        r#"{"not":{"attribute":"a","op":"equals","value":"x"}}"#,
        r#"{"any":[{"attribute":"a","op":"equals","value":"y"},{"flag":"g","on":true}]}"#,
        r#"{"attribute":["a","b"],"op":"exists"}"#,
        r#"{"attribute":"a","op":"matches","value":"^y"}"#,
        r#"{"attribute":"a","op":"in","value":["y",1]}"#,
        r#"{"attribute":"a","op":"equals","value":"Y","ignoreCase":true}"#,
    ] {
        let exists = r#"{"attribute":"targetingKey","op":"exists"}"#;
        let ruleset = ruleset(&rule(&format!(r#"{{"all":[{exists},{condition}]}}"#)));
        assert!(plan(&ruleset).is_some(), "{condition}");
        let member = Value::Object([("b".into(), 1.into())].into());
        let answers = [Value::from("x"), "y".into(), 1.into(), member].map(|value| {
            let context = EvaluationContext::new().with_targeting_key("ana");
            is_on(&ruleset, &context.with("a", value))
        });
        assert!(answers.contains(&true), "{condition}");
        assert!(!is_on(&ruleset, &EvaluationContext::new().with("a", "y")));
    }
}

#[test]
fn chance_falls_as_the_walk_has_it() {
    let served = r#""serve":{"variant":"on"}"#;
    let split = r#""serve":{"split":{"weights":{"on":30,"off":70}"#;
    let check = |rules: String, is_planned: bool| {
        let ruleset = ruleset(&format!(r#""rules":[{rules}]"#));
        assert_eq!(plan(&ruleset).is_some(), is_planned, "{rules}");
        let mut n_on = 0;
        for n in 0..500 {
            let unit = format!("{}{n}", "u".repeat(n % 90));
            let context = EvaluationContext::new().with_targeting_key(&unit);
            n_on += usize::from(is_on(&ruleset, &context.clone().with("seat", n as i64)));
            is_on(&ruleset, &context.with("seat", &*unit));
        }
        assert!(n_on > 0 || !is_planned, "{rules}");
        is_on(&ruleset, &EvaluationContext::new());
        is_on(&ruleset, &EvaluationContext::new().with("targetingKey", 7));
    };
    let gate = r#""gates":[{"percentage":50}]"#;
    check(format!("{{{gate},{served}}}"), true);
    check(
        format!(r#"{{{gate},"onMiss":"end",{served}}},{{{served}}}"#),
        true,
    );
    check(
        format!(r#"{{"gates":[{{"percentage":100}}],{served}}}"#),
        true,
    );
    let gate = r#""gates":[{"percentage":50,"bucketing":{"salt":"gate"}}]"#;
    check(format!("{{{gate},{split}}}}}}}"), true);
    check(
        format!(r#"{{{split},"bucketing":{{"by":"seat"}}}}}}}}"#),
        true,
    );
    let long = format!(r#""bucketing":{{"salt":"{}"}}"#, "salt".repeat(40));
    check(format!("{{{split},{long}}}}}}}"), true);
    // The rest is the walk's.
    check(
        format!(r#"{{"gates":[{{"percentage":50}},{{"percentage":60}}],{served}}}"#),
        false,
    );
    check(
        format!(r#"{{{split},"bucketing":{{"draw":"request"}}}}}}}}"#),
        false,
    );
    check(
        format!(r#"{{{split},"bucketing":{{"by":["seat","a"],"onMissing":"first"}}}}}}}}"#),
        false,
    );
}

#[cfg(feature = "dialects")]
#[test]
fn a_variants_policy_chooses_by_a_plan_as_well() {
    let terms = r#""actionNumericCoefficients":[],"actionCategoricalCoefficients":[],
        "subjectNumericCoefficients":[],"subjectCategoricalCoefficients":[]"#;
    let document = format!(
        r#"{{"schemaVersion":1,"salt":"t","flags":{{"f":{{"type":"boolean","status":"enabled",
        "offVariant":"off","defaultVariant":"off","variants":{{"off":{{"value":false}},
        "on":{{"value":true,"policy":{{"dialect":"eppo","op":"falcon","value":{{"flagKey":"f",
            "gamma":1,"defaultActionScore":0,"actionProbabilityFloor":0.1,
            "coefficients":{{"a":{{"intercept":1,{terms}}},"b":{{"intercept":2,{terms}}}}}}}}}}}}},
        "rules":[{{"when":{{"attribute":"a","op":"exists"}},"serve":{{"variant":"on"}}}}]}}}}}}"#
    );
    let compiled = compile(document.as_bytes()).expect("a ruleset");
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    let ruleset = compiled.ruleset;
    assert!(plan(&ruleset).is_some());
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    let chosen = |subject: &str, attribute: &str| {
        let context = EvaluationContext::new().with_targeting_key(subject);
        let mut context = context.with(attribute, 1);
        for name in ["a", "b"] {
            let attributes = EvaluationContext::new();
            let name = name.into();
            context.offer(Action { name, attributes });
        }
        is_on(&ruleset, &context);
        let evaluator = Evaluator {
            ruleset: &ruleset,
            context: &context,
            at: UnixMillis(0),
            draw: 0,
            policies: &policies,
            sticky: &sticky,
            participation: Participation::Full,
        };
        let chosen = evaluator.evaluate("f").details.chosen?;
        chosen.action.map(|name| name.to_string())
    };
    let all: Vec<_> = (0..50).map(|n| chosen(&format!("s{n}"), "a")).collect();
    assert!(all.contains(&Some("a".to_owned())), "{all:?}");
    assert!(all.contains(&Some("b".to_owned())), "{all:?}");
    assert!(!all.contains(&None), "{all:?}");
    assert_eq!(chosen("s0", "other"), None);
}

#[test]
fn flags_with_more_to_them_have_no_plan() {
    let rules = r#""rules":[{"serve":{"split":{"weights":{"on":30,"off":70}}}}]"#;
    assert!(plan(&ruleset(rules)).is_some());
    for more in [
        r#""holdouts":["q"]"#,
        r#""overrides":{"ana":"on"}"#,
        r#""schedule":{"startAt":"2026-03-01T09:00:00Z"}"#,
        r#""expiry":{"at":"2026-03-01T09:00:00Z"}"#,
        r#""requires":[{"flag":"g","variants":["on"]}]"#,
    ] {
        let ruleset = ruleset(&format!("{more},{rules}"));
        assert!(plan(&ruleset).is_none(), "{more}");
        is_on(
            &ruleset,
            &EvaluationContext::new().with_targeting_key("ana"),
        );
    }
}
