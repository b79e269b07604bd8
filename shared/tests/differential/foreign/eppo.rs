//! Conditions of Eppo's rules.

use super::super::naive::items;
use super::super::random::Random;
use super::read::{Found, is_found, precedence, scalar_text, version};
use super::{EXPRESSIONS, WORDS, attribute, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 9] = [
    "MATCHES",
    "NOT_MATCHES",
    "ONE_OF",
    "NOT_ONE_OF",
    "GTE",
    "GT",
    "LTE",
    "LT",
    "IS_NULL",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let words = *random.pick(&["words", "words", "amount"]);
    let (usual, value) = match op {
        "MATCHES" | "NOT_MATCHES" => (words, json!(*random.pick(&EXPRESSIONS))),
        "ONE_OF" | "NOT_ONE_OF" => (
            words,
            some(random, &[&WORDS[..], &["3.5", "false"]].concat()),
        ),
        "IS_NULL" => (
            *random.pick(&["words", "amount", "many"]),
            json!(random.once_in(2)),
        ),
        _ if random.once_in(2) => (
            "release",
            json!(*random.pick(&["1.2.3", "1.10.0-rc.1", "2.0.0", "1.2.4+b"])),
        ),
        _ => (
            "amount",
            random
                .pick(&[json!(10), json!("3.5"), json!(0), json!("1")])
                .clone(),
        ),
    };
    json!({ "op": op, "attribute": attribute(random, usual), "value": value })
}

pub(super) fn holds(op: &str, found: Option<&Json>, operand: &Json) -> bool {
    let text = found.and_then(scalar_text);
    if op == "IS_NULL" {
        return text.is_none() == operand.as_bool().unwrap();
    }
    let (Some(text), Some(found)) = (text, found) else {
        return false;
    };
    let is_found = || is_found(&text, operand.as_str().unwrap(), Found::Anywhere);
    let is_listed = || items(operand).any(|other| *other == text);
    let accepts = match op {
        "MATCHES" => return is_found(),
        "NOT_MATCHES" => return !is_found(),
        "ONE_OF" => return is_listed(),
        "NOT_ONE_OF" => return !is_listed(),
        "GTE" => Ordering::is_ge,
        "GT" => Ordering::is_gt,
        "LTE" => Ordering::is_le,
        _ => Ordering::is_lt,
    };
    let order = match operand.as_str().and_then(version) {
        Some(than) => found
            .as_str()
            .and_then(version)
            .map(|found| precedence(&found, &than)),
        None => number(found)
            .zip(number(operand))
            .and_then(|(a, b)| a.partial_cmp(&b)),
    };
    order.is_some_and(accepts)
}

/// Of text that is written like one, too.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => text.parse().ok(),
        other => other.as_f64(),
    }
}
