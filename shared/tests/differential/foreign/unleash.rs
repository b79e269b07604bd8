//! Constraints of Unleash.

use super::super::leaves::ADDRESSES;
use super::super::naive::{Naive, items};
use super::super::random::Random;
use super::read::{
    Found, decimal, instant, is_found, is_found_folded, lower, precedence, scalar_text, version,
};
use super::{EXPRESSIONS, MOMENTS, RELEASES, WORDS, attribute, likely, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 23] = [
    "IN",
    "NOT_IN",
    "STR_STARTS_WITH",
    "STR_ENDS_WITH",
    "STR_CONTAINS",
    "STR_STARTS_WITH/i",
    "STR_ENDS_WITH/i",
    "STR_CONTAINS/i",
    "REGEX",
    "REGEX/i",
    "NUM_EQ",
    "NUM_GT",
    "NUM_GTE",
    "NUM_LT",
    "NUM_LTE",
    "DATE_AFTER",
    "DATE_BEFORE",
    "SEMVER_EQ",
    "SEMVER_GT",
    "SEMVER_GTE",
    "SEMVER_LT",
    "SEMVER_LTE",
    "IN_CIDR",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let (usual, value) = match op {
        "IN" | "NOT_IN" => (
            *random.pick(&["words", "amount"]),
            some(random, &[&WORDS[..], &["3.5", "true"]].concat()),
        ),
        "REGEX" | "REGEX/i" => ("words", json!(*random.pick(&EXPRESSIONS))),
        "IN_CIDR" => {
            let networks =
                *random.pick(&[["10.1.0.0/16", "2001:db8::/32"], ["192.168.1.7", "::/0"]]);
            ("ip", json!(networks))
        }
        op if op.starts_with("STR") => (
            "words",
            some(random, &["a", "A", "ST", "mail", "0", "NA", "@"]),
        ),
        op if op.starts_with("NUM") => (
            "amount",
            json!(*random.pick(&["1", "3.5", "10", "1e1", "x"])),
        ),
        op if op.starts_with("DATE") => (
            *random.pick(&["moment", "currentTime"]),
            json!(*random.pick(&MOMENTS)),
        ),
        _ => ("release", likely(random, &RELEASES)),
    };
    json!({ "op": op, "attribute": attribute(random, usual), "value": value })
}

pub(super) fn holds(naive: &Naive<'_>, test: &Json, found: Option<&Json>) -> bool {
    let (op, operand) = (test["op"].as_str().unwrap(), &test["value"]);
    let now = test["attribute"] == "currentTime";
    if let Some(op) = op.strip_prefix("DATE_") {
        let time = match found {
            None => now.then_some(naive.asked.at),
            Some(value) => scalar_text(value).and_then(|text| instant(&text)),
        };
        let than = operand.as_str().and_then(instant);
        return time.zip(than).is_some_and(|(time, than)| match op {
            "AFTER" => time > than,
            _ => time < than,
        });
    }
    let Some(text) = found.and_then(scalar_text) else {
        return op == "NOT_IN";
    };
    match op {
        "IN" => items(operand).any(|other| *other == text),
        "NOT_IN" => items(operand).all(|other| *other != text),
        "REGEX" => is_found(&text, operand.as_str().unwrap(), Found::Anywhere),
        "REGEX/i" => is_found_folded(&text, operand.as_str().unwrap()),
        "IN_CIDR" => is_in_network(&text, operand),
        op if op.starts_with("STR") => items(operand).any(|part| {
            let mut part = part.as_str().unwrap().to_owned();
            let mut text = text.clone();
            if op.ends_with("/i") {
                (part, text) = (lower(&part), lower(&text));
            }
            match op.trim_end_matches("/i") {
                "STR_STARTS_WITH" => text.starts_with(&*part),
                "STR_ENDS_WITH" => text.ends_with(&*part),
                _ => text.contains(&*part),
            }
        }),
        op => {
            let order = match op.split_once('_').unwrap() {
                ("NUM", _) => numbers(&text, operand.as_str().unwrap()),
                _ => versions(&text, operand.as_str().unwrap()),
            };
            order.is_some_and(match op.split_once('_').unwrap().1 {
                "EQ" => Ordering::is_eq,
                "GT" => Ordering::is_gt,
                "GTE" => Ordering::is_ge,
                "LT" => Ordering::is_lt,
                _ => Ordering::is_le,
            })
        }
    }
}

fn numbers(a: &str, b: &str) -> Option<Ordering> {
    decimal(a.trim())?.partial_cmp(&decimal(b.trim())?)
}

fn versions(a: &str, b: &str) -> Option<Ordering> {
    Some(precedence(&version(a)?, &version(b)?))
}

/// Which address is in which network, read off by hand; an IPv4 address that is written as one of
/// IPv6 is one of IPv6 here.
fn is_in_network(address: &str, networks: &Json) -> bool {
    let first = [true, false, false, false, true, false, false];
    let second = [false, false, true, true, true, true, false];
    let place = ADDRESSES.iter().position(|one| *one == address);
    place.is_some_and(|place| {
        if networks[0] == "10.1.0.0/16" {
            first[place]
        } else {
            second[place]
        }
    })
}
