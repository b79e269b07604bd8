//! `bandera bandit`: what another policy would earn, and what a bandit's actions are worth.

use super::run::{bandera, bandera_reading, file};
use serde_json::{Value, json};

/// Rounds in which the sign of the one feature says which of two actions brings 0.8 rather than
/// 0.2.
fn rounds(n_rounds: u32) -> String {
    let mut log = json!({"meta": {"dataset": "signs", "d": 1, "arms": 2}}).to_string();
    for i in 0..n_rounds {
        let x = f64::from(i * 7 % 13) - 6.5;
        let r = if x > 0.0 { [0.8, 0.2] } else { [0.2, 0.8] };
        log.push('\n');
        log.push_str(&json!({"x": [x], "r": r}).to_string());
    }
    log
}

fn estimate<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let estimates = answer["estimates"].as_array().unwrap();
    estimates
        .iter()
        .find(|estimate| estimate["estimator"] == name)
        .unwrap()
}

#[test]
fn what_a_policy_would_earn_is_estimated_from_anothers_decisions() {
    let log = file("bandit-rounds.jsonl", &rounds(2_000));
    let policy = file(
        "bandit-epsilon.json",
        r#"{"policy": "epsilon-greedy", "epsilon": 0.5, "decay": 0}"#,
    );
    let decisions = file("bandit-decisions.jsonl.gz", "");
    let replay = [
        "replay",
        "--policy",
        &policy,
        "--log",
        &log,
        "--decisions",
        &decisions,
    ];
    let earned = bandera(&replay).json()["mean_reward"].as_f64().unwrap();

    let evaluate = |policy: &str| {
        let args = [
            "bandit", "evaluate", "--log", &decisions, "--policy", policy,
        ];
        bandera(&[&args[..], &["--resamples", "50", "--json"]].concat()).json()
    };
    // The log knows what it earned itself; an even policy earns a half, whatever the context.
    let even = evaluate("uniform");
    assert!(
        (even["logged"]["value"].as_f64().unwrap() - earned).abs() < 1e-9,
        "{even}"
    );
    assert_eq!(even["warnings"], json!([]), "{even}");
    // Of 13 signs, seven speak for one action and six for the other.
    for (policy, truth) in [(even, 0.5), (evaluate("default"), 0.8)] {
        for name in ["doublyRobust", "ips", "snips", "switchDoublyRobust"] {
            let found = estimate(&policy, name);
            let off = (found["value"].as_f64().unwrap() - truth).abs();
            assert!(off < 0.03, "{name}: {found}");
            let (low, high) = (&found["bootstrap"]["low"], &found["bootstrap"]["high"]);
            assert!(low.as_f64() < high.as_f64(), "{name}: {found}");
        }
    }
    assert_eq!(evaluate("default"), evaluate("default"));
    let fixed = file(
        "bandit-fixed.json",
        r#"{"policy": "fixed", "propensities": [1, 0]}"#,
    );
    let found = estimate(&evaluate(&fixed), "snips")["value"]
        .as_f64()
        .unwrap();
    assert!((found - 0.477).abs() < 0.03, "{found}");
}

const HEAD: &str = r#"{"meta": {"arms": 2, "actions": ["craft", "gift"], "rewardRange": [0, 10]}}"#;

/// A thousand decisions as if by even coins, of which craft brings 2 and gift 5 on average.
fn coins(propensity: f64) -> String {
    let line = |i: u32| {
        let (action, reward) =
            [("craft", 0), ("gift", 10), ("craft", 4), ("gift", 0)][i as usize % 4];
        json!({"action": action, "propensity": propensity, "reward": reward,
               "distribution": [0.5, 0.5]})
        .to_string()
    };
    let lines = std::iter::once(HEAD.to_owned()).chain((0..1_000).map(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_actions_are_worth_is_concluded_with_its_certainty() {
    let args = ["bandit", "conclude", "--log", "-"];
    let answer = bandera_reading(&args, coins(0.5).as_bytes()).json();
    assert_eq!(answer["best"], json!({"action": "gift", "certain": true}));
    let [craft, gift] = [0, 1].map(|index| &answer["actions"][index]);
    assert_eq!(
        (&craft["value"], &gift["value"]),
        (&json!(2.0), &json!(5.0))
    );
    assert_eq!(gift["decisions"], 500);
    assert!(craft["leadMin"].as_f64().unwrap() > 0.0, "{craft}");
    let table = bandera_reading(&[&args[..], &["--human"]].concat(), coins(0.5).as_bytes()).stdout;
    assert!(table.starts_with("gift is the best action"), "{table}");
    // A dozen decisions prove nothing.
    let few: Vec<_> = coins(0.5).lines().take(13).map(str::to_owned).collect();
    let answer = bandera_reading(&args, few.join("\n").as_bytes()).json();
    assert_eq!(answer["best"]["certain"], false);
}

#[test]
fn doubtful_logs_are_remarked_upon() {
    let args = [
        "bandit",
        "evaluate",
        "--log",
        "-",
        "--policy",
        "uniform",
        "--resamples",
        "2",
    ];
    let warnings = |log: &str| {
        let answer = bandera_reading(&args, log.as_bytes()).json();
        answer["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(warnings(&coins(0.5)), Vec::<String>::new());
    let few: Vec<_> = coins(0.5).lines().take(50).map(str::to_owned).collect();
    let found = warnings(&few.join("\n"));
    assert!(
        found.len() == 1 && found[0].contains("as much as 49 decisions"),
        "{found:?}"
    );
    // All decisions had one action, and the policy wants the other half of the time.
    let alone = coins(0.5)
        .replace("[0.5,0.5]", "[1,0]")
        .replace("gift\",\"", "craft\",\"");
    let alone = alone.replace("\"propensity\":0.5", "\"propensity\":1.0");
    let found = warnings(&alone);
    assert!(
        found
            .iter()
            .any(|one| one.contains("50.0 % of what the policy")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|one| one.contains("mean 0.500 where 1 is due")),
        "{found:?}"
    );
}

#[test]
fn faults_of_logs_are_named_with_their_line() {
    #[track_caller]
    fn check(line: &str, expected: &str) {
        let log = format!("{HEAD}\n{line}");
        for question in ["evaluate", "conclude"] {
            let ran = bandera_reading(&["bandit", question, "--log", "-"], log.as_bytes());
            assert_eq!(ran.code, 3, "{}", ran.stderr);
            assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        }
    }
    let line = |action: &str, propensity: f64, reward: f64| {
        json!({"action": action, "propensity": propensity, "reward": reward}).to_string()
    };
    check(
        &line("soap", 0.5, 1.0),
        "standard input:2: \"action\" is none of craft, gift",
    );
    check(&line("gift", 0.0, 1.0), "the propensity 0 is not in (0, 1]");
    check(&line("gift", 0.5, 11.0), "the reward 11 is not in 0..10");
    check(
        r#"{"action": 1}"#,
        "standard input:2: missing field `propensity`",
    );
    let more = r#"{"action": 1, "propensity": 0.5, "reward": 1, "#;
    check(&format!("{more}\"x\": [1]}}"), "\"x\" has 1 numbers, not 0");
    check(
        &format!("{more}\"distribution\": [0.5]}}"),
        "\"distribution\" has 1 numbers, not 2",
    );
    check(
        &format!("{more}\"distribution\": [0.5, 0.6]}}"),
        "their sum 1.1 is not 1",
    );
    check(
        &format!("{more}\"distribution\": [0.6, 0.4]}}"),
        "gives the action another propensity",
    );
    check("", "the log has no decision");

    let usage = |args: &[&str], expected: &str| {
        let all = [
            &["bandit", "evaluate", "--log", "-", "--resamples", "2"],
            args,
        ]
        .concat();
        let ran = bandera_reading(&all, coins(0.5).as_bytes());
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    };
    usage(
        &["--policy", "logged-target"],
        "a decision has no \"target\"",
    );
    usage(
        &["--policy", "uniform", "--propensity-min", "0.6"],
        "at most the least in the log, 0.5",
    );
    usage(
        &["--policy", "uniform", "--bound", "0"],
        "must be greater than 0",
    );
    usage(
        &["--policy", "uniform", "--confidence", "1"],
        "strictly between 0 and 1",
    );
}

/// Four hundred lists by even coins: whoever sees b takes it, and nobody takes a. The other policy
/// puts b on top.
fn lists(change: impl Fn(String) -> String) -> String {
    let place = |action: &str, propensity: f64, target: [f64; 2]| {
        let (share, of) = (propensity, target);
        json!({"action": action, "propensity": share, "target": of})
    };
    let line = |i: u32| {
        let list = if i.is_multiple_of(2) {
            json!([place("b", 0.5, [0.0, 1.0]), place("a", 1.0, [1.0, 0.0])])
        } else {
            json!([place("a", 0.5, [0.0, 1.0]), place("b", 1.0, [0.0, 1.0])])
        };
        let seen = 1 + i % 2;
        change(json!({"list": list, "seen": seen, "reward": 1}).to_string())
    };
    let head = r#"{"meta": {"actions": ["a", "b"]}}"#.to_owned();
    let lines = std::iter::once(head).chain((0..400).map(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Judges the lists that are read from the standard input.
const JUDGE_LISTS: [&str; 6] = [
    "bandit",
    "evaluate-lists",
    "--log",
    "-",
    "--resamples",
    "50",
];

#[test]
fn lists_of_another_policy_are_judged() {
    let answer = bandera_reading(&JUDGE_LISTS, lists(|line| line).as_bytes()).json();
    assert_eq!(
        (&answer["lists"], &answer["meanWeight"]),
        (&json!(400), &json!(1.0))
    );
    assert_eq!(answer["effectiveLists"], 200.0);
    let estimates = answer["estimates"].as_array().unwrap();
    assert_eq!(estimates.len(), 4);
    for estimate in estimates {
        let value = estimate["value"].as_f64().unwrap();
        assert!((value - 1.0).abs() < 1e-9, "{estimate}");
        assert!(
            estimate["normal"]["low"].as_f64().unwrap() < 1.0 + 1e-9,
            "{estimate}"
        );
    }
    let table = bandera_reading(
        &[&JUDGE_LISTS[..], &["--human"]].concat(),
        lists(|line| line).as_bytes(),
    );
    assert!(table.stdout.contains("400 lists, worth 200"), "{table:?}");
}

#[test]
fn faults_in_lists_are_named_with_their_line() {
    let check = |from: &str, to: &str, fault: &str| {
        let ran = bandera_reading(
            &JUDGE_LISTS,
            lists(|line| line.replace(from, to)).as_bytes(),
        );
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.stderr.contains(fault), "{ran:?}");
        assert!(ran.stderr.contains(":2"), "{ran:?}");
    };
    check(
        r#""seen":1"#,
        r#""seen":0"#,
        "\"seen\" is from 1 to the 2 positions",
    );
    check(
        r#""seen":1"#,
        r#""seen":3"#,
        "\"seen\" is from 1 to the 2 positions",
    );
    check(
        r#""action":"b""#,
        r#""action":"c""#,
        "position 1: \"action\" is none of a, b",
    );
    check(
        r#""action":"a""#,
        r#""action":"b""#,
        "position 2: \"b\" stands above",
    );
    check(
        "0.5",
        "0.0",
        "position 1: the propensity 0 is not in (0, 1]",
    );
    check(
        "[0.0,1.0]",
        "[0.5,1.0]",
        "position 1: \"target\" is 2 probabilities that sum to 1",
    );
    check(
        "[1.0,0.0]",
        "[0.0,1.0]",
        "position 2: \"target\" has an action that stands above",
    );
    let none = bandera_reading(&JUDGE_LISTS, b"");
    assert!(
        none.code == 3 && none.stderr.contains("the first line is"),
        "{none:?}"
    );
}
