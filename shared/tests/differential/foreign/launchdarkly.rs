//! Clauses of LaunchDarkly.

use super::super::naive::{Naive, items};
use super::super::random::Random;
use super::read::{Found, instant, is_found, moment, precedence, short_version};
use super::{EXPRESSIONS, MOMENTS, RELEASES, attribute, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 14] = [
    "in",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "before",
    "after",
    "semVerEqual",
    "semVerLessThan",
    "semVerGreaterThan",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let (usual, value) = match op {
        "in" => {
            let values = [
                json!(["ana", 10, true]),
                json!(["ana", "user", "org"]),
                json!([false, "10", 3.5]),
                json!(["free", "pro", "x"]),
            ];
            ("words", random.pick(&values).clone())
        }
        "startsWith" | "endsWith" | "contains" => (
            "words",
            some(random, &["a", "ST", "B", "0", "u", "pro", ""]),
        ),
        "matches" => ("words", some(random, &EXPRESSIONS)),
        "before" | "after" => {
            let mut values = some(random, &MOMENTS);
            if random.once_in(3) {
                values = json!([*random.pick(&[1_200, 1_200_000])]);
            }
            ("moment", values)
        }
        op if op.starts_with("semVer") => ("release", some(random, &RELEASES)),
        _ => (
            "amount",
            json!([
                *random.pick(&[0, 1, 10]),
                random.pick(&[json!(3.5), json!("1")])
            ]),
        ),
    };
    let of = *random.pick(&["org", "user"]);
    let attribute = match random.below(10) {
        0 if OPS[..5].contains(&op) => json!("kind"),
        1 if OPS[..5].contains(&op) => json!({ "of": of, "path": ["kind"] }),
        2 if op == "in" => json!({ "of": of, "path": ["anonymous"] }),
        3 if OPS[..5].contains(&op) => json!({ "of": of, "path": ["plan"] }),
        4 if op == "in" => json!("many"),
        5 if op == "in" => json!("amount"),
        _ => json!(attribute(random, usual)),
    };
    let op = if random.once_in(3) {
        format!("not {op}")
    } else {
        op.to_owned()
    };
    json!({ "op": op, "attribute": attribute, "value": value })
}

/// Kinds that the context describes.
fn kinds<'a>(naive: &'a Naive<'_>) -> Vec<&'a str> {
    let context = naive.asked.context;
    match context.get("kind").and_then(Json::as_str) {
        Some("multi") => {
            let described = context.iter().filter(|(_, value)| value.is_object());
            described.map(|(name, _)| &**name).collect()
        }
        Some(own) => vec![own],
        None => vec!["user"],
    }
}

pub(super) fn holds(naive: &Naive<'_>, test: &Json) -> bool {
    let op = test["op"].as_str().unwrap();
    let (op, is_negated) = match op.strip_prefix("not ") {
        Some(op) => (op, true),
        None => (op, false),
    };
    let attribute = &test["attribute"];
    let of = attribute["of"].as_str();
    let kinds = kinds(naive);
    let values: Vec<Json> = if attribute == "kind" {
        kinds.iter().map(|kind| json!(kind)).collect()
    } else {
        let is_described = of.is_none_or(|of| kinds.contains(&of));
        let found = naive.find(attribute).filter(|value| !value.is_null());
        match (found, attribute["path"][0].as_str()) {
            _ if !is_described => return false,
            (_, Some("kind")) => vec![json!(of)],
            (None, Some("anonymous")) => vec![json!(false)],
            (None, _) => return false,
            (Some(Json::Array(elements)), _) => elements.clone(),
            (Some(single), _) => vec![single.clone()],
        }
    };
    let wanted: Vec<&Json> = items(&test["value"]).collect();
    let is_match = |value: &Json| wanted.iter().any(|other| matches(op, value, other));
    values.iter().any(is_match) != is_negated
}

fn matches(op: &str, value: &Json, other: &Json) -> bool {
    let texts = || Some((value.as_str()?, other.as_str()?));
    let is_text = |check: fn(&str, &str) -> bool| texts().is_some_and(|(a, b)| check(a, b));
    let numbers = || {
        let numbers = value.is_number() && other.is_number();
        numbers.then(|| value.as_f64().unwrap().total_cmp(&other.as_f64().unwrap()))
    };
    let times = || Some(time(value)?.cmp(&time(other)?));
    let versions = || {
        let (a, b) = texts()?;
        Some(precedence(&short_version(a)?, &short_version(b)?))
    };
    match op {
        "in" => match (value, other) {
            (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
            (Json::String(_) | Json::Bool(_), _) => value == other,
            _ => false,
        },
        "startsWith" => is_text(|text, part| text.starts_with(part)),
        "endsWith" => is_text(|text, part| text.ends_with(part)),
        "contains" => is_text(|text, part| text.contains(part)),
        "matches" => is_text(|text, expression| is_found(text, expression, Found::Anywhere)),
        "lessThan" => numbers().is_some_and(Ordering::is_lt),
        "lessThanOrEqual" => numbers().is_some_and(Ordering::is_le),
        "greaterThan" => numbers().is_some_and(Ordering::is_gt),
        "greaterThanOrEqual" => numbers().is_some_and(Ordering::is_ge),
        "before" => times().is_some_and(Ordering::is_lt),
        "after" => times().is_some_and(Ordering::is_gt),
        "semVerEqual" => versions().is_some_and(Ordering::is_eq),
        "semVerLessThan" => versions().is_some_and(Ordering::is_lt),
        "semVerGreaterThan" => versions().is_some_and(Ordering::is_gt),
        other => panic!("an operator that is not generated: {other}"),
    }
}

/// Epoch milliseconds of a number, or of a date and a time with a letter between them.
fn time(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => Some(number.as_f64().unwrap() as i64),
        Json::String(text) if moment(text).is_some_and(|m| m.letter == Some('T')) => instant(text),
        _ => None,
    }
}
