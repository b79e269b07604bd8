//! `bandera diff`: who is moved by a change, and why.

use super::run::{bandera, bandera_reading, file};
use serde_json::json;

fn ruleset(percentage: u32, extra: &str) -> String {
    format!(
        r#"{{"schemaVersion":1,"flags":{{{extra}
           "f":{{"type":"boolean","status":"gradual_rollout","offVariant":"off",
                "variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
                "rules":[{{"id":"spain","when":{{"attribute":"country","op":"equals","value":"ES"}},
                          "serve":{{"variant":"on"}}}}],
                "rollout":{{"variant":"on","percentage":{percentage}}}}}}}}}"#
    )
}

#[test]
fn raising_a_rollout_moves_its_share_and_nobody_back() {
    let old = file("diff-1-old.json", &ruleset(20, ""));
    let new = file("diff-2-new.json", &ruleset(30, ""));
    let ran = bandera(&["diff", &old, &new, "--subjects", "10000", "--json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let report = ran.json();
    let moves = report["flags"]["f"]["moves"].as_array().unwrap();
    assert_eq!(moves.len(), 1, "{moves:?}");
    assert_eq!(moves[0]["from"]["variant"], "off");
    assert_eq!(moves[0]["to"]["variant"], "on");
    assert_eq!(moves[0]["to"]["rule"], "rollout");
    let n = moves[0]["nSubjects"].as_u64().unwrap();
    assert!((900..1_100).contains(&n), "{n}");
    assert_eq!(report["nChangedSubjects"], n);
    assert_eq!(moves[0]["examples"].as_array().unwrap().len(), 3);
    let why = moves[0]["why"].to_string();
    assert!(why.contains("passes the gate of 0..300000"), "{why}");
    let human = bandera(&["diff", &old, &new, "--human"]).stdout;
    assert!(
        human.contains("from off (DEFAULT) to on (rule rollout)"),
        "{human}"
    );
}

#[test]
fn the_same_ruleset_changes_nobody() {
    let old = file("diff-3-old.json", &ruleset(20, ""));
    let ran = bandera(&["diff", &old, &old, "--subjects", "50", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.json()["flags"], json!({}));
}

#[test]
fn subjects_may_come_from_a_file() {
    let old = file("diff-4-old.json", &ruleset(100, ""));
    let extra = r#""g":{"type":"boolean","status":"enabled","variants":{"on":{"value":true}}},"#;
    let new = file("diff-5-new.json", &ruleset(0, extra));
    let subjects = "{\"targetingKey\":\"ana\",\"country\":\"ES\"}\n\n{\"targetingKey\":\"bo\"}\n";
    let contexts = file("diff-6-contexts.ndjson", subjects);
    let args = ["diff", &old, &new, "--subjects", &contexts, "--json"];
    let report = bandera(&args).json();
    assert_eq!(report["nSubjects"], 2);
    assert_eq!(report["nChangedSubjects"], 1);
    assert_eq!(report["flags"]["f"]["moves"][0]["examples"], json!(["bo"]));
    assert_eq!(report["added"], json!(["g"]));
}

#[test]
fn what_is_no_context_is_named() {
    let old = file("diff-7-old.json", &ruleset(20, ""));
    let args = ["diff", &old, &old, "--subjects", "-"];
    let ran = bandera_reading(&args, b"{}\n[]\n");
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("context 2"), "{}", ran.stderr);
    let too_many = bandera(&["diff", &old, &old, "--subjects", "100000001"]);
    assert_eq!(too_many.code, 2);
    let both = ["diff", &old, &old, "--subjects", "-", "--context", "{}"];
    assert_eq!(bandera(&both).code, 2);
}
