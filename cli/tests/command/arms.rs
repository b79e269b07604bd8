//! `bandera bandit reset` and `warm-start`, as far as they go without an admin API; the end-to-end
//! tests bring one up.

use super::run::bandera;

#[track_caller]
fn check(command: &str, extra: &[&str], code: i32, part: &str) {
    let arm = ["--environment", "production", "--bandit", "hero"];
    let token = ["--token", "t"];
    let ran = bandera(&[&["bandit", command], &arm[..], &token, extra].concat());
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.stderr.contains(part), "{ran:?}");
    assert!(ran.stdout.is_empty(), "{ran:?}");
}

#[test]
fn wrong_usage_is_told_before_anybody_is_asked() {
    let here = ["--admin", "http://127.0.0.1:9"];
    let with = |extra: &[&'static str]| [&here[..], extra].concat();
    check("reset", &with(&[]), 2, "--action");
    check("reset", &["--action", "a"], 2, "--admin");
    check(
        "reset",
        &["--action", "a", "--admin", "shop"],
        2,
        "http://127.0.0.1:8787",
    );
    check(
        "reset",
        &["--action", "a", "--admin", "http://shop.example"],
        2,
        "use https",
    );
    let warm = |extra: &[&'static str]| with(&[&["--action", "a"], extra].concat());
    check("warm-start", &warm(&["--mean", "1"]), 2, "--weight");
    check(
        "warm-start",
        &warm(&["--mean", "much", "--weight", "1"]),
        2,
        "--mean",
    );
    check(
        "warm-start",
        &warm(&["--mean", "inf", "--weight", "1"]),
        2,
        "--mean: is not finite",
    );
    check(
        "warm-start",
        &warm(&["--mean", "1", "--weight", "-1"]),
        2,
        "--weight",
    );
}

#[test]
fn an_admin_api_that_is_not_there_is_named() {
    // Port 9 (discard) is bound by nobody on any machine that runs tests.
    let place = "http://127.0.0.1:9/api/v1/environments/production/bandits/hero/actions/a%2Fb/";
    let args = ["--action", "a/b", "--admin", "http://127.0.0.1:9/"];
    check("reset", &args, 3, &format!("{place}reset"));
    let args = [&args[..], &["--mean", "-1", "--weight", "0"]].concat();
    check("warm-start", &args, 3, &format!("{place}warm-start"));
}
