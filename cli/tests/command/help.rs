//! Help, versions and wrong usage.

use super::run::bandera;

#[test]
fn every_command_has_examples_and_exit_codes() {
    for command in [
        "validate", "evaluate", "explain", "preview", "publish", "replay", "bandit", "schema",
        "simulate",
    ] {
        let ran = bandera(&[command, "--help"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        for part in [
            "Usage:",
            "Exit codes:",
            "Examples:",
            &format!("bandera {command} "),
        ] {
            assert!(
                ran.stdout.contains(part),
                "{command} --help has no {part:?}"
            );
        }
    }
    let all = bandera(&["--help"]);
    assert!(all.stdout.contains("Exit codes:") && all.stdout.contains("bandera simulate"));
    let version = bandera(&["--version"]);
    let expected = format!("bandera {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((version.code, version.stdout), (0, expected));
}

#[test]
fn wrong_usage_is_told_apart() {
    #[track_caller]
    fn check(args: &[&str], part: &str) {
        let ran = bandera(args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.stdout.is_empty() && ran.stderr.contains(part),
            "{ran:?}"
        );
    }
    check(&[], "Usage: bandera");
    check(&["evalute"], "evaluate");
    check(&["validate"], "FILE");
    check(
        &["validate", "x.json", "--json", "--human"],
        "cannot be used with",
    );
    check(&["evaluate", "--ruleset", "x.json"], "--cases");
    check(
        &["evaluate", "--ruleset", "x", "--flag", "f", "--cases", "c"],
        "cannot be used",
    );
    check(&["evaluate", "--ruleset", "x", "--cases", "x"], "same file");
    check(
        &["explain", "--ruleset", "x", "--flag", "f", "--at", "noon"],
        "2026-03-01T09:00:00Z",
    );
    check(
        &[
            "evaluate",
            "--ruleset",
            "x",
            "--flag",
            "f",
            "--type",
            "text",
        ],
        "boolean",
    );
}

#[test]
fn a_missing_file_is_named() {
    for command in ["evaluate", "explain"] {
        let ran = bandera(&[command, "--ruleset", "gone.json", "--flag", "f"]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains("gone.json: cannot be read"), "{ran:?}");
        assert!(ran.stderr.contains("help: "), "{ran:?}");
    }
}
