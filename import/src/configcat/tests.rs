use crate::{Imported, Peer, import};
use serde_json::{Value as Json, json};

fn read(export: &Json) -> Imported {
    import(Peer::ConfigCat, export.to_string().as_bytes()).unwrap()
}

fn flag(setting: &Json) -> Imported {
    let other = json!({"t": 2, "v": {"i": 7}});
    let segments = json!([{"n": "staff", "r": [{"a": "Email", "c": 2, "l": ["@x.org"]}]}]);
    read(&json!({"p": {"s": "pepper"}, "s": segments, "f": {"f": setting, "other": other}}))
}

fn rules(imported: &Imported) -> &Json {
    &imported.ruleset["flags"]["f"]["rules"]
}

/// The condition of a rule that has this one.
fn when(condition: &Json) -> (Json, bool) {
    let imported = flag(&json!({
        "t": 0, "v": {"b": false}, "r": [{"c": [condition], "s": {"v": {"b": true}}}]
    }));
    (
        rules(&imported)[0]["when"].clone(),
        imported.report.notes.is_empty(),
    )
}

#[test]
fn a_setting_is_a_flag_with_rules_options_and_a_default() {
    let imported = flag(&json!({
        "t": 1, "v": {"s": "none"}, "i": "id0", "a": "Team",
        "r": [{
            "c": [{"u": {"a": "Identifier", "c": 28, "s": "ana"}}],
            "s": {"v": {"s": "one"}, "i": "id1"}
        }],
        "p": [
            {"p": 0, "v": {"s": "one"}, "i": "id1"},
            {"p": 30, "v": {"s": "one"}, "i": "id1"},
            {"p": 70, "v": {"s": "none"}, "i": "id0"}
        ]
    }));
    let bucketing = json!({"kind": "configcat", "salt": "f", "by": "Team", "onMissing": "misses"});
    let expected = json!({
        "type": "string", "status": "enabled", "defaultVariant": "id0",
        "variants": {
            "id0": {"value": "none", "name": "id0"}, "id1": {"value": "one", "name": "id1"}
        },
        "rules": [
            {
                "id": "rule 1", "serve": {"variant": "id1"},
                "when": {"dialect": "configcat", "op": "EQUALS", "attribute": "targetingKey",
                    "value": "ana"}
            },
            {"id": "percentage options", "serve": {"split": {"bucketing": bucketing, "ranges": [
                {"variant": "id1", "from": 0, "to": 30}, {"variant": "id0", "from": 30, "to": 100}
            ]}}}
        ]
    });
    assert_eq!(imported.ruleset["flags"]["f"], expected);
    assert!(imported.report.notes.is_empty());
}

#[test]
fn variants_have_names_of_their_own() {
    let long = "x".repeat(41);
    let imported = flag(&json!({
        "t": 1, "v": {"s": "a"}, "i": "id", "r": [
            {"s": {"v": {"s": "b"}, "i": "id"}}, {"s": {"v": {"s": "b"}}},
            {"s": {"v": {"s": long}}}, {"s": {"v": {"s": ""}}}, {"s": {"v": {"s": "b"}, "i": "id"}}
        ]
    }));
    let expected = json!({
        "id": {"value": "b", "name": "id"}, "b": {"value": "b"}, "value": {"value": long},
        "value (2)": {"value": ""}, "id (2)": {"value": "a", "name": "id"}
    });
    assert_eq!(imported.ruleset["flags"]["f"]["variants"], expected);
}

#[test]
fn numbers_without_an_option_are_an_error() {
    let options = json!([{"p": 12.5, "v": {"i": 1}}, {"p": 20, "v": {"s": "x"}}]);
    let imported = flag(&json!({"t": 2, "v": {"i": 0}, "r": [{"p": options}]}));
    let split = &rules(&imported)[0]["serve"]["split"]["ranges"];
    assert_eq!(split, &json!([{"variant": "1", "from": 0, "to": 13}]));
    let rest = &rules(&imported)[1];
    assert_eq!(rest["gates"][0]["ranges"], json!([[13, 33], [33, 100]]));
    assert_eq!(rest["serve"]["error"]["code"], "PARSE_ERROR");
}

#[test]
fn more_than_all_numbers_are_cut() {
    let options = json!([
        {"p": 80, "v": {"b": true}}, {"p": 80, "v": {"b": false}}, {"p": 5, "v": {"b": true}}
    ]);
    let imported = flag(&json!({"t": 0, "v": {"b": false}, "p": options}));
    let ranges = &rules(&imported)[0]["serve"]["split"]["ranges"];
    let expected = json!([
        {"variant": "true", "from": 0, "to": 80}, {"variant": "false", "from": 80, "to": 100}
    ]);
    assert_eq!(ranges, &expected);
    assert_eq!(rules(&imported).as_array().map(Vec::len), Some(1));
}

#[test]
fn conditions_of_each_kind() {
    let salted = |hashes: Json, place| json!({"salt": format!("pepper{place}"), "hashes": hashes});
    let foreign = |op, attribute, value| {
        let dialect = "configcat";
        json!({"dialect": dialect, "op": op, "attribute": attribute, "value": value})
    };
    let check = |condition: Json, expected: Json| assert_eq!(when(&condition), (expected, true));
    check(
        json!({"u": {"a": "Email", "c": 20, "s": "ab"}}),
        foreign("EQUALS (hashed)", "Email", salted(json!(["ab"]), "f")),
    );
    check(
        json!({"u": {"a": "Email", "c": 24, "l": ["2_ab"]}}),
        foreign(
            "ENDS WITH ANY OF (hashed)",
            "Email",
            salted(json!(["2_ab"]), "f"),
        ),
    );
    check(
        json!({"u": {"a": "Age", "c": 15, "d": 18}}),
        foreign(">= (number)", "Age", json!(18)),
    );
    check(json!({"s": {"s": 0, "c": 0}}), json!({"segment": "staff"}));
    check(
        json!({"s": {"s": 0, "c": 1}}),
        json!({"not": {"segment": "staff"}}),
    );
    let asked = json!({"flag": "other", "equals": 7, "onFailure": "fails"});
    check(
        json!({"p": {"f": "other", "c": 0, "v": {"i": 7}}}),
        asked.clone(),
    );
    check(
        json!({"p": {"f": "other", "c": 1, "v": {"i": 7}}}),
        json!({"not": asked}),
    );
}

#[test]
fn conditions_without_sense_fail_when_they_are_looked_at() {
    let check = |condition: Json, message: &str, attribute: Option<&str>| {
        let mut expected = json!({"dialect": "configcat", "op": "fails", "value": message});
        if let Some(attribute) = attribute {
            expected["attribute"] = json!(attribute);
        }
        assert_eq!(when(&condition), (expected, false));
    };
    let unknown = "no attribute, or no comparator that is known";
    check(
        json!({"u": {"a": "Age", "c": 36, "d": 1}}),
        unknown,
        Some("Age"),
    );
    check(json!({"u": {"c": 0, "l": []}}), unknown, None);
    let unfit = "the comparator takes a number";
    check(
        json!({"u": {"a": "Age", "c": 10, "s": "1"}}),
        unfit,
        Some("Age"),
    );
    let no_segment = "no segment, or no comparator that is known";
    check(json!({"s": {"s": 1, "c": 0}}), no_segment, None);
    check(json!({"s": {"s": 0, "c": 2}}), no_segment, None);
    let missing = "the prerequisite flag is missing";
    check(
        json!({"p": {"f": "gone", "c": 0, "v": {"i": 7}}}),
        missing,
        None,
    );
    let mismatch = "the comparison value is not of the prerequisite flag's type";
    check(
        json!({"p": {"f": "other", "c": 0, "v": {"s": "7"}}}),
        mismatch,
        None,
    );
    let none = "a condition is on an attribute, a segment or a flag";
    check(json!({}), none, None);
}

#[test]
fn hashes_without_salt_fail() {
    let condition = json!({"u": {"a": "Email", "c": 16, "l": ["ab"]}});
    let setting =
        json!({"t": 0, "v": {"b": false}, "r": [{"c": [condition], "s": {"v": {"b": true}}}]});
    let imported = read(&json!({"f": {"f": setting}}));
    assert_eq!(rules(&imported)[0]["when"]["op"], "fails");
}

#[test]
fn segments_keep_their_names_and_their_hashes() {
    let condition = |comparator| json!({"a": "Email", "c": comparator, "l": ["ab"]});
    let imported = read(&json!({
        "p": {"s": "pepper"}, "f": {},
        "s": [{"n": "a", "r": [condition(17)]}, {"n": "a", "r": []}, {"r": []}]
    }));
    let salt = &imported.ruleset["segments"]["a"]["when"]["all"][0]["value"]["salt"];
    assert_eq!(salt, "peppera");
    assert_eq!(
        imported.ruleset["segments"]["a (2)"],
        json!({"when": {"all": []}})
    );
    assert_eq!(imported.report.n_segments, 2);
}

#[test]
fn one_setting_that_makes_no_sense_spoils_no_other() {
    let imported = read(&json!({"f": {
        "typeless": {"v": {"b": true}}, "text": "?", "listless": {"t": 0, "v": {"b": true}, "r": 1},
        "valueless": {"t": 0}, "fine": {"t": 3, "v": {"d": 1.5}}
    }}));
    let flags = &imported.ruleset["flags"];
    for broken in ["typeless", "text", "listless", "valueless"] {
        let serve = &flags[broken]["rules"][0]["serve"];
        assert_eq!(serve["error"]["code"], "PARSE_ERROR", "{broken}");
    }
    assert_eq!(flags["fine"]["defaultVariant"], "1.5");
    assert_eq!(imported.report.notes.len(), 4);
}

#[test]
fn what_is_no_export_is_refused() {
    for none in [json!([]), json!({"f": []}), json!({"flags": {}})] {
        let error = import(Peer::ConfigCat, none.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.pointer, "/f");
    }
}

#[test]
fn anything_may_stand_anywhere() {
    let on = json!({"v": {"b": true}, "i": "on"});
    let conditions = json!([
        {"u": {"a": "a", "c": 16, "l": ["ab"]}}, {"u": {"a": "a", "c": 22, "l": ["1_ab"]}},
        {"u": {"a": "v", "c": 4, "l": ["1.2.3", ""]}}, {"u": {"a": "v", "c": 6, "s": "2.0.0"}},
        {"u": {"a": "a", "c": 12, "d": 5}}, {"u": {"a": "Identifier", "c": 29, "s": "bob"}},
        {"s": {"s": 0, "c": 1}}, {"p": {"f": "g", "c": 1, "v": {"i": 8}}}
    ]);
    let each = conditions.as_array().unwrap().iter();
    let mut rules: Vec<Json> = each.map(|one| json!({"c": [one], "s": on})).collect();
    rules.push(
        json!({"c": conditions, "p": [{"p": 50, "v": {"b": true}}, {"p": 50, "v": {"b": false}}]}),
    );
    crate::robust::check(
        Peer::ConfigCat,
        &json!({
            "p": {"s": "pepper"},
            "s": [{"n": "staff", "r": [{"a": "a", "c": 35, "l": ["x"]}]}],
            "f": {
                "f": {"t": 0, "v": {"b": false}, "i": "off", "a": "a", "r": rules,
                    "p": [{"p": 100, "v": {"b": true}, "i": "on"}]},
                "g": {"t": 2, "v": {"i": 7}, "r": [{
                    "c": [{"p": {"f": "f", "c": 0, "v": {"b": true}}}], "s": {"v": {"i": 8}}
                }]}
            }
        }),
    );
}
