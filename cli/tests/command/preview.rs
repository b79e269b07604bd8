//! `bandera preview`.

use super::run::{RULESET, bandera, file};
use bandera_shared::UnixMillis;
use bandera_shared::keys::{KeyRing, Purpose};
use bandera_shared::preview::Preview;

const KEYS: &str = "3:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn link(more: &[&str]) -> super::run::Ran {
    let args = [
        "preview",
        "--signing-keys",
        KEYS,
        "--url",
        "https://a.test/p?x=1",
    ];
    bandera(&[&args[..], more].concat())
}

#[test]
fn a_link_shows_what_was_chosen_until_it_expires() {
    let ruleset = file("preview.json", RULESET);
    let ran = link(&[
        "--show",
        "button=loud",
        "--for",
        "2h",
        "--environment",
        "demo",
        "--ruleset",
        &ruleset,
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let answer = ran.json();
    let url = answer["url"].as_str().unwrap();
    let token = url
        .strip_prefix("https://a.test/p?x=1&bandera-preview=")
        .unwrap();
    let until = UnixMillis::parse(answer["expiresAt"].as_str().unwrap()).unwrap();
    let keys = KeyRing::parse(KEYS).unwrap().derive(Purpose::Preview);
    let read = |environment, at| Preview::from_token(token, &keys, environment, UnixMillis(at));
    // What is printed may leave the milliseconds out.
    let shown = read("demo", until.0 - 2_000).unwrap();
    assert_eq!(shown.variant("button"), Some("loud"));
    assert!(read("demo", until.0 + 1_000).is_err());
    assert!(read("production", until.0 - 2_000).is_err());
    assert!(!ran.stdout.contains("AAECAw") && !ran.stderr.contains("AAECAw"));
}

#[test]
fn what_could_not_show_anything_is_refused() {
    #[track_caller]
    fn check(more: &[&str], part: &str) {
        let ran = link(more);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(part), "{ran:?}");
        assert!(!ran.stderr.contains("AAECAw"), "{ran:?}");
    }
    let ruleset = file("preview-wrong.json", RULESET);
    check(&["--show", "button"], "write FLAG=VARIANT");
    let at = ["--ruleset", &ruleset];
    check(
        &[&at[..], &["--show", "button=huge"]].concat(),
        "one of calm, loud",
    );
    check(
        &[&at[..], &["--show", "gone=on"]].concat(),
        "no flag \"gone\"",
    );
    check(&["--show", "a=b", "--for", "forever"], "--for");
    let many: Vec<String> = (0..33).map(|n| format!("--show=f{n}=on")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    check(&many, "at most 32 flags");
    assert_eq!(link(&many[..32]).code, 0);
    let keys = bandera(&[
        "preview",
        "--url",
        "https://a.test",
        "--show",
        "a=b",
        "--signing-keys",
        "1:x",
    ]);
    assert_eq!(keys.code, 2, "{keys:?}");
}
