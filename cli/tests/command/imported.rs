//! `bandera diff` on flags of each system: a rollout raised from 20 to 30 percent.

use super::run::{bandera, file};
use serde_json::{Value, json};

/// An export with a rollout of that many percent, what the others get, and what those inside.
pub(super) struct Rollout {
    pub(super) peer: &'static str,
    pub(super) export: fn(u64) -> Value,
    from: &'static str,
    to: &'static str,
    /// What is said of somebody who came in.
    why: &'static str,
}

fn configcat(share: u64) -> Value {
    let options = json!([{"p": share, "v": {"b": true}}, {"p": 100 - share, "v": {"b": false}}]);
    json!({"f": {"f": {"t": 0, "v": {"b": false}, "p": options}}})
}

fn eppo(share: u64) -> Value {
    let ranges = json!([{"start": 0, "end": share * 100}]);
    let splits = json!([{"variationKey": "on", "shards": [{"salt": "s", "ranges": ranges}]}]);
    json!({"flags": {"f": {
        "enabled": true, "variationType": "BOOLEAN", "totalShards": 10_000,
        "variations": {"on": {"key": "on", "value": true}},
        "allocations": [{"key": "a", "doLog": true, "splits": splits}],
    }}})
}

fn flagd(share: u64) -> Value {
    json!({"flags": {"f": {
        "state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
        "targeting": {"fractional": [["on", share], ["off", 100 - share]]},
    }}})
}

fn flagship(share: u64) -> Value {
    json!({"account_id": "a", "flags": [{
        "key": "f", "enabled": true, "default_variation": "off",
        "variations": {"on": true, "off": false},
        "rules": [{"priority": 1, "conditions": [], "serve_variation": "on",
            "rollout": {"percentage": share}}],
    }]})
}

fn flagsmith(share: u64) -> Value {
    let variants = json!([{"key": "v", "value": "b", "weight": share, "priority": 1}]);
    let feature = json!({"key": "1", "name": "f", "enabled": true, "value": "a",
        "variants": variants});
    json!({"environment": {"key": "e", "name": "E"}, "features": {"f": feature}, "segments": {}})
}

fn flipt(share: u64) -> Value {
    json!({"flags": [{"key": "f", "enabled": false, "type": "BOOLEAN_FLAG_TYPE",
        "rollouts": [{"threshold": {"percentage": share, "value": true}}]}]})
}

fn goff(share: u64) -> Value {
    json!({"f": {"variations": {"on": true, "off": false},
        "defaultRule": {"percentage": {"on": share, "off": 100 - share}}}})
}

fn growthbook(share: u64) -> Value {
    let rule = json!({"id": "r", "force": true, "coverage": share as f64 / 100.0});
    json!({"features": {"f": {"defaultValue": false, "rules": [rule]}}})
}

fn launchdarkly(share: u64) -> Value {
    let variations = json!([{"variation": 0, "weight": 100_000 - share * 1_000},
        {"variation": 1, "weight": share * 1_000}]);
    json!({"flags": {"f": {"on": true, "salt": "s", "variations": [1, 2],
        "fallthrough": {"rollout": {"variations": variations}}}}})
}

fn posthog(share: u64) -> Value {
    let condition = json!({"properties": [], "rollout_percentage": share});
    json!({"flags": [{"key": "f", "active": true, "filters": {"groups": [condition]}}]})
}

fn split(share: u64) -> Value {
    let everybody = json!({"combiner": "AND",
        "matchers": [{"matcherType": "ALL_KEYS", "negate": false}]});
    let partitions = json!([{"treatment": "on", "size": share},
        {"treatment": "off", "size": 100 - share}]);
    json!({"ff": {"d": [{
        "name": "f", "seed": 1, "status": "ACTIVE", "killed": false, "defaultTreatment": "off",
        "algo": 2, "conditions": [{"conditionType": "ROLLOUT", "label": "l",
            "matcherGroup": everybody, "partitions": partitions}],
    }]}})
}

fn unleash(share: u64) -> Value {
    let parameters = json!({"rollout": share.to_string(), "groupId": "g",
        "stickiness": "default"});
    let strategy = json!({"name": "flexibleRollout", "parameters": parameters});
    json!({"features": [{"name": "f", "enabled": true, "strategies": [strategy]}]})
}

pub(super) const ROLLOUTS: [Rollout; 12] = [
    Rollout {
        peer: "configcat",
        export: configcat,
        from: "false",
        to: "true",
        why: "percentage options: serves \"true\"",
    },
    Rollout {
        peer: "eppo",
        export: eppo,
        from: "",
        to: "on",
        why: "of 10000 passes the gate of 0..3000 (30.00 %)",
    },
    Rollout {
        peer: "flagd",
        export: flagd,
        from: "off",
        to: "on",
        why: "targeting: serves \"on\"",
    },
    Rollout {
        peer: "flagship",
        export: flagship,
        from: "off",
        to: "on",
        why: "passes the gate of 0..1288490190 (30.00 %)",
    },
    Rollout {
        peer: "flagsmith",
        export: flagsmith,
        from: "control",
        to: "v",
        why: "split: serves \"v\"",
    },
    Rollout {
        peer: "flipt",
        export: flipt,
        from: "off",
        to: "on",
        why: "of 100 passes the gate of 0..30 (30.00 %)",
    },
    Rollout {
        peer: "goff",
        export: goff,
        from: "off",
        to: "on",
        why: "default rule: serves \"on\"",
    },
    Rollout {
        peer: "growthbook",
        export: growthbook,
        from: "false",
        to: "true",
        why: "of 1000 passes the gate of 0..301 (30.10 %)",
    },
    Rollout {
        peer: "launchdarkly",
        export: launchdarkly,
        from: "0",
        to: "1",
        why: "fallthrough: serves \"1\"",
    },
    Rollout {
        peer: "posthog",
        export: posthog,
        from: "false",
        to: "true",
        why: "passes the gate of 0..345876451382054112 (30.00 %)",
    },
    Rollout {
        peer: "split",
        export: split,
        from: "off",
        to: "on",
        why: "l: serves \"on\"",
    },
    Rollout {
        peer: "unleash",
        export: unleash,
        from: "off",
        to: "on",
        why: "of 100 passes the gate of 0..30 (30.00 %)",
    },
];

#[test]
fn a_raised_rollout_takes_a_tenth_in_and_nobody_out() {
    for rollout in ROLLOUTS {
        let [old, new] = [20, 30].map(|share| {
            let name = format!("imported-{}-{share}", rollout.peer);
            let export = file(
                &format!("{name}.json"),
                &(rollout.export)(share).to_string(),
            );
            let out = file(&format!("{name}.ruleset.json"), "");
            let ran = bandera(&[
                "import",
                "--from",
                rollout.peer,
                "--in",
                &export,
                "--strict",
                "--out",
                &out,
            ]);
            assert_eq!(ran.code, 0, "{}: {ran:?}", rollout.peer);
            out
        });
        let ran = bandera(&["diff", &old, &new, "--subjects", "2000", "--json"]);
        let found = ran.json();
        let moves = found["flags"]["f"]["moves"].as_array().expect("moves");
        let [only] = moves.as_slice() else {
            panic!("{}: {moves:#?}", rollout.peer)
        };
        let name = |end: &str| only[end]["variant"].as_str().unwrap_or_default();
        assert_eq!(
            (name("from"), name("to")),
            (rollout.from, rollout.to),
            "{}",
            rollout.peer
        );
        let moved = only["nSubjects"].as_u64().expect("a number");
        assert_eq!(
            found["nChangedSubjects"], only["nSubjects"],
            "{}",
            rollout.peer
        );
        // A tenth of 2,000, give or take four and a half standard deviations.
        assert!((140..=260).contains(&moved), "{}: {moved}", rollout.peer);
        let why = only["why"].to_string();
        let words = serde_json::to_string(rollout.why).expect("a text");
        assert!(
            why.contains(words.trim_matches('"')),
            "{}: {why}",
            rollout.peer
        );
        assert!(
            !ran.stdout.contains("\\u001b"),
            "styles are for terminals: {}",
            ran.stdout
        );
    }
}
