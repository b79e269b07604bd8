//! `bandera export`.

use super::run::{RULESET, bandera, file};

const EXACT: &str = r#"{"schemaVersion": 1, "flags": {"banner": {
  "type": "boolean", "status": "enabled", "defaultVariant": "off",
  "variants": {"on": {"value": true}, "off": {"value": false}},
  "rules": [{
    "when": {"attribute": "country", "op": "in", "value": ["ES"]},
    "serve": {"variant": "on"}
  }]
}}}"#;

#[test]
fn what_is_exact_passes_strictly_and_comes_back() {
    let ruleset = file("export-exact.json", EXACT);
    let out = file("export-exact.flagd.json", "");
    let args = [
        "export", "--to", "flagd", "--in", &ruleset, "--strict", "--out", &out,
    ];
    let ran = bandera(&args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let summary = ran.json();
    assert_eq!(
        (&summary["to"], &summary["written"]),
        (&"flagd".into(), &true.into())
    );
    let back = file("export-exact.back.json", "");
    let ran = bandera(&[
        "import", "--from", "flagd", "--in", &out, "--strict", "--out", &back,
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for (country, expected) in [("ES", true), ("FR", false)] {
        let context = format!(r#"{{"country": "{country}"}}"#);
        let ask = [
            "evaluate",
            "--ruleset",
            &back,
            "--flag",
            "banner",
            "--context",
            &context,
        ];
        assert_eq!(bandera(&ask).json()["value"], expected);
    }
}

#[test]
fn what_is_not_exact_is_named_and_strictly_refused() {
    let ruleset = file("export-near.json", RULESET);
    let kept = file("export-near.flagd.json", "kept");
    let loose = bandera(&["export", "--to", "flagd", "--in", &ruleset]);
    assert_eq!(loose.code, 0, "{loose:?}");
    assert!(loose.json()["flags"]["button"]["targeting"].is_object());
    assert!(
        loose
            .stderr
            .contains("approximated /flags/test/experiment: "),
        "{loose:?}"
    );
    assert!(
        loose.stderr.contains("left out /bandits/hero: "),
        "{loose:?}"
    );
    let args = [
        "export", "--to", "flagd", "--in", &ruleset, "--strict", "--out", &kept,
    ];
    let strict = bandera(&args);
    assert_eq!(strict.code, 1, "{strict:?}");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "kept");
    let human = bandera(&[
        "export", "--to", "flagd", "--in", &ruleset, "--out", &kept, "--human",
    ]);
    assert!(human.stdout.contains("5 flags for flagd: "), "{human:?}");
}

#[test]
fn a_broken_ruleset_is_refused_with_its_place() {
    let broken = file(
        "export-broken.json",
        &EXACT.replace("\"off\",", "\"gone\","),
    );
    let ran = bandera(&["export", "--to", "flagd", "--in", &broken]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.stderr.contains("/flags/banner/defaultVariant"),
        "{ran:?}"
    );
}
