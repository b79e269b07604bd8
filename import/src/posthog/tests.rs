use crate::tried::Tried;
use crate::{Peer, import};
use serde_json::{Value as Json, json};

const NOW: &str = "2026-03-01T00:00:00Z";

/// One flag, called `color`, and what else the definitions have.
fn tried(flag: &Json, cohorts: &Json) -> Tried {
    let mut flag = flag.clone();
    flag["key"] = json!("color");
    let export = json!({
        "flags": [flag, other("other", "pro", true), other("away", "pro", false)],
        "group_type_mapping": {"0": "company"},
        "cohorts": cohorts,
    });
    Tried::of(Peer::PostHog, &export)
}

/// A flag that is on for a plan.
fn other(key: &str, plan: &str, active: bool) -> Json {
    json!({"key": key, "active": active, "filters": {"groups": [
        {"properties": [filter("plan", "exact", &json!(plan))]},
    ]}})
}

fn filter(key: &str, operator: &str, value: &Json) -> Json {
    json!({"key": key, "operator": operator, "value": value, "type": "person"})
}

fn with(groups: &Json) -> Json {
    json!({"active": true, "filters": {"groups": groups}})
}

#[track_caller]
fn check(tried: &Tried, context: &Json, variant: Option<&str>) {
    let answer = tried.answer("color", context, NOW);
    assert_eq!(answer.variant.as_deref(), variant, "{}", answer.words);
}

#[test]
fn conditions_are_tried_in_order() {
    let flag = tried(
        &with(&json!([
            {"properties": [filter("plan", "exact", &json!("pro"))], "rollout_percentage": 0},
            {"properties": [filter("age", "gt", &json!(17))], "description": "adults"},
        ])),
        &json!({}),
    );
    check(
        &flag,
        &json!({"targetingKey": "ana", "plan": "pro", "age": 18}),
        Some("true"),
    );
    check(
        &flag,
        &json!({"targetingKey": "ana", "plan": "pro", "age": 17}),
        Some("false"),
    );
    // A condition that cannot be told does not keep another from holding.
    check(
        &flag,
        &json!({"targetingKey": "ana", "age": 18}),
        Some("true"),
    );
    check(&flag, &json!({"targetingKey": "ana", "age": 17}), None);
    check(&flag, &json!({"targetingKey": "ana", "plan": "x"}), None);
    let rules = flag.imported.ruleset["flags"]["color"]["rules"]
        .as_array()
        .unwrap();
    let ids: Vec<&str> = rules
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["condition 1", "adults", "no condition holds"]);
    assert_eq!(flag.notes(), [""; 0]);
}

/// As posthog-node 5.70.0 and posthog 7.91.1 for Python have it.
#[test]
fn a_filter_that_fails_decides_wherever_it_stands() {
    let missing = || filter("nothing", "exact", &json!("x"));
    let plan = || filter("plan", "exact", &json!("pro"));
    let served = |properties: Json, plan: &str| {
        let flag = tried(&with(&json!([{ "properties": properties }])), &json!({}));
        let context = json!({ "targetingKey": "ana", "plan": plan });
        flag.answer("color", &context, NOW).variant
    };
    let off = Some("false".to_owned());
    assert_eq!(served(json!([missing(), plan()]), "free"), off);
    assert_eq!(served(json!([plan(), missing()]), "free"), off);
    // Where the others hold there is no answer.
    assert_eq!(served(json!([missing(), plan()]), "pro"), None);
    assert_eq!(served(json!([missing(), missing()]), "pro"), None);
}

/// As posthog-node 5.70.0 has it.
#[test]
fn who_is_held_out_is_asked_no_condition() {
    let served = |percentage: u8, context: &Json| {
        let mut flag = with(&json!([{ "rollout_percentage": 100 }]));
        flag["filters"]["holdout"] = json!({ "id": 7, "exclusion_percentage": percentage });
        let tried = tried(&flag, &json!({}));
        assert!(tried.notes().is_empty());
        tried.answer("color", context, NOW).variant
    };
    let names = ["ana", "bob", "cy", "dora", "eve", "fay", "gil", "hal"];
    let check = |percentage, held_out: [&str; 8]| {
        for (name, expected) in names.iter().zip(held_out) {
            let variant = served(percentage, &json!({ "targetingKey": name }));
            let expected = if expected == "x" { "holdout-7" } else { "true" };
            assert_eq!(variant.as_deref(), Some(expected), "{percentage} {name}");
        }
    };
    check(0, ["-"; 8]);
    check(25, ["-", "-", "x", "-", "x", "-", "-", "-"]);
    check(50, ["x", "-", "x", "x", "x", "x", "-", "-"]);
    check(100, ["x"; 8]);
}

#[test]
fn an_early_exit_ends_at_the_first_condition_that_matches() {
    let mut flag = with(&json!([{"rollout_percentage": 0}, {"rollout_percentage": 100}]));
    let ana = json!({"targetingKey": "ana"});
    check(&tried(&flag, &json!({})), &ana, Some("true"));
    flag["filters"]["early_exit"] = json!(true);
    check(&tried(&flag, &json!({})), &ana, Some("false"));
    // As posthog-node 5.70.0 answers: behind a condition that cannot be told there is no answer.
    let mut flag = with(&json!([
        {"properties": [filter("plan", "exact", &json!("pro"))]},
        {"properties": [filter("age", "gt", &json!(17))], "rollout_percentage": 0},
        {"rollout_percentage": 100},
    ]));
    flag["filters"]["early_exit"] = json!(true);
    let flag = tried(&flag, &json!({}));
    let adult = |plan: &str| json!({"targetingKey": "ana", "age": 18, "plan": plan});
    check(&flag, &adult("pro"), Some("true"));
    check(&flag, &adult("free"), Some("false"));
    check(&flag, &json!({"targetingKey": "ana", "age": 18}), None);
    let child = json!({"targetingKey": "ana", "age": 17});
    check(&flag, &child, Some("true"));
}

#[test]
fn what_only_servers_know_is_asked_last() {
    let cohort = json!({"key": "id", "type": "cohort", "value": 9, "operator": "not_in"});
    let plan = filter("plan", "exact", &json!("pro"));
    let cohorts = json!({"1": {"type": "AND", "values": [cohort]}});
    let within = json!({"key": "id", "type": "cohort", "value": 1});
    // As posthog-node 5.70.0 answers.
    for properties in [
        json!([cohort, plan]),
        json!([plan, cohort]),
        json!([within, plan]),
    ] {
        let flag = tried(
            &with(&json!([{"properties": properties}, {"rollout_percentage": 100}])),
            &cohorts,
        );
        let on = |plan: &str| json!({"targetingKey": "ana", "plan": plan});
        check(&flag, &on("free"), Some("true"));
        assert_eq!(flag.answer("color", &on("pro"), NOW).words, "GENERAL");
    }
    // Behind a filter that cannot be told, the cohort is not what keeps the flag from an answer.
    let vip = filter("vip", "exact", &json!("yes"));
    for (properties, context, expected) in [
        (json!([plan, cohort]), json!({}), Some("true")),
        (json!([cohort, plan]), json!({}), None),
        (json!([plan, cohort, vip]), json!({"plan": "pro"}), None),
        (
            json!([plan, cohort, vip]),
            json!({"vip": "yes"}),
            Some("true"),
        ),
        (
            json!([plan, cohort, vip]),
            json!({"vip": "no"}),
            Some("true"),
        ),
        (
            json!([plan, cohort, vip]),
            json!({"plan": "pro", "vip": "no"}),
            Some("true"),
        ),
        (
            json!([plan, cohort, vip]),
            json!({"plan": "pro", "vip": "yes"}),
            None,
        ),
    ] {
        let flag = tried(
            &with(&json!([{"properties": properties}, {"rollout_percentage": 100}])),
            &cohorts,
        );
        let mut context = context;
        context["targetingKey"] = json!("ana");
        check(&flag, &context, expected);
    }
}

/// Shares worked out with an independent program.
#[test]
fn rollouts_and_variants_are_drawn_apart() {
    let mut flag = with(&json!([{"rollout_percentage": 60}]));
    flag["filters"]["multivariate"] = json!({"variants": [
        {"key": "red", "rollout_percentage": 33.3}, {"key": "true", "rollout_percentage": 33.3}]});
    flag["filters"]["payloads"] = json!({"red": "{\"a\":1}", "true": "plain"});
    let flag = tried(&flag, &json!({}));
    for (key, served) in GOLDEN {
        let answer = flag.answer("color", &json!({"targetingKey": key}), NOW);
        assert_eq!(answer.value.as_deref(), Some(served), "{key}");
    }
    let variants = &flag.imported.ruleset["flags"]["color"]["variants"];
    assert_eq!(variants["red"]["metadata"], json!({"payload": {"a": 1}}));
    assert_eq!(variants["true"]["metadata"], json!({"payload": "plain"}));
    assert_eq!(variants["true (flag)"]["name"], json!("true"));
}

const GOLDEN: [(&str, &str); 10] = [
    ("ana", "false"),
    ("aña", "false"),
    ("x", "true"),
    ("😀", "false"),
    ("bob", "false"),
    ("eve", "\"red\""),
    ("42", "\"true\""),
    ("subject-7", "\"true\""),
    ("s8", "false"),
    ("s9", "\"red\""),
];

#[test]
fn a_condition_may_choose_its_variant() {
    let mut flag = with(&json!([
        {"properties": [filter("plan", "exact", &json!("pro"))], "variant": "red"},
        {"properties": [filter("plan", "exact", &json!("max"))], "variant": "pink"},
    ]));
    flag["filters"]["multivariate"] = json!({"variants": [
        {"key": "red", "rollout_percentage": 0}, {"key": "blue", "rollout_percentage": 100}]});
    let flag = tried(&flag, &json!({}));
    check(
        &flag,
        &json!({"targetingKey": "ana", "plan": "pro"}),
        Some("red"),
    );
    check(
        &flag,
        &json!({"targetingKey": "ana", "plan": "max"}),
        Some("blue"),
    );
}

#[test]
fn groups_are_drawn_by_their_keys_and_judged_by_their_properties() {
    let groups = json!([{"properties": [filter("plan", "exact", &json!("pro"))]}]);
    let mut flag = with(&groups);
    flag["filters"]["aggregation_group_type_index"] = json!(0);
    let whole = tried(&flag, &json!({}));
    let acme = |plan: &str| {
        json!({"kind": "multi", "user": {"targetingKey": "ana", "plan": "free"},
            "company": {"targetingKey": "acme", "plan": plan}})
    };
    check(&whole, &acme("pro"), Some("true"));
    check(&whole, &acme("free"), Some("false"));
    check(
        &whole,
        &json!({"targetingKey": "ana", "plan": "pro"}),
        Some("false"),
    );
    flag["filters"]["aggregation_group_type_index"] = json!(7);
    let unknown = tried(&flag, &json!({}));
    check(&unknown, &acme("pro"), None);
    assert_eq!(
        unknown.notes(),
        ["Mapped /flags/0/filters/aggregation_group_type_index"]
    );
    let mixed = tried(
        &with(&json!([
            {"aggregation_group_type_index": 0,
                "properties": [filter("plan", "exact", &json!("pro"))]},
            {"properties": [filter("plan", "exact", &json!("free"))]},
        ])),
        &json!({}),
    );
    check(&mixed, &acme("pro"), Some("true"));
    check(
        &mixed,
        &json!({"targetingKey": "ana", "plan": "pro"}),
        Some("false"),
    );
}

#[test]
fn a_device_may_be_what_is_drawn() {
    let mut flag = with(&json!([{"rollout_percentage": 100}]));
    flag["bucketing_identifier"] = json!("device_id");
    let flag = tried(&flag, &json!({}));
    check(
        &flag,
        &json!({"targetingKey": "ana", "$device_id": "d"}),
        Some("true"),
    );
    check(
        &flag,
        &json!({"targetingKey": "ana", "$device_id": ""}),
        None,
    );
    check(&flag, &json!({"targetingKey": "ana"}), None);
}

/// Whatever a cohort can tell decides, also where another part cannot be told.
#[test]
fn cohorts_nest_and_negate() {
    let cohorts = json!({
        "1": {"type": "OR", "values": [
            {"type": "AND", "values": [
                filter("plan", "exact", &json!("pro")),
                {"key": "age", "operator": "lt", "value": 18, "type": "person", "negation": true},
            ]},
            {"type": "AND", "values": [filter("vip", "is_set", &json!(""))]},
        ]},
        "2": {"type": "AND", "values": [{"key": "id", "value": 1, "type": "cohort"}]},
        "3": {"type": "AND", "values": []},
        "4": {"type": "AND", "values": [{"key": "id", "value": "9", "type": "cohort"}]},
        "5": {"type": "AND", "values": [{"key": "id", "value": "5", "type": "cohort"}]},
    });
    let member = |id: Json, operator: &str| {
        let filter = json!({"key": "id", "type": "cohort", "value": id, "operator": operator});
        tried(&with(&json!([{"properties": [filter]}])), &cohorts)
    };
    let inside = member(json!(2), "in");
    let context = |plan: Json, age: Json| json!({"targetingKey": "ana", "plan": plan, "age": age});
    check(&inside, &context(json!("pro"), json!(18)), Some("true"));
    check(
        &inside,
        &json!({"targetingKey": "ana", "vip": null}),
        Some("true"),
    );
    let certain = json!({"targetingKey": "ana", "plan": "free"});
    check(&inside, &certain, None);
    let outside = member(json!(1), "not_in");
    check(&outside, &context(json!("pro"), json!(18)), Some("false"));
    check(&outside, &certain, None);
    check(
        &member(json!(3), "in"),
        &json!({"targetingKey": "ana"}),
        Some("true"),
    );
    // Servers alone know the cohort 9: the flag gives up.
    let server = member(json!(4), "not_in");
    assert_eq!(server.answer("color", &certain, NOW).words, "GENERAL");
    assert_eq!(server.notes(), ["Mapped /cohorts/4/values/0"]);
    let circle = member(json!(5), "in");
    assert_eq!(circle.answer("color", &certain, NOW).words, "GENERAL");
    assert_eq!(circle.notes(), ["Mapped /cohorts/5/values/0"]);
}

#[test]
fn cohorts_lie_only_so_deep_inside_each_other() {
    let notes = |n_cohorts: usize| {
        let cohort = |n: usize| {
            let inner = json!({"key": "id", "value": n + 1, "type": "cohort"});
            let values = if n + 1 < n_cohorts {
                vec![inner]
            } else {
                vec![]
            };
            (n.to_string(), json!({"type": "AND", "values": values}))
        };
        let cohorts: serde_json::Map<String, Json> = (0..n_cohorts).map(cohort).collect();
        let filter = json!({"key": "id", "type": "cohort", "value": 0});
        let flag = with(&json!([{"properties": [filter]}]));
        tried(&flag, &Json::Object(cohorts)).notes()
    };
    assert_eq!(notes(32), [""; 0]);
    assert_eq!(notes(33), ["Dropped /cohorts/31/values/0"]);
}

#[test]
fn a_flag_may_depend_on_another() {
    let depends = |chain: &Json, key: &str, value: &Json| {
        let filter = json!({"key": key, "type": "flag", "value": value, "dependency_chain": chain});
        tried(&with(&json!([{"properties": [filter]}])), &json!({}))
    };
    let plan = |plan: &str| json!({"targetingKey": "ana", "plan": plan});
    let on = depends(&json!(["other"]), "other", &json!(true));
    check(&on, &plan("pro"), Some("true"));
    check(&on, &plan("free"), Some("false"));
    check(&on, &json!({"targetingKey": "ana"}), None);
    let off = depends(&json!(["away", "other"]), "other", &json!(false));
    check(&off, &plan("pro"), Some("false"));
    check(&off, &plan("free"), Some("true"));
    for chain in [json!([]), json!(["nobody"]), json!("other"), Json::Null] {
        let undecided = depends(&chain, "other", &json!(true));
        check(&undecided, &plan("pro"), None);
        assert_eq!(
            undecided.notes(),
            ["Mapped /flags/0/filters/groups/0/properties/0"]
        );
    }
    let itself = depends(&json!(["color"]), "color", &json!(true));
    check(&itself, &plan("pro"), None);
}

#[test]
fn what_only_servers_know_is_said() {
    let mut flag = with(&json!([{"rollout_percentage": 100}]));
    flag["ensure_experience_continuity"] = json!(true);
    flag["filters"]["super_groups"] = json!([{}]);
    flag["filters"]["holdout_groups"] = json!(null);
    flag["filters"]["feature_enrollment"] = json!(false);
    assert_eq!(tried(&flag, &json!({})).notes().len(), 2);
    flag["filters"]["feature_enrollment"] = json!(true);
    let active = tried(&flag, &json!({}));
    check(&active, &json!({"targetingKey": "ana"}), None);
    assert_eq!(
        active.notes(),
        [
            "Dropped /flags/0/filters/super_groups",
            "Dropped /flags/0/filters/feature_enrollment",
            "Mapped /flags/0/ensure_experience_continuity"
        ]
    );
    flag["active"] = json!(false);
    check(
        &tried(&flag, &json!({})),
        &json!({"targetingKey": "ana"}),
        Some("false"),
    );
    let around = with(&json!([{"properties": [filter("plan", "regex", &json!("(?=a)"))]}]));
    let around = tried(&around, &json!({}));
    check(&around, &json!({"targetingKey": "ana", "plan": "a"}), None);
    assert_eq!(
        around.notes(),
        ["Dropped /flags/0/filters/groups/0/properties/0"]
    );
    assert!(import(Peer::PostHog, b"{}").is_err());
}

#[test]
fn anything_may_stand_anywhere() {
    let depends = json!({"key": "b", "type": "flag", "value": true, "dependency_chain": ["b"]});
    let member = json!({"key": "id", "type": "cohort", "value": 1, "operator": "not_in"});
    let export = json!({
        "flags": [
            {"key": "a", "active": true, "bucketing_identifier": "device_id", "filters": {
                "early_exit": true,
                "groups": [
                    {"properties": [filter("a", "gt", &json!(1)), depends, member],
                        "rollout_percentage": 50, "variant": "red"},
                    {"properties": [filter("v", "semver_caret", &json!("1.2"))],
                        "aggregation_group_type_index": 0},
                ],
                "multivariate": {"variants": [
                    {"key": "red", "rollout_percentage": 30},
                    {"key": "blue", "rollout_percentage": 60}]},
                "payloads": {"red": "{}"}}},
            {"key": "b", "active": true, "filters": {"aggregation_group_type_index": 0,
                "groups": [{"properties": [filter("d", "is_date_before", &json!("-1m"))]}]}},
        ],
        "group_type_mapping": {"0": "org"},
        "cohorts": {"1": {"type": "OR", "values": [
            {"type": "AND", "values": [
                {"key": "a", "operator": "regex", "value": "^x", "negation": true},
                {"key": "id", "type": "cohort", "value": "1"}]}]}},
    });
    crate::robust::check(Peer::PostHog, &export);
}

#[test]
fn both_comparisons_of_truth_are_taken_over() {
    let check = |version: u64, operator: &str, value: Json, found: Json, expected: &str| {
        let mut flag = with(&json!([{"properties": [filter("p", operator, &value)]}]));
        flag["key"] = json!("color");
        let export = json!({"flags": [flag], "property_matching_version": version});
        let tried = Tried::of(Peer::PostHog, &export);
        assert_eq!(tried.notes(), [""; 0]);
        let context = json!({"targetingKey": "ana", "p": found});
        let answer = tried.answer("color", &context, NOW);
        let asked = format!("{version} {operator} {value} {found} {}", answer.words);
        assert_eq!(answer.variant.as_deref(), Some(expected), "{asked}");
    };
    // As posthog-node 5.70.0 answers.
    for value in [json!(false), json!("False"), json!(["true", false])] {
        check(1, "exact", value.clone(), json!("x"), "true");
        check(1, "exact", value.clone(), json!(0), "true");
        check(1, "", value.clone(), json!("x"), "true");
        check(1, "is_not", value.clone(), json!("x"), "false");
        check(2, "exact", value.clone(), json!("x"), "false");
        check(2, "is_not", value.clone(), json!(0), "true");
        check(2, "exact", value, json!("FALSE"), "true");
    }
    for version in [1, 2] {
        check(version, "exact", json!("true"), json!(true), "true");
        check(version, "exact", json!(true), json!("x"), "false");
        check(version, "", json!(true), json!("TRUE"), "true");
        check(version, "exact", json!([]), json!("TRUE"), "true");
        check(version, "is_not", json!([]), json!("x"), "true");
        check(version, "exact", json!(["true", "x"]), json!("X"), "true");
    }
}
