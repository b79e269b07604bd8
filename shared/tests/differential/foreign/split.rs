//! Matchers of Split.

use super::super::naive::items;
use super::super::random::Random;
use super::read::{Found, is_found, js_number, js_text, lower};
use super::{EXPRESSIONS, RELEASES, WORDS, attribute, likely, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

pub(super) const OPS: [&str; 20] = [
    "ALL_KEYS",
    "WHITELIST",
    "STARTS_WITH",
    "ENDS_WITH",
    "CONTAINS_STRING",
    "MATCHES_STRING",
    "EQUAL_TO_BOOLEAN",
    "EQUAL_TO",
    "GREATER_THAN_OR_EQUAL_TO",
    "LESS_THAN_OR_EQUAL_TO",
    "BETWEEN",
    "EQUAL_TO_SET",
    "CONTAINS_ANY_OF_SET",
    "CONTAINS_ALL_OF_SET",
    "PART_OF_SET",
    "EQUAL_TO_SEMVER",
    "GREATER_THAN_OR_EQUAL_TO_SEMVER",
    "LESS_THAN_OR_EQUAL_TO_SEMVER",
    "BETWEEN_SEMVER",
    "IN_LIST_SEMVER",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let words = *random.pick(&["words", "words", "amount", "many"]);
    let (usual, value) = match op {
        "ALL_KEYS" => (words, json!(null)),
        "WHITELIST" => ("words", some(random, &WORDS[..6])),
        "MATCHES_STRING" => (words, json!(*random.pick(&EXPRESSIONS))),
        "EQUAL_TO_BOOLEAN" => (*random.pick(&["switch", "words"]), json!(random.once_in(2))),
        op if op.ends_with("_SET") => ("many", some(random, &["ana", "ana", "x", "Ana"])),
        "BETWEEN_SEMVER" => {
            let (start, end) = (
                *random.pick(&RELEASES),
                *random.pick(&["1.10.0", "2.0.0", "x"]),
            );
            ("release", json!({ "start": start, "end": end }))
        }
        "IN_LIST_SEMVER" => {
            let valid = ["1.2.3", "1.2.3+b", "1.10.0-rc.1", "2.0.0"];
            let list = if random.once_in(4) {
                some(random, &RELEASES)
            } else {
                some(random, &valid)
            };
            ("release", list)
        }
        op if op.ends_with("SEMVER") => ("release", likely(random, &RELEASES)),
        "BETWEEN" | "EQUAL_TO" | "GREATER_THAN_OR_EQUAL_TO" | "LESS_THAN_OR_EQUAL_TO" => {
            numbers(random)
        }
        _ => (words, some(random, &["a", "A", "@", "0", ".test"])),
    };
    json!({ "op": op, "attribute": attribute(random, usual), "value": value })
}

fn numbers(random: &mut Random) -> (&'static str, Json) {
    if random.once_in(3) {
        let (value, end) = (*random.pick(&[1_200_000, 86_400_000]), 1_259_000);
        let value = json!({ "value": value, "start": 0, "end": end, "dataType": "DATETIME" });
        return ("moment", value);
    }
    let value = *random.pick(&[10, 1, -7]);
    (
        "amount",
        json!({ "value": value, "start": -7, "end": 3.5, "dataType": "NUMBER" }),
    )
}

pub(super) fn holds(op: &str, found: Option<&Json>, operand: &Json) -> bool {
    let Some(value) = found else {
        return false;
    };
    match op {
        "EQUAL_TO_BOOLEAN" => {
            let truth = match value {
                Json::String(text) => lower(text),
                Json::Bool(truth) => truth.to_string(),
                _ => return false,
            };
            operand.as_bool().unwrap().to_string() == truth
        }
        op if op.ends_with("_SET") => {
            let Json::Array(elements) = value else {
                return false;
            };
            let found: BTreeSet<String> = elements.iter().map(js_text).collect();
            let wanted: BTreeSet<String> = items(operand).map(js_text).collect();
            !found.is_empty()
                && match op {
                    "EQUAL_TO_SET" => found == wanted,
                    "CONTAINS_ANY_OF_SET" => !found.is_disjoint(&wanted),
                    "CONTAINS_ALL_OF_SET" => found.is_superset(&wanted),
                    _ => found.is_subset(&wanted),
                }
        }
        "BETWEEN" | "EQUAL_TO" | "GREATER_THAN_OR_EQUAL_TO" | "LESS_THAN_OR_EQUAL_TO" => {
            compare(op, js_number(value), operand)
        }
        op => {
            let text = js_text(value);
            !value.is_object() && !text.is_empty() && passes_text(op, &text, operand)
        }
    }
}

/// Moments are compared in whole minutes, or in whole days where they are to be equal.
fn compare(op: &str, number: f64, operand: &Json) -> bool {
    let unit = match (&operand["dataType"], op) {
        (kind, "EQUAL_TO") if kind == "DATETIME" => 86_400_000.0,
        (kind, _) if kind == "DATETIME" => 60_000.0,
        _ => 0.0,
    };
    if unit > 0.0 && number.is_infinite() {
        return false;
    }
    let cut = |number: f64| {
        if unit > 0.0 {
            (number.trunc() / unit).floor()
        } else {
            number
        }
    };
    let end = |name: &str| cut(operand[name].as_f64().unwrap());
    let number = cut(number);
    match op {
        "EQUAL_TO" => number == end("value"),
        "GREATER_THAN_OR_EQUAL_TO" => number >= end("value"),
        "LESS_THAN_OR_EQUAL_TO" => number <= end("value"),
        _ => end("start") <= number && number <= end("end"),
    }
}

fn passes_text(op: &str, text: &str, operand: &Json) -> bool {
    let any = |check: fn(&str, &str) -> bool| {
        items(operand).any(|part| check(text, part.as_str().unwrap()))
    };
    let found = || version(text);
    let read = |one: &Json| version(one.as_str().unwrap());
    let than = |accepts: fn(Ordering) -> bool, than: &Json| {
        found()
            .zip(read(than))
            .is_some_and(|(a, b)| accepts(a.order(&b)))
    };
    match op {
        "ALL_KEYS" => true,
        "WHITELIST" => any(|text, other| text == other),
        "STARTS_WITH" => any(|text, part| text.starts_with(part)),
        "ENDS_WITH" => any(|text, part| text.ends_with(part)),
        "CONTAINS_STRING" => any(|text, part| text.contains(part)),
        "MATCHES_STRING" => is_found(text, operand.as_str().unwrap(), Found::Anywhere),
        "EQUAL_TO_SEMVER" => found().is_some() && found() == read(operand),
        "GREATER_THAN_OR_EQUAL_TO_SEMVER" => than(Ordering::is_ge, operand),
        "LESS_THAN_OR_EQUAL_TO_SEMVER" => than(Ordering::is_le, operand),
        "BETWEEN_SEMVER" => {
            than(Ordering::is_ge, &operand["start"]) && than(Ordering::is_le, &operand["end"])
        }
        _ => {
            let versions: Option<Vec<Version>> = items(operand).map(read).collect();
            let found = found();
            versions.is_some_and(|versions| found.is_some_and(|found| versions.contains(&found)))
        }
    }
}

/// Equal with what is behind its plus; ordered without.
#[derive(Debug, PartialEq)]
struct Version {
    numbers: [u64; 3],
    before: Vec<String>,
    build: Option<String>,
}

impl Version {
    fn order(&self, other: &Self) -> Ordering {
        let plain = |version: &Self| super::read::Version {
            numbers: version.numbers,
            before: version.before.clone(),
        };
        super::read::precedence(&plain(self), &plain(other))
    }
}

/// Three numbers, with leading zeros or without.
fn version(text: &str) -> Option<Version> {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build.to_owned())),
        None => (text, None),
    };
    let (core, before) = match text.split_once('-') {
        Some((core, before)) => (core, before.split('.').map(str::to_owned).collect()),
        None => (text, Vec::new()),
    };
    let numbers: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    Some(Version {
        numbers: numbers?.try_into().ok()?,
        before,
        build,
    })
}
