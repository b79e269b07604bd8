use super::{NONE, answer, check, ruled};
use crate::asked::Asked;
use crate::{Fidelity, Peer};
use bandera_shared::flag::FlagType;
use serde_json::{Value as Json, json};

/// Salted with `pricing`, `ana` draws 9,808 and `ben` 7,672 of 10,000; in the namespace `checkout`
/// 271 and 684 of 1,000.
#[test]
fn filters_and_namespaces_shut_rules() {
    let filter = |ranges: Json| json!([{ "seed": "pricing", "ranges": ranges }]);
    let force = |filters: Json| json!([{ "force": "in", "filters": filters }]);
    let ana = || json!({ "id": "ana" });
    check(
        force(filter(json!([[0, 0.1], [0.98, 0.99]]))),
        ana(),
        "in \"in\"",
    );
    check(force(filter(json!([[0, 0.98]]))), ana(), NONE);
    check(force(filter(json!([]))), ana(), NONE);
    check(
        force(json!([{ "seed": "pricing", "hashVersion": 9, "ranges": [[0, 1]] }])),
        ana(),
        NONE,
    );
    check(force(json!([])), ana(), "in \"in\"");
    let experiment = |members: Json| {
        let mut rule = json!({ "key": "exp", "variations": ["a", "a"] });
        rule.as_object_mut()
            .unwrap()
            .append(&mut members.as_object().unwrap().clone());
        json!([rule])
    };
    let is_in = |rules: Json, id: &str| answer(&ruled(&rules), &json!({ "id": id })) != NONE;
    assert!(is_in(
        experiment(json!({ "namespace": ["checkout", 0.2, 0.3] })),
        "ana"
    ));
    assert!(!is_in(
        experiment(json!({ "namespace": ["checkout", 0.2, 0.3] })),
        "ben"
    ));
    let both = json!({ "namespace": ["checkout", 0, 0.1], "filters": filter(json!([[0.5, 1]])) });
    assert!(is_in(experiment(both), "ben"));
}

#[test]
fn experiments_split_by_weights_or_ranges() {
    let ana = || json!({ "id": "ana" });
    let rule = |members: Json| {
        let mut rule = json!({
            "key": "exp", "seed": "shop", "hashVersion": 2, "variations": ["a", "b", "c"],
        });
        rule.as_object_mut()
            .unwrap()
            .append(&mut members.as_object().unwrap().clone());
        json!([rule])
    };
    check(rule(json!({})), ana(), "2 \"c\"");
    check(
        rule(json!({ "weights": [0.1, 0.8, 0.1] })),
        ana(),
        "1 \"b\"",
    );
    check(rule(json!({ "weights": [0.1, 0.8] })), ana(), "2 \"c\"");
    check(rule(json!({ "coverage": 0.3 })), ana(), NONE);
    check(
        rule(json!({ "coverage": 0.5, "weights": [0, 0.7, 0.3] })),
        ana(),
        "2 \"c\"",
    );
    check(
        rule(json!({ "ranges": [[0, 0.1], [0.7, 0.9], [0, 1]] })),
        ana(),
        "1 \"b\"",
    );
    check(
        rule(json!({ "ranges": [[0, 0.1], [0, 0], [0, 0], [0, 1]] })),
        ana(),
        NONE,
    );
    check(
        rule(json!({ "meta": [{}, {}, { "key": "third", "name": "3" }] })),
        ana(),
        "third \"c\"",
    );
    check(rule(json!({ "hashVersion": 3 })), ana(), NONE);
    check(rule(json!({ "variations": ["a"] })), ana(), NONE);
    check(
        rule(json!({ "variations": ["a", "b", null], "id": "x" })),
        ana(),
        "-",
    );
}

#[test]
fn a_passed_through_variation_goes_to_the_next_rule() {
    let holdout = |meta: Json| {
        json!([
            { "key": "holdout", "seed": "shop", "hashVersion": 2, "variations": ["kept", "on"],
              "weights": [0.1, 0.9], "meta": meta },
            { "force": "next" },
        ])
    };
    let ana = || json!({ "id": "ana" });
    check(
        holdout(json!([{}, { "passthrough": true }])),
        ana(),
        "next \"next\"",
    );
    check(
        holdout(json!([{ "passthrough": true }, {}])),
        ana(),
        "1 \"on\"",
    );
}

#[test]
fn a_contextual_bandit_is_a_split_for_each_leaf() {
    let asked = Asked::of(
        Peer::GrowthBook,
        &json!({
            "features": { "shop": { "defaultValue": "none", "rules": [
                { "key": "exp", "seed": "shop", "hashVersion": 2, "coverage": 0.5,
                    "weights": [0.6, 0.4],
                  "contextualVariations": ["a", "b"], "contextualBanditRef": "cb" },
                { "force": "next" },
            ]}},
            "contextualBandits": { "cb": { "contexts": [
                { "leafId": 4, "condition": { "plan": "pro" }, "weights": [0.3, 0.7] },
                { "leafId": 9, "condition": { "plan": "free" }, "weights": [0, 1] },
            ]}},
        }),
    );
    // Of 10,000, ana draws 7,742 and ben 1,233.
    let answer = |id: &str, plan: &str| answer(&asked, &json!({ "id": id, "plan": plan }));
    assert_eq!(answer("ben", "pro"), "0 \"a\"");
    assert_eq!(answer("ben", "free"), "1 \"b\"");
    assert_eq!(answer("ben", "other"), "0 \"a\"");
    // Whom a leaf leaves out, no other leaf takes in.
    assert_eq!(answer("ana", "other"), "1 \"b\"");
    assert_eq!(answer("ana", "pro"), "next \"next\"");
    assert_eq!(answer("ana", "free"), "next \"next\"");
    let rules = asked.imported.ruleset["flags"]["shop"]["rules"]
        .as_array()
        .unwrap()
        .clone();
    let ids: Vec<&Json> = rules.iter().map(|rule| &rule["id"]).collect();
    assert_eq!(ids, ["exp leaf 4", "exp leaf 9", "exp", "rule-2"]);
    let propensities = &rules[0]["serve"]["split"]["propensities"];
    assert_eq!(propensities, &json!({ "exp/0": 0.3, "exp/1": 0.7 }));
}

#[test]
fn experiments_of_pages_are_flags() {
    let experiment = |key: &str, members: Json| {
        let mut experiment = json!({
            "key": key, "seed": "shop", "hashVersion": 2, "variations": [{}, { "css": "x" }],
            "urlPatterns": [{ "type": "simple", "pattern": "/home" }],
        });
        experiment
            .as_object_mut()
            .unwrap()
            .append(&mut members.as_object().unwrap().clone());
        experiment
    };
    let asked = Asked::of(
        Peer::GrowthBook,
        &json!({
            "features": { "base": { "defaultValue": true } },
            "experiments": [
                experiment("plain", json!({})),
                experiment("draft", json!({ "status": "draft" })),
                experiment("stopped", json!({ "status": "stopped" })),
                experiment("forced", json!({ "status": "stopped", "force": 0 })),
                experiment("asking", json!({ "parentConditions": [{ "id": "base",
                    "condition": { "value": false } }] })),
                experiment("grouped", json!({ "groups": ["staff"] })),
                experiment("base", json!({})),
                experiment("", json!({})),
            ],
        }),
    );
    let answer = |flag: &str, url: &str| {
        asked.answer(flag, FlagType::Json, &json!({ "id": "ana", "url": url }))
    };
    let home = "https://shop.example/home";
    assert_eq!(answer("plain", home), "1 {\"css\":\"x\"}");
    assert_eq!(answer("plain", "https://shop.example/"), "-");
    assert_eq!(answer("forced", home), "0 {}");
    for flag in ["draft", "stopped", "asking", "grouped"] {
        assert_eq!(answer(flag, home), "-", "{flag}");
    }
    assert_eq!(
        asked.noted(Fidelity::Dropped),
        ["/experiments/6", "/experiments/7"]
    );
    assert_eq!(
        asked.noted(Fidelity::Approximated),
        ["/experiments/5/groups"]
    );
}
