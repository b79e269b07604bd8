use super::{asked, check, flag};
use crate::Fidelity;
use serde_json::json;

#[test]
fn segments_list_keys_then_have_rules() {
    let in_segment = json!({"rules": [{"variation": 2, "clauses": [
        {"op": "segmentMatch", "values": ["s", "no such", 7]},
    ]}]});
    let asked = asked(&json!({
        "flags": {"f": flag(in_segment)},
        "segments": {"s": {
            "salt": "s", "included": ["ana"], "excluded": ["ana", "bo"],
            "includedContexts": [{"contextKind": "org", "values": ["acme"]}],
            "excludedContexts": [{"contextKind": "org", "values": ["evil"]}],
            "rules": [
                {"clauses": [{"attribute": "vip", "op": "in", "values": [true]}], "weight": 0},
                {"clauses": [{"contextKind": "org", "attribute": "name",
                    "op": "startsWith", "values": ["e"]}]},
                {"clauses": [{"attribute": "lucky", "op": "in", "values": [true]}],
                 "weight": 50_000, "bucketBy": "lot"},
            ],
        }},
    }));
    let org = |key: &str, name: &str| json!({"kind": "org", "targetingKey": key, "name": name});
    check(&asked, json!({"targetingKey": "ana"}), "2 \"a\"");
    check(
        &asked,
        json!({"targetingKey": "bo", "lucky": true}),
        "1 \"fall\"",
    );
    check(&asked, json!({"targetingKey": "acme"}), "1 \"fall\"");
    check(&asked, org("acme", "x"), "2 \"a\"");
    check(&asked, org("evil", "e"), "1 \"fall\"");
    check(&asked, org("good", "e"), "2 \"a\"");
    check(
        &asked,
        json!({"targetingKey": "cy", "vip": true}),
        "1 \"fall\"",
    );
    // Without the attribute the bucket is 0; those of `s.s.x` and `s.s.y` are 0.26… and
    // 0.82….
    check(
        &asked,
        json!({"targetingKey": "cy", "lucky": true}),
        "2 \"a\"",
    );
    check(
        &asked,
        json!({"targetingKey": "cy", "lucky": true, "lot": "x"}),
        "2 \"a\"",
    );
    check(
        &asked,
        json!({"targetingKey": "cy", "lucky": true, "lot": "y"}),
        "1 \"fall\"",
    );
    assert_eq!(
        asked.noted(Fidelity::Mapped),
        ["/flags/f/rules/0/clauses/0/values/1"]
    );
}

#[test]
fn a_circle_of_segments_is_an_error_once_it_is_walked_around() {
    let inside = |key: &str| json!([{"clauses": [{"op": "segmentMatch", "values": [key]}]}]);
    let export = |entry: &str| {
        asked(&json!({
            "flags": {"f": flag(json!({"rules": [{"variation": 2, "clauses": [
                {"op": "segmentMatch", "values": [entry]},
            ]}]}))},
            "segments": {
                "one": {"rules": inside("two"), "included": ["ana"]},
                "two": {"rules": inside("three"), "included": ["bo"]},
                "three": {"rules": inside("one"), "excluded": ["cy"]},
                "door": {"rules": inside("three")},
                "self": {"rules": inside("self")},
            },
        }))
    };
    let key = |key: &str| json!({ "targetingKey": key });
    for entry in ["one", "two", "three", "door"] {
        let asked = export(entry);
        check(&asked, key("dee"), "PARSE_ERROR");
        check(&asked, key("ana"), "2 \"a\"");
        check(&asked, key("cy"), "1 \"fall\"");
        check(&asked, key("bo"), "2 \"a\"");
        assert!(asked.imported.report.is_exact());
    }
    check(&export("self"), key("ana"), "PARSE_ERROR");
}

#[test]
fn members_of_unbounded_segments_are_elsewhere() {
    let rules = json!([{"clauses": [{"attribute": "vip", "op": "in", "values": [true]}]}]);
    let asked = asked(&json!({
        "flags": {"f": flag(json!({"rules": [
            {"variation": 2, "clauses": [{"op": "segmentMatch", "values": ["big"]}]},
            {"variation": 3, "clauses": [{"op": "segmentMatch", "values": ["old"]}]},
        ]}))},
        "segments": {
            "big": {"unbounded": true, "generation": 2, "included": ["ana"], "rules": rules},
            "old": {"unbounded": true, "rules": rules},
        },
    }));
    check(&asked, json!({"targetingKey": "ana"}), "1 \"fall\"");
    check(
        &asked,
        json!({"targetingKey": "ana", "vip": true}),
        "2 \"a\"",
    );
    assert_eq!(
        asked.noted(Fidelity::Dropped),
        ["/segments/big", "/segments/old"]
    );
}
