use super::{asked, table};
use crate::context::Attribute;
use crate::dialect::{Source, ours, test};

fn source(dialect: &str, op: &str, value: &str) -> Source {
    Source {
        dialect: dialect.into(),
        op: op.into(),
        attribute: Some(Attribute::named("a")),
        value: serde_json::from_str(value).expect("JSON"),
    }
}

#[track_caller]
fn check(dialect: &str, op: &str, value: &str, expected: &str) {
    let words = asked(&source(dialect, op, value)).unwrap_or_else(|said| format!("!{said}"));
    assert_eq!(words, expected);
}

#[test]
fn values_are_listed() {
    check("eppo", "ONE_OF", r#"["a"]"#, r#"is "a""#);
    check("eppo", "ONE_OF", "[]", "is one of none");
    check("eppo", "ONE_OF", "[1,2,3,4,5]", "is 1 or 2 or 3 or 4 or 5");
    check(
        "eppo",
        "ONE_OF",
        "[1,2,3,4,5,6,7]",
        "is 1 or 2 or 3 or 4 or 5 or 2 more",
    );
    check(
        "bandera",
        "containsAll",
        r#"["a", "b"]"#,
        r#"has the elements "a" and "b""#,
    );
    check(
        "bandera",
        "modulo",
        r#"{"divisor": 3, "remainder": 1}"#,
        "divided by 3 leaves 1",
    );
    check(
        "split",
        "BETWEEN",
        r#"{"start": 1, "end": 2}"#,
        "is between 1 and 2",
    );
    check("flagsmith", "EQUAL", r#""x""#, r#"is "x""#);
    check(
        "flagsmith",
        "EQUAL",
        r#"{"path": ["p"], "value": "x"}"#,
        r#"is "x""#,
    );
}

#[test]
fn long_lists_inside_values_are_cut_short() {
    check(
        "bandera",
        "anyElement",
        r#"{"op":"in","value":[1,2,3,4,5,6]}"#,
        r#"has an element that satisfies {"op":"in","value":[1,2,3,4,5,6]}"#,
    );
    check(
        "bandera",
        "anyElement",
        r#"{"op":"in","value":[1,2,3,4,5,6,7]}"#,
        r#"has an element that satisfies {"op":"in","value":[1,2,3,4,5,"... 2 more"]}"#,
    );
}

#[test]
fn moments_are_written_as_such() {
    check(
        "configcat",
        "BEFORE",
        "0",
        "is a time before 1970-01-01T00:00:00Z",
    );
    let at = r#"{"dataType": "DATETIME", "value": 1000}"#;
    check("split", "EQUAL_TO", at, "is 1970-01-01T00:00:01Z");
}

#[test]
fn contraries_say_what_is_missing_there() {
    check(
        "launchdarkly",
        "not startsWith",
        r#"["x"]"#,
        r#"is there and does not start with "x""#,
    );
    check(
        "launchdarkly",
        "not matches",
        r#"["x"]"#,
        r#"is there and does not match the expression "x""#,
    );
    check(
        "configcat",
        "ARRAY NOT CONTAINS ANY OF",
        r#"["x"]"#,
        r#"is there and does not have "x" as an element"#,
    );
    check("unleash", "NOT_IN", r#"["x"]"#, r#"is not "x""#);
    check(
        "unleash",
        "STR_CONTAINS/i",
        r#"["x"]"#,
        r#"contains "x", in any case"#,
    );
    check("eppo", "IS_NULL", "true", "is missing");
    check("eppo", "IS_NULL", "false", "is there");
    check(
        "posthog",
        "server",
        r#""why""#,
        "!it cannot be told here: why",
    );
    check("nobody", "op", "1", "nobody:op 1");
}

#[test]
fn what_flagship_passes_nobody_by_says_so() {
    let said = |op, value, expected| check("flagship", op, value, expected);
    said(
        "in",
        r#""a,b""#,
        r#"!nobody passes: "in" is meant for a list, and has "a,b""#,
    );
    said(
        "not_in",
        "null",
        r#"!nobody passes: "not_in" is meant for a list, and has null"#,
    );
    said(
        "equals",
        r#"["a"]"#,
        r#"!nobody passes: "equals" is not meant for lists and objects, and has ["a"]"#,
    );
    said(
        "less_than",
        "null",
        r#"!nobody passes: "less_than" is not meant for null, and has null"#,
    );
    said(
        "like",
        "1",
        r#"!nobody passes: "like" is no operator that there is, and has 1"#,
    );
    said("in", r#"["a"]"#, r#"is "a""#);
    said("not_equals", "null", "is there and is not null");
    said("not_has", "1", "is there and does not have 1 as an element");
}

/// A phrase says nothing in the system's own words.
#[track_caller]
fn has_words(dialect: &str, ops: &[&str]) {
    for op in ops {
        let words = asked(&source(dialect, op, "true"));
        let is_plain = words
            .as_ref()
            .map_or(true, |words| !words.contains(&format!(":{op} ")));
        assert!(is_plain, "{dialect} {op}: {words:?}");
    }
}

#[test]
fn every_operator_has_words() {
    has_words(ours::NAME, &ours::OPERATORS.split(", ").collect::<Vec<_>>());
    has_words(
        "configcat",
        &[
            "IS NOT ONE OF",
            "NOT CONTAINS ANY OF",
            "IS NOT ONE OF (semver)",
            "IS NOT ONE OF (hashed)",
            "NOT EQUALS (hashed)",
            "NOT STARTS WITH ANY OF (hashed)",
            "NOT ENDS WITH ANY OF (hashed)",
            "ARRAY NOT CONTAINS ANY OF (hashed)",
            "NOT EQUALS",
            "NOT STARTS WITH ANY OF",
            "NOT ENDS WITH ANY OF",
            "ARRAY NOT CONTAINS ANY OF",
            "fails",
        ],
    );
    has_words("eppo", &["NOT_MATCHES", "NOT_ONE_OF"]);
    has_words("flagship", &["not_equals", "not_in", "not_has"]);
    has_words("flagsmith", &["NOT_EQUAL", "NOT_CONTAINS"]);
    has_words(
        "flipt",
        &["string.neq", "string.notcontains", "string.isnotoneof"],
    );
    has_words(
        "posthog",
        &[
            "is_not",
            "not_icontains",
            "not_starts_with",
            "not_ends_with",
            "not_regex",
        ],
    );
    has_words("unleash", &["NOT_IN", "REGEX/i"]);
}

#[test]
fn words_are_of_operators_that_there_are() {
    let values = [
        "null",
        "\"age ge 18\"",
        r#"{"==": [1, 1]}"#,
        "true",
        "1",
        "\"1\"",
        "\"1.2.3\"",
        "[\"a\"]",
        "[\"1.2.3\"]",
        "[1, 2]",
        r#"{"salt": "s", "texts": []}"#,
        r#"{"start": 1, "end": 2, "value": 1}"#,
        r#"{"start": "1.0.0", "end": "2.0.0"}"#,
        r#"{"salt": "s", "hashes": []}"#,
        r#"{"dataType": "NUMBER", "start": 1, "end": 2, "value": 1}"#,
        r#""2026-01-01T00:00:00Z""#,
        r#"{"flag": "f", "start": 1, "end": 2, "initial": 0, "last": 100}"#,
    ];
    let dialects = [
        "configcat",
        "eppo",
        "flagship",
        "flagsmith",
        "flipt",
        "goff",
        "growthbook",
        "launchdarkly",
        "posthog",
        "split",
        "unleash",
    ];
    for dialect in dialects {
        for (op, _) in table(dialect) {
            let known = values.iter().any(|value| {
                let mut source = source(dialect, op, value);
                let with = test(&source).is_ok();
                source.attribute = None;
                with || test(&source).is_ok()
            });
            assert!(known, "{dialect} {op}");
        }
    }
    assert!(table("flagd/2").is_empty());
}
