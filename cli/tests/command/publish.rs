//! `bandera publish`.

use super::run::{RULESET, bandera, file};
use bandera_shared::publish::content_hash;
use bandera_shared::{Bundle, Ruleset};
use serde_json::json;

#[test]
fn a_change_of_split_moves_as_few_as_it_must() {
    let draft = file("publish-draft.json", RULESET);
    let live = file("publish-live.json", "");
    let first = bandera(&["publish", "--draft", &draft, "--out", &live]);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(
        first.json()["splits"],
        json!([{"flag": "test", "rule": "experiment"}])
    );
    assert_eq!(bandera(&["validate", &live]).code, 0);

    let bundle = file("publish-live.bundle", "");
    let made = bandera(&["publish", "--draft", &draft, "--bundle", &bundle]);
    let bytes = std::fs::read(&bundle).expect("the bundle is written");
    assert_eq!(made.json()["bundleBytes"], bytes.len());
    assert_eq!(made.json()["hash"], content_hash(&bytes));
    let opened = Bundle::open(bytes).expect("what is written opens");
    let read = Ruleset::from_compact(opened.sections().edge).expect("an edge reads it");
    assert!(read.flag("test").is_some());

    let same = bandera(&["publish", "--previous", &live, "--draft", &draft]);
    assert_eq!(same.json()["splits"][0]["movedBuckets"], 0);
    assert_eq!(same.json()["hash"], first.json()["hash"]);

    let changed = RULESET.replace("\"yes\": 1 }", "\"yes\": 3 }");
    let changed = file("publish-changed.json", &changed);
    let next = bandera(&["publish", "--previous", &live, "--draft", &changed]);
    assert_eq!(next.json()["splits"][0]["movedBuckets"], 250_000);
    let human = bandera(&[
        "publish",
        "--previous",
        &live,
        "--draft",
        &changed,
        "--human",
    ]);
    assert!(human.stdout.contains("25.0000 % of subjects"), "{human:?}");
}

#[test]
fn errors_refuse() {
    let broken = RULESET.replace("\"variant\": \"loud\"", "\"variant\": \"lout\"");
    let draft = file("publish-broken.json", &broken);
    let out = format!("{draft}.out");
    let ran = bandera(&["publish", "--draft", &draft, "--out", &out]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let refused = ran.json()["refused"][0].to_string();
    assert!(refused.contains("/flags/button/rules/0/serve"), "{refused}");
    assert!(!std::path::Path::new(&out).exists());
}
