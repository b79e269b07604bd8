//! What an engine for ordinary pages makes of a ruleset that takes more: it knows what it does not
//! know, and answers nothing that rests on it.
//!
//! The bytes in `golden/rare.compact` are what an engine with the feature `rare` writes; this test
//! is run with the feature and without it.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use bandera_shared::compact::{encode, has_rare};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{
    ErrorCode, EvaluationContext, Evaluator, Outcome, Participation, Policies, Ruleset, UnixMillis,
    compile,
};
use serde_json::Value;

const DOCUMENT: &[u8] = include_bytes!("golden/rare.json");
const COMPACT: &[u8] = include_bytes!("golden/rare.compact");

/// What the flag serves, or why it fails.
fn answer(ruleset: &Ruleset, key: &str) -> Result<String, ErrorCode> {
    let context = EvaluationContext::new()
        .with_targeting_key("ana")
        .with("plan", "pro")
        .with("path", "/shop/12")
        .with("version", "2.1.0-rc.1")
        .with("since", "2025-01-01T00:00:00Z")
        .with("tags", "new");
    let evaluator = Evaluator {
        ruleset,
        context: &context,
        at: UnixMillis(1_750_000_000_000),
        draw: 0,
        policies: &Policies::default(),
        sticky: &StickyDecisions::default(),
        participation: Participation::Full,
    };
    let evaluation = evaluator.evaluate(key);
    match &evaluation.outcome {
        Outcome::Failed { code, .. } => Err(*code),
        _ => Ok(evaluation.variant().unwrap().key.to_string()),
    }
}

/// Flags of the document that take more than ordinary pages do, each in its own way.
const RARE: [&str; 6] = ["before", "inSegment", "listed", "matches", "range", "sized"];
/// Flags that do not.
const ORDINARY: [&str; 3] = ["plain", "version", "window"];

#[test]
fn what_is_rare_is_marked() {
    assert!(has_rare(COMPACT));
    assert!(!has_rare(DOCUMENT));
    let check = |key: &str, expected: bool| {
        let mut document: Value = serde_json::from_slice(DOCUMENT).unwrap();
        let flags = document.get_mut("flags").unwrap().as_object_mut().unwrap();
        flags.retain(|other, _| other == key);
        if key != "inSegment" {
            document.as_object_mut().unwrap().remove("segments");
        }
        let compiled = compile(document.to_string().as_bytes()).unwrap();
        let is_marked = has_rare(&encode(&compiled.ruleset));
        let is_clean = compiled.diagnostics.is_empty();
        // An engine that does not know it does not compile it either.
        let is_known = cfg!(feature = "rare") || !expected;
        assert_eq!(
            (is_clean, is_marked),
            (is_known, is_known && expected),
            "{key}: {:?}",
            compiled.diagnostics
        );
    };
    for key in RARE {
        check(key, true);
    }
    for key in ORDINARY {
        check(key, false);
    }
}

#[cfg(feature = "rare")]
#[test]
fn a_full_engine_knows_all_of_it() {
    let compiled = compile(DOCUMENT).unwrap();
    assert_eq!(compiled.diagnostics, []);
    let bytes = encode(&compiled.ruleset);
    assert!(
        bytes == COMPACT,
        "golden/rare.compact is not what is written now"
    );
    let read = Ruleset::from_compact(COMPACT).unwrap();
    assert!(read.is_known());
    for flag in read.flags() {
        assert_eq!(
            answer(&read, &flag.key).as_deref(),
            Ok("on"),
            "{}",
            flag.key
        );
    }
}

#[cfg(not(feature = "rare"))]
#[test]
fn what_is_not_known_is_never_answered() {
    let read = Ruleset::from_compact(COMPACT).unwrap();
    // What hides it: the flag `asks` says that another one does not serve a variant.
    assert!(!read.is_known());
    for key in RARE {
        assert_eq!(answer(&read, key), Err(ErrorCode::ParseError), "{key}");
    }
    for key in ORDINARY {
        assert_eq!(answer(&read, key).as_deref(), Ok("on"), "{key}");
    }
}
