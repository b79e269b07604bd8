use super::{Exported, export_flagd};
use crate::tried::Tried;
use crate::{Fidelity, Peer, import};
use serde_json::{Value as Json, json};

const NOW: &str = "2026-06-01T12:00:00Z";

fn exported(ruleset: &Json) -> Exported {
    export_flagd(ruleset.to_string().as_bytes()).expect("it is a ruleset")
}

fn flag(more: &Json) -> Json {
    let mut flag = json!({
        "type": "string",
        "status": "enabled",
        "variants": {"a": {"value": "A"}, "b": {"value": "B"}, "off": {"value": "-"}},
        "defaultVariant": "b",
        "offVariant": "off",
    });
    for (name, part) in more.as_object().into_iter().flatten() {
        flag[name] = part.clone();
    }
    flag
}

fn ruleset(more: &Json) -> Json {
    json!({
        "schemaVersion": 1,
        "lists": {
            "near": {"values": ["ES", 7], "lists": ["far"]},
            "far": {"values": ["FR"]},
            "words": {"values": ["@shop", "z@"]},
        },
        "segments": {"staff": {
            "included": ["ana"],
            "excluded": ["eve"],
            "when": {"attribute": "email", "op": "contains", "value": "@shop.example"},
        }},
        "flags": {"f": flag(more)},
    })
}

/// Contexts that meet, miss and confuse the conditions below.
fn contexts() -> Vec<Json> {
    let attributes = [
        json!({}),
        json!({"country": "ES", "age": 18, "email": "eva@shop.example", "app": "1.2.3"}),
        json!({"country": ["FR", "ES"], "age": 17.5, "app": "2.0.0-rc.1"}),
        json!({"country": 7, "email": "z@y.example", "plan": {"name": "pro"}}),
        json!({"country": "FR", "age": 99, "plan": {"name": "free"}, "app": "1.10.0"}),
        json!({"age": -7, "tags": ["a", "b"], "seen": 1_767_225_600_000_i64, "note": "",
            "cart": [{"sku": "pro", "price": 5}, {"sku": "x", "price": 20}]}),
        json!({"age": 13, "tags": ["b", "a", "b", "c"], "seen": 1_767_225_599_999_i64,
            "note": "n", "cart": [{"sku": "pro", "price": 5}]}),
        json!({"age": 14, "tags": "b", "seen": 1_780_315_200, "cart": []}),
    ];
    let keys = ["ana", "eve", "tom"];
    let each = keys.iter().flat_map(|key| {
        attributes.iter().map(move |attributes| {
            let mut context = attributes.clone();
            context["targetingKey"] = json!(key);
            context
        })
    });
    each.collect()
}

/// Our evaluator on the ruleset, and on the exported file taken over again, serve the same.
#[track_caller]
fn same(ruleset: &Json) -> Exported {
    let exported = exported(ruleset);
    let ours = Tried::of_ruleset(ruleset);
    let theirs = Tried::of(Peer::Flagd, &exported.file);
    let mut served = std::collections::BTreeSet::new();
    for context in contexts() {
        for at in ["2026-01-01T00:00:00Z", "2026-02-28T23:59:59.999Z", NOW] {
            let (one, other) = (
                ours.answer("f", &context, at),
                theirs.answer("f", &context, at),
            );
            assert_eq!(
                one.value, other.value,
                "{context} at {at}: {}",
                exported.file
            );
            served.insert(one.value);
        }
    }
    assert!(
        served.len() > 1,
        "the contexts tell nothing apart: {served:?}"
    );
    exported
}

#[track_caller]
fn exactly(more: &Json) {
    let exported = same(&ruleset(more));
    assert_eq!(exported.report.notes, [], "{}", exported.file);
}

fn when(condition: &Json) -> Json {
    json!({"rules": [{"when": condition, "serve": {"variant": "a"}}]})
}

fn test(attribute: &Json, op: &str, value: &Json) -> Json {
    when(&json!({"attribute": attribute, "op": op, "value": value}))
}

#[test]
fn conditions_come_out_exactly() {
    for op in ["equals", "notEquals"] {
        exactly(&test(&json!("country"), op, &json!("ES")));
    }
    for op in ["in", "notIn"] {
        exactly(&test(&json!("country"), op, &json!(["ES", 7])));
    }
    for (op, list) in [("in", "near"), ("notIn", "far")] {
        let condition = json!({"attribute": "country", "op": op, "list": list});
        exactly(&when(&condition));
    }
    exactly(&when(
        &json!({"attribute": "email", "op": "contains", "list": "words"}),
    ));
    exactly(&test(&json!(["plan", "name"]), "equals", &json!("pro")));
    for op in ["contains", "notContains"] {
        exactly(&test(&json!("email"), op, &json!("@shop.example")));
    }
    exactly(&when(&json!({"segment": "staff"})));
    exactly(&when(&json!({"all": [
        {"not": {"segment": "staff"}},
        {"any": [{"attribute": "country", "op": "equals", "value": "FR"}, {"segment": "staff"}]},
    ]})));
}

#[test]
fn conditions_that_flagd_reads_more_kindly_say_so() {
    let check = |attribute: &str, op: &str, value: Json| {
        let exported = same(&ruleset(&test(&json!(attribute), op, &value)));
        let [note] = exported.report.notes.as_slice() else {
            panic!("one note: {:?}", exported.report.notes);
        };
        assert_eq!(note.fidelity, Fidelity::Approximated);
        assert_eq!(note.pointer, "/flags/f/rules/0/when");
    };
    check("age", "greaterThan", json!(17.5));
    check("age", "lessOrEqual", json!(18));
    check("app", "versionLessThan", json!("1.10.0"));
    check("app", "versionGreaterOrEqual", json!("1.2.3"));
    check("email", "exists", Json::Null);
    check("email", "startsWith", json!(["z@", "eva"]));
    check("email", "notEndsWith", json!("@shop.example"));
    check("app", "versionIn", json!(["1.2.3", "2.0.0-rc.1"]));
    check("app", "notVersionBetween", json!(["1.2.3", "1.10.0"]));
    check("age", "between", json!([13, 18]));
    check("age", "notBetween", json!([-7, 17.5]));
    check("age", "modulo", json!({"divisor": 10, "remainder": 3}));
    check("note", "isEmpty", Json::Null);
    check("tags", "containsAny", json!(["c", "z"]));
    check("tags", "notContainsAll", json!(["a", "b"]));
    check("tags", "supersetOf", json!(["b"]));
    check("tags", "subsetOf", json!(["a", "b"]));
    check("tags", "setEquals", json!(["b", "a"]));
    let dear = json!({"member": "price", "op": "greaterThan", "value": 10});
    let other = json!({"member": "sku", "op": "notIn", "value": ["pro"]});
    check("cart", "notAnyElement", other.clone());
    for wanted in [json!(dear), json!([dear, other])] {
        let exported = same(&ruleset(&test(&json!("cart"), "anyElement", &wanted)));
        assert_eq!(
            exported.report.notes.len(),
            2,
            "{:?}",
            exported.report.notes
        );
    }
    check(
        "cart",
        "everyElement",
        json!({"member": "sku", "op": "equals", "value": "pro"}),
    );
    let new_year = "2026-01-01T00:00:00Z";
    check("seen", "before", json!(new_year));
    check("seen", "notAfter", json!("2025-12-31T23:59:59.999Z"));
    let window = json!({"from": new_year, "to": "2027-01-01"});
    check("seen", "timeBetween", window.clone());
    check(
        "seen",
        "timeBetween",
        json!({"value": window, "unit": "seconds"}),
    );
}

#[test]
fn null_and_what_is_missing_are_one_in_flagd() {
    let exported = exported(&ruleset(&test(&json!("age"), "isNull", &Json::Null)));
    let [note] = exported.report.notes.as_slice() else {
        panic!("one note: {:?}", exported.report.notes);
    };
    assert_eq!(
        note.message,
        "an attribute that is missing is null in flagd"
    );
    let theirs = Tried::of(Peer::Flagd, &exported.file);
    for (context, value) in [
        (json!({"age": null}), "\"A\""),
        (json!({"age": 0}), "\"B\""),
    ] {
        assert_eq!(
            theirs.answer("f", &context, NOW).value.as_deref(),
            Some(value),
            "{context}"
        );
    }
}

#[test]
fn the_moment_of_evaluation_comes_out_exactly() {
    // The moments that are tried are midnight of a Thursday, the end of a Saturday and noon of a
    // Monday.
    let check = |op: &str, value: Json| exactly(&test(&json!("$now"), op, &value));
    check("before", json!("2026-03-01"));
    check(
        "timeBetween",
        json!({"from": "2026-01-01", "to": "2026-06-01"}),
    );
    check("dayOfWeek", json!(["thursday", "sunday"]));
    check("dayOfWeek", json!({"days": ["monday"], "timeZone": "UTC"}));
    check("timeOfDay", json!({"from": "09:00", "to": "12:01"}));
    check("timeOfDay", json!({"from": "12:01", "to": "00:01"}));
    let within_seconds = |op: &str, value: Json| {
        let exported = same(&ruleset(&test(&json!("$now"), op, &value)));
        let [note] = exported.report.notes.as_slice() else {
            panic!("one note: {:?}", exported.report.notes);
        };
        assert_eq!(note.fidelity, Fidelity::Approximated);
    };
    within_seconds("notAfter", json!("2026-01-01T00:00:00.5Z"));
    within_seconds("after", json!("2026-01-01T00:00:00Z"));
    within_seconds("before", json!("2026-01-01T00:00:00.5Z"));
    let half = json!({"from": "2026-01-01T00:00:00.5Z", "to": "2026-06-01"});
    within_seconds("timeBetween", half);
}

#[test]
fn schedules_overrides_and_canaries_come_out_exactly() {
    exactly(&json!({"schedule": {"startAt": "2026-05-01T00:00:00Z"}}));
    exactly(&json!({"schedule": {"endAt": "2026-05-01T00:00:00.5Z"}}));
    exactly(&json!({"overrides": {"ana": "a", "tom": "off"}}));
    exactly(&json!({"status": "canary",
        "canary": {"variant": "a", "subjects": ["tom"], "segments": ["staff"]}}));
    let rule = json!({"schedule": {"startAt": "2026-05-01T00:00:00Z"}, "serve": {"variant": "a"}});
    exactly(&json!({"rules": [rule]}));
}

#[test]
fn a_disabled_flag_serves_its_off_variant() {
    let off = exported(&ruleset(&json!({"status": "disabled"}))).file;
    assert_eq!(off["flags"]["f"]["state"], "ENABLED");
    assert_eq!(off["flags"]["f"]["defaultVariant"], "off");
    assert_eq!(off["flags"]["f"].get("targeting"), None);
    let none = exported(&ruleset(&json!({"status": "disabled", "offVariant": null}))).file;
    assert_eq!(none["flags"]["f"]["state"], "DISABLED");
}

/// How often each value is served to many subjects, after the way through flagd.
fn shares(ruleset: &Json) -> (Exported, Vec<usize>) {
    let exported = exported(ruleset);
    let theirs = Tried::of(Peer::Flagd, &exported.file);
    let mut counts = vec![0; 3];
    for n in 0..4000 {
        let answer = theirs.answer("f", &json!({"targetingKey": format!("subject-{n}")}), NOW);
        let at = ["\"A\"", "\"B\"", "\"-\""]
            .iter()
            .position(|v| answer.value.as_deref() == Some(v));
        counts[at.expect("one of the variants")] += 1;
    }
    (exported, counts)
}

#[track_caller]
fn about(more: &Json, pointers: &[&str], expected: [usize; 3]) {
    let (exported, counts) = shares(&ruleset(more));
    let noted: Vec<&str> = exported
        .report
        .notes
        .iter()
        .map(|n| n.pointer.as_str())
        .collect();
    assert_eq!(noted, pointers);
    // Five standard deviations of a share of a half.
    let near = counts
        .iter()
        .zip(expected)
        .all(|(&count, expected)| count.abs_diff(expected) <= 160);
    assert!(near, "{counts:?} and not about {expected:?}");
}

#[test]
fn chance_keeps_its_shares_and_says_that_subjects_move() {
    let split = json!({"split": {"weights": {"a": 1, "b": 3}}});
    about(
        &json!({"rules": [{"serve": split}]}),
        &["/flags/f/rules/0/serve/split"],
        [1000, 3000, 0],
    );
    let ranges = json!([{"variant": "a", "from": 0, "to": 250_000},
        {"variant": "off", "from": 250_000, "to": 1_000_000}]);
    let split = json!({"split": {"ranges": ranges}});
    about(
        &json!({"rules": [{"serve": split}]}),
        &["/flags/f/rules/0/serve/split"],
        [1000, 0, 3000],
    );
    let rollout = json!({"variant": "a", "percentage": 25});
    about(
        &json!({"status": "gradual_rollout", "rollout": rollout}),
        &["/flags/f/rollout"],
        [1000, 0, 3000],
    );
    let experiment = json!({"control": "off", "traffic": 50, "weights": {"a": 1, "b": 1}});
    let place = "/flags/f/experiment";
    about(
        &json!({"status": "ab_test", "experiment": experiment}),
        &[place, place],
        [1000, 1000, 2000],
    );
    let gates = json!([{"percentage": 50, "bucketing": {"salt": "x"}},
        {"ranges": [[0, 500_000]], "bucketing": {"salt": "y"}}]);
    let rule = json!({"gates": gates, "serve": {"variant": "a"}});
    let places = ["/flags/f/rules/0/gates/0", "/flags/f/rules/0/gates/1"];
    about(&json!({"rules": [rule]}), &places, [1000, 3000, 0]);
}

#[test]
fn what_flagd_cannot_say_is_left_out_and_named() {
    let check = |more: &Json, pointer: &str| {
        let exported = exported(&ruleset(more));
        let left: Vec<_> = exported
            .report
            .notes
            .iter()
            .filter(|note| note.fidelity == Fidelity::Dropped)
            .map(|note| note.pointer.as_str())
            .collect();
        assert_eq!(left, [pointer], "{}", exported.file);
    };
    check(
        &test(&json!("email"), "matches", &json!("^a")),
        "/flags/f/rules/0/when",
    );
    for (attribute, op, value) in [
        (
            "$now",
            "dayOfWeek",
            json!({"days": ["monday"], "timeZone": "Europe/Madrid"}),
        ),
        ("$now", "equals", json!(1)),
        ("seen", "withinLast", json!("7d")),
        (
            "app",
            "versionIn",
            json!({"versions": ["1"], "lenient": true}),
        ),
        (
            "cart",
            "anyElement",
            json!({"member": "a.b", "op": "equals", "value": 1}),
        ),
        (
            "cart",
            "anyElement",
            json!({"op": "equals", "value": "x", "ignoreCase": true}),
        ),
        (
            "cart",
            "everyElement",
            json!({"op": "startsWith", "value": "x"}),
        ),
        ("tags", "setEquals", json!([])),
    ] {
        check(
            &test(&json!(attribute), op, &value),
            "/flags/f/rules/0/when",
        );
    }
    check(
        &test(&json!("a.b"), "equals", &json!("x")),
        "/flags/f/rules/0/when",
    );
    check(
        &json!({"rules": [{"serve": {"default": true}}]}),
        "/flags/f/rules/0/serve",
    );
    check(
        &json!({"expiry": {"at": "2027-01-01T00:00:00Z"}}),
        "/flags/f/expiry",
    );
    let mut variants = ruleset(&json!({}))["flags"]["f"]["variants"].clone();
    variants["a"]["config"] = json!({"x": 1});
    check(
        &json!({"variants": variants, "config": {"x": 0}}),
        "/flags/f/variants/a/config",
    );
}

#[test]
fn flags_of_flagd_come_back_as_they_were() {
    let file = json!({"flags": {
        "spread": {"state": "ENABLED", "variants": {"a": 1, "b": 2}, "defaultVariant": "b",
            "metadata": {"team": "shop"},
            "targeting": {"if": [{"in": ["@shop", {"var": "email"}]},
                {"fractional": [["a", 50], ["b", 50]]}, null]}},
        "plain": {"state": "ENABLED", "variants": {"on": true, "off": false},
            "defaultVariant": "on"},
        "asleep": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
        "open": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null},
    }});
    let imported = import(Peer::Flagd, file.to_string().as_bytes()).expect("it is a flag file");
    let exported = exported(&imported.ruleset);
    assert_eq!(exported.report.notes, []);
    assert_eq!(exported.file["flags"], file["flags"]);
}

#[test]
fn a_ruleset_with_errors_is_refused_with_its_place() {
    let broken = ruleset(&when(&json!({"segment": "nobody"})));
    let error = export_flagd(broken.to_string().as_bytes()).expect_err("it is broken");
    assert_eq!(error.pointer, "/flags/f/rules/0/when/segment");
    assert!(export_flagd(b"{").is_err());
}
