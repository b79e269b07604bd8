//! `bandera schema`: the schema accepts what the compiler reads without a remark, and refuses what
//! is misspelt or of the wrong type.

use super::run::{RULESET, bandera, file};
use bandera_shared::policy::linear::EXPLORATION_KINDS;
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A ruleset with every member that there is.
const EVERYTHING: &str = include_str!("everything.json");

struct Schema {
    schemas: Schemas,
    root: SchemaIndex,
    text: Value,
}

impl Schema {
    fn read() -> Self {
        let ran = bandera(&["schema"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let text = ran.json();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler
            .add_resource("urn:bandera:ruleset:1", text.clone())
            .unwrap();
        let root = compiler.compile("urn:bandera:ruleset:1", &mut schemas);
        Self {
            root: root.unwrap(),
            schemas,
            text,
        }
    }

    /// What it has against a document; nothing when it is valid.
    fn fault(&self, document: &Value) -> Option<String> {
        let found = self.schemas.validate(document, self.root);
        found.err().map(|error| error.to_string())
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// All documents between fences in a page that are whole rulesets.
fn examples(page: &str) -> Vec<Value> {
    let blocks = page.split("```json\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let all = blocks.filter_map(|block| serde_json::from_str::<Value>(block).ok());
    all.filter(|document| document.get("schemaVersion").is_some())
        .collect()
}

#[test]
fn it_accepts_every_ruleset_of_the_project() {
    let schema = Schema::read();
    let page = include_str!("../../../docs/ruleset.md");
    let mut documents = examples(page);
    assert!(documents.len() >= 2, "{}", documents.len());
    documents.extend([
        parsed(RULESET),
        parsed(EVERYTHING),
        parsed(include_str!("../../../www/demo/ruleset.json")),
        parsed(include_str!("../../../shared/tests/golden/ruleset.json")),
    ]);
    for document in &documents {
        assert_eq!(schema.fault(document), None);
    }
}

#[test]
fn each_of_its_members_is_one_of_the_compiler() {
    let ran = bandera(&["validate", "--strict", &file("everything.json", EVERYTHING)]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let mut written = BTreeSet::new();
    collect(&parsed(EVERYTHING), &mut written);
    let mut known = BTreeSet::new();
    for (_, part) in Schema::read().text["$defs"].as_object().unwrap() {
        properties(part, &mut known);
    }
    let missing: Vec<_> = known.difference(&written).collect();
    assert_eq!(
        missing,
        Vec::<&String>::new(),
        "not tried by everything.json"
    );
}

/// Names of all members.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => {
            for (name, member) in members {
                names.insert(name.clone());
                collect(member, names);
            }
        }
        _ => {}
    }
}

/// Names of the members that a part of the schema describes.
fn properties(part: &Value, names: &mut BTreeSet<String>) {
    if let Some(members) = part.get("properties").and_then(Value::as_object) {
        names.extend(members.keys().cloned());
    }
    match part {
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        Value::Object(members) => members.values().for_each(|it| properties(it, names)),
        _ => {}
    }
}

#[test]
fn it_refuses_what_is_wrong() {
    let schema = Schema::read();
    let good = json!({ "schemaVersion": 1, "flags": { "f": {
        "type": "boolean", "status": "enabled", "variants": { "on": { "value": true } },
        "rules": [{ "when": { "attribute": "a", "op": "in", "value": ["x"] },
            "serve": { "variant": "on" } }],
    } } });
    assert_eq!(schema.fault(&good), None);
    let refused = |pointer: &str, value: Value| {
        let mut document = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        parent[name] = value;
        let fault = schema.fault(&document);
        assert!(fault.is_some(), "{pointer} is accepted: {document}");
    };
    refused("/schemaVersion", json!(2));
    refused("/flag", json!({}));
    refused("/flags/f/desciption", json!("x"));
    refused("/flags/f/type", json!("bool"));
    refused("/flags/f/status", json!("on"));
    refused("/flags/f/variants", json!([]));
    refused("/flags/f/variants/on", json!({}));
    refused("/flags/f/rollout", json!({ "percentage": 10 }));
    refused(
        "/flags/f/rollout",
        json!({ "variant": "on", "percentage": 101 }),
    );
    refused("/flags/f/schedule", json!({ "startAt": "tomorrow" }));
    let rule = "/flags/f/rules/0";
    refused(&format!("{rule}/serve"), json!({}));
    refused(
        &format!("{rule}/serve"),
        json!({ "variant": "on", "default": true }),
    );
    refused(&format!("{rule}/onMiss"), json!("stop"));
    refused(&format!("{rule}/gates"), json!([{}]));
    refused(
        &format!("{rule}/gates"),
        json!([{ "percentage": 1, "bucketing": { "kind": "md5" } }]),
    );
    for when in [
        json!({}),
        json!({ "attribute": "a" }),
        json!({ "attribute": "a", "op": "near" }),
        json!({ "attribute": "a", "op": "in", "value": ["x"], "list": "l" }),
        json!({ "attribute": [], "op": "exists" }),
        json!({ "segment": "s", "holdout": "h" }),
        json!({ "flag": "g" }),
        json!({ "not": [] }),
        json!({ "dialect": "nobody", "op": "in" }),
    ] {
        refused(&format!("{rule}/when"), when);
    }
}

/// A ruleset of one bandit.
fn with(policy: &Value) -> Value {
    let reward = json!({ "metric": "m", "kind": "binary" });
    let bandit = json!({ "actions": ["a", "b"], "reward": reward, "policy": policy });
    json!({ "schemaVersion": 1, "bandits": { "hero": bandit } })
}

/// Whether the schema and the compiler accept it.
#[track_caller]
fn check(schema: &Schema, document: &Value, fits: bool) {
    assert_eq!(schema.fault(document).is_none(), fits, "{document}");
    let compiled = bandera_shared::compile(document.to_string().as_bytes()).unwrap();
    let diagnostics = &compiled.diagnostics;
    assert_eq!(diagnostics.is_empty(), fits, "{document} {diagnostics:?}");
}

/// What the schema says of bandits is what the compiler says: of each kind, and at every bound.
#[test]
fn it_knows_the_kinds_and_bounds_of_bandits() {
    let schema = Schema::read();
    let check = |policy: Value, fits: bool| check(&schema, &with(&policy), fits);
    let prior = json!({ "successes": 1, "failures": 1 });
    let features = json!([{ "kind": "hashed", "attribute": "city", "places": 2 }]);
    for kind in bandera_shared::bandit::POLICY_KINDS {
        let name = kind.name();
        let is_contextual = name == "contextual";
        let of = |member: &str, value: Value| {
            let mut policy = json!({ "kind": name });
            if is_contextual {
                policy["features"] = features.clone();
            }
            policy[member] = value;
            policy
        };
        check(of("floor", json!(0.25)), true);
        check(of("windowMs", json!(1_000)), true);
        check(of("features", features.clone()), is_contextual);
        check(
            of("prior", prior.clone()),
            ["thompson", "topTwo"].contains(&name),
        );
        check(of("epsilon", json!(0.5)), name == "epsilonGreedy");
        check(of("decay", json!(0.5)), name == "epsilonGreedy");
        check(of("exploration", json!("greedy")), is_contextual);
        check(of("alpha", json!(1)), false);
    }
    let random = |member: &str, value: f64| json!({ "kind": "epsilonGreedy", member: value });
    for member in ["epsilon", "decay"] {
        for (value, fits) in [(0.0, true), (1.0, true), (1.000_001, false), (-1e-9, false)] {
            check(random(member, value), fits);
        }
    }
    let forgets = |ms: u64| json!({ "kind": "imed", "halfLifeMs": ms });
    let bounds = [
        (999, false),
        (1_000, true),
        (31_622_400_000, true),
        (31_622_400_001, false),
    ];
    for (ms, fits) in bounds {
        check(forgets(ms), fits);
    }
    check(json!({ "kind": "imed", "adaptiveWindowMs": 1_000 }), true);
    check(json!({ "kind": "imed", "adaptiveWindowMs": 999 }), false);
    for both in [
        ["halfLifeMs", "windowMs"],
        ["halfLifeMs", "adaptiveWindowMs"],
        ["windowMs", "adaptiveWindowMs"],
    ] {
        let [one, other] = both;
        check(json!({ "kind": "imed", one: 1_000, other: 1_000 }), false);
    }
    check(json!({ "kind": "kl-ucb" }), false);
    check(json!({ "kind": "imed", "flor": 0.1 }), false);
}

#[test]
fn it_knows_the_explorations_of_contextual_bandits() {
    let schema = Schema::read();
    let check = |policy: Value, fits: bool| check(&schema, &with(&policy), fits);
    let features = json!([{ "kind": "hashed", "attribute": "city", "places": 2 }]);
    for exploration in EXPLORATION_KINDS {
        let exploration = serde_json::to_value(exploration).unwrap();
        let of = |member: &str, value: f64| {
            json!({ "kind": "contextual", "features": features, "exploration": exploration,
                member: value })
        };
        check(of("floor", 0.25), true);
        check(of("epsilon", 0.5), exploration == "epsilonGreedy");
        check(of("decay", 0.5), exploration == "epsilonGreedy");
        for (value, fits) in [
            (0.0, true),
            (10.0, true),
            (10.000_001, false),
            (-1e-9, false),
        ] {
            check(of("alpha", value), fits && exploration == "linUcb");
        }
    }
    let unknown = json!({ "kind": "contextual", "features": features, "exploration": "ucb" });
    check(unknown, false);
}

#[test]
fn it_knows_which_bandits_declare_actions() {
    let schema = Schema::read();
    let feature =
        |attribute: Value| json!([{ "kind": "hashed", "attribute": attribute, "places": 2 }]);
    let plain = feature(json!("price"));
    let looks = feature(json!({ "of": "action", "path": "price" }));
    for (features, declares, fits) in [
        (&plain, true, true),
        (&plain, false, false),
        (&looks, true, false),
        (&looks, false, true),
    ] {
        let mut document = with(&json!({ "kind": "contextual", "features": features }));
        if !declares {
            let bandit = document["bandits"]["hero"].as_object_mut();
            bandit.unwrap().remove("actions");
        }
        check(&schema, &document, fits);
    }
}
