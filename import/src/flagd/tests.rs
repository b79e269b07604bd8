use crate::tried::Tried;
use crate::{Peer, import};
use serde_json::{Value as Json, json};

const NOW: &str = "2026-01-01T00:00:00Z";

fn file() -> Json {
    json!({
        "metadata": {"team": "shop", "tier": 1},
        "$evaluators": {
            "adult": {">=": [{"var": "age"}, 18]},
            "adult pro": {"and": [{"$ref": "adult"}, {"==": [{"var": "plan"}, "pro"]}]},
            "loop": {"!": [{"$ref": "loop"}]},
        },
        "flags": {
            "plain": {"state": "ENABLED", "variants": {"on": true, "off": false},
                "defaultVariant": "on", "targeting": {}},
            "off": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
            "no default": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null},
            "shared": {"state": "ENABLED", "variants": {"a": "A", "b": "B"}, "defaultVariant": "b",
                "metadata": {"tier": 2}, "targeting": {"if": [{"$ref": "adult pro"}, "a"]}},
            "mixed": {"state": "ENABLED", "variants": {"true": 1, "false": "x"},
                "defaultVariant": "true", "targeting": {"==": [{"var": "x"}, 1]}},
            "wrong name": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a",
                "targeting": {"if": [true, "z"]}},
            "wrong operator": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a",
                "targeting": {"if": [false, {"nope": 1}, "a"]}},
            "wrong reference": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "a",
                "targeting": {"if": [{"$ref": "nobody"}, "a"]}},
            "circle": {"state": "DISABLED", "variants": {"a": 1}, "defaultVariant": "a",
                "targeting": {"if": [{"$ref": "loop"}, "a"]}},
            "wrong default": {"state": "ENABLED", "variants": {"a": 1}, "defaultVariant": "b"},
            "no variants": {"state": "ENABLED"},
        },
    })
}

#[track_caller]
fn check(tried: &Tried, flag: &str, context: &Json, variant: Option<&str>, words: &str) {
    let answer = tried.answer(flag, context, NOW);
    assert_eq!(
        (answer.variant.as_deref(), answer.words),
        (variant, words),
        "{flag}"
    );
}

#[test]
fn flags_answer_as_in_flagd() {
    let tried = Tried::of(Peer::Flagd, &file());
    check(&tried, "plain", &json!({}), Some("on"), "STATIC");
    check(&tried, "off", &json!({}), None, "DISABLED");
    check(&tried, "no default", &json!({}), None, "STATIC");
    let pro = json!({"age": 18, "plan": "pro"});
    check(&tried, "shared", &pro, Some("a"), "TARGETING_MATCH");
    check(
        &tried,
        "shared",
        &json!({"age": 17, "plan": "pro"}),
        Some("b"),
        "DEFAULT",
    );
    check(
        &tried,
        "mixed",
        &json!({"x": 2}),
        Some("false"),
        "TARGETING_MATCH",
    );
    let answer = tried.answer("mixed", &json!({"x": 1}), NOW);
    assert_eq!(answer.value.as_deref(), Some("1"));
}

#[test]
fn a_broken_flag_breaks_alone_and_is_reported() {
    let tried = Tried::of(Peer::Flagd, &file());
    check(&tried, "wrong name", &json!({}), None, "PARSE_ERROR");
    check(&tried, "wrong operator", &json!({}), None, "PARSE_ERROR");
    check(&tried, "wrong reference", &json!({}), None, "PARSE_ERROR");
    check(&tried, "circle", &json!({}), None, "DISABLED");
    check(&tried, "wrong default", &json!({}), None, "PARSE_ERROR");
    check(&tried, "no variants", &json!({}), None, "PARSE_ERROR");
    assert_eq!(
        tried.notes(),
        [
            "Dropped /flags/circle/targeting",
            "Dropped /flags/no variants/variants",
            "Dropped /flags/wrong default/defaultVariant",
            "Dropped /flags/wrong operator/targeting",
            "Dropped /flags/wrong reference/targeting",
        ]
    );
}

#[test]
fn metadata_goes_to_every_variant() {
    let tried = Tried::of(Peer::Flagd, &file());
    let of = |flag: &str, variant: &str| {
        tried.imported.ruleset["flags"][flag]["variants"][variant]["metadata"].clone()
    };
    assert_eq!(of("shared", "a"), json!({"team": "shop", "tier": 2}));
    assert_eq!(of("plain", "on"), json!({"team": "shop", "tier": 1}));
}

#[test]
fn flags_may_be_listed() {
    let export = json!({"flags": [
        {"key": "x", "variants": {"a": 1}, "defaultVariant": "a"},
        {"variants": {"a": 1}},
    ]});
    let tried = Tried::of(Peer::FlagdV3, &export);
    check(&tried, "x", &json!({}), Some("a"), "STATIC");
    assert_eq!(tried.notes(), ["Dropped /flags/1"]);
    assert!(import(Peer::Flagd, b"[]").is_err());
    assert!(import(Peer::Flagd, b"{}").is_err());
}

/// An expression of that many levels, each an operation.
fn nested(levels: usize) -> Json {
    (1..levels).fold(json!("a"), |inner, _| json!({"log": [inner]}))
}

#[test]
fn what_is_too_deep_breaks_its_flag_alone() {
    let export = |levels: usize| {
        json!({"flags": {
            "deep": {"variants": {"a": 1}, "targeting": nested(levels)},
            "other": {"variants": {"a": 1}, "defaultVariant": "a"},
        }})
    };
    let fine = Tried::of(Peer::Flagd, &export(50));
    check(&fine, "deep", &json!({}), Some("a"), "TARGETING_MATCH");
    let broken = Tried::of(Peer::Flagd, &export(51));
    check(&broken, "deep", &json!({}), None, "PARSE_ERROR");
    check(&broken, "other", &json!({}), Some("a"), "STATIC");
}

#[test]
fn what_is_too_wide_breaks_its_flag_alone() {
    // An object, a list and its items are a part each.
    let wide = |n_parts: usize| json!({"or": vec![Json::Null; n_parts - 2]});
    let export = |n_parts: usize| {
        json!({"flags": {
            "wide": {"variants": {"a": 1}, "defaultVariant": "a", "targeting": wide(n_parts)},
            "other": {"variants": {"a": 1}, "defaultVariant": "a"},
        }})
    };
    let answer = |n_parts: usize| {
        let tried = Tried::of(Peer::Flagd, &export(n_parts));
        check(&tried, "other", &json!({}), Some("a"), "STATIC");
        tried.answer("wide", &json!({}), NOW)
    };
    assert_ne!(answer(10_000).words, "PARSE_ERROR");
    assert_eq!(answer(10_001).words, "PARSE_ERROR");
}

#[test]
fn the_dialect_decides_the_hash() {
    let export = json!({"flags": {"color": {
        "variants": {"red": 1, "green": 2, "blue": 3},
        "targeting": {"fractional": [["red", 30], ["green", 30], ["blue", 40]]},
    }}});
    let ana = json!({"targetingKey": "ana"});
    for (peer, variant) in [
        (Peer::FlagdV1, "red"),
        (Peer::Flagd, "red"),
        (Peer::FlagdV3, "green"),
    ] {
        check(
            &Tried::of(peer, &export),
            "color",
            &ana,
            Some(variant),
            "TARGETING_MATCH",
        );
    }
}

#[test]
fn anything_may_stand_anywhere() {
    for peer in [Peer::Flagd, Peer::FlagdV1, Peer::FlagdV3] {
        crate::robust::check(peer, &file());
    }
    let listed = json!({"flags": [{"key": "x", "state": "ENABLED", "variants": {"a": 1, "b": 2},
        "targeting": {"fractional": [{"cat": [{"var": "$flagd.flagKey"}, {"var": "a"}]},
            ["a", {"if": [{"sem_ver": [{"var": "v"}, "^", "1"]}, 5, 0]}], ["b", 5]]}}]});
    crate::robust::check(Peer::FlagdV3, &listed);
}
