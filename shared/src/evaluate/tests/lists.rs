//! Conditions that refer to named lists and to holdouts.

use super::{Given, subject};
use crate::compact::encode;
use crate::compile::compile;
use crate::context::EvaluationContext;
use crate::ruleset::Ruleset;
use crate::value::Value;

/// A flag that is on under the condition, beside lists and a holdout.
fn document(condition: &str) -> String {
    format!(
        r#"{{"schemaVersion":1,
        "lists":{{"dach":{{"description":"d","values":["DE","AT","CH"]}},
                  "europe":{{"values":["ES","FR"],"lists":["dach","iberia"]}},
                  "iberia":{{"values":["PT","ES"]}},
                  "accounts":{{"values":[7,"8",9.5]}},
                  "networks":{{"values":["10.0.0.0/8"]}},
                  "testers":{{"values":["0d18947857c5c17400c6077e91bca436"]}},
                  "none":{{}}}},
        "segments":{{"near":{{"when":{{"attribute":"country","op":"in","list":"dach"}}}}}},
        "holdouts":{{"q4":{{"percentage":30}},"all":{{"percentage":100}},"zero":{{"percentage":0}},
                     "firms":{{"percentage":30,"bucketBy":["firm"],"salt":"s"}}}},
        "flags":{{"f":{{"type":"boolean","status":"enabled","defaultVariant":"off",
            "variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
            "rules":[{{"when":{condition},"serve":{{"variant":"on"}}}}]}}}}}}"#
    )
}

/// The ruleset as it was compiled, and as edges read it.
fn forms(condition: &str) -> [Ruleset; 2] {
    let compiled = compile(document(condition).as_bytes()).expect("a ruleset");
    assert_eq!(compiled.diagnostics, [], "{condition}");
    let read = Ruleset::from_compact(encode(&compiled.ruleset)).expect("its compact form");
    [compiled.ruleset, read]
}

#[track_caller]
fn check(condition: &str, attribute: &str, value: impl Into<Value>, expected: bool) {
    let context = subject("ana").with(attribute, value.into());
    for ruleset in forms(condition) {
        let answer = Given::new(&ruleset).answer(&context);
        assert_eq!(answer.starts_with("on "), expected, "{condition} {answer}");
    }
}

#[test]
fn a_condition_may_name_a_list() {
    let dach = r#"{"attribute":"country","op":"in","list":"dach"}"#;
    check(dach, "country", "DE", true);
    check(dach, "country", "ES", false);
    check(dach, "country", "de", false);
    check(dach, "nothing", "DE", false);
    let not = r#"{"attribute":"country","op":"notIn","list":"dach"}"#;
    check(not, "country", "DE", false);
    check(not, "country", "ES", true);
    check(not, "nothing", "DE", true);
    let any_case = r#"{"attribute":"country","op":"in","list":"dach","ignoreCase":true}"#;
    check(any_case, "country", "de", true);
    check(any_case, "country", "es", false);
    let same = r#"{"attribute":"country","op":"equals","list":"dach"}"#;
    check(same, "country", "AT", true);
    check(r#"{"segment":"near"}"#, "country", "CH", true);
    check(r#"{"segment":"near"}"#, "country", "FR", false);
}

#[test]
fn a_list_has_the_values_of_the_lists_in_it() {
    let europe = r#"{"attribute":"country","op":"in","list":"europe"}"#;
    for country in ["ES", "FR", "DE", "AT", "CH", "PT"] {
        check(europe, "country", country, true);
    }
    check(europe, "country", "US", false);
    let none = r#"{"attribute":"country","op":"in","list":"none"}"#;
    check(none, "country", "", false);
}

#[test]
fn lists_serve_every_operator_that_takes_one() {
    let accounts = r#"{"attribute":"account","op":"in","list":"accounts"}"#;
    check(accounts, "account", 7, true);
    check(accounts, "account", "7", false);
    check(accounts, "account", "8", true);
    check(accounts, "account", 9.5, true);
    let text = |op: &str| format!(r#"{{"attribute":"a","op":"{op}","list":"dach"}}"#);
    check(&text("contains"), "a", "in CH or so", true);
    check(&text("contains"), "a", "in FR", false);
    check(&text("startsWith"), "a", "DE-BY", true);
    check(&text("notStartsWith"), "a", "DE-BY", false);
    check(&text("endsWith"), "a", "de-AT", true);
    let set = |op: &str, expected: [bool; 3]| {
        let of = |texts: &[&str]| Value::List(texts.iter().map(|text| (*text).into()).collect());
        let values = [of(&["DE"]), of(&["CH", "AT", "DE"]), of(&["DE", "FR"])];
        for (value, expected) in values.into_iter().zip(expected) {
            check(&text(op), "a", value, expected);
        }
    };
    set("containsAny", [true, true, true]);
    set("containsAll", [false, true, false]);
    set("supersetOf", [false, true, false]);
    set("setEquals", [false, true, false]);
    set("subsetOf", [true, true, false]);
    let network = r#"{"attribute":"ip","op":"inNetwork","list":"networks"}"#;
    check(network, "ip", "10.1.2.3", true);
    check(network, "ip", "11.1.2.3", false);
}

#[test]
fn tests_of_elements_and_hashes_name_lists_inside() {
    let of = |texts: &[&str]| Value::List(texts.iter().map(|text| (*text).into()).collect());
    let any = r#"{"attribute":"a","op":"anyElement","value":{"op":"in","list":"dach"}}"#;
    check(any, "a", of(&["FR", "DE"]), true);
    check(any, "a", of(&["FR", "de"]), false);
    check(any, "a", "DE", false);
    let none = r#"{"attribute":"a","op":"notAnyElement","value":{"op":"in","list":"dach"}}"#;
    check(none, "a", of(&["FR"]), true);
    check(none, "a", of(&["DE"]), false);
    let folded = r#"{"attribute":"a","op":"everyElement",
        "value":[{"op":"startsWith","list":"europe","ignoreCase":true},
                 {"op":"notIn","list":"iberia"}]}"#;
    check(folded, "a", of(&["de-BY", "Fr"]), true);
    check(folded, "a", of(&["de-BY", "ES"]), false);
    check(folded, "a", of(&["US"]), false);
    let nested = r#"{"attribute":"a","op":"anyElement",
        "value":{"op":"anyElement","value":{"op":"containsAny","list":"accounts"}}}"#;
    let inner = |value: Value| Value::List([Value::List([value].into())].into());
    check(nested, "a", inner(7.into()), true);
    check(nested, "a", inner("7".into()), false);
    let hashed = r#"{"attribute":"a","op":"equalsHashed","value":{"salt":"s","list":"testers"}}"#;
    check(hashed, "a", "ana", true);
    check(hashed, "a", "eve", false);
    let element = format!(
        r#"{{"attribute":"a","op":"anyElement","value":{}}}"#,
        r#"{"op":"equalsHashed","value":{"salt":"s","list":"testers"}}"#
    );
    check(&element, "a", of(&["eve", "ana"]), true);
    check(&element, "a", of(&["eve"]), false);
}

#[test]
fn an_operand_that_names_lists_is_kept_once_too() {
    let one = r#"{"attribute":"a","op":"anyElement","value":{"op":"in","list":"dach"}}"#;
    let [once, _] = forms(one);
    let [often, _] = forms(&format!(r#"{{"any":[{one},{{"not":{one}}},{one}]}}"#));
    assert_eq!(once.n_segments(), often.n_segments());
    let other = r#"{"attribute":"a","op":"anyElement","value":{"op":"notIn","list":"dach"}}"#;
    let [two, _] = forms(&format!(r#"{{"any":[{one},{other}]}}"#));
    assert_eq!(two.n_segments(), once.n_segments() + 1);
}

#[test]
fn a_list_is_kept_once_however_often_it_is_named() {
    let one = r#"{"attribute":"country","op":"in","list":"europe"}"#;
    let [once, _] = forms(one);
    let same = r#"{"attribute":"country","op":"equals","list":"europe"}"#;
    let [often, read] = forms(&format!(r#"{{"any":[{one},{same},{{"not":{one}}}]}}"#));
    // The segment tests another list, and stands before both.
    assert_eq!((once.n_segments(), often.n_segments()), (3, 3));
    assert_eq!(read.n_segments(), 3);
    let other = r#"{"attribute":"home","op":"in","list":"europe"}"#;
    let [two, _] = forms(&format!(r#"{{"any":[{one},{other}]}}"#));
    assert_eq!(two.n_segments(), 4);
}

#[track_caller]
fn explained(condition: &str, context: &EvaluationContext, expected: &str) {
    for ruleset in forms(condition) {
        Given::new(&ruleset).with(context, |evaluator| {
            let explanation = evaluator.explain("f");
            let first = explanation.steps.first().expect("a step");
            assert_eq!(first.change, [expected], "{condition}");
        });
    }
}

#[test]
fn explanations_name_the_list_and_the_holdout() {
    let context = subject("ana").with("country", "US");
    explained(
        r#"{"attribute":"country","op":"in","list":"dach"}"#,
        &context,
        r#"country is "US"; "country equals "AT" or "CH" or "DE"" must hold (the list "dach")"#,
    );
    explained(
        r#"{"attribute":"country","op":"notContains","list":"iberia"}"#,
        &subject("ana").with("country", "PT"),
        r#"country is "PT"; "country contains "ES" or "PT"" must not hold (the list "iberia")"#,
    );
    explained(
        r#"{"not":{"holdout":"all"}}"#,
        &context,
        r#"the subject must not be in the holdout "all""#,
    );
    explained(
        r#"{"holdout":"zero"}"#,
        &context,
        r#"the subject must be in the holdout "zero""#,
    );
}

#[test]
fn a_condition_holds_for_those_whom_a_holdout_keeps_out() {
    // A split that names the holdout says whom it keeps out.
    let split = |holdout: &str| {
        let rule = r#"{"serve":{"split":{"weights":{"on":1}}}}"#;
        let document = document(r#"{"any":[]}"#).replace(
            r#""rules":["#,
            &format!(r#""holdouts":["{holdout}"],"rules":[{rule},"#),
        );
        let compiled = compile(document.as_bytes()).expect("a ruleset");
        assert_eq!(compiled.diagnostics, []);
        compiled.ruleset
    };
    for (holdout, least, most) in [
        ("q4", 10, 190),
        ("firms", 10, 190),
        ("all", 200, 200),
        ("zero", 0, 0),
    ] {
        let kept_out = split(holdout);
        let forms = forms(&format!(r#"{{"holdout":"{holdout}"}}"#));
        let mut n_held = 0;
        for n in 0..200 {
            let context = subject(&format!("s{n}")).with("firm", n);
            let is_held = Given::new(&kept_out).answer(&context) == "off DEFAULT";
            n_held += usize::from(is_held);
            for ruleset in &forms {
                let answer = Given::new(ruleset).answer(&context);
                assert_eq!(answer == "on TARGETING_MATCH", is_held, "{holdout} s{n}");
            }
        }
        assert!((least..=most).contains(&n_held), "{holdout}: {n_held}");
    }
}
