//! The tables of operators in `docs/ruleset.md`, example by example, and its example of references:
//! what is written there is what is compiled, kept in compact form, and evaluated.

#![cfg(feature = "pointers")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]

use bandera_shared::compact;
use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::{context_from, read};
use bandera_shared::{Ruleset, UnixMillis, Value, compile};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../docs/ruleset.md");
const HEADER: &str = "| operator | `value` | holds for | not for | meaning |";

/// A line of a table.
struct Row<'d> {
    op: &'d str,
    value: Option<&'d str>,
    holds: Vec<&'d str>,
    fails: Vec<&'d str>,
}

fn rows() -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if line != HEADER {
            continue;
        }
        assert_eq!(lines.next(), Some("|---|---|---|---|---|"));
        let table = lines.by_ref().take_while(|line| line.starts_with('|'));
        rows.extend(table.map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            assert_eq!(cells.len(), 5, "{line}");
            Row {
                op: codes(cells[0])[0],
                value: codes(cells[1]).first().copied(),
                holds: codes(cells[2]),
                fails: codes(cells[3]),
            }
        }));
    }
    rows
}

/// What stands between back-ticks.
fn codes(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn ruleset(condition: &str) -> String {
    let condition: Json = serde_json::from_str(condition).expect(condition);
    let flag = json!({
        "type": "boolean", "status": "enabled", "variants": { "on": { "value": true } },
        "rules": [{ "when": condition, "serve": { "variant": "on" } }],
    });
    json!({ "schemaVersion": 1, "flags": { "f": flag } }).to_string()
}

/// The ruleset of the flag with that condition, see [`compiled`].
fn forms(condition: &str) -> [Ruleset; 2] {
    compiled(&ruleset(condition))
}

/// The ruleset as it was compiled, and as edges read it.
fn compiled(document: &str) -> [Ruleset; 2] {
    let compiled = compile(document.as_bytes()).expect("a ruleset");
    assert!(
        compiled.diagnostics.is_empty(),
        "{document}: {:?}",
        compiled.diagnostics
    );
    let bytes = compact::encode(&compiled.ruleset);
    let read = Ruleset::from_compact(bytes).expect("its compact form");
    [compiled.ruleset, read]
}

fn holds(ruleset: &Ruleset, attribute: Option<&str>) -> bool {
    let text = attribute.map_or("{}".to_owned(), |value| format!("{{\"a\": {value}}}"));
    served(ruleset, "f", &text).is_some()
}

/// The variant of that flag in that context.
fn served(ruleset: &Ruleset, flag: &str, context: &str) -> Option<String> {
    let attributes = read::<std::collections::BTreeMap<String, Value>>(context).expect(context);
    let (policies, sticky) = (Policies::default(), StickyDecisions::default());
    let evaluator = Evaluator {
        ruleset,
        context: &context_from(attributes.value).expect("a context"),
        at: UnixMillis::parse("2026-11-20T12:00:00Z").expect("a time"),
        draw: 0,
        policies: &policies,
        sticky: &sticky,
        participation: Participation::Full,
    };
    let evaluation = evaluator.evaluate(flag);
    let variant = evaluation.variant()?;
    Some(variant.name().to_owned())
}

#[track_caller]
fn check(op: &str, value: Option<&str>, attribute: Option<&str>, expected: bool) {
    let value = value.map_or_else(String::new, |value| format!(", \"value\": {value}"));
    let negated = format!("not{}{}", op[..1].to_ascii_uppercase(), &op[1..]);
    for (op, expected) in [(op, expected), (&negated, !expected)] {
        let condition = format!("{{\"attribute\": \"a\", \"op\": \"{op}\"{value}}}");
        for ruleset in forms(&condition) {
            let found = holds(&ruleset, attribute);
            assert_eq!(found, expected, "{attribute:?} {op}{value}");
        }
    }
}

#[test]
fn every_example_is_true() {
    for row in rows() {
        assert!(!row.holds.is_empty() && !row.fails.is_empty(), "{}", row.op);
        for attribute in row.holds {
            check(row.op, row.value, Some(attribute), true);
        }
        for attribute in row.fails {
            check(row.op, row.value, Some(attribute), false);
        }
        check(row.op, row.value, None, false);
    }
}

#[test]
fn the_tables_have_every_operator() {
    let unknown = r#"{"attribute": "a", "op": "unheardOf"}"#;
    let compiled = compile(ruleset(unknown).as_bytes()).expect("a ruleset");
    let message = &compiled.diagnostics[0].message;
    let (_, known) = message.split_once(": one of ").expect(message);
    // Contraries are the same operators.
    let known: BTreeSet<&str> = known
        .split(", ")
        .filter(|op| !op.starts_with("not"))
        .collect();
    let listed: BTreeSet<&str> = rows().iter().map(|row| row.op).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_example_of_references_is_true() {
    let (_, section) = DOCUMENT
        .split_once("## Lists, segments")
        .expect("the section");
    let (_, example) = section.split_once("```json\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    for ruleset in compiled(example) {
        let check = |subject: &str, country: &str, expected: &str| {
            let context = json!({ "targetingKey": subject, "country": country }).to_string();
            let variant = served(&ruleset, "thanks", &context);
            assert_eq!(variant.as_deref(), Some(expected), "{context}");
        };
        check("ana", "DE", "warm");
        check("bo", "ES", "warm");
        check("bo", "US", "plain");
        check("tom", "DE", "plain");
        check("eve", "DE", "plain");
    }
    // The members of a cohort whom the holdout keeps out are served what they had.
    let held = example.replace("\"percentage\": 10", "\"percentage\": 100");
    for ruleset in compiled(&held) {
        let context = r#"{"targetingKey": "ana", "country": "DE"}"#;
        assert_eq!(
            served(&ruleset, "thanks", context).as_deref(),
            Some("plain")
        );
    }
}
