//! `bandera import --strict` of each system: what is exact, what is not, and where.

use super::imported::ROLLOUTS;
use super::run::{Ran, bandera, file};
use serde_json::{Value, json};
use std::fs;

/// Something in an export that does not come over exactly.
struct Odd {
    peer: &'static str,
    /// The member of the export that is set, as an RFC 6901 pointer, and to what, as JSON.
    put: (&'static str, &'static str),
    /// How the report's line about it begins.
    said: &'static str,
}

const fn odd(peer: &'static str, put: (&'static str, &'static str), said: &'static str) -> Odd {
    Odd { peer, put, said }
}

/// Of every system one member that nobody knows, and of most something that is known and no more.
const ODD: [Odd; 23] = [
    odd("configcat", ("/f/f/odd", "1"), "left out /f/f/odd: "),
    odd("eppo", ("/flags/f/odd", "1"), "left out /flags/f/odd: "),
    odd(
        "eppo",
        ("/flags/f/allocations/0/rules", EPPO_RULES),
        "approximated /flags/f/allocations/0/rules/0/conditions/0: ",
    ),
    odd("flagd", ("/flags/f/odd", "1"), "left out /flags/f/odd: "),
    odd(
        "flagd",
        ("/flags/f/targeting", r#"{"is_near": ["x"]}"#),
        "left out /flags/f/targeting: ",
    ),
    odd("flagship", ("/flags/0/odd", "1"), "left out /flags/0/odd: "),
    odd(
        "flagship",
        ("/account_id", "null"),
        "approximated /account_id: ",
    ),
    odd(
        "flagsmith",
        ("/features/f/odd", "1"),
        "left out /features/f/odd: ",
    ),
    odd(
        "flagsmith",
        ("/segments/1", FLAGSMITH_SEGMENT),
        "left out /segments/1/rules/0/type: ",
    ),
    odd("flipt", ("/flags/0/odd", "1"), "left out /flags/0/odd: "),
    odd(
        "flipt",
        ("/flags/0/type", r#""LIST_FLAG_TYPE""#),
        "left out /flags/0/type: ",
    ),
    odd("goff", ("/f/odd", "1"), "left out /f/odd: "),
    odd(
        "goff",
        ("/f/defaultRule", "null"),
        "left out /f/defaultRule: ",
    ),
    odd(
        "growthbook",
        ("/features/f/odd", "1"),
        "left out /features/f/odd: ",
    ),
    odd(
        "growthbook",
        (
            "/features/f/rules/0/condition",
            r#"{"x": {"$regex": "(?=a)"}}"#,
        ),
        "approximated /features/f/rules/0/condition/x/$regex: ",
    ),
    odd(
        "launchdarkly",
        ("/flags/f/odd", "1"),
        "left out /flags/f/odd: ",
    ),
    odd(
        "launchdarkly",
        ("/flags/f/rules", LAUNCHDARKLY_RULES),
        "approximated /flags/f/rules/0/clauses/0/values/0: ",
    ),
    odd("posthog", ("/flags/0/odd", "1"), "left out /flags/0/odd: "),
    odd(
        "posthog",
        ("/flags/0/filters/groups/0/properties", POSTHOG_PROPERTIES),
        "left out /flags/0/filters/groups/0/properties/0: ",
    ),
    odd("split", ("/ff/d/0/odd", "1"), "left out /ff/d/0/odd: "),
    odd(
        "split",
        ("/ff/d/0/conditions/0/matcherGroup/matchers", SPLIT_MATCHERS),
        concat!(
            "left out /ff/d/0/conditions/0/matcherGroup/matchers/0",
            "/userDefinedSegmentMatcherData/segmentName: ",
        ),
    ),
    odd(
        "unleash",
        ("/features/0/odd", "1"),
        "left out /features/0/odd: ",
    ),
    odd(
        "unleash",
        ("/features/0/strategies", UNLEASH_STRATEGIES),
        "approximated /features/0/strategies/0/parameters: ",
    ),
];

const EPPO_RULES: &str =
    r#"[{"conditions": [{"operator": "MATCHES", "attribute": "x", "value": "(?=a)"}]}]"#;
const FLAGSMITH_SEGMENT: &str =
    r#"{"key": "1", "name": "s", "rules": [{"type": "SOME", "conditions": []}]}"#;
const LAUNCHDARKLY_RULES: &str = r#"[{"id": "r", "variation": 0,
    "clauses": [{"attribute": "x", "op": "matches", "values": ["(?=a)"]}]}]"#;
const POSTHOG_PROPERTIES: &str = r#"[{"key": "x", "operator": "regex", "value": "(?=a)"}]"#;
const SPLIT_MATCHERS: &str = r#"[{"matcherType": "IN_SEGMENT", "negate": false,
    "userDefinedSegmentMatcherData": {"segmentName": "s"}}]"#;
const UNLEASH_STRATEGIES: &str =
    r#"[{"name": "gradualRolloutUserId", "parameters": {"percentage": "20"}}]"#;

/// Imports the export into a file of that name, and says whether there is one afterwards.
fn import(name: &str, peer: &str, export: &Value, more: &[&str]) -> (Ran, bool) {
    let export = file(&format!("{name}.json"), &export.to_string());
    let out = file(&format!("{name}.ruleset.json"), "");
    fs::remove_file(&out).expect("a file");
    let mut args = vec!["import", "--from", peer, "--in", &export, "--out", &out];
    args.extend(more);
    let ran = bandera(&args);
    let is_there = fs::exists(&out).expect("an answer");
    (ran, is_there)
}

fn exact(peer: &str) -> Value {
    let rollout = ROLLOUTS.iter().find(|rollout| rollout.peer == peer);
    (rollout.expect(peer).export)(20)
}

#[test]
fn what_is_exact_passes_and_is_written() {
    for rollout in ROLLOUTS {
        let (name, peer) = (format!("strict-exact-{}", rollout.peer), rollout.peer);
        let (ran, is_there) = import(&name, peer, &exact(peer), &["--strict"]);
        assert_eq!(ran.code, 0, "{peer}: {ran:?}");
        assert!(!ran.stderr.contains(REFUSAL), "{peer}: {ran:?}");
        assert_eq!(ran.json()["notes"], json!([]), "{peer}");
        assert!(is_there, "{peer}");
    }
}

const REFUSAL: &str = "note: nothing was written: --strict refuses";

#[test]
fn what_is_not_exact_is_named_and_strictly_refused() {
    for (index, odd) in ODD.iter().enumerate() {
        let mut export = exact(odd.peer);
        let (pointer, value) = odd.put;
        let (inside, member) = pointer.rsplit_once('/').expect("a pointer");
        let inside = export.pointer_mut(inside).expect(pointer);
        inside[member] = serde_json::from_str(value).expect(value);
        let name = format!("strict-odd-{index}");
        let said = format!("note: {}", odd.said);

        let (ran, is_there) = import(&name, odd.peer, &export, &[]);
        assert_eq!(ran.code, 0, "{}: {ran:?}", odd.peer);
        assert!(ran.stderr.starts_with(&said), "{said}{ran:?}");
        assert!(!ran.stderr.contains(REFUSAL), "{said}{ran:?}");
        assert!(is_there, "{said}");

        let (ran, is_there) = import(&name, odd.peer, &export, &["--strict"]);
        assert_eq!(ran.code, 1, "{}: {ran:?}", odd.peer);
        assert!(ran.stderr.starts_with(&said), "{said}{ran:?}");
        assert!(ran.stderr.contains(REFUSAL), "{said}{ran:?}");
        assert_eq!(ran.json()["written"], false, "{said}");
        assert!(!is_there, "{said}");
    }
}

/// A system that is added is tried here, too.
#[test]
fn every_system_has_something_odd() {
    for (name, _) in bandera_import::PEERS {
        // The three of flagd's read one format.
        let peer = name.split('-').next().unwrap_or_default();
        assert!(ODD.iter().any(|odd| odd.peer == peer), "{name}");
    }
}
