//! The same bits everywhere: these run natively, in wasm under Node, and in wasm in a browser.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use bandera_shared::bucketing::{Bucket, Bucketing, hash};
use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::snapshot::{PolicySnapshot, SnapshotAction};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::evaluation::EvaluationWire;
use bandera_shared::{EvaluationContext, Ruleset, UnixMillis, Value, compact, compile};
use xxhash_rust::xxh3::xxh3_64;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const RULESET: &str = include_str!("golden/ruleset.json");

/// Computed by the Python package xxhash 3.5: `xxh3_64_intdigest(salt + b"\x1f" + unit)`.
const HASHES: [(&str, &str, u64, u64); 5] = [
    ("salt", "ana", 0x7501_b64f_6196_97b7, 457_057),
    ("t/f", "subject-1", 0xe77b_1e51_b128_73ff, 904_222),
    ("shop/hero", "visitor-42", 0x09c4_0613_86a0_4f4f, 38_147),
    ("", "", 0x0508_7bbe_d866_d0de, 19_660),
    ("s", "ü€😀", 0xe247_956d_8bf0_b323, 883_904),
];

#[test]
fn buckets_equal_those_of_another_implementation() {
    for (salt, unit, expected, bucket) in HASHES {
        assert_eq!(hash(salt, unit), expected, "{salt} {unit}");
        assert_eq!(Bucket::from_hash(expected).index(), bucket, "{salt} {unit}");
    }
    let long = "u".repeat(300);
    assert_eq!(Bucket::from_hash(hash("exp", &long)).index(), 521_065);
    let context = EvaluationContext::new().with_targeting_key("ana");
    let bucketing = Bucketing::by_targeting_key("salt");
    assert_eq!(
        bucketing.bucket(&context, 0).map(Bucket::index),
        Ok(457_057)
    );
}

fn snapshot() -> PolicySnapshot {
    let action = |action: &str, parts| SnapshotAction {
        action: action.into(),
        parts,
        n_decisions: 0,
        n_rewarded: 0,
        mean_reward: 0.0,
    };
    let actions = vec![
        action("calm", 612_345),
        action("loud", 377_655),
        action("plain", 10_000),
    ];
    PolicySnapshot::new("hero", 7, UnixMillis(0), actions).expect("parts sum to a million")
}

fn context(i: u64) -> EvaluationContext {
    let pick = |items: &[&str], salt: u64| {
        let hash = xxh3_64(&[i.to_le_bytes().as_slice(), &salt.to_le_bytes()].concat());
        items[(hash % items.len() as u64) as usize].to_owned()
    };
    let person = Value::Object([("age".into(), ((i % 90) as f64).into())].into());
    let context = EvaluationContext::new()
        .with_targeting_key(&format!("subject-{i}"))
        .with(
            "version",
            pick(&["2.1.0", "2.10.3", "1.9.9", "2.1.0-rc.1", "no version"], 1),
        )
        .with("country", pick(&["DE", "ES", "FR", "US", ""], 2))
        .with("email", pick(&["a@ACME.test", "b@else.test"], 3))
        .with("path", pick(&["/shop/12", "/shop/x", "/"], 4))
        .with("user", person);
    if i.is_multiple_of(7) {
        context
    } else {
        context.with("org", pick(&["o1", "o2", "o3", "ü"], 5))
    }
}

fn compiled() -> Ruleset {
    let compiled = compile(RULESET.as_bytes()).expect("the golden ruleset");
    assert!(
        compiled.diagnostics.is_empty(),
        "{:?}",
        compiled.diagnostics
    );
    compiled.ruleset
}

/// One line of JSON for each of 1,000 contexts and all flags, and what became of each.
fn answers(ruleset: &Ruleset) -> Vec<String> {
    let policies = Policies::new([snapshot()]);
    let sticky = StickyDecisions::default();
    let mut lines = Vec::new();
    for i in 0..1_000_u64 {
        let context = context(i);
        let evaluator = Evaluator {
            ruleset,
            context: &context,
            at: UnixMillis::parse("2026-01-06T12:34:56.789Z").expect("a time"),
            draw: xxh3_64(&i.to_le_bytes()),
            policies: &policies,
            sticky: &sticky,
            participation: if i.is_multiple_of(50) {
                Participation::Excluded
            } else {
                Participation::Full
            },
        };
        for evaluation in evaluator.evaluate_all() {
            let wire = EvaluationWire::from(&evaluation);
            lines.push(serde_json::to_string(&wire).expect("an evaluation prints"));
        }
    }
    lines
}

#[test]
fn eight_thousand_answers_never_change() {
    let bytes = compact::encode(&compiled());
    let read = Ruleset::from_compact(bytes).expect("what was written reads back");
    for ruleset in [compiled(), read] {
        let answers = answers(&ruleset);
        assert_eq!(answers.len(), 8_000);
        let digest = xxh3_64(answers.join("\n").as_bytes());
        assert_eq!(
            format!("{digest:016x}"),
            "bee277f5af253fe4",
            "first: {}",
            answers[1]
        );
    }
}

#[test]
fn the_compact_form_never_changes_unnoticed() {
    // Whoever changes it raises its version, and edges are updated before anybody publishes.
    let mut bytes = compact::encode(&compiled());
    assert_eq!(bytes[8..10], 6_u16.to_le_bytes());
    // What is rare in it is marked; edges from before there were marks read what has none.
    assert_eq!(bytes[10..12], 1_u16.to_le_bytes());
    bytes[10] = 0;
    let digest = xxh3_64(&bytes);
    assert_eq!(format!("{digest:016x}"), "5316c1c2e336b10d");
}

#[test]
fn the_answers_are_not_all_alike() {
    let answers = answers(&compiled());
    for wanted in [
        r#""key":"canary","value":true"#,
        "TARGETING_MATCH",
        "SPLIT",
        "DISABLED",
    ] {
        assert!(answers.iter().any(|line| line.contains(wanted)), "{wanted}");
    }
    let learned = |variant: &str| {
        let wanted = format!(r#""key":"learned","value":"{variant}""#);
        answers.iter().filter(|line| line.contains(&wanted)).count()
    };
    // 980 of 1,000 take part; three standard errors of a binomial share are about 46.
    let [calm, loud] = ["calm", "loud"].map(learned);
    assert!(
        calm.abs_diff(600) < 46 && loud.abs_diff(370) < 46,
        "{calm} {loud}"
    );
}
