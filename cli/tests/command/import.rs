//! `bandera import`.

use super::run::{bandera, file};

#[test]
fn an_unknown_member_is_named_and_strictly_refused() {
    let flag = |more: &str| {
        let rule = r#""defaultRule": {"variation": "on"}"#;
        format!(r#"{{"f": {{"variations": {{"on": true}}, {rule}{more}}}}}"#)
    };
    let out = file("import-out.json", "");
    let import = |name: &str, export: &str| {
        let export = file(name, export);
        bandera(&[
            "import", "--from", "goff", "--in", &export, "--strict", "--out", &out,
        ])
    };
    let ran = import("import-odd.json", &flag(r#", "cohort": "x""#));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("note: left out /f/cohort: nobody here knows this member"),
        "{ran:?}"
    );
    assert_eq!(ran.json()["written"], false);
    let ran = import(
        "import-idle.json",
        &flag(r#", "trackEvents": true, "version": "1""#),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let line = "note: not taken over, since no answer depends on it: trackEvents, version\n";
    assert_eq!(ran.stderr, line);
    assert_eq!(
        ran.json()["idle"],
        serde_json::json!(["trackEvents", "version"])
    );
}
