//! `bandera explain`.

use super::run::{RULESET, bandera, file};

#[test]
fn says_why_and_what_would_have_to_change() {
    let ruleset = file("explain.json", RULESET);
    let ask = |extra: &[&str]| {
        let args = ["explain", "--ruleset", &ruleset, "--flag", "button"];
        bandera(&[&args[..], extra].concat())
    };
    let human = ask(&["--context", r#"{"country":"FR"}"#, "--human"]);
    assert_eq!(human.code, 0, "{human:?}");
    let mut lines = human.stdout.lines();
    assert_eq!(
        lines.next().unwrap(),
        "button serves \"calm\" (variant calm, DEFAULT)"
    );
    assert!(
        human
            .stdout
            .contains("1. spain: its condition does not hold"),
        "{human:?}"
    );
    assert!(
        human.stdout.contains("to change that: country is \"FR\""),
        "{human:?}"
    );

    let json = ask(&["--context", r#"{"country":"ES"}"#]).json();
    assert_eq!(json["evaluation"]["variant"], "loud");
    assert_eq!(json["steps"][0]["rule"], "spain");
}

#[test]
fn agrees_with_evaluate() {
    let ruleset = file("explain-agrees.json", RULESET);
    for flag in ["button", "headline", "panel", "spring", "test", "gone"] {
        let args = [
            "--ruleset",
            &ruleset,
            "--flag",
            flag,
            "--targeting-key",
            "ana",
            "--json",
        ];
        let explained = bandera(&[&["explain"], &args[..]].concat());
        let evaluated = bandera(&[&["evaluate"], &args[..]].concat());
        assert_eq!(explained.code, evaluated.code, "{flag}");
        let (explained, evaluated) = (explained.json(), evaluated.json());
        for name in ["value", "variant", "reason", "errorCode"] {
            assert_eq!(
                explained["evaluation"][name], evaluated[name],
                "{flag}: {name}"
            );
        }
    }
}

const PRIVATE: &str = r#"{"schemaVersion":1,"privateAttributes":["email"],"flags":{
    "button":{"type":"boolean","status":"enabled","defaultVariant":"off",
        "variants":{"on":{"value":true},"off":{"value":false}},
        "rules":[{"id":"staff","when":{"attribute":"email","op":"endsWith","value":"@acme.test"},
                  "serve":{"variant":"on"}}]}}}"#;

#[test]
fn private_attributes_are_told_by_no_command() {
    let ruleset = file("private.json", PRIVATE);
    let open = file(
        "private-no-more.json",
        &PRIVATE.replace("privateAttributes", "former"),
    );
    let off = file(
        "private-off.json",
        &PRIVATE.replace("\"enabled\"", "\"disabled\""),
    );
    let context = r#"{"targetingKey":"ana","email":"secret@example.com"}"#;
    let contexts = file("private-contexts.ndjson", context);
    for form in ["--json", "--human"] {
        let asked = |command: &str, ruleset: &str| {
            bandera(&[
                command,
                "--ruleset",
                ruleset,
                "--flag",
                "button",
                "--context",
                context,
                form,
            ])
        };
        let ran = asked("explain", &ruleset);
        assert!(ran.stdout.contains("email is private"), "{ran:?}");
        let told = [
            ran,
            asked("evaluate", &ruleset),
            bandera(&["diff", &off, &ruleset, "--subjects", &contexts, form]),
        ];
        for ran in told {
            assert!(!ran.stdout.contains("secret"), "{ran:?}");
            assert!(!ran.stderr.contains("secret"), "{ran:?}");
        }
        let told = asked("explain", &open).stdout;
        assert!(told.contains("secret@example.com"), "{told}");
    }
}

const LEARNING: &str = r#"{"schemaVersion":1,"flags":{"hero":{"type":"string","status":"enabled",
    "defaultVariant":"a","variants":{"a":{"value":"A"},"b":{"value":"B"}},
    "rules":[{"id":"learn","serve":{"bandit":"hero"}}]}},
    "bandits":{"hero":{"actions":["a","b"],"reward":{"metric":"purchase","kind":"binary"},
        "policy":{"kind":"imed"}}}}"#;

#[test]
fn a_bandits_choice_names_its_kind() {
    let ruleset = file("explain-learning.json", LEARNING);
    let args = ["explain", "--ruleset", &ruleset, "--flag", "hero"];
    let ran = bandera(&[&args[..], &["--targeting-key", "ana", "--human"]].concat());
    let words = "(bandit \"hero\" by imed, revision 0, propensity 0.5)";
    assert!(ran.stdout.contains(words), "{ran:?}");
}
