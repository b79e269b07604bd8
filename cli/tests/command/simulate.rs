//! `bandera simulate`, as far as it goes without an edge; the end-to-end tests bring one up.

use super::run::bandera;

#[track_caller]
fn check(extra: &[&str], code: i32, part: &str) {
    let args = ["simulate", "--visitors", "3"];
    let ran = bandera(&[&args[..], extra].concat());
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.stderr.contains(part), "{ran:?}");
    assert!(ran.stdout.is_empty(), "{ran:?}");
}

#[test]
fn wrong_usage_is_found_before_any_visitor() {
    let edge = ["--edge", "http://127.0.0.1:9"];
    let with = |extra: &[&'static str]| [&edge[..], extra].concat();
    check(&["--truth", "a=1"], 2, "--edge");
    check(&with(&[]), 2, "--truth");
    check(
        &with(&["--truth", "a=often"]),
        2,
        "--truth a=often: is not action=rate",
    );
    check(
        &with(&["--truth", "gone.json"]),
        3,
        "gone.json: cannot be read",
    );
    check(
        &with(&["--truth", "a=1", "--duplicates", "2"]),
        2,
        "from 0 to 1",
    );
    check(
        &with(&["--truth", "a=1", "--admin", "http://127.0.0.1:9"]),
        2,
        "--token",
    );
    check(
        &["--edge", "shop", "--truth", "a=1"],
        2,
        "http://127.0.0.1:8787",
    );
    check(
        &["--edge", "http://shop.example", "--truth", "a=1"],
        2,
        "use https",
    );
}

#[test]
fn an_edge_that_is_not_there_is_named() {
    // Port 9 (discard) is bound by nobody on any machine that runs tests.
    let args = ["--edge", "http://127.0.0.1:9", "--truth", "a=1"];
    check(&args, 3, "http://127.0.0.1:9/bandera/v1/ruleset");
}
