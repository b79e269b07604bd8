//! `bandera validate`.

use super::run::{RULESET, bandera, bandera_reading, file};
use serde_json::{Value, json};

/// A ruleset with an unknown segment on line 9 and a misspelt field on line 10.
const FAULTY: &str = r#"{
  "schemaVersion": 1,
  "flags": {
    "a/b": {
      "type": "boolean",
      "status": "enabled",
      "variants": { "on": { "value": true } },
      "defaultVariant": "on",
      "rules": [{ "when": { "segment": "staff" }, "serve": { "variant": "on" } }],
      "desciption": "new"
    }
  }
}
"#;

/// Code, pointer and line of each diagnostic of the only file.
fn places(report: &Value) -> Vec<(&str, &str, u64)> {
    let diagnostics = report[0]["diagnostics"].as_array().unwrap();
    diagnostics
        .iter()
        .map(|diagnostic| {
            let text = |name: &str| diagnostic[name].as_str().unwrap();
            (
                text("code"),
                text("pointer"),
                diagnostic["line"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_good_ruleset_passes() {
    let ran = bandera(&["validate", &file("validate-good.json", RULESET)]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    assert_eq!(report[0]["valid"], true);
    assert_eq!(report[0]["contents"]["flags"], 5);
    assert_eq!(report[0]["diagnostics"], json!([]));
}

#[test]
fn faults_have_pointers_and_lines() {
    let ran = bandera(&["validate", &file("validate-faulty.json", FAULTY)]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let report = ran.json();
    let places = places(&report);
    let segment = ("unknown-reference", "/flags/a~1b/rules/0/when/segment", 9);
    let field = ("unknown-field", "/flags/a~1b/desciption", 10);
    assert!(
        places.contains(&segment) && places.contains(&field),
        "{places:?}"
    );
    assert_eq!(
        (&report[0]["errors"], &report[0]["warnings"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn lists_and_segments_are_counted_as_they_are_written() {
    let rule = |op: &str| {
        json!({ "when": { "attribute": "country", "op": op, "list": "near" },
                "serve": { "variant": "on" } })
    };
    let document = json!({
        "schemaVersion": 1,
        "lists": { "near": { "values": ["ES", "PT"], "lists": ["far"] }, "far": {} },
        "segments": { "s": { "included": ["ana"] } },
        "flags": { "f": { "type": "boolean", "status": "enabled",
            "variants": { "on": { "value": true } }, "rules": [rule("in"), rule("contains")] } },
    });
    let path = file("validate-lists.json", &document.to_string());
    let ran = bandera(&["validate", &path]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let contents = &ran.json()[0]["contents"];
    assert_eq!(
        (&contents["segments"], &contents["lists"]),
        (&json!(1), &json!(2))
    );
    let misspelt = document
        .to_string()
        .replace("\"list\":\"near\"", "\"list\":\"naer\"");
    let ran = bandera(&[
        "validate",
        &file("validate-misspelt.json", &misspelt),
        "--human",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout
            .contains(r#"unknown list "naer"; did you mean "near"?"#),
        "{ran:?}"
    );
}

#[test]
fn people_read_the_same() {
    let path = file("validate-human.json", FAULTY);
    let ran = bandera(&["validate", &path, "--human"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        &*format!("{path}:9:"),
        "error[unknown-reference]",
        "warning[unknown-field]",
        "at /flags/a~1b/rules/0/when/segment",
        "not valid (1 error, 1 warning; 1 flag, 0 segments, 0 lists, 0 bandits)",
    ] {
        assert!(
            ran.stdout.contains(part),
            "{part:?} is not in {}",
            ran.stdout
        );
    }
    assert!(!ran.stdout.contains('\u{1b}'), "no colours into a pipe");
}

#[test]
fn warnings_fail_only_when_asked() {
    let warned = FAULTY.replace("\"segment\": \"staff\"", "\"all\": []");
    let path = file("validate-warned.json", &warned);
    assert_eq!(bandera(&["validate", &path]).code, 0);
    assert_eq!(bandera(&["validate", "--strict", &path]).code, 1);
}

#[test]
fn what_is_no_ruleset_is_one_error() {
    #[track_caller]
    fn check(text: &str, code: &str, pointer: &str, line: Option<u64>) {
        let ran = bandera_reading(&["validate", "-"], text.as_bytes());
        assert_eq!(ran.code, 1, "{ran:?}");
        let report = ran.json();
        let found = &report[0]["diagnostics"][0];
        assert_eq!(
            (&found["code"], &found["pointer"]),
            (&json!(code), &json!(pointer))
        );
        assert_eq!(found["line"].as_u64(), line, "{found}");
        assert_eq!(report[0]["file"], "standard input");
    }
    check("{\n  \"schemaVersion\": 1,\n}", "malformed", "", Some(3));
    check(
        "{\n\"schemaVersion\": 9}",
        "unknown-schema-version",
        "/schemaVersion",
        Some(2),
    );
    check("[]", "malformed", "", Some(1));
    check("", "malformed", "", Some(1));
    check(
        "{\"schemaVersion\": 1,\n\"flags\": 7}",
        "malformed",
        "/flags",
        Some(2),
    );
}

#[test]
fn several_files_are_judged_one_by_one() {
    let good = file("validate-several-good.json", RULESET);
    let bad = file("validate-several-bad.json", FAULTY);
    let ran = bandera(&["validate", &good, &bad]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let valid: Vec<Value> = ran
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["valid"].clone())
        .collect();
    assert_eq!(valid, [true, false]);
    assert_eq!(bandera(&["validate", &good, "gone.json"]).code, 3);
}
