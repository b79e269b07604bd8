use super::{policy, test};
use crate::context::{Action, Attribute, EvaluationContext};
use crate::dialect::{Chosen, Source, View};
use crate::time::UnixMillis;
use crate::value::Value;
use serde_json::{Value as Json, json};

fn value(json: Json) -> Value {
    serde_json::from_value(json).unwrap()
}

fn source(op: &str, attribute: Option<&str>, operand: Json) -> Source {
    Source {
        dialect: "eppo".into(),
        op: op.into(),
        attribute: attribute.map(Attribute::named),
        value: value(operand),
    }
}

fn context(attributes: Json) -> EvaluationContext {
    let Json::Object(members) = attributes else {
        panic!("attributes are an object");
    };
    let mut context = EvaluationContext::new();
    for (name, json) in members {
        context.set(&name, value(json));
    }
    context
}

fn view(context: &EvaluationContext) -> View<'_> {
    View {
        context,
        at: UnixMillis(0),
        draw: 0,
    }
}

#[track_caller]
fn check(op: &str, attributes: Json, operand: Json, expected: bool) {
    let test = test(&source(op, Some("a"), operand)).unwrap();
    let context = context(attributes);
    assert_eq!(test.holds(&view(&context)), Ok(expected.into()), "{op}");
}

#[test]
fn texts_are_compared_as_they_are_written() {
    check("ONE_OF", json!({"a": "x"}), json!(["y", "x"]), true);
    check("ONE_OF", json!({"a": "X"}), json!(["x"]), false);
    check("ONE_OF", json!({"a": true}), json!(["true"]), true);
    check("ONE_OF", json!({"a": 1.0}), json!(["1"]), true);
    check("ONE_OF", json!({"a": 1.5}), json!(["1.5"]), true);
    check("NOT_ONE_OF", json!({"a": 2}), json!(["1"]), true);
    check("NOT_ONE_OF", json!({"a": "x"}), json!(["x"]), false);
    check("MATCHES", json!({"a": "me@b.org"}), json!("@b\\.org"), true);
    check("MATCHES", json!({"a": false}), json!("^fal"), true);
    check("NOT_MATCHES", json!({"a": "abc"}), json!("^b"), true);
    check("NOT_MATCHES", json!({"a": "abc"}), json!("b"), false);
}

#[test]
fn what_is_absent_fails_all_but_a_look_at_it() {
    for absent in [
        json!({}),
        json!({"a": null}),
        json!({"a": ["x"]}),
        json!({"a": {}}),
    ] {
        check("NOT_ONE_OF", absent.clone(), json!(["x"]), false);
        check("ONE_OF", absent.clone(), json!(["null"]), false);
        check("NOT_MATCHES", absent.clone(), json!("x"), false);
        check("LT", absent.clone(), json!(5), false);
        check("LT", absent.clone(), json!("1.0.0"), false);
        check("IS_NULL", absent.clone(), json!(true), true);
        check("IS_NULL", absent, json!(false), false);
    }
    check("IS_NULL", json!({"a": ""}), json!(true), false);
    check("IS_NULL", json!({"a": 0}), json!(false), true);
}

#[test]
fn numbers_are_compared_unless_the_comparand_is_a_version() {
    check("GTE", json!({"a": 18}), json!(18), true);
    check("GT", json!({"a": "18.5"}), json!("18"), true);
    check("GT", json!({"a": 18}), json!(18), false);
    check("LT", json!({"a": 18}), json!(18), false);
    check("LTE", json!({"a": 18.1}), json!(18), false);
    check("LT", json!({"a": "many"}), json!(18), false);
    check("GT", json!({"a": true}), json!(0), false);
    check("GT", json!({"a": "1.10.0"}), json!("1.9.0"), true);
    check("LT", json!({"a": "1.0.0-rc.1"}), json!("1.0.0"), true);
    check("GTE", json!({"a": "1.0.0+b"}), json!("1.0.0"), true);
    check("GTE", json!({"a": 2}), json!("1.0.0"), false);
    check("GTE", json!({"a": "2"}), json!("1.0.0"), false);
}

#[test]
fn the_subject_has_an_id_of_its_own_or_its_key() {
    let test = test(&source("ONE_OF", Some("id"), json!(["ana"]))).unwrap();
    let holds = |attributes| test.holds(&view(&context(attributes))) == Ok(true.into());
    assert!(holds(json!({"targetingKey": "ana"})));
    assert!(holds(json!({"targetingKey": "bob", "id": "ana"})));
    assert!(!holds(json!({"targetingKey": "ana", "id": "bob"})));
    assert!(!holds(json!({"targetingKey": "ana", "id": null})));
}

#[test]
fn faulty_conditions_are_refused() {
    let refused = |op, attribute, operand| test(&source(op, attribute, operand)).is_err();
    assert!(refused("LIKE", Some("a"), json!("x")));
    assert!(refused("ONE_OF", None, json!(["x"])));
    assert!(refused("ONE_OF", Some("a"), json!("x")));
    assert!(refused("ONE_OF", Some("a"), json!([1])));
    assert!(refused("MATCHES", Some("a"), json!("(")));
    assert!(refused("GT", Some("a"), json!("soon")));
    assert!(refused("IS_NULL", Some("a"), json!("true")));
    assert!(refused("MATCHES", Some("a"), json!("x".repeat(1_001))));
    assert!(!refused("MATCHES", Some("a"), json!("x".repeat(1_000))));
}

fn model() -> Json {
    json!({
        "flagKey": "drink", "gamma": 2, "defaultActionScore": 0.5, "actionProbabilityFloor": 0.3,
        "coefficients": {
            "tea": {
                "intercept": 0.2,
                "actionNumericCoefficients": [
                    {"attributeKey": "price", "coefficient": -0.1, "missingValueCoefficient": -1}
                ],
                "actionCategoricalCoefficients": [{
                    "attributeKey": "brand", "missingValueCoefficient": 0.1,
                    "valueCoefficients": {"x": 0.7, "1.5": 2}
                }],
                "subjectNumericCoefficients": [
                    {"attributeKey": "age", "coefficient": 0.05, "missingValueCoefficient": 0.4}
                ],
                "subjectCategoricalCoefficients": [{
                    "attributeKey": "plan", "missingValueCoefficient": -0.5,
                    "valueCoefficients": {"pro": 1, "true": -0.25}
                }]
            },
            "ale": {
                "intercept": 0.9,
                "actionNumericCoefficients": [], "actionCategoricalCoefficients": [],
                "subjectNumericCoefficients": [
                    {"attributeKey": "age", "coefficient": 0.01, "missingValueCoefficient": 0}
                ],
                "subjectCategoricalCoefficients": []
            }
        }
    })
}

fn choose(model: Json, subject: Json, actions: &Json) -> Option<Chosen> {
    let policy = policy(&source("falcon", None, model)).unwrap();
    let mut context = context(subject);
    for (name, attributes) in actions.as_object().unwrap() {
        context.offer(Action {
            name: name.as_str().into(),
            attributes: self::context(attributes.clone()),
        });
    }
    policy.choose(&view(&context))
}

/// Worked out from the published algorithm with an independent program in Python.
#[test]
fn bandits_choose_as_published() {
    #[track_caller]
    fn check(subject: Json, actions: &Json, expected: (&str, f64)) {
        let chosen = choose(model(), subject, actions).unwrap();
        assert_eq!(chosen.action.as_deref(), Some(expected.0));
        assert!((chosen.propensity - expected.1).abs() < 1e-12, "{chosen:?}");
    }
    let actions = json!({"tea": {"price": 3.5, "brand": "x"}, "ale": {}, "rum": {"price": 9}});
    let subject = |key| json!({"targetingKey": key, "age": 30, "plan": "pro"});
    let rum = ("rum", 0.123_456_790_123_456_8);
    check(subject("ana"), &actions, rum);
    check(subject("bob"), &actions, rum);
    check(subject("cleo"), &actions, ("ale", 0.149_253_731_343_283_6));
    check(subject("dan"), &actions, ("tea", 0.727_289_478_533_259_5));
    check(
        json!({"targetingKey": "ana", "age": "30", "plan": true}),
        &json!({"tea": {"brand": 1.5}, "ale": {"x": 1}}),
        ("tea", 0.655_172_413_793_103_4),
    );
    check(
        json!({"targetingKey": "ana", "age": null}),
        &json!({"tea": {"brand": null, "price": true}}),
        ("tea", 1.0),
    );
}

#[test]
fn nothing_is_chosen_without_actions_or_subject() {
    let actions = json!({"tea": {}});
    assert_eq!(
        choose(model(), json!({"targetingKey": "ana"}), &json!({})),
        None
    );
    assert_eq!(choose(model(), json!({}), &actions), None);
}

/// The floor keeps each action possible, and the best one has what is left.
#[test]
fn probabilities_of_all_subjects_are_met() {
    let mut model = model();
    model["actionProbabilityFloor"] = json!(0.6);
    model["gamma"] = json!(1e9);
    let mut n_tea = 0;
    for subject in 0..2_000 {
        let subject = json!({"targetingKey": format!("s{subject}")});
        let chosen = choose(model.clone(), subject, &json!({"tea": {}, "ale": {}})).unwrap();
        let is_tea = chosen.action.as_deref() == Some("tea");
        let expected = if is_tea { 0.3 } else { 0.7 };
        assert!((chosen.propensity - expected).abs() < 1e-12, "{chosen:?}");
        n_tea += i32::from(is_tea);
    }
    // Five standard deviations of a binomial with n = 2,000 and p = 0.3.
    assert!((n_tea - 600).abs() < 103, "{n_tea}");
}

/// The gap of 1.5 makes a quotient of 2, which is no probability.
#[test]
fn an_impossible_model_still_gives_a_probability() {
    let mut model = model();
    model["gamma"] = json!(-1);
    model["coefficients"]["tea"]["intercept"] = json!(3);
    let mut chosen = std::collections::BTreeSet::new();
    for subject in 0..50 {
        let subject = json!({"targetingKey": format!("s{subject}")});
        let choice = choose(model.clone(), subject, &json!({"tea": {}, "rum": {}})).unwrap();
        assert!(
            choice.propensity > 0.0 && choice.propensity <= 1.0,
            "{choice:?}"
        );
        chosen.extend(choice.action);
    }
    assert_eq!(chosen, ["rum".into()].into());
}

#[test]
fn faulty_models_are_refused() {
    let refused = |change: fn(&mut Json)| {
        let mut model = model();
        change(&mut model);
        policy(&source("falcon", None, model)).is_err()
    };
    assert!(!refused(|_| {}));
    assert!(refused(|model| model["gamma"] = json!("1")));
    assert!(refused(|model| model["flagKey"] = json!(1)));
    assert!(refused(|model| model["coefficients"] = json!([])));
    assert!(refused(
        |model| model["coefficients"]["ale"]["intercept"] = json!(null)
    ));
    let tea = |model: &mut Json, change: fn(&mut Json)| change(&mut model["coefficients"]["tea"]);
    assert!(refused(
        |model| model["coefficients"]["tea"]["actionNumericCoefficients"] = json!(1)
    ));
    let mut broken = model();
    tea(&mut broken, |tea| {
        tea["subjectCategoricalCoefficients"][0]["valueCoefficients"]["pro"] = json!("much");
    });
    assert!(policy(&source("falcon", None, broken)).is_err());
    assert!(policy(&source("owl", None, model())).is_err());
}
