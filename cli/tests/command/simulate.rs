//! `bandera simulate`, as far as it goes without an edge; the end-to-end tests bring one up.

use super::run::{RULESET, Ran, bandera, file};

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

/// Simulates a bandit without an edge.
fn simulated(extra: &[&str]) -> Ran {
    bandera(&[&["simulate", "bandit"], extra].concat())
}

#[test]
fn a_bandit_loses_more_the_longer_its_events_wait() {
    let args = [
        "--truth",
        "a=0.1,b=0.4",
        "--decisions",
        "600",
        "--runs",
        "4",
    ];
    let windows = ["--traffic", "10", "--windows", "5,30,3600", "--delay", "1"];
    let args = [&args[..], &windows].concat();
    let report = simulated(&args).json();
    assert_eq!(report["policy"], "thompson");
    let of = |window: usize, member: &str| {
        let value = &report["windows"][window][member];
        value["mean"].as_f64().or(value.as_f64()).unwrap()
    };
    let seconds: Vec<f64> = (0..4).map(|window| of(window, "seconds")).collect();
    assert_eq!(seconds, [0.0, 5.0, 30.0, 3600.0]);
    let regrets: Vec<f64> = (0..4).map(|window| of(window, "regret")).collect();
    assert!(regrets.is_sorted(), "{report}");
    assert_eq!((of(0, "loss"), of(3, "snapshots")), (0.0, 0.0));
    // Before the first snapshot everybody is split evenly: 600 decisions, half of them 0.3 worse,
    // known to a standard error of four runs of 600 coins.
    let even = report["regretOfEvenSplit"].as_f64().unwrap();
    assert!(
        (even - 90.0).abs() < 1e-9 && (of(3, "regret") - even).abs() < 6.0,
        "{report}"
    );
    assert!(of(0, "regret") < 0.4 * even, "{report}");
    let best = &report["windows"][0]["bestShares"];
    assert!(best[0].as_f64() < best[9].as_f64(), "{report}");
    assert_eq!(simulated(&args).json(), report);
}

#[test]
fn what_forgets_follows_a_swap() {
    let folder = std::env::temp_dir().join(format!("bandera-swap-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("bandit.json");
    let report = |policy: serde_json::Value| {
        let bandit = serde_json::json!({
            "actions": ["a", "b"],
            "reward": {"metric": "m", "kind": "binary"},
            "policy": policy,
        });
        std::fs::write(&file, bandit.to_string()).unwrap();
        let args = [
            "--truth",
            "a=0.6,b=0.2",
            "--decisions",
            "800",
            "--runs",
            "4",
        ];
        let more = ["--windows", "2", "--swap-at", "400", "--bandit"];
        simulated(&[&args[..], &more, &[file.to_str().unwrap()]].concat()).json()
    };
    // Ten decisions a second.
    let fading = report(serde_json::json!({"kind": "thompson", "halfLifeMs": 8_000}));
    let whole = report(serde_json::json!({"kind": "thompson"}));
    std::fs::remove_dir_all(&folder).unwrap();
    let of = |report: &serde_json::Value| {
        let window = &report["windows"][1];
        let last = window["bestShares"][9].as_f64().unwrap();
        (window["recoveredAfter"].as_u64(), last)
    };
    let (recovered, last) = of(&fading);
    assert!(recovered.is_some_and(|n| n < 300) && last > 0.8, "{fading}");
    assert!(
        of(&whole).0.is_none_or(|n| Some(n) > recovered) && of(&whole).1 < last,
        "{whole}"
    );
}

#[test]
fn shards_add_up_to_the_same_course() {
    let course = |shards: &str| {
        let args = [
            "--truth",
            "a=0.1,b=0.3",
            "--decisions",
            "300",
            "--runs",
            "2",
        ];
        let args = [&args[..], &["--shards", shards, "--seed", "7"]].concat();
        simulated(&args).json()["windows"].clone()
    };
    assert_eq!(course("1"), course("9"));
}

#[test]
fn a_contextual_bandit_learns_each_audience_apart() {
    let truth = r#"[
        {"name": "p", "share": 1, "attributes": {"device": "p"}, "truth": {"a": 0.8, "b": 0.1}},
        {"name": "d", "share": 1, "attributes": {"device": "d"}, "truth": {"a": 0.1, "b": 0.8}}]"#;
    let truth = file("simulate-audiences.json", truth);
    let declared = |policy: &str| {
        format!(
            r#"{{"actions": ["a", "b"], "reward": {{"metric": "m", "kind": "binary"}},
                "policy": {policy}}}"#
        )
    };
    let contextual = declared(
        r#"{"kind": "contextual", "features": [
            {"kind": "oneHot", "attribute": "device", "categories": ["p", "d"]}]}"#,
    );
    let best = |bandit: &str| {
        let args = ["--truth", &truth, "--bandit", bandit, "--decisions", "800"];
        let args = [&args[..], &["--runs", "2", "--windows", "5"]].concat();
        let report = simulated(&args).json();
        let last = report["windows"][1]["bestShares"][9].as_f64().unwrap();
        (report["policy"].clone(), last)
    };
    let (policy, last) = best(&file("simulate-contextual.json", &contextual));
    assert!(policy == "contextual" && last > 0.9, "{last}");
    let plain = declared(r#"{"kind": "thompson"}"#);
    let (policy, last) = best(&file("simulate-plain.json", &plain));
    assert!(policy == "thompson" && (0.3..0.7).contains(&last), "{last}");
}

#[test]
fn a_simulated_bandit_is_checked_first() {
    #[track_caller]
    fn check(extra: &[&str], code: i32, part: &str) {
        let ran = simulated(extra);
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(
            ran.stderr.contains(part) && ran.stdout.is_empty(),
            "{ran:?}"
        );
    }
    let ruleset = file("simulate-ruleset.json", RULESET);
    let truth = ["--truth", "a=0.1,b=0.2"];
    let with = |extra: &[&'static str]| [&truth[..], extra].concat();
    check(&[], 2, "--truth");
    check(&["--truth", "a=0.1@5"], 2, "--truth a");
    check(&with(&["--traffic", "0"]), 2, "from 0.001");
    check(&with(&["--windows", "5,604801"]), 2, "from 0 to 604800");
    check(&with(&["--delay", "86401"]), 2, "at most 86400 s");
    check(
        &with(&["--bandit", "gone.json"]),
        3,
        "gone.json: cannot be read",
    );
    check(&with(&["--edge", "http://127.0.0.1:9"]), 2, "--edge");
    let declared = ["--ruleset", &ruleset, "--bandit"];
    let few = ["--decisions", "50", "--runs", "2"];
    let known = [&truth[..], &declared, &["hero"], &few].concat();
    assert_eq!(simulated(&known).json()["bandit"], "hero");
    check(
        &[&truth[..], &declared, &["zero"]].concat(),
        2,
        "its bandits are hero",
    );
    let alien = ["--truth", "a=0.1,c=0.2"];
    check(
        &[&alien[..], &declared, &["hero"]].concat(),
        2,
        "says nothing of \"b\"",
    );
    let price = r#"{"kind":"hashed","attribute":{"of":"action","path":"price"},"places":2}"#;
    let offered = format!(
        r#"{{"reward":{{"metric":"m","kind":"binary"}},
            "policy":{{"kind":"contextual","features":[{price}]}}}}"#
    );
    let offered = file("simulate-offered.json", &offered);
    let offered = [&truth[..], &["--bandit", &offered]].concat();
    check(&offered, 2, "those that each request offers");
}

#[test]
fn readers_of_lists_teach_the_best_one() {
    let world = ["--truth", "a=0.1,b=0.4,c=0.05,d=0.6", "--positions", "2"];
    let run = ["--decisions", "400", "--windows", "5", "--runs", "2"];
    let report = simulated(&[&world[..], &run].concat()).json();
    assert_eq!(report["positions"], 2);
    // 0.6 * 0.4 of readers take nothing of the best list.
    let possible = report["possible"].as_f64().unwrap();
    assert!((possible - 400.0 * 0.76).abs() < 1e-6, "{report}");
    for window in 0..2 {
        let of = &report["windows"][window];
        let regret = of["regret"]["mean"].as_f64().unwrap();
        assert!(
            regret < 0.3 * report["regretOfEvenSplit"].as_f64().unwrap(),
            "{of}"
        );
        assert!(of["bestShares"][9].as_f64().unwrap() > 0.8, "{of}");
        // What is drawn is what is expected, to four standard errors of two runs.
        let drawn = of["rewards"]["mean"].as_f64().unwrap();
        assert!((drawn - (possible - regret)).abs() < 4.0 * 6.0, "{of}");
    }
    let check = |positions: &str, fix: &str| {
        let ran = simulated(&[&world[..3], &[positions], &run[..]].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(fix), "{ran:?}");
    };
    check("0", "0 is not in 1..=32");
    check("5", "write a number from 1 to 4");
    check("33", "33 is not in 1..=32");
    let four = [&world[..3], &["4"], &run[..]].concat();
    let all = simulated(&four).json();
    assert!(all["windows"][1]["regret"]["mean"].as_f64().unwrap().abs() < 1e-6);
}

/// Lines that a document has to have are those of the command.
#[track_caller]
fn documented(extra: &[&str]) {
    let document = include_str!("../../../docs/scaling.md");
    let ran = bandera(&[&["simulate", "site", "--human"], extra].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("$ a month"), "{ran:?}");
    for line in ran.stdout.lines().map(str::trim) {
        assert!(document.contains(line), "docs/scaling.md lacks: {line}");
    }
}

#[test]
fn the_bills_of_the_documents_are_what_the_command_says() {
    documented(&[]);
    let small = ["--requests", "100", "--bandits", "3", "--shards", "1"];
    documented(&[&small[..], &["--queues", "1", "--isolates", "5"]].concat());
}

#[test]
fn a_site_beyond_a_limit_is_told() {
    let check = |args: &[&str], code, part: &str| {
        let ran = bandera(&[&["simulate", "site", "--json"], args].concat());
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(
            format!("{}{}", ran.stdout, ran.stderr).contains(part),
            "{ran:?}"
        );
    };
    check(&["--queues", "4"], 0, "\"messagesPerQueue\": 5000.0");
    check(&["--queues", "3"], 1, "\"messagesPerQueue\": 6875");
    check(
        &["--queues", "65"],
        2,
        "--queues: is more than there are shards",
    );
    check(&["--requests", "0"], 2, "a number above 0");
    check(&["--shards", "9.5"], 2, "a whole number of at least 1");
    check(&["--exposed", "1.1"], 2, "from 0 to 1");
}
