#![allow(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is used"
)]

use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(export: &Json) -> Asked {
    Asked::of(Peer::Split, export)
}

/// One flag `f` whose default treatment is `off`, with these members.
fn flag(members: Json) -> Json {
    let mut flag = json!({
        "name": "f", "status": "ACTIVE", "killed": false, "defaultTreatment": "off",
        "seed": 7, "trafficAllocation": 100, "trafficAllocationSeed": -7, "algo": 2,
    });
    let Json::Object(members) = members else {
        panic!("members are an object");
    };
    for (name, value) in members {
        flag[name] = value;
    }
    flag
}

fn export(flags: Json) -> Json {
    json!({"ff": {"s": -1, "t": 1, "d": flags}, "rbs": {"s": -1, "t": -1, "d": []}})
}

fn condition(kind: &str, matchers: Json, partitions: Json) -> Json {
    json!({
        "conditionType": kind, "label": "a condition",
        "matcherGroup": {"combiner": "AND", "matchers": matchers}, "partitions": partitions,
    })
}

fn everybody() -> Json {
    json!([{"matcherType": "ALL_KEYS", "keySelector": null, "negate": false}])
}

fn on() -> Json {
    json!([{"treatment": "on", "size": 100}, {"treatment": "off", "size": 0}])
}

#[track_caller]
fn check(asked: &Asked, context: Json, expected: &str) {
    let answer = asked.answer("f", FlagType::String, &context);
    let expected = match expected {
        "-" | "GENERAL" | "TARGETING_KEY_MISSING" => expected.to_owned(),
        treatment => format!("{treatment} \"{treatment}\""),
    };
    assert_eq!(answer, expected, "{context}");
}

fn key(key: &str) -> Json {
    json!({ "targetingKey": key })
}

/// Buckets of 100 with seed 7: ana 32, bo 90, cy 44, dee 98, eve 24, u5 25, u181 33, u171 45.
#[test]
fn partitions_own_buckets_up_to_their_cumulated_size() {
    let partitions = json!([
        {"treatment": "a", "size": 24}, {"treatment": "none", "size": 0},
        {"treatment": "b", "size": 8}, {"treatment": "a", "size": 12},
    ]);
    let conditions = [condition("ROLLOUT", everybody(), partitions)];
    let asked = asked(&export(json!([flag(json!({"conditions": conditions}))])));
    check(&asked, key("eve"), "a");
    check(&asked, key("u5"), "b");
    check(&asked, key("ana"), "b");
    check(&asked, key("u181"), "a");
    check(&asked, key("cy"), "a");
    check(&asked, key("u171"), "off");
    // Whoever is past the end gets the default treatment.
    check(&asked, key("bo"), "off");
    check(&asked, json!({}), "TARGETING_KEY_MISSING");
    assert!(asked.imported.report.notes.is_empty());
}

/// Buckets of 100 with seed -7: ana 62, bo 47, cy 1, dee 52, fay 40.
#[test]
fn traffic_is_allocated_from_the_first_rollout_on() {
    let listed =
        json!([{"matcherType": "WHITELIST", "whitelistMatcherData": {"whitelist": ["ana"]}}]);
    let conditions = json!([
        condition("WHITELIST", listed.clone(), on()),
        condition(
            "ROLLOUT",
            json!([{"matcherType": "EQUAL_TO_BOOLEAN", "booleanMatcherData": true,
            "keySelector": {"attribute": "vip"}}]),
            on()
        ),
        condition(
            "WHITELIST",
            everybody(),
            json!([{"treatment": "late", "size": 100}])
        ),
    ]);
    let with = |allocation: i64| {
        let members = json!({"conditions": conditions, "trafficAllocation": allocation});
        asked(&export(json!([flag(members)])))
    };
    check(&with(0), key("ana"), "on");
    check(&with(0), key("cy"), "off");
    check(&with(1), key("cy"), "late");
    check(&with(46), key("bo"), "off");
    check(&with(47), key("bo"), "late");
    check(
        &with(47),
        json!({"targetingKey": "bo", "vip": "True"}),
        "on",
    );
    check(&with(100), key("dee"), "late");
}

#[test]
fn flags_without_an_answer() {
    let conditions = [condition("ROLLOUT", everybody(), on())];
    let with = |members: Json| {
        let mut flag = flag(members);
        if flag["conditions"].is_null() {
            flag["conditions"] = json!(conditions);
        }
        asked(&export(json!([flag])))
    };
    check(&with(json!({})), key("ana"), "on");
    check(&with(json!({"status": "ARCHIVED"})), key("ana"), "-");
    check(&with(json!({"killed": true})), key("ana"), "off");
    check(
        &with(json!({"killed": true, "defaultTreatment": "control"})),
        key("ana"),
        "-",
    );
    check(&with(json!({"conditions": []})), key("ana"), "GENERAL");
    let unknown = json!([{"matcherType": "SOUNDS_LIKE"}]);
    let second = json!([conditions[0], condition("ROLLOUT", unknown, on())]);
    let asked = with(json!({"conditions": second}));
    check(&asked, key("ana"), "GENERAL");
    let pointer = "/ff/d/0/conditions/1/matcherGroup/matchers/0/matcherType";
    assert_eq!(asked.noted(Fidelity::Mapped), [pointer]);
    check(
        &with(json!({"conditions": [condition("ROLLOUT", json!([]), on())]})),
        key("ana"),
        "GENERAL",
    );
    let old = with(json!({"algo": 1}));
    assert_eq!(old.noted(Fidelity::Approximated), ["/ff/d/0/algo"]);
}

#[test]
fn a_negated_matcher_holds_where_there_is_nothing() {
    let matcher = |is_negated: bool| {
        json!([{
            "matcherType": "STARTS_WITH", "negate": is_negated,
            "keySelector": {"attribute": "plan"},
            "whitelistMatcherData": {"whitelist": ["pro"]},
        }])
    };
    let with = |is_negated| {
        let conditions = [condition("ROLLOUT", matcher(is_negated), on())];
        asked(&export(json!([flag(json!({"conditions": conditions}))])))
    };
    let pro = json!({"targetingKey": "ana", "plan": "pro+"});
    check(&with(false), pro.clone(), "on");
    check(&with(true), pro, "off");
    check(&with(false), key("ana"), "off");
    check(&with(true), key("ana"), "on");
}

#[test]
fn other_flags_must_have_given_a_treatment() {
    let depends = |flag: &str, treatments: Json| {
        json!([{
            "matcherType": "IN_SPLIT_TREATMENT",
            "dependencyMatcherData": {"split": flag, "treatments": treatments},
        }])
    };
    let other = |members: Json| {
        let mut other = flag(members);
        other["name"] = "other".into();
        other
    };
    let conditions = |matchers: Json| json!({"conditions": [condition("ROLLOUT", matchers, on())]});
    let with = |first: Json, second: Json| asked(&export(json!([flag(first), other(second)])));
    let on_everybody = || conditions(everybody());
    check(
        &with(conditions(depends("other", json!(["on"]))), on_everybody()),
        key("ana"),
        "on",
    );
    check(
        &with(conditions(depends("other", json!(["off"]))), on_everybody()),
        key("ana"),
        "off",
    );
    let killed = json!({"killed": true});
    check(
        &with(conditions(depends("other", json!(["off"]))), killed),
        key("ana"),
        "on",
    );
    check(
        &with(conditions(depends("gone", json!(["on"]))), on_everybody()),
        key("ana"),
        "off",
    );
    check(
        &with(
            conditions(depends("gone", json!(["control"]))),
            on_everybody(),
        ),
        key("ana"),
        "on",
    );
    let circle = conditions(depends("f", json!(["on"])));
    check(
        &with(conditions(depends("other", json!(["on"]))), circle),
        key("ana"),
        "off",
    );
    let required = |treatments: Json| {
        let mut members = on_everybody();
        members["prerequisites"] = json!([{"n": "other", "ts": treatments}]);
        members
    };
    check(
        &with(required(json!(["on", "x"])), on_everybody()),
        key("ana"),
        "on",
    );
    check(
        &with(required(json!(["x"])), on_everybody()),
        key("ana"),
        "off",
    );
    let mut missing = on_everybody();
    missing["prerequisites"] = json!([{"n": "gone", "ts": ["on"]}]);
    check(&with(missing, on_everybody()), key("ana"), "off");
}

/// As splitio-commons 2.12.1 has it.
#[test]
fn a_key_is_text_and_an_unmet_prerequisite_comes_before_a_broken_condition() {
    let matching = |negate: bool, matcher: Json| {
        let mut matcher = matcher;
        matcher["negate"] = negate.into();
        let conditions = [condition("WHITELIST", json!([matcher]), on())];
        asked(&export(json!([flag(json!({ "conditions": conditions }))])))
    };
    let number = json!({ "matcherType": "BETWEEN", "keySelector": { "attribute": null },
        "betweenMatcherData": { "dataType": "NUMBER", "start": 0, "end": 9 } });
    let truth = json!({ "matcherType": "EQUAL_TO_BOOLEAN", "booleanMatcherData": true });
    let text = json!({ "matcherType": "EQUAL_TO_SEMVER", "stringMatcherData": "1.2.3" });
    check(&matching(false, number.clone()), key("1"), "off");
    check(&matching(true, number), key("1"), "on");
    check(&matching(false, truth), key("true"), "off");
    check(&matching(false, text), key("1.2.3"), "on");
    let broken = json!({ "conditions": [], "prerequisites": [{ "n": "gone", "ts": ["on"] }] });
    check(&asked(&export(json!([flag(broken)]))), key("ana"), "off");
}

#[test]
fn segments_are_lists_or_rules() {
    let member = |kind: &str, name: &str, attribute: Json| {
        json!([{
            "matcherType": kind, "keySelector": {"attribute": attribute},
            "userDefinedSegmentMatcherData": {"segmentName": name},
        }])
    };
    let pro = json!({"matcherGroup": {"matchers": [{
        "matcherType": "WHITELIST", "keySelector": {"attribute": "plan"},
        "whitelistMatcherData": {"whitelist": ["pro"]},
    }]}});
    let with = |matchers: Json| {
        let conditions = [condition("ROLLOUT", matchers, on())];
        let mut export = export(json!([flag(json!({"conditions": conditions}))]));
        export["segments"] = json!([
            {"name": "staff", "added": ["ana", "bo"], "removed": []},
            {"name": "staff", "added": ["cy"], "removed": ["bo"]},
        ]);
        export["rbs"]["d"] = json!([
            {"name": "pros", "status": "ACTIVE", "conditions": [pro], "excluded": {
                "keys": ["eve"], "segments": [{"type": "standard", "name": "staff"}]}},
            {"name": "old", "status": "ARCHIVED", "conditions": [pro]},
            {"name": "round", "conditions": [{"matcherGroup": {"matchers":
                member("IN_RULE_BASED_SEGMENT", "about", Json::Null)}}]},
            {"name": "about", "conditions": [pro], "excluded": {
                "segments": [{"type": "rule-based", "name": "round"}]}},
        ]);
        asked(&export)
    };
    let none = Json::Null;
    let staff = with(member("IN_SEGMENT", "staff", none.clone()));
    check(&staff, key("ana"), "on");
    check(&staff, key("bo"), "off");
    check(&staff, key("cy"), "on");
    let of_attribute = with(member("IN_SEGMENT", "staff", json!("boss")));
    check(
        &of_attribute,
        json!({"targetingKey": "x", "boss": "ana"}),
        "on",
    );
    check(&of_attribute, json!({"targetingKey": "ana"}), "off");
    let pros = with(member("IN_RULE_BASED_SEGMENT", "pros", none.clone()));
    check(&pros, json!({"targetingKey": "bo", "plan": "pro"}), "on");
    check(&pros, json!({"targetingKey": "bo"}), "off");
    check(&pros, json!({"targetingKey": "ana", "plan": "pro"}), "off");
    check(&pros, json!({"targetingKey": "eve", "plan": "pro"}), "off");
    for nobody in ["old", "gone", "round"] {
        let asked = with(member("IN_RULE_BASED_SEGMENT", nobody, none.clone()));
        check(&asked, json!({"targetingKey": "bo", "plan": "pro"}), "off");
        assert_eq!(
            asked.noted(Fidelity::Approximated),
            ["/rbs/d/3", "/rbs/d/2"]
        );
    }
    let unknown = with(member("IN_SEGMENT", "guests", none));
    check(&unknown, key("ana"), "off");
    let pointer =
        "/ff/d/0/conditions/0/matcherGroup/matchers/0/userDefinedSegmentMatcherData/segmentName";
    assert_eq!(unknown.noted(Fidelity::Dropped), [pointer]);
}

#[test]
fn configurations_come_with_their_treatments() {
    let members = json!({
        "conditions": [condition("ROLLOUT", everybody(), on())],
        "configurations": {"on": "{\"color\":\"red\"}", "off": "plain"},
    });
    let asked = asked(&export(json!([flag(members)])));
    let variants = &asked.imported.ruleset["flags"]["f"]["variants"];
    assert_eq!(variants["on"]["config"], json!({"color": "red"}));
    assert_eq!(variants["off"]["metadata"], json!({"config": "plain"}));
}

#[test]
fn one_broken_flag_takes_no_other_down() {
    let sound = flag(json!({"conditions": [condition("ROLLOUT", everybody(), on())]}));
    let pattern = json!([{"matcherType": "MATCHES_STRING", "stringMatcherData": "(?=a)"}]);
    let odd = json!({"name": "odd", "conditions": [condition("ROLLOUT", pattern, on())]});
    let broken = json!({"name": "broken", "conditions": 7});
    let asked = asked(&json!({"splits": [{}, sound, broken, odd]}));
    check(&asked, key("ana"), "on");
    let answer = |flag: &str| asked.answer(flag, FlagType::String, &key("ana"));
    assert_eq!(answer("broken"), "GENERAL");
    assert_eq!(answer("odd"), "-");
    assert_eq!(
        asked.noted(Fidelity::Dropped),
        ["/splits/0", "/splits/2/conditions"]
    );
    let pointer = "/splits/3/conditions/0/matcherGroup/matchers/0/stringMatcherData";
    assert_eq!(asked.noted(Fidelity::Approximated), [pointer]);
}

#[test]
fn an_export_has_definitions() {
    for other in [
        "[]",
        "{}",
        r#"{"ff":{"d":{}}}"#,
        r#"{"splits":7}"#,
        r#"{"splits":[],"segments":1}"#,
    ] {
        assert!(import(Peer::Split, other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn anything_may_stand_anywhere() {
    let list = json!({"whitelist": ["ana", "1.2.3"]});
    let matchers = json!([
        {"matcherType": "WHITELIST", "negate": true, "whitelistMatcherData": list},
        {"matcherType": "IN_LIST_SEMVER", "keySelector": {"attribute": "v"},
         "whitelistMatcherData": list},
        {"matcherType": "EQUAL_TO", "keySelector": {"attribute": "a"},
         "unaryNumericMatcherData": {"dataType": "DATETIME", "value": 7}},
        {"matcherType": "BETWEEN", "betweenMatcherData": {"start": 1, "end": 2}},
        {"matcherType": "MATCHES_STRING", "stringMatcherData": "a+"},
        {"matcherType": "IN_SEGMENT", "userDefinedSegmentMatcherData": {"segmentName": "s"}},
        {"matcherType": "IN_RULE_BASED_SEGMENT",
         "userDefinedSegmentMatcherData": {"segmentName": "r"}},
        {"matcherType": "IN_SPLIT_TREATMENT",
         "dependencyMatcherData": {"split": "g", "treatments": ["on"]}},
    ]);
    let conditions = [condition("ROLLOUT", matchers, on())];
    let mut second = flag(json!({"conditions": conditions}));
    second["name"] = "g".into();
    let mut export = export(json!([
        flag(json!({"conditions": conditions, "trafficAllocation": 50,
            "prerequisites": [{"n": "g", "ts": ["on"]}], "configurations": {"on": "{}"}})),
        second,
    ]));
    export["segments"] = json!([{"name": "s", "added": ["ana"]}]);
    export["rbs"]["d"] = json!([{"name": "r", "conditions": conditions, "excluded": {
        "keys": ["bo"], "segments": [{"type": "standard", "name": "s"}]}}]);
    crate::robust::check(Peer::Split, &export);
}
