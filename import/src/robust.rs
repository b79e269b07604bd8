//! For tests: exports in which anything may stand anywhere are taken over, compiled and asked
//! without a panic; what is broken in them answers with an error, and is no fault of the ruleset.

use crate::{Peer, import};
use bandera_shared::compact::encode;
use bandera_shared::compile::compile;
use bandera_shared::context::EvaluationContext;
use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::ruleset::Ruleset;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::time::UnixMillis;
use bandera_shared::value::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// What replaces a part of an export.
fn odd() -> impl Strategy<Value = Json> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("~/("),
        json!("2026-01-01T00:00:00Z"),
        json!([]),
        json!([null]),
        json!([{}]),
        json!({}),
        json!({"a": 1}),
    ])
}

fn n_parts(json: &Json) -> usize {
    let inside: usize = match json {
        Json::Array(items) => items.iter().map(n_parts).sum(),
        Json::Object(members) => members.values().map(n_parts).sum(),
        _ => 0,
    };
    1 + inside
}

/// Puts `odd` in the place of the part with that number, counted from the outside.
fn replace(json: &mut Json, number: &mut usize, odd: &Json) {
    if *number == 0 {
        odd.clone_into(json);
    }
    *number = number.wrapping_sub(1);
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| replace(item, number, odd)),
        Json::Object(members) => members
            .values_mut()
            .for_each(|item| replace(item, number, odd)),
        _ => {}
    }
}

fn contexts() -> Vec<EvaluationContext> {
    let org = Value::Object([("targetingKey".into(), "acme".into())].into());
    let empty = EvaluationContext::new;
    vec![
        empty(),
        empty().with_targeting_key(""),
        empty()
            .with_targeting_key("ana")
            .with("a", 1.5)
            .with("v", "1.2.3"),
        empty()
            .with("kind", "multi")
            .with("org", org)
            .with("user", 1),
        empty()
            .with_targeting_key("ana")
            .with("a", Value::List([Value::Null].into())),
    ]
}

fn ask(peer: Peer, export: &Json) {
    let Ok(imported) = import(peer, export.to_string().as_bytes()) else {
        return;
    };
    let document = imported.ruleset.to_string();
    let compiled = compile(document.as_bytes()).expect("what is imported is a ruleset");
    assert_eq!(compiled.diagnostics, [], "{document}");
    let ruleset = compiled.ruleset;
    let compact = Ruleset::from_compact(encode(&ruleset)).expect("what was written");
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    for context in contexts() {
        let evaluator = |ruleset| Evaluator {
            ruleset,
            context: &context,
            at: UnixMillis(1_700_000_000_000),
            draw: 7,
            policies: &policies,
            sticky: &sticky,
            participation: Participation::Full,
        };
        let (own, read) = (evaluator(&ruleset), evaluator(&compact));
        assert!(own.evaluate_all().eq(read.evaluate_all()));
        assert_eq!(own.evaluate_all().count(), imported.report.n_flags);
    }
}

/// Whatever stands in up to three places of an export, nothing panics.
#[track_caller]
pub(crate) fn check(peer: Peer, export: &Json) {
    ask(peer, export);
    let places = 0..n_parts(export);
    let changes = prop::collection::vec((places, odd()), 1..=3);
    let mut runner = proptest::test_runner::TestRunner::default();
    let ran = runner.run(&changes, |changes| {
        let mut changed = export.clone();
        for (place, odd) in changes {
            replace(&mut changed, &mut place.clone(), &odd);
        }
        ask(peer, &changed);
        Ok(())
    });
    assert_eq!(ran, Ok(()));
}
