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

/// A name is a policy without a file, and anything else a file that is not there.
#[test]
fn policies_are_known_by_name() {
    for name in ["bootstrap", "linucb", "squarecb"] {
        let args = ["replay", "--policy", name, "--log", "-"];
        let played = bandera_reading(&args, log(200).as_bytes()).json();
        assert_eq!(played["policy"], name);
        assert!(played["mean_reward"].as_f64().unwrap() > 0.8, "{played}");
    }
    let unknown = ["replay", "--policy", "magic", "--log", "-"];
    let refused = bandera_reading(&unknown, log(1).as_bytes());
    assert!(refused.stderr.contains("magic"), "{}", refused.stderr);
}

/// Shards learn apart and are merged; what they then know is what one would know, nearly.
#[test]
fn shards_learn_as_one_does() {
    let reward = |shards: &str, policy: &str| {
        let args = [
            "replay", "--policy", policy, "--every", "20", "--shards", shards, "--log", "-",
        ];
        let played = bandera_reading(&args, log(1_500).as_bytes()).json();
        assert_eq!(played["rounds"], 1_500);
        played["mean_reward"].as_f64().unwrap()
    };
    for policy in ["default", "linucb"] {
        let (one, eight) = (reward("1", policy), reward("8", policy));
        assert!(
            one > 0.9 && (one - eight).abs() < 0.02,
            "{policy}: {one} {eight}"
        );
    }
    let refused = |args: &[&str]| bandera_reading(args, log(1).as_bytes()).stderr;
    for shards in ["0", "65"] {
        assert!(refused(&["replay", "--shards", shards, "--log", "-"]).contains("1..=64"));
    }
    let workers = [
        "replay", "--policy", "workers", "--shards", "2", "--log", "-",
    ];
    assert!(refused(&workers).contains("however many shards"));
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

/// The policy of the Workers, with every column as a number, and with features of its own.
#[test]
fn what_runs_in_the_workers_is_replayed() {
    let folder = std::env::temp_dir().join(format!("bandera-workers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let policy = folder.join("policy.json");
    let played = |policy: &str, every: &str| {
        let args = ["replay", "--policy", policy, "--every", every, "--log", "-"];
        bandera_reading(&args, log(600).as_bytes())
    };
    let of_file = |json: serde_json::Value, every| {
        std::fs::write(&policy, json.to_string()).unwrap();
        played(policy.to_str().unwrap(), every)
    };
    let steps = json!([{"kind": "steps", "attribute": "x0", "bounds": [0]}]);
    let stepped = json!({"policy": "workers", "features": steps, "floor": 0});
    let never = json!({"policy": "workers", "factor": 0, "floor": 0});
    let reward = |ran: super::run::Ran| ran.json()["mean_reward"].as_f64().unwrap();
    let (at_once, late) = (played("workers", "1"), played("workers", "300"));
    assert_eq!(at_once.json()["policy"], "workers");
    let (at_once, late) = (reward(at_once), reward(late));
    // Half of the decisions from the first snapshot, which knows nothing.
    assert!(
        at_once > 0.93 && late > 0.7 && late < 0.8,
        "{at_once} {late}"
    );
    assert!(reward(of_file(stepped, "1")) > 0.96);
    // A rate of nothing draws evenly for ever.
    let evenly = reward(of_file(never, "1"));
    assert!((evenly - 0.5).abs() < 0.07, "{evenly}");
    let faults = [
        (json!({"policy": "workers", "factor": -1}), "from 0 to"),
        (
            json!({"policy": "workers", "ridge": 1}),
            "unknown field `ridge`",
        ),
        (
            json!({"policy": "workers", "exploration": "greedy", "factor": 2}),
            "\"factor\" belongs to \"inverseGap\"",
        ),
        (json!({"policy": "workers", "alpha": 1}), "/policy/alpha"),
        (json!({"policy": "workers", "floor": 0.7}), "/policy/floor"),
        (
            json!({"policy": "workers", "features": [{"kind": "steps"}]}),
            "/policy/features/0",
        ),
    ];
    for (json, part) in faults {
        let ran = of_file(json, "1");
        assert!(ran.code == 2 && ran.stderr.contains(part), "{ran:?}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
    for (d, code) in [(64, 0), (65, 2)] {
        let row = json!({"x": vec![0; d], "r": [0, 1]});
        let log = format!(
            "{}\n{row}",
            json!({"meta": {"dataset": "w", "d": d, "arms": 2}})
        );
        let args = ["replay", "--policy", "workers", "--log", "-"];
        let ran = bandera_reading(&args, log.as_bytes());
        assert_eq!(ran.code, code, "{ran:?}");
    }
}

/// The sign of the feature means something else from the middle on.
#[test]
fn the_workers_policy_forgets_as_it_is_told() {
    let mut lines: Vec<String> = log(800).lines().map(str::to_owned).collect();
    for line in lines.iter_mut().skip(401) {
        let mut round: serde_json::Value = serde_json::from_str(line).unwrap();
        for member in ["r", "m"] {
            round[member] = json!([round[member][1], round[member][0]]);
        }
        *line = round.to_string();
    }
    let log = lines.join("\n");
    let reward = |more: &[&str]| {
        let args = ["replay", "--policy", "workers", "--log", "-"];
        let ran = bandera_reading(&[&args[..], more].concat(), log.as_bytes());
        ran.json()["mean_reward"].as_f64().unwrap()
    };
    let (whole, fading, window, adaptive) = (
        reward(&[]),
        reward(&["--memory", "50"]),
        reward(&["--window", "80"]),
        reward(&["--adaptive", "800"]),
    );
    assert!(
        f64::min(fading, window).min(adaptive) > whole + 0.1,
        "{whole} {fading} {window} {adaptive}"
    );
    let args = [
        "replay", "--policy", "default", "--memory", "50", "--log", "-",
    ];
    let ran = bandera_reading(&args, log.as_bytes());
    assert!(ran.code == 2 && ran.stderr.contains("--memory"), "{ran:?}");
}

/// Rounds of two features and three actions whose rates lie on planes.
fn planes(n_rounds: u64, world: u64) -> String {
    let mut log = json!({"meta": {"dataset": "planes", "d": 2, "arms": 3}}).to_string();
    // `SplitMix64` (Steele et al. 2014), in 0..1.
    let mut state = world << 32;
    let mut number = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..n_rounds {
        let [x, y] = [0, 1].map(|_| 2.0 * number() - 1.0);
        let means = [0.5 + 0.4 * x, 0.5 + 0.4 * y, 0.5 - 0.2 * (x + y)];
        let rewards = means.map(|mean| u8::from(number() < mean));
        log.push('\n');
        log.push_str(&json!({"x": [x, y], "r": rewards, "m": means}).to_string());
    }
    log
}

/// Who expects change follows a world that is turned around within as many rounds as
/// docs/bandits.md says, and gives away less than the same policy that does not.
#[test]
fn a_log_that_is_turned_around_is_followed() {
    const N_ROUNDS: u64 = 3_000;
    // Of a thousand such worlds the default is stuck in fifteen; the third is one.
    let logs = [1, 2, 4].map(|world| planes(N_ROUNDS, world));
    let played = |more: &str| {
        let args = "replay --log - --reverse-at 1500 --policy";
        let args: Vec<&str> = args.split(' ').chain(more.split(' ')).collect();
        logs.each_ref()
            .map(|log| bandera_reading(&args, log.as_bytes()).json())
    };
    let regret = |reports: &[serde_json::Value]| -> f64 {
        let of = reports.iter().map(|report| report["regret"].as_f64());
        of.map(Option::unwrap).sum()
    };
    for (stationary, follows, n_rounds) in [
        ("default --stationary", "default", 400),
        (
            "workers --every 50",
            "workers --every 50 --adaptive 3000",
            1_000,
        ),
        (
            "workers --every 50",
            "workers --every 50 --memory 300",
            1_000,
        ),
    ] {
        let [stubborn, quick] = [stationary, follows].map(played);
        assert!(
            regret(&quick) < 0.7 * regret(&stubborn),
            "{quick:?} {stubborn:?}"
        );
        for report in quick {
            let recovered = report["recovered_after"].as_u64();
            assert!(recovered.is_some_and(|n| n <= n_rounds), "{report}");
        }
    }
    // A log may say by itself when it changes.
    let recovered = |log: &str| {
        let report = bandera_reading(&["replay", "--log", "-"], log.as_bytes()).json();
        report["recovered_after"].as_u64()
    };
    let plain = log(200);
    let said = plain.replacen("\"d\":1", "\"d\":1,\"change_at\":20", 1);
    assert_eq!((recovered(&plain), recovered(&said)), (None, Some(2)));
    let both = ["replay", "--stationary", "--memory", "9", "--log", "-"];
    assert_eq!(bandera_reading(&both, plain.as_bytes()).code, 2);
    // Nothing is turned around that is not there, or that turns by itself.
    let turned = |log: &str, from: &str| {
        let args = ["replay", "--log", "-", "--reverse-at", from];
        bandera_reading(&args, log.as_bytes()).code
    };
    assert_eq!((turned(&plain, "199"), turned(&plain, "200")), (0, 2));
    assert_eq!(turned(&said, "100"), 2);
    let coins = "replay --policy thompson --bernoulli 0.6,0.4 --rounds 50 --reverse-at 50";
    let coins: Vec<&str> = coins.split(' ').collect();
    assert_eq!(bandera(&coins).code, 2);
}

/// As fast as docs/bandits.md says, and who remembers everything is slower.
#[test]
fn rules_without_contexts_follow_coins_that_are_turned_around() {
    let args = "replay --bernoulli 0.6,0.4 --reverse-at 5000 --runs 20 --at 100,5000 --policy";
    let recovered = |more: &str| {
        let args: Vec<&str> = args.split(' ').chain(more.split(' ')).collect();
        let report = bandera(&args).json();
        let regret = |point: usize| report["curve"][point]["regret"].as_f64().unwrap();
        let last = report["regret"].as_f64().unwrap();
        assert!(0.0 < regret(0) && regret(0) < regret(1) && regret(1) < last);
        assert_eq!(report["curve"][1]["rounds"], 5_000);
        report["recovered_after"].as_u64().unwrap_or(u64::MAX)
    };
    for (policy, whole) in [("thompson", 3_000), ("default", 1_200)] {
        let stubborn = recovered(policy);
        for past in ["--memory 1000", "--window 1000"] {
            let n_rounds = recovered(&format!("{policy} {past}"));
            assert!(n_rounds <= 1_000 && stubborn >= whole, "{policy} {past}");
        }
    }
    let beyond = coins("0.5,0.1 --at 401");
    assert!(
        beyond.code == 2 && beyond.stderr.contains("--at"),
        "{beyond:?}"
    );
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
    for policy in ["default", "thompson", "thompson-normal", "imed", "top-two"] {
        let report = run(policy);
        let regret = report["regret"].as_f64().unwrap();
        // An even split gives away 80.
        assert!(regret > 0.0 && regret < 60.0, "{report}");
    }
}

/// The first words of the arguments, those given, and what comes of them.
fn coins(rest: &str) -> super::run::Ran {
    let args = ["replay", "--rounds", "400", "--runs", "20", "--bernoulli"];
    bandera(&[&args[..], &rest.split(' ').collect::<Vec<_>>()].concat())
}

#[test]
fn coins_may_vary_less_and_change_and_be_forgotten() {
    let regret = |rest: &str| coins(rest).json()["regret"].as_f64().unwrap();
    let quiet = regret("0.6,0.5 --deviation 0.05 --policy thompson-normal");
    assert!(
        quiet < regret("0.6,0.5 --deviation 0.05 --policy thompson"),
        "{quiet}"
    );
    let reversed = "0.9,0.1 --reverse-at 200 --policy thompson";
    let stubborn = regret(reversed);
    for forgetting in ["--window 50", "--memory 30", "--adaptive 400"] {
        let report = coins(&format!("{reversed} {forgetting}")).json();
        assert!(report["regret"].as_f64() < Some(stubborn), "{report}");
        // The better coin before, the other one after.
        let tenths = &report["best_shares"];
        assert!(tenths[4].as_f64() > Some(0.8) && tenths[9].as_f64() > Some(0.8));
        assert!(tenths[5].as_f64() < Some(0.7), "{report}");
        let recovered = report["recovered_after"].as_u64().unwrap();
        assert!((4..200).contains(&recovered), "{report}");
    }
    let chance = |rest: &str| regret(&format!("0.9,0.1 --policy epsilon-greedy {rest}"));
    // Half of all decisions are left to chance: a quarter of them is wrong.
    let (steady, falling) = (chance("--epsilon 0.5"), chance("--epsilon 0.5 --decay 0.8"));
    assert!(
        (60.0..100.0).contains(&steady) && falling < 20.0,
        "{steady} {falling}"
    );
    for (rest, part) in [
        ("0.5,0.1 --deviation 0.31", "--deviation"),
        ("0.5,0.1 --memory 1", "--memory"),
        ("0.5,0.1 --window 0", "--window"),
        ("0.5,0.1 --adaptive 0", "--adaptive"),
        ("0.5,0.1 --adaptive 31622401", "--adaptive"),
        ("0.5,0.1 --adaptive 9 --window 9", "--adaptive"),
        ("0.5,0.1 --policy epsilon-greedy --decay 2", "--decay"),
        ("0.5,0.1 --policy imed --epsilon 0.1", "epsilon-greedy"),
    ] {
        let ran = coins(rest);
        assert!(ran.code == 2 && ran.stderr.contains(part), "{ran:?}");
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
