use crate::asked::Asked;
use crate::{Fidelity, Peer, import};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

fn asked(features: &Json) -> Asked {
    let segments = json!([
        { "id": 4, "name": "staff", "constraints": [
            { "contextName": "mail", "operator": "STR_ENDS_WITH", "values": ["@bandera.example"] },
        ]},
        { "id": 5, "name": "staff", "constraints": [] },
    ]);
    let export = json!({ "version": 2, "features": features, "segments": segments });
    Asked::of(Peer::Unleash, &export)
}

fn feature(name: &str, strategies: &Json) -> Json {
    json!({ "name": name, "enabled": true, "strategies": strategies })
}

#[test]
fn any_strategy_enables() {
    let asked = asked(&json!([
        feature("none", &json!([])),
        feature("two", &json!([
            { "name": "userWithId", "parameters": { "userIds": "ana, bob" } },
            { "name": "remoteAddress", "parameters": { "IPs": "nowhere, 10.0.0.0/8" } },
        ])),
        feature("blank", &json!([{ "name": "userWithId", "parameters": { "userIds": "" } }])),
        { "name": "off", "enabled": false },
        feature("asleep", &json!([{ "name": "default", "disabled": true }])),
    ]));
    assert!(asked.is_on("none", &json!({})));
    assert!(asked.is_on("two", &json!({ "targetingKey": "bob" })));
    assert!(asked.is_on("two", &json!({ "remoteAddress": "10.1.2.3" })));
    assert!(!asked.is_on("two", &json!({ "remoteAddress": "11.1.2.3" })));
    // As in yggdrasil-engine 2.0.0: an empty id is one of no ids.
    assert!(asked.is_on("blank", &json!({ "targetingKey": "" })));
    assert!(!asked.is_on("blank", &json!({ "targetingKey": "ana" })));
    assert!(!asked.is_on("blank", &json!({})));
    assert!(!asked.is_on("off", &json!({})));
    assert!(!asked.is_on("asleep", &json!({})));
    assert!(asked.imported.report.is_exact());
}

#[test]
fn constraints_segments_and_strategy_must_all_hold() {
    let asked = asked(&json!([
        feature(
            "all",
            &json!([{
                "name": "default",
                "segments": [4, 5],
                "constraints": [
                    { "contextName": "userId", "operator": "IN", "values": ["ana"],
                        "inverted": true },
                ],
            }])
        ),
        feature("lost", &json!([{ "name": "default", "segments": [9] }])),
    ]));
    let mail = "x@bandera.example";
    assert!(asked.is_on("all", &json!({ "mail": mail, "targetingKey": "bob" })));
    assert!(!asked.is_on("all", &json!({ "mail": mail, "targetingKey": "ana" })));
    assert!(!asked.is_on("all", &json!({ "targetingKey": "bob" })));
    assert!(!asked.is_on("lost", &json!({})));
    assert_eq!(
        asked.noted(Fidelity::Mapped),
        ["/features/1/strategies/0/segments/0"]
    );
}

/// `MurmurHash3` of `g:ana`, worked out with an independent program, is number 18 of 1 to 100.
#[test]
fn gradual_rollouts_draw_the_published_numbers() {
    let rollout = |name: &str, parameter: &str, percentage: &str, stickiness: &str| {
        let parameters = json!({ parameter: percentage, "groupId": "g", "stickiness": stickiness });
        json!([{ "name": name, "parameters": parameters }])
    };
    let check = |strategy: &Json, context: Json, expected: bool| {
        let asked = asked(&json!([feature("f", strategy)]));
        assert_eq!(asked.is_on("f", &context), expected, "{strategy} {context}");
    };
    let by_id = |percentage| rollout("gradualRolloutUserId", "percentage", percentage, "");
    let flexible = |percentage, by| rollout("flexibleRollout", "rollout", percentage, by);
    let ana = || json!({ "targetingKey": "ana" });
    check(&by_id(ANA), ana(), true);
    check(&by_id(BELOW_ANA), ana(), false);
    check(
        &flexible(ANA, "default"),
        json!({ "sessionId": "ana" }),
        true,
    );
    check(
        &flexible(BELOW_ANA, "default"),
        json!({ "sessionId": "ana" }),
        false,
    );
    check(&flexible(ANA, "plan"), json!({ "plan": "ana" }), true);
    check(&flexible("100", "plan"), ana(), false);
    check(&flexible("100", "default"), json!({}), true);
    check(&flexible("0", "random"), json!({}), false);
    check(&flexible("100", "random"), json!({}), true);
    check(&by_id("100"), json!({}), false);
    check(&by_id("none"), ana(), false);
}

/// The lowest percentage that lets each in, as yggdrasil-engine 2.0.0 has it; 0 is never.
#[test]
fn an_empty_salt_is_hashed_and_without_one_old_strategies_enable_nobody() {
    let names = ["ana", "bob", "cy", "dora", "eve", "fay", "gil", "hal"];
    let check = |strategy: &str, parameters: &Json, lowest: [u64; 8]| {
        for (name, lowest) in names.iter().zip(lowest) {
            for percentage in [lowest.saturating_sub(1), lowest.max(1), 100] {
                let mut parameters = parameters.clone();
                for parameter in ["rollout", "percentage"] {
                    parameters[parameter] = percentage.to_string().into();
                }
                let strategies = json!([{ "name": strategy, "parameters": parameters }]);
                let asked = asked(&json!([feature("f", &strategies)]));
                let context = json!({ "targetingKey": name, "sessionId": name });
                let expected = lowest > 0 && percentage >= lowest;
                let found = asked.is_on("f", &context);
                assert_eq!(found, expected, "{strategy} {parameters} {name}");
            }
        }
    };
    let empty = [28, 28, 8, 59, 82, 45, 23, 54];
    for strategy in [
        "gradualRolloutUserId",
        "gradualRolloutSessionId",
        "flexibleRollout",
    ] {
        check(strategy, &json!({ "groupId": "" }), empty);
    }
    let by_name = [69, 43, 87, 43, 30, 36, 89, 83];
    check("flexibleRollout", &json!({}), by_name);
    check("gradualRolloutUserId", &json!({}), [0; 8]);
    check("gradualRolloutSessionId", &json!({}), [0; 8]);
}

#[test]
fn where_sdks_differ_about_a_missing_salt_the_report_says_so() {
    let strategy = json!({ "name": "gradualRolloutUserId", "parameters": { "percentage": "50" } });
    let asked = asked(&json!([feature("f", &json!([strategy]))]));
    assert_eq!(
        asked.noted(Fidelity::Approximated),
        ["/features/0/strategies/0/parameters"]
    );
}

/// Computed by yggdrasil-engine 2.0.0.
#[test]
fn variants_of_a_strategy_stick_to_subjects_though_it_draws_by_sessions() {
    let variant = |name: &str| {
        let payload = json!({ "type": "string", "value": name });
        json!({ "name": name, "weight": 500, "payload": payload })
    };
    let asked = asked(&json!([feature(
        "f",
        &json!([{
            "name": "gradualRolloutSessionId",
            "parameters": { "percentage": "100", "groupId": "" },
            "variants": [variant("a"), variant("b")],
        }])
    )]));
    let names = ["ana", "bob", "cy", "dora", "eve", "fay", "gil", "hal"];
    let served = names.map(|name| {
        let context = json!({ "targetingKey": name, "sessionId": "always the same" });
        asked.answer("f", FlagType::String, &context)
    });
    let expected = ["a", "a", "b", "b", "b", "a", "a", "a"];
    assert_eq!(served, expected.map(|name| format!("{name} \"{name}\"")));
}

const ANA: &str = "18";
const BELOW_ANA: &str = "17";

#[test]
fn variants_answer_who_asks_for_their_type() {
    let variant = |name: &str, kind: &str, value: &str| {
        let payload = json!({ "type": kind, "value": value });
        json!([{ "name": name, "weight": 1, "payload": payload }])
    };
    let with = |name: &str, variants: &Json| {
        json!({ "name": name, "enabled": true,
        "strategies": [], "variants": variants })
    };
    let asked = asked(&json!([
        with("text", &variant("on", "string", "")),
        with("number", &variant("n", "number", "1.50")),
        with("json", &variant("j", "json", r#"{"a":[1]}"#)),
        with("broken", &variant("b", "json", "{")),
        with("bare", &json!([{ "name": "v", "weight": 1 }])),
        with("weightless", &json!([{ "name": "v", "weight": 0 }])),
    ]));
    let nobody = json!({});
    let check = |flag, wanted, expected| {
        assert_eq!(asked.answer(flag, wanted, &nobody), expected, "{flag}");
    };
    check("text", FlagType::String, r#"on """#);
    check("text", FlagType::Boolean, "on true");
    check("text", FlagType::Number, "TYPE_MISMATCH");
    check("number", FlagType::Number, "n 1.5");
    check("json", FlagType::Json, r#"j {"a":[1]}"#);
    check("broken", FlagType::String, r#"b "{""#);
    check("bare", FlagType::Boolean, "v true");
    check("bare", FlagType::String, "TYPE_MISMATCH");
    check("weightless", FlagType::Boolean, "on true");
}

#[test]
fn named_subjects_come_before_the_split_and_strategies_bring_their_own_variants() {
    let asked = asked(&json!([{
        "name": "f",
        "enabled": true,
        "strategies": [
            { "name": "default", "constraints": [
                { "contextName": "plan", "operator": "IN", "values": ["pro"] },
            ], "variants": [{ "name": "a", "weight": 1, "payload": { "type": "string",
                "value": "pro" } }] },
            { "name": "default" },
        ],
        "variants": [
            { "name": "a", "weight": 1000, "payload": { "type": "string", "value": "plain" } },
            { "name": "b", "weight": 0, "payload": { "type": "string", "value": "named" },
              "overrides": [{ "contextName": "userId", "values": ["bob"] }] },
        ],
    }]));
    let check = |context: Json, expected: &str| {
        assert_eq!(asked.answer("f", FlagType::String, &context), expected);
    };
    check(json!({ "targetingKey": "ana" }), r#"a "plain""#);
    check(json!({ "targetingKey": "bob" }), r#"b "named""#);
    check(
        json!({ "targetingKey": "bob", "plan": "pro" }),
        r#"a "pro""#,
    );
}

#[test]
fn parents_must_answer_as_wanted() {
    let child = |name: &str, dependencies: &Json| {
        json!({ "name": name, "enabled": true,
        "strategies": [], "dependencies": dependencies })
    };
    let asked = asked(&json!([
        { "name": "on", "enabled": true, "strategies": [] },
        { "name": "off", "enabled": false, "strategies": [] },
        { "name": "split", "enabled": true, "strategies": [],
          "variants": [{ "name": "on", "weight": 1 }] },
        child("both", &json!([{ "feature": "on" }, { "feature": "off", "enabled": false }])),
        child("not-off", &json!([{ "feature": "off" }])),
        child("variant", &json!([{ "feature": "split", "variants": ["x", "on"] }])),
        child("no-variant", &json!([{ "feature": "on", "variants": ["disabled"] }])),
        child("no-variant-of-split", &json!([{ "feature": "split", "variants": ["disabled"] }])),
        child("any-variant", &json!([{ "feature": "split", "variants": [] }])),
        child("grandchild", &json!([{ "feature": "both" }])),
        child("lost", &json!([{ "feature": "nowhere", "enabled": false }])),
        child("itself", &json!([{ "feature": "itself" }])),
    ]));
    let on = ["both", "variant", "no-variant", "any-variant"];
    let off = [
        "not-off",
        "no-variant-of-split",
        "grandchild",
        "lost",
        "itself",
    ];
    for name in on {
        assert!(asked.is_on(name, &json!({})), "{name}");
    }
    for name in off {
        assert!(!asked.is_on(name, &json!({})), "{name}");
    }
}

#[test]
fn changes_are_applied_in_order() {
    let named = |name: &str| feature(name, &json!([{ "name": "default", "segments": [1] }]));
    let segment = |values: &Json| {
        let constraint = json!({ "contextName": "a", "operator": "IN", "values": values });
        json!({ "id": 1, "constraints": [constraint] })
    };
    let export = json!({ "events": [
        { "type": "feature-updated", "feature": named("forgotten") },
        { "type": "hydration", "features": [named("f"), named("g")],
            "segments": [segment(&json!(["x"]))] },
        { "type": "segment-updated", "segment": segment(&json!(["y"])) },
        { "type": "feature-removed", "featureName": "g" },
        { "type": "project-renamed" },
    ]});
    let asked = Asked::of(Peer::Unleash, &export);
    assert!(asked.is_on("f", &json!({ "a": "y" })));
    assert!(!asked.is_on("f", &json!({ "a": "x" })));
    assert_eq!(asked.imported.report.n_flags, 1);
    assert_eq!(asked.noted(Fidelity::Dropped), ["/events/4"]);
}

#[test]
fn what_cannot_be_read_is_noted_and_harms_nobody_else() {
    let constrained = |operator: &str, value: &str| {
        let constraint = json!({
            "contextName": "a", "operator": operator, "value": value, "inverted": true,
        });
        json!([{ "name": "default", "constraints": [constraint] }])
    };
    let asked = asked(&json!([
        feature("operator", &constrained("NEAR", "x")),
        feature("pattern", &constrained("REGEX", "(?=x)")),
        feature("class", &constrained("REGEX", r"\p{Greek}")),
        feature("strategy", &json!([{ "name": "fullMoon" }])),
        { "name": "list", "enabled": true, "strategies": "default" },
        { "enabled": true },
        feature("sound", &constrained("NUM_EQ", "x")),
    ]));
    for name in ["operator", "pattern", "class", "strategy"] {
        assert!(!asked.is_on(name, &json!({ "a": "y" })), "{name}");
    }
    assert_eq!(
        asked.answer("list", FlagType::Boolean, &json!({})),
        "PARSE_ERROR"
    );
    assert!(asked.is_on("sound", &json!({ "a": "y" })));
    assert_eq!(
        asked.noted(Fidelity::Mapped),
        ["/features/1/strategies/0/constraints/0/value"]
    );
    let dropped = [
        "/features/5",
        "/features/2/strategies/0/constraints/0/value",
        "/features/4/strategies",
        "/features/0/strategies/0/constraints/0/operator",
        "/features/3/strategies/0",
    ];
    assert_eq!(asked.noted(Fidelity::Dropped), dropped);
}

#[test]
fn what_is_no_export_is_refused() {
    let check = |export: Json, pointer: &str| {
        let refused = import(Peer::Unleash, export.to_string().as_bytes());
        assert_eq!(
            refused.map_err(|error| error.pointer),
            Err(pointer.to_owned())
        );
    };
    check(json!([]), "");
    check(json!({ "features": {} }), "/features");
    check(json!({ "events": 1 }), "/events");
}

#[test]
fn anything_may_stand_anywhere() {
    let constraint = |operator: &str| {
        json!({
            "contextName": "a", "operator": operator, "values": ["x"], "value": "1.0.0",
            "inverted": true, "caseInsensitive": true,
        })
    };
    let operators = [
        "IN",
        "NUM_GT",
        "DATE_AFTER",
        "SEMVER_LT",
        "REGEX",
        "IN_CIDR",
    ];
    let constraints = operators.map(constraint);
    let variants = json!([
        { "name": "v", "weight": 3, "stickiness": "a", "payload": { "type": "json", "value": "{}" },
          "overrides": [{ "contextName": "userId", "values": ["ana"] }] },
        { "name": "w", "weight": 5, "payload": { "type": "number", "value": "1" } },
    ]);
    let parameters = json!({ "rollout": "50", "percentage": 50, "groupId": "g", "userIds": "ana" });
    let strategies = ["flexibleRollout", "gradualRolloutRandom", "userWithId"].map(|name| {
        json!({
            "name": name, "parameters": parameters, "constraints": constraints, "segments": [1],
            "variants": variants,
        })
    });
    let feature = json!({
        "name": "f", "enabled": true, "strategies": strategies, "variants": variants,
        "dependencies": [{ "feature": "g", "enabled": true, "variants": ["v", "disabled"] }],
    });
    let parent = json!({ "name": "g", "enabled": true, "variants": variants });
    let segment = json!({ "id": 1, "name": "s", "constraints": constraints });
    crate::robust::check(
        Peer::Unleash,
        &json!({ "features": [feature, parent], "segments": [segment] }),
    );
    let events = json!([
        { "type": "hydration", "features": [feature], "segments": [segment] },
        { "type": "feature-updated", "feature": parent },
        { "type": "feature-removed", "featureName": "f" },
        { "type": "segment-updated", "segment": segment },
        { "type": "segment-removed", "segmentId": 1 },
    ]);
    crate::robust::check(Peer::Unleash, &json!({ "events": events }));
}
