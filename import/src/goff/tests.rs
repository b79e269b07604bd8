use crate::tried::Tried;
use crate::{Peer, import};
use serde_json::{Value as Json, json};

const NOW: &str = "2026-03-01T00:00:00Z";

fn tried(export: &Json) -> Tried {
    Tried::of(Peer::GoFeatureFlag, export)
}

/// One flag, called `color`.
fn one(flag: &Json) -> Tried {
    tried(&json!({ "color": flag }))
}

#[track_caller]
fn check(tried: &Tried, context: &Json, at: &str, variant: Option<&str>, words: &str) {
    let answer = tried.answer("color", context, at);
    assert_eq!((answer.variant.as_deref(), answer.words), (variant, words));
}

fn variations() -> Json {
    json!({"red": "R", "green": "G", "blue": "B"})
}

#[test]
fn rules_are_tried_in_order_and_then_the_default_rule() {
    let flag = one(&json!({
        "variations": variations(),
        "targeting": [
            {"name": "off", "query": "plan eq \"pro\"", "variation": "blue", "disable": true},
            {"name": "pros", "query": "plan eq \"pro\"", "variation": "red"},
            {"query": "{\">\": [{\"var\": \"age\"}, 17]}", "variation": "green"},
            {"name": "broken", "query": "plan is \"pro\"", "variation": "green"},
        ],
        "defaultRule": {"variation": "blue", "disable": true},
    }));
    check(
        &flag,
        &json!({"plan": "Pro"}),
        NOW,
        Some("red"),
        "TARGETING_MATCH",
    );
    check(
        &flag,
        &json!({"age": 18}),
        NOW,
        Some("green"),
        "TARGETING_MATCH",
    );
    check(&flag, &json!({"age": 17}), NOW, Some("blue"), "STATIC");
    assert_eq!(flag.notes(), ["Mapped /color/targeting/3/query"]);
    let ids = flag.imported.ruleset["flags"]["color"]["rules"]
        .as_array()
        .unwrap();
    let ids: Vec<&str> = ids
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["pros", "rule 2", "broken", "default rule"]);
}

/// Shares worked out with an independent program.
#[test]
fn percentages_draw_in_falling_order_of_names() {
    let flag = one(&json!({
        "variations": variations(),
        "defaultRule": {"percentage": {"red": 30, "green": 30, "blue": 40}, "variation": "blue"},
    }));
    for (key, variant) in GOLDEN {
        check(
            &flag,
            &json!({"targetingKey": key}),
            NOW,
            Some(variant),
            "SPLIT",
        );
    }
    check(&flag, &json!({}), NOW, None, "TARGETING_KEY_MISSING");
    check(
        &flag,
        &json!({"targetingKey": ""}),
        NOW,
        None,
        "TARGETING_KEY_MISSING",
    );
}

const GOLDEN: [(&str, &str); 8] = [
    ("ana", "red"),
    ("aña", "green"),
    ("x", "red"),
    ("😀", "green"),
    ("bob", "blue"),
    ("eve", "red"),
    ("42", "green"),
    ("subject-7", "red"),
];

#[test]
fn a_flag_that_draws_somewhere_needs_a_key_everywhere() {
    let flag = |rule: Json| {
        one(&json!({
            "variations": variations(),
            "targeting": [rule],
            "defaultRule": {"variation": "blue"},
        }))
    };
    let draws = flag(json!({"query": "plan eq \"x\"", "percentage": {"red": 100}}));
    check(&draws, &json!({}), NOW, None, "TARGETING_KEY_MISSING");
    check(
        &draws,
        &json!({"targetingKey": "ana"}),
        NOW,
        Some("blue"),
        "STATIC",
    );
    let fixed = flag(json!({"query": "plan eq \"x\"", "variation": "red"}));
    check(&fixed, &json!({}), NOW, Some("blue"), "STATIC");
}

#[test]
fn another_attribute_may_be_the_key() {
    let flag = |rule: Json| {
        one(&json!({
            "variations": variations(),
            "bucketingKey": "team.id",
            "defaultRule": rule,
        }))
    };
    let draws = flag(json!({"percentage": {"red": 30, "green": 30, "blue": 40}}));
    for (key, variant) in GOLDEN {
        check(
            &draws,
            &json!({"team": {"id": key}}),
            NOW,
            Some(variant),
            "SPLIT",
        );
    }
    check(
        &draws,
        &json!({"targetingKey": "ana"}),
        NOW,
        None,
        "TARGETING_KEY_MISSING",
    );
    let fixed = flag(json!({"variation": "red"}));
    check(
        &fixed,
        &json!({"team": {"id": ""}}),
        NOW,
        Some("red"),
        "STATIC",
    );
    check(
        &fixed,
        &json!({"team": {"id": 7}}),
        NOW,
        None,
        "TARGETING_KEY_MISSING",
    );
    check(&fixed, &json!({}), NOW, None, "TARGETING_KEY_MISSING");
}

#[test]
fn what_no_percentage_covers_is_an_error() {
    let flag = |shares: Json| {
        one(&json!({"variations": variations(), "defaultRule": {"percentage": shares}}))
    };
    let ana = || json!({"targetingKey": "ana"});
    check(&flag(json!({"red": 0})), &ana(), NOW, None, "GENERAL");
    check(&flag(json!({"red": 10})), &ana(), NOW, Some("red"), "SPLIT");
    // Three thirds: the sum is cut to 1, and no bound reaches it.
    let thirds = flag(json!({"red": 0.0004, "green": 0.0004, "blue": 0.0004}));
    check(&thirds, &ana(), NOW, Some("blue"), "SPLIT");
}

#[test]
fn a_progressive_rollout_reaches_more_and_more() {
    let flag = one(&json!({
        "variations": variations(),
        "targeting": [{"name": "pros", "query": "plan eq \"pro\"", "progressiveRollout": {
            "initial": {"variation": "red", "percentage": 0, "date": "2026-01-01T00:00:00Z"},
            "end": {"variation": "blue", "date": "2026-01-11T00:00:00+00:00"},
        }}],
        "defaultRule": {"variation": "green"},
    }));
    let pros = |at: &str| {
        let contexts = (0..1_000).map(|n| json!({"targetingKey": format!("s{n}"), "plan": "pro"}));
        let answers = contexts.map(|context| flag.answer("color", &context, at).variant.unwrap());
        answers.filter(|variant| variant == "blue").count()
    };
    assert_eq!(pros("2025-12-31T00:00:00Z"), 0);
    assert_eq!(pros("2026-01-01T00:00:00Z"), 0);
    let half = pros("2026-01-06T00:00:00Z");
    assert!((440..560).contains(&half), "{half}");
    assert_eq!(pros("2026-01-11T00:00:00Z"), 1_000);
    check(
        &flag,
        &json!({"targetingKey": "ana"}),
        NOW,
        Some("green"),
        "STATIC",
    );
}

#[test]
fn steps_change_a_flag_at_their_dates() {
    let flag = one(&json!({
        "variations": {"red": "R", "green": "G"},
        "targeting": [{"name": "pros", "query": "plan eq \"pro\"", "variation": "red"}],
        "defaultRule": {"percentage": {"red": 0, "green": 100}},
        "scheduledRollout": [
            {"date": "2026-02-01T00:00:00Z", "targeting": [
                {"name": "pros", "query": "plan eq \"max\""},
                {"name": "new", "query": "plan eq \"new\"", "variation": "red"}]},
            {"date": "2026-03-01T00:00:00Z", "variations": {"red": "RR"},
                "defaultRule": {"percentage": {"red": 100, "green": -1}}},
            {"date": "2026-04-01T00:00:00Z", "disable": true},
            {"disable": false},
        ],
    }));
    let of = |plan: &str, at: &str| {
        let context = json!({"targetingKey": "ana", "plan": plan});
        let answer = flag.answer("color", &context, at);
        (
            answer.variant.unwrap_or_default(),
            answer.value.unwrap_or_default(),
        )
    };
    let (red, green) = (
        ("red".into(), "\"R\"".into()),
        ("green".into(), "\"G\"".into()),
    );
    assert_eq!(of("pro", "2026-01-31T23:59:59.999Z"), red);
    assert_eq!(of("new", "2026-01-31T23:59:59.999Z"), green);
    assert_eq!(of("pro", "2026-02-01T00:00:00Z"), green);
    assert_eq!(of("max", "2026-02-01T00:00:00Z"), red);
    assert_eq!(of("new", "2026-02-01T00:00:00Z"), red);
    let newer = ("red".to_owned(), "\"RR\"".to_owned());
    assert_eq!(of("none", "2026-03-01T00:00:00Z"), newer);
    assert_eq!(of("max", "2026-03-01T00:00:00Z"), newer);
    assert_eq!(
        of("max", "2026-04-01T00:00:00Z"),
        (String::new(), String::new())
    );
}

#[test]
fn an_experiment_serves_while_it_runs() {
    let flag = one(&json!({
        "variations": variations(),
        "defaultRule": {"variation": "red"},
        "experimentation": {"start": "2026-02-01T00:00:00Z", "end": "2026-03-01T00:00:00Z"},
    }));
    let at = |at: &str| flag.answer("color", &json!({}), at).variant;
    assert_eq!(at("2026-01-31T23:59:59.999Z"), None);
    assert_eq!(at("2026-02-01T00:00:00Z").as_deref(), Some("red"));
    assert_eq!(at("2026-03-01T00:00:00Z").as_deref(), Some("red"));
    assert_eq!(at("2026-03-01T00:00:00.001Z"), None);
}

#[test]
fn a_flag_may_need_others() {
    let flag = |needs: Json, variation: &str| {
        tried(&json!({
            "color": {"variations": variations(), "needs": needs,
                "defaultRule": {"variation": "red"}},
            "base": {"variations": {"on": true, "off": false},
                "defaultRule": {"variation": variation}},
            "number": {"variations": {"one": 1}, "needs": [{"flag": "base"}],
                "defaultRule": {"variation": "one"}},
        }))
    };
    let base = || json!([{"flag": "base"}]);
    check(&flag(base(), "on"), &json!({}), NOW, Some("red"), "STATIC");
    check(&flag(base(), "off"), &json!({}), NOW, None, "DEFAULT");
    let both = flag(
        json!([{"flag": "base"}, {"flag": "number", "value": 1.0}]),
        "on",
    );
    check(&both, &json!({}), NOW, Some("red"), "STATIC");
    assert_eq!(both.notes(), ["Mapped /color/needs/1"]);
    // One step is followed: that the number needs what is off does not count.
    let one_step = flag(json!([{"flag": "number", "value": 1}]), "off");
    check(&one_step, &json!({}), NOW, Some("red"), "STATIC");
    assert_eq!(one_step.answer("number", &json!({}), NOW).variant, None);
    let circle = flag(json!([{"flag": "color", "value": "R"}]), "on");
    check(&circle, &json!({}), NOW, Some("red"), "STATIC");
    let nobody = flag(json!([{"flag": "nobody"}]), "on");
    check(&nobody, &json!({}), NOW, None, "DEFAULT");
}

#[test]
fn a_needed_flag_may_have_the_longest_key() {
    // Two that begin alike, and each needs something itself.
    let key = |last: &str| "é".repeat(127) + last;
    let flag = |value: u8| {
        json!({"variations": {"one": value}, "needs": [{"flag": "nobody"}],
        "defaultRule": {"variation": "one"}})
    };
    for (asked, wanted) in [("a", 1), ("b", 2)] {
        let needs = json!([{"flag": key(asked), "value": wanted}]);
        let color = json!({"variations": variations(), "needs": needs,
            "defaultRule": {"variation": "red"}});
        let other = json!({"variations": variations(),
            "needs": [{"flag": key("a"), "value": 1}, {"flag": key("b"), "value": 2}],
            "defaultRule": {"variation": "red"}});
        let export =
            json!({"color": color, "other": other, (key("a")): flag(1), (key("b")): flag(2)});
        let tried = tried(&export);
        check(&tried, &json!({}), NOW, Some("red"), "STATIC");
        assert_eq!(
            tried.answer("other", &json!({}), NOW).variant.as_deref(),
            Some("red")
        );
    }
}

#[test]
fn a_needed_flag_draws_as_by_itself() {
    let drawn = json!({"variations": {"on": true, "off": false},
        "needs": [{"flag": "nobody"}],
        "defaultRule": {"percentage": {"on": 50, "off": 50}}});
    let mut alone = drawn.clone();
    alone.as_object_mut().map(|members| members.remove("needs"));
    let color = json!({"variations": variations(), "needs": [{"flag": "base"}],
        "defaultRule": {"variation": "red"}});
    let asking = tried(&json!({"color": color, "base": drawn}));
    let simple = tried(&json!({"color": color, "base": alone}));
    let mut reached = 0;
    for n in 0..100 {
        let context = json!({"targetingKey": format!("subject-{n}")});
        let found = asking.answer("color", &context, NOW).variant;
        assert_eq!(found, simple.answer("color", &context, NOW).variant);
        reached += u32::from(found.is_some());
    }
    assert!((30..70).contains(&reached), "{reached}");
}

#[test]
fn a_disabled_or_broken_flag_leaves_the_value_to_the_caller() {
    let disabled = one(&json!({"variations": variations(), "disable": true,
        "defaultRule": {"percentage": {"red": 100}}}));
    check(&disabled, &json!({}), NOW, None, "DISABLED");
    let no_default = one(&json!({"variations": variations()}));
    check(&no_default, &json!({}), NOW, None, "GENERAL");
    assert_eq!(no_default.notes(), ["Dropped /color/defaultRule"]);
    let unknown = one(&json!({"variations": variations(), "defaultRule": {"variation": "pink"}}));
    check(&unknown, &json!({}), NOW, None, "GENERAL");
    let empty = one(&json!({"variations": {}, "defaultRule": {"variation": "pink"}}));
    check(&empty, &json!({}), NOW, None, "GENERAL");
    let dateless = one(
        &json!({"variations": variations(), "defaultRule": {"variation": "red"},
        "scheduledRollout": [{"date": "soon"}]}),
    );
    assert_eq!(dateless.notes(), ["Dropped /color/scheduledRollout/0/date"]);
}

#[test]
fn so_many_rules_are_written_and_no_more() {
    let answer = |n_queries: usize| {
        let rule =
            |n: usize| json!({"name": n.to_string(), "query": "a eq 1", "variation": "green"});
        let rules: Vec<Json> = (0..n_queries).map(rule).collect();
        let flag = tried(
            &json!({"color": {"variations": variations(), "targeting": rules,
            "defaultRule": {"variation": "red"}}}),
        );
        flag.answer("color", &json!({"targetingKey": "ana"}), NOW)
    };
    // The default rule is one too.
    assert_eq!(answer(249).variant.as_deref(), Some("red"));
    assert_eq!(answer(250).words, "GENERAL");
}

#[test]
fn the_answer_of_the_relay_is_read_too() {
    let export = json!({
        "flags": {"color": {"variations": variations(), "defaultRule": {"variation": "red"},
            "metadata": {"team": "shop"}}},
        "evaluationContextEnrichment": {"env": "prod"},
    });
    let tried = tried(&export);
    check(&tried, &json!({}), NOW, Some("red"), "STATIC");
    assert_eq!(tried.notes(), ["Dropped /evaluationContextEnrichment"]);
    let metadata = &tried.imported.ruleset["flags"]["color"]["variants"]["red"]["metadata"];
    assert_eq!(*metadata, json!({"team": "shop"}));
    assert!(import(Peer::GoFeatureFlag, b"[]").is_err());
    assert!(import(Peer::GoFeatureFlag, b"{\"a\":1}").is_err());
}

#[test]
fn anything_may_stand_anywhere() {
    let ends = json!({
        "initial": {"variation": "red", "percentage": 0, "date": "2023-01-01T00:00:00Z"},
        "end": {"variation": "blue", "percentage": 90, "date": "2024-01-11T00:00:00Z"},
    });
    let export = json!({
        "color": {
            "variations": variations(),
            "bucketingKey": "a",
            "needs": [{"flag": "base", "value": true}],
            "targeting": [
                {"name": "r", "query": "v gt 1.0.0", "percentage": {"red": 30.5, "green": 69.5}},
                {"name": "p", "query": "{\">\": [{\"var\": \"a\"}, 1]}",
                    "progressiveRollout": ends},
            ],
            "defaultRule": {"variation": "blue"},
            "experimentation": {"start": "2023-02-01T00:00:00Z", "end": "2025-03-01T00:00:00Z"},
            "scheduledRollout": [{"date": "2023-06-01T00:00:00Z", "disable": false,
                "variations": {"red": "RR"}, "targeting": [{"name": "r", "query": "a eq 1.5"}],
                "defaultRule": {"percentage": {"red": 100}}}],
        },
        "base": {"variations": {"on": true}, "defaultRule": {"variation": "on"}},
    });
    crate::robust::check(Peer::GoFeatureFlag, &export);
}
