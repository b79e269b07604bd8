//! `bandera replay`: policies over rounds whose every reward is known.

use super::run::{bandera, bandera_reading};
use serde_json::json;

/// Rounds in which the sign of the one feature says which of two actions is right.
fn log(n_rounds: u32) -> String {
    let mut log = json!({"meta": {"dataset": "signs", "d": 1, "arms": 2}}).to_string();
    for i in 0..n_rounds {
        let x = f64::from(i * 7 % 13) - 6.5;
        let r = if x > 0.0 { [1, 0] } else { [0, 1] };
        log.push('\n');
        log.push_str(&json!({"x": [x], "r": r, "m": r}).to_string());
    }
    log
}

#[test]
fn the_default_learns_and_answers_twice_alike() {
    let replay = || {
        let args = ["replay", "--policy", "default", "--log", "-", "--seed", "3"];
        bandera_reading(&args, log(400).as_bytes()).json()
    };
    let (first, mut second) = (replay(), replay());
    assert_eq!(first["dataset"], "signs");
    assert_eq!((&first["rounds"], &first["seed"]), (&json!(400), &json!(3)));
    let reward = first["mean_reward"].as_f64().unwrap();
    assert!(reward > 0.95, "{first}");
    let loss = first["progressive_loss"].as_f64().unwrap();
    assert!((loss - (1.0 - reward)).abs() < 1e-12);
    assert!((first["regret"].as_f64().unwrap() - loss).abs() < 1e-12);
    second["micros_per_round"] = first["micros_per_round"].clone();
    assert_eq!(first, second);
}

#[test]
fn logs_and_seeds_make_a_line_each() {
    let folder = std::env::temp_dir().join(format!("bandera-replay-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (a, policy) = (folder.join("a.jsonl"), folder.join("policy.json"));
    std::fs::write(&a, log(50)).unwrap();
    std::fs::write(&policy, r#"{"policy": "squarecb", "gamma": 5}"#).unwrap();
    let (a, policy) = (a.to_str().unwrap(), policy.to_str().unwrap());
    let args = ["replay", "--policy", policy, "--seed", "1,2", "--log", a, a];
    let lines = bandera(&args).json_lines();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line["policy"] == "squarecb"));
    assert_ne!(lines[0]["mean_reward"], lines[1]["mean_reward"]);
    let table = bandera(&[&args[..], &["--human"]].concat()).stdout;
    assert_eq!(table.lines().count(), 5, "{table}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn coins_are_played_without_a_log() {
    let args = [
        "replay",
        "--bernoulli",
        "0.9,0.1",
        "--rounds",
        "200",
        "--runs",
        "5",
    ];
    let run = |policy| bandera(&[&args[..], &["--policy", policy]].concat()).json();
    for policy in ["default", "thompson", "imed", "top-two"] {
        let report = run(policy);
        let regret = report["regret"].as_f64().unwrap();
        // An even split gives away 80.
        assert!(regret > 0.0 && regret < 60.0, "{report}");
    }
}

#[test]
fn faults_name_their_place() {
    #[track_caller]
    fn check(log: &str, code: i32, part: &str) {
        let ran = bandera_reading(&["replay", "--log", "-"], log.as_bytes());
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(part), "{ran:?}");
    }
    let head = r#"{"meta": {"dataset": "a", "d": 1, "arms": 2}}"#;
    check("{}", 3, "standard input:1");
    check(head, 3, "no round");
    check(
        &format!("{head}\n{{\"x\": [1], \"r\": [0]}}"),
        3,
        "input:2: \"r\" has 1 numbers",
    );
    check(
        &format!("{head}\n{{\"x\": [], \"r\": [0, 1]}}"),
        3,
        "\"x\" has 0 numbers",
    );
    check(
        &format!("{head}\n{{\"x\": [1], \"r\": [0, 2]}}"),
        3,
        "the reward 2 is not",
    );
    let wide = r#"{"meta": {"dataset": "a", "d": 1, "arms": 65}}"#;
    let rewards = vec!["0"; 65].join(",");
    check(
        &format!("{wide}\n{{\"x\": [1], \"r\": [{rewards}]}}"),
        2,
        "1 to 64 actions",
    );
    let ran = bandera(&["replay"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let ran = bandera(&["replay", "--bernoulli", "0.5,1.5"]);
    assert!(ran.code == 2 && ran.stderr.contains("0..1"), "{ran:?}");
    let ran = bandera(&["replay", "--bernoulli", "0.5", "--policy", "magic"]);
    assert!(
        ran.code == 2 && ran.stderr.contains("kl-ucb-plus"),
        "{ran:?}"
    );
    let ran = bandera(&["replay", "--policy", "gone.json", "--log", "gone.jsonl"]);
    assert!(ran.code == 3 && ran.stderr.contains("gone.json"), "{ran:?}");
}
