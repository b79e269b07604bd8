use crate::{Fidelity, Imported, Peer, import};
use serde_json::{Value as Json, json};

fn read(export: &Json) -> Imported {
    import(Peer::Eppo, export.to_string().as_bytes()).unwrap()
}

fn flag(flag: &Json) -> Imported {
    read(&json!({ "flags": { "f": flag } }))
}

fn allocation(allocation: &Json) -> Json {
    json!({
        "enabled": true, "variationType": "STRING", "totalShards": 100,
        "variations": {"a": {"key": "a", "value": "A"}, "b": {"key": "b", "value": "B"}},
        "allocations": [allocation]
    })
}

fn rules(imported: &Imported) -> &Json {
    &imported.ruleset["flags"]["f"]["rules"]
}

fn shard(salt: &str, start: u64, end: u64) -> Json {
    json!({"salt": salt, "ranges": [{"start": start, "end": end}]})
}

#[test]
fn splits_that_share_out_one_shard_are_one_rule() {
    let imported = flag(&allocation(&json!({"key": "half", "splits": [
        {"variationKey": "a", "shards": [shard("t", 0, 20), shard("s", 0, 50)]},
        {"variationKey": "b", "shards": [shard("t", 0, 20), shard("s", 50, 100)]}
    ]})));
    let bucketing = |salt| json!({"kind": "eppo", "salt": salt, "scale": 100});
    let expected = json!([{
        "id": "half",
        "gates": [{"ranges": [[0, 20]], "bucketing": bucketing("t")}],
        "serve": {"split": {"bucketing": bucketing("s"), "ranges": [
            {"variant": "a", "from": 0, "to": 50}, {"variant": "b", "from": 50, "to": 100}
        ]}}
    }]);
    assert_eq!(rules(&imported), &expected);
    assert!(imported.report.is_exact());
}

#[test]
fn splits_that_overlap_stay_apart_and_in_order() {
    let imported = flag(&allocation(&json!({"key": "k", "splits": [
        {"variationKey": "a", "shards": [shard("s", 0, 60)]},
        {"variationKey": "b", "shards": [shard("s", 50, 100)]}
    ]})));
    let ids: Vec<&Json> = rules(&imported)
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| &rule["id"])
        .collect();
    assert_eq!(ids, ["k/a", "k/b"]);
}

#[test]
fn ranges_are_cut_to_the_shards_there_are() {
    let ranges = json!([
        {"start": 60, "end": 900}, {"start": 5, "end": 10}, {"start": 8, "end": 20},
        {"start": 3, "end": 3}
    ]);
    let imported = flag(&allocation(&json!({"key": "k", "splits": [
        {"variationKey": "a", "shards": [{"salt": "s", "ranges": ranges}]}
    ]})));
    assert_eq!(
        rules(&imported)[0]["gates"][0]["ranges"],
        json!([[5, 20], [60, 100]])
    );
}

#[test]
fn the_last_moment_of_a_window_is_inside() {
    let imported = flag(&allocation(&json!({
        "key": "k", "splits": [{"variationKey": "a", "shards": []}],
        "startAt": "2026-01-01T00:00:00.000Z", "endAt": "2026-02-01T00:00:00.000Z"
    })));
    let expected = json!({"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-02-01T00:00:00.001Z"});
    assert_eq!(rules(&imported)[0]["schedule"], expected);
}

#[test]
fn a_window_that_ends_before_it_begins_serves_nobody() {
    let windowed = |end: &str| {
        let imported = flag(&allocation(&json!({
            "key": "k", "splits": [{"variationKey": "a", "shards": []}],
            "startAt": "2026-02-01T00:00:00Z", "endAt": end
        })));
        let places = imported
            .report
            .notes
            .iter()
            .map(|note| note.pointer.clone());
        let places: Vec<String> = places.collect();
        let rule = &rules(&imported)[0];
        let (window, when) = (rule["schedule"].is_object(), rule["when"].clone());
        (window, when, places.concat().contains("endAt"))
    };
    let first = windowed("2026-02-01T00:00:00Z");
    assert_eq!(first, (true, Json::Null, false), "one moment is a window");
    let before = windowed("2026-01-31T23:59:59.999Z");
    assert_eq!(before, (false, json!({"any": []}), true));
}

#[test]
fn a_value_of_another_type_is_an_error_for_those_who_get_it() {
    let imported = flag(&json!({
        "enabled": true, "variationType": "INTEGER", "totalShards": 100,
        "variations": {"one": {"key": "one", "value": 1.0}, "pi": {"key": "pi", "value": 3.5}},
        "allocations": [
            {"key": "x", "splits": [{"variationKey": "pi", "shards": []}]},
            {"key": "y", "splits": [{"variationKey": "one", "shards": []}]},
            {"key": "z", "splits": [{"variationKey": "gone", "shards": []}]}
        ]
    }));
    let code = |index: usize| &rules(&imported)[index]["serve"]["error"]["code"];
    assert_eq!([code(0), code(2)], ["PARSE_ERROR", "PARSE_ERROR"]);
    assert_eq!(rules(&imported)[1]["serve"], json!({"variant": "one"}));
}

#[test]
fn conditions_that_cannot_be_read_never_hold() {
    let condition = |operator: &str, value: Json| {
        let imported = flag(&allocation(&json!({
            "key": "k", "splits": [{"variationKey": "a", "shards": []}],
            "rules": [{"conditions": [{"attribute": "x", "operator": operator, "value": value}]}]
        })));
        let note = imported.report.notes.first().map(|note| note.fidelity);
        (rules(&imported)[0]["when"].clone(), note)
    };
    let never = json!({"any": []});
    assert_eq!(
        condition("LIKE", json!("x")),
        (never.clone(), Some(Fidelity::Mapped))
    );
    let beyond = condition("MATCHES", json!("(?<=a)b"));
    assert_eq!(beyond, (never, Some(Fidelity::Approximated)));
    let written = json!({"dialect": "eppo", "op": "GT", "attribute": "x", "value": 1});
    assert_eq!(condition("GT", json!(1)), (written, None));
}

#[test]
fn one_flag_that_cannot_be_read_spoils_no_other() {
    let imported = read(&json!({"flags": {
        "broken": {"enabled": true, "variationType": "COLOUR"},
        "text": "?",
        "fine": allocation(&json!({"key": "k", "splits": [{"variationKey": "a", "shards": []}]}))
    }}));
    let serve = |flag: &str| &imported.ruleset["flags"][flag]["rules"][0]["serve"];
    assert_eq!(serve("broken")["error"]["code"], "PARSE_ERROR");
    assert_eq!(serve("text")["error"]["code"], "PARSE_ERROR");
    assert_eq!(serve("fine"), &json!({"variant": "a"}));
    let pointers: Vec<&str> = imported
        .report
        .notes
        .iter()
        .map(|note| &*note.pointer)
        .collect();
    assert_eq!(
        pointers,
        ["/flags/broken/variationType", "/flags/text/enabled"]
    );
}

fn wire(model: &Json) -> Json {
    let config = json!({
        "flags": {"f": allocation(&json!({
            "key": "k", "splits": [{"variationKey": "a", "shards": []}]
        }))},
        "banditReferences": {"drinks": {"modelVersion": "1", "flagVariations": [
            {"key": "drinks", "flagKey": "f", "variationKey": "a", "variationValue": "A"}
        ]}}
    });
    let models = json!({"bandits": {"drinks": {"modelVersion": "1", "modelData": model}}});
    json!({
        "version": 1,
        "config": {"response": config.to_string()},
        "bandits": {"response": models.to_string()}
    })
}

#[test]
fn a_wire_brings_its_bandits() {
    let model = json!({
        "gamma": 1, "defaultActionScore": 0, "actionProbabilityFloor": 0, "coefficients": {}
    });
    let imported = read(&wire(&model));
    let variants = &imported.ruleset["flags"]["f"]["variants"];
    let policy = &variants["a"]["policy"];
    assert_eq!(
        (&policy["dialect"], &policy["op"]),
        (&json!("eppo"), &json!("falcon"))
    );
    assert_eq!(policy["value"]["flagKey"], "f");
    assert_eq!(policy["value"]["bandit"], "drinks");
    assert_eq!(variants["b"]["policy"], Json::Null);
    assert!(imported.report.is_exact());
}

#[test]
fn a_model_that_is_missing_or_broken_is_reported() {
    let imported = read(&wire(&json!({"gamma": "much"})));
    let messages: Vec<&str> = imported
        .report
        .notes
        .iter()
        .map(|note| &*note.pointer)
        .collect();
    let variation = "/config/response/flags/f/variations/a";
    assert_eq!(messages, ["/bandits/response/bandits/drinks", variation]);
    assert_eq!(
        imported.ruleset["flags"]["f"]["variants"]["a"]["policy"],
        Json::Null
    );
    assert!(!imported.report.is_exact());
}

#[test]
fn what_is_no_export_is_refused() {
    let refused = |export: Json| {
        import(Peer::Eppo, export.to_string().as_bytes())
            .unwrap_err()
            .pointer
    };
    assert_eq!(refused(json!([])), "");
    assert_eq!(refused(json!({"version": 1})), "");
    assert_eq!(
        refused(json!({"config": {"response": "{"}})),
        "/config/response"
    );
    assert_eq!(refused(json!({"flags": {}, "format": "CLIENT"})), "/format");
    let obfuscated = json!({"format": "PRECOMPUTED", "flags": {}}).to_string();
    assert_eq!(
        refused(json!({"config": {"response": obfuscated}})),
        "/config/response/format"
    );
}

#[test]
fn more_rules_than_a_flag_may_have_are_reported() {
    let exact = |n_allocations: usize| {
        let one = json!({"key": "k", "splits": [{"variationKey": "a", "shards": []}]});
        let mut large = allocation(&one);
        large["allocations"] = json!(vec![one; n_allocations]);
        flag(&large).report.is_exact()
    };
    assert!(exact(256));
    assert!(!exact(257));
}

#[test]
fn anything_may_stand_anywhere() {
    let flag = json!({
        "enabled": true, "variationType": "STRING", "totalShards": 100,
        "variations": {"a": {"key": "a", "value": "A"}, "b": {"key": "b", "value": "B"}},
        "allocations": [
            {
                "key": "some", "startAt": "2020-01-01T00:00:00Z", "endAt": "2030-01-01T00:00:00Z",
                "rules": [{"conditions": [
                    {"attribute": "a", "operator": "GTE", "value": 1},
                    {"attribute": "a", "operator": "MATCHES", "value": "^1"},
                    {"attribute": "b", "operator": "IS_NULL", "value": true},
                    {"attribute": "id", "operator": "NOT_ONE_OF", "value": ["bob"]}
                ]}],
                "splits": [
                    {"variationKey": "a", "shards": [shard("t", 0, 90), shard("s", 0, 50)]},
                    {"variationKey": "b", "shards": [shard("t", 0, 90), shard("s", 50, 100)]}
                ]
            },
            {"key": "rest", "doLog": false, "splits": [{"variationKey": "a", "shards": []}]}
        ]
    });
    let coefficients = json!({"x": {
        "intercept": 1,
        "actionNumericCoefficients": [
            {"attributeKey": "n", "coefficient": 1, "missingValueCoefficient": 0}
        ],
        "actionCategoricalCoefficients": [
            {"attributeKey": "c", "valueCoefficients": {"v": 1}, "missingValueCoefficient": 0}
        ],
        "subjectNumericCoefficients": [], "subjectCategoricalCoefficients": []
    }});
    let export = json!({
        "config": {"response": {
            "flags": {"f": flag, "g": flag},
            "banditReferences": {"d": {"flagVariations": [
                {"flagKey": "f", "variationKey": "a", "variationValue": "A"}
            ]}}
        }},
        "bandits": {"response": {"bandits": {"d": {"modelVersion": "1", "modelData": {
            "gamma": 1, "defaultActionScore": 0, "actionProbabilityFloor": 0.1,
            "coefficients": coefficients
        }}}}}
    });
    crate::robust::check(Peer::Eppo, &export);
}
