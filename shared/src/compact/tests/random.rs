//! Random rulesets, and bytes with random damage.

use super::*;
use crate::{DiagnosticCode, Outcome, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn test(attribute: &str, op: &str, value: impl Into<Json>) -> Json {
    json!({ "attribute": attribute, "op": op, "value": value.into() })
}

/// Conditions over a handful of attributes, nested.
fn condition() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(test("country", "in", json!(["DE", "ES", "FR"]))),
        Just(test("country", "notEquals", "DE")),
        Just(test(
            "country",
            "in",
            json!(["DE", 7, null, { "a": [1.5] }])
        )),
        Just(json!({ "attribute": ["person", "age"], "op": "exists" })),
        (0..100).prop_map(move |age| json!(
            { "attribute": ["person", "age"], "op": "lessThan", "value": age }
        )),
        Just(test("email", "endsWith", "@acme.test")),
        Just(json!(
            { "attribute": "email", "op": "contains", "value": ["A", "b"], "ignoreCase": true }
        )),
        Just(json!(
            { "attribute": "email", "op": "matches", "value": "^[a-c]+@", "ignoreCase": true }
        )),
        Just(test("email", "matches", "^[A-C]+@")),
        Just(test("since", "before", "2026-01-01T00:00:00Z")),
        Just(test("version", "versionMatches", "^2.1, <3")),
        Just(test("version", "versionGreaterOrEqual", "2.1.0-rc.1")),
        Just(json!({ "attribute": "country", "op": "notIn", "list": "all" })),
        Just(json!({ "attribute": "email", "op": "contains", "list": "some", "ignoreCase": true })),
        Just(json!({ "attribute": "country", "op": "containsAny", "list": "some" })),
        Just(json!({ "holdout": "held" })),
        Just(json!({ "segment": "outer" })),
        Just(json!({ "segment": "inner" })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|all| json!({ "all": all })),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|any| json!({ "any": any })),
            inner.prop_map(|not| json!({ "not": not })),
        ]
    })
}

fn serve() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(json!({ "variant": "a" })),
        (1..9_u32, 1..9_u32).prop_map(|(a, b)| json!(
            { "split": { "weights": { "a": a, "b": b }, "bucketing": { "by": "org" } } }
        )),
        Just(json!({ "split": { "weights": { "a": 1 },
                "bucketing": { "draw": "request" } } })),
        Just(json!({ "bandit": "bandit" })),
    ]
}

fn rule() -> impl Strategy<Value = Json> {
    (condition(), serve(), any::<bool>(), 0..101_u32).prop_map(|(when, serve, ends, gate)| {
        json!({
            "when": when,
            "serve": serve,
            "onMiss": if ends { "end" } else { "next" },
            "gates": [{ "percentage": gate, "bucketing": { "salt": "gate" } }],
            "schedule": { "startAt": "2025-06-01T00:00:00Z" },
        })
    })
}

fn flag() -> impl Strategy<Value = Json> {
    let status = prop::sample::select(vec![
        "enabled",
        "disabled",
        "gradual_rollout",
        "ab_test",
        "canary",
    ]);
    (
        status,
        prop::collection::vec(rule(), 0..3),
        0..5_u32,
        0..100_u32,
    )
        .prop_map(|(status, rules, kind, percentage)| {
            let mut flag = json!({
                "type": "json",
                "status": status,
                "visibility": if kind % 2 == 0 { "client" } else { "server" },
                "config": { "k": kind, "nested": [{ "n": null }] },
                "variants": {
                    "a": { "value": { "amount": 1.5, "big": u64::MAX, "list": [true, -7] },
                        "metadata": { "m": "ü" },
                        "page": { "paths": ["/p/*"], "rewrite": "/q", "edits": [
                            { "selector": "h1", "action": "setText", "value": "hello" }] } },
                    "b": { "value": "b", "config": { "k": null } },
                },
                "offVariant": "b",
                "defaultVariant": "a",
                "overrides": { "subject-1": "b", "subject-2": "a" },
                "rules": rules,
            });
            let more = match (status, kind) {
                ("gradual_rollout", 0) => {
                    json!({ "rollout": { "variant": "a", "ramp": {
                    "interpolation": "linear", "steps": [
                        { "at": "2026-01-01T00:00:00Z", "percentage": 10 },
                        { "at": "2026-01-11T00:00:00Z", "percentage": percentage }] } } })
                }
                ("gradual_rollout", _) => json!(
                    { "rollout": { "variant": "a", "percentage": percentage } }),
                ("ab_test", 0) => json!({ "experiment": { "bandit": "bandit" } }),
                ("ab_test", 1) => json!({ "holdouts": ["held"],
                    "layer": { "key": "layer", "ranges": [[0, 600_000]] },
                    "experiment": { "weights": { "a": 1, "b": 2 }, "traffic": percentage } }),
                ("ab_test", _) => json!(
                    { "experiment": { "weights": { "a": 1, "b": 2 }, "traffic": percentage } }),
                ("canary", _) => json!({ "canary": { "variant": "a",
                    "subjects": ["subject-3"], "segments": ["inner"], "percentage": percentage } }),
                (_, 2) => json!({ "requires": [{ "flag": "first", "variants": ["a"] }],
                    "schedule": { "startAt": "2025-01-01T00:00:00Z" } }),
                (_, 3) => {
                    json!({ "requires": [{ "flag": "absent", "variants": ["a"] }] })
                }
                (_, 4) => json!({ "expiry": { "at": "2026-01-05T00:00:00Z" } }),
                _ => json!({}),
            };
            let (Some(flag_members), Json::Object(more)) = (flag.as_object_mut(), more) else {
                return flag;
            };
            flag_members.extend(more);
            flag
        })
}

/// A policy that looks at no context.
fn plain() -> impl Strategy<Value = Json> {
    let prior = json!({ "successes": 1, "failures": 2.5 });
    prop::sample::select(vec![
        json!({ "kind": "thompson", "floor": 0.013, "prior": prior }),
        json!({ "kind": "topTwo", "prior": prior, "windowMs": 5_000_000 }),
        json!({ "kind": "epsilonGreedy", "epsilon": 0.25, "decay": 0.5, "halfLifeMs": 1_000 }),
        json!({ "kind": "imed", "floor": 0 }),
        json!({ "kind": "klUcbPlus", "halfLifeMs": 1_000 }),
        json!({ "kind": "thompson", "adaptiveWindowMs": 5_000_000 }),
    ])
}

fn policy() -> impl Strategy<Value = Json> {
    let declared = json!([
        { "kind": "oneHot", "attribute": "country", "categories": ["DE", "ES"] },
        { "kind": "numeric", "attribute": { "of": "org", "path": ["size"] }, "min": 0,
            "max": 9.5, "missing": 1 },
        { "kind": "steps", "attribute": ["os", "version"], "bounds": [1.5, 2] },
        { "kind": "hashed", "attribute": "email", "places": 3 },
        { "kind": "crossed", "of": [0, 3] },
    ]);
    let contextual = [
        json!({ "windowMs": 5_000_000 }),
        json!({ "exploration": "linUcb", "alpha": 2.5 }),
        json!({ "exploration": "linUcb" }),
        json!({ "exploration": "epsilonGreedy", "epsilon": 0.25, "decay": 0.5 }),
        json!({ "exploration": "greedy", "adaptiveWindowMs": 5_000_000 }),
    ];
    let contextual = contextual.map(|mut policy| {
        policy["kind"] = "contextual".into();
        policy["floor"] = 0.013.into();
        policy["features"] = declared.clone();
        policy
    });
    prop_oneof![plain(), prop::sample::select(contextual.to_vec())]
}

fn document() -> impl Strategy<Value = String> {
    let flags = prop::collection::vec(flag(), 1..6);
    (flags, condition(), any::<bool>(), policy()).prop_map(|(flags, when, hashed, policy)| {
        let mut members = serde_json::Map::new();
        for (index, flag) in flags.into_iter().enumerate() {
            let key = if index == 0 {
                "first".to_owned()
            } else {
                format!("flag-{index}")
            };
            members.insert(key, flag);
        }
        let mut document = json!({
            "schemaVersion": 1,
            "salt": "s",
            "segments": {
                "inner": { "included": ["subject-5"], "excluded": ["subject-6"] },
                "outer": { "included": ["subject-7"], "when": when },
            },
            "lists": { "some": { "values": ["B@", "ES"] },
                "all": { "values": ["DE"], "lists": ["some"] } },
            "layers": { "layer": { "salt": "l" } },
            "holdouts": { "held": { "percentage": 20 } },
            "bandits": { "bandit": { "actions": ["a", "b"], "stickiness": "revision",
                "reward": { "metric": "m", "kind": "numeric", "min": -1, "max": 9.5 },
                "policy": policy } },
            "flags": members,
        });
        if hashed && let Some(members) = document.as_object_mut() {
            members.insert("subjectSalt".into(), "pepper".into());
        }
        document.to_string()
    })
}

fn context() -> impl Strategy<Value = EvaluationContext> {
    let country = prop::sample::select(vec!["DE", "ES", "US"]);
    let email = prop::sample::select(vec!["ab@acme.test", "AB@else.test", "x"]);
    let version = prop::sample::select(vec!["2.1.0", "2.1.0-rc.1", "1.0", "2.9.9"]);
    (0..9_u32, country, email, version, 0..100_i32).prop_map(|(n, country, email, version, age)| {
        let person = Value::Object([("age".into(), age.into())].into());
        let context = EvaluationContext::new()
            .with("country", country)
            .with("email", email)
            .with("version", version)
            .with("person", person)
            .with("since", "2025-12-31T00:00:00Z");
        match n {
            0 => context,
            n => context
                .with("org", i64::from(n % 3))
                .with_targeting_key(&format!("subject-{n}")),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_back_answers_and_explains_alike(
        document in document(),
        contexts in prop::collection::vec(context(), 8),
        days in 0..40_i64,
    ) {
        let ruleset = compiled(&document);
        let read = reread(&ruleset);
        let at = UnixMillis(1_766_000_000_000 + days * 86_400_000);
        for context in &contexts {
            same_answers(&ruleset, &read, context, at);
        }
    }

    /// Whether a document is read in one pass, member by member or with a record of every place,
    /// it means the same, and there is the same to say about it.
    #[test]
    fn a_document_means_the_same_however_it_is_read(document in document()) {
        let plain = compile(document.as_bytes()).unwrap();
        let by_members = document.replacen('{', r#"{"alien":[{}],"#, 1);
        let with_care = document.replace(r#""variants":{"#, r#""alien":null,"variants":{"#);
        prop_assert!(with_care != document);
        for (same, n_remarks) in [(by_members, 0), (with_care, plain.ruleset.len())] {
            let read = compile(same.as_bytes()).unwrap();
            let (remarks, said): (Vec<_>, Vec<_>) = read
                .diagnostics
                .into_iter()
                .partition(|d| d.code == DiagnosticCode::UnknownField);
            prop_assert!(remarks.len() >= n_remarks, "{remarks:?}");
            prop_assert_eq!(&said, &plain.diagnostics);
            prop_assert!(encode(&read.ruleset) == encode(&plain.ruleset));
        }
    }

    #[test]
    fn nothing_panics_whatever_the_bytes(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..9),
        context in context(),
    ) {
        let mut bytes = encode(&compiled(GOLDEN));
        let body = &mut bytes[PREFIX_BYTES..];
        for (place, byte) in changes {
            let length = body.len();
            body[place.index(length)] = byte;
        }
        if let Ok(ruleset) = Ruleset::from_compact(encode::framed(body, 0)) {
            same_answers(&ruleset, &ruleset, &context, UnixMillis(1_766_000_000_000));
            let _ = encode(&ruleset);
        }
    }
}

#[test]
fn random_documents_have_few_faults_and_some() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let context = EvaluationContext::new().with_targeting_key("subject-4");
    let (policies, sticky) = (policies(), StickyDecisions::default());
    let mut outcomes = [0; 3];
    for _ in 0..64 {
        let document = document().new_tree(&mut runner).unwrap().current();
        let ruleset = compiled(&document);
        let evaluator = Evaluator {
            ruleset: &ruleset,
            context: &context,
            at: UnixMillis(1_766_000_000_000),
            draw: 1,
            policies: &policies,
            sticky: &sticky,
            participation: Participation::Full,
        };
        for evaluation in evaluator.evaluate_all() {
            outcomes[match evaluation.outcome {
                Outcome::Resolved { .. } => 0,
                Outcome::CallerDefault { .. } => 1,
                Outcome::Failed { .. } => 2,
            }] += 1;
        }
    }
    assert!(
        outcomes[0] > 4 * outcomes[2] && outcomes[2] > 0,
        "{outcomes:?}"
    );
}
