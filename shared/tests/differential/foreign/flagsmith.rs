//! Segment conditions of Flagsmith, whose engine is written in Python.

use super::super::naive::items;
use super::super::random::Random;
use super::read::{Found, decimal, is_found, precedence, scalar_text, version};
use super::{EXPRESSIONS, RELEASES, WORDS, attribute, hashes, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 14] = [
    "IS_SET",
    "IS_NOT_SET",
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_INCLUSIVE",
    "LESS_THAN",
    "LESS_THAN_INCLUSIVE",
    "CONTAINS",
    "NOT_CONTAINS",
    "IN",
    "REGEX",
    "MODULO",
    "PERCENTAGE_SPLIT",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let (usual, value) = match op {
        "IS_SET" | "IS_NOT_SET" => (*random.pick(&["amount", "thing", "nothing"]), json!("")),
        "CONTAINS" | "NOT_CONTAINS" => ("words", json!(*random.pick(&["an", "A", "@", "1"]))),
        "IN" => (
            *random.pick(&["words", "amount"]),
            some(random, &[&WORDS[..], &["-7", "3.5", "True"]].concat()),
        ),
        "REGEX" => (
            *random.pick(&["words", "amount"]),
            json!(*random.pick(&EXPRESSIONS)),
        ),
        "MODULO" => (
            "amount",
            json!(*random.pick(&["2|0", "4|1", "2.5|1", "x|1", "10|0"])),
        ),
        "PERCENTAGE_SPLIT" => {
            let percentage = *random.pick(&["30", "70.5", "0", "100"]);
            let value = json!({ "value": percentage, "segment": "4" });
            (*random.pick(&["targetingKey", "words", "amount"]), value)
        }
        _ => match random.below(3) {
            0 => {
                let suffix = *random.pick(&["", ":semver"]);
                let release = *random.pick(&RELEASES);
                ("release", json!(format!("{release}{suffix}")))
            }
            1 => (
                "words",
                json!(*random.pick(&["ana", "bob", "10", "True", "x"])),
            ),
            _ => (
                "amount",
                json!(*random.pick(&["10", "3.5", " 1_0 ", "1", "False", "-7", "x"])),
            ),
        },
    };
    json!({ "op": op, "attribute": attribute(random, usual), "value": value })
}

/// A value with the type that the engine gives it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Typed {
    /// Texts that look like numbers are numbers.
    pub(super) fn of(value: &Json) -> Option<Self> {
        Some(match value {
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap()),
            },
            Json::String(text) => match &**text {
                "10" | "-7" | "1" | "1200" => Self::Int(text.parse().unwrap()),
                "3.5" | "1.2" => Self::Float(text.parse().unwrap()),
                _ => Self::Text(text.clone()),
            },
            _ => return None,
        })
    }

    /// As `str` writes it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(whole) => whole.to_string(),
            Self::Float(float) => format!("{float:?}"),
            Self::Text(text) => text.clone(),
        }
    }
}

pub(super) fn holds(op: &str, found: Option<&Json>, operand: &Json) -> bool {
    let value = found.and_then(Typed::of);
    let Some(value) = value else {
        return op == "IS_NOT_SET";
    };
    let text = || scalar_text(operand).unwrap();
    match op {
        "IS_SET" => true,
        "IS_NOT_SET" => false,
        "CONTAINS" => matches!(&value, Typed::Text(found) if found.contains(&text())),
        "NOT_CONTAINS" => matches!(&value, Typed::Text(found) if !found.contains(&text())),
        "IN" => match &value {
            Typed::Int(_) | Typed::Text(_) => items(operand).any(|other| *other == value.text()),
            Typed::Bool(_) | Typed::Float(_) => false,
        },
        "REGEX" => is_found(&value.text(), &text(), Found::AtStart),
        "MODULO" => is_left(&value, &text()),
        "PERCENTAGE_SPLIT" => {
            let salt = operand["segment"].as_str().unwrap();
            let number = hashes::draw("flagsmith", salt, &value.text(), 0);
            let limit: f64 = operand["value"].as_str().unwrap().parse().unwrap();
            number as f64 / 9_998.0 * 100.0 <= limit
        }
        op => compare(&value, &text()).is_some_and(match op {
            "EQUAL" => Ordering::is_eq,
            "NOT_EQUAL" => Ordering::is_ne,
            "GREATER_THAN" => Ordering::is_gt,
            "GREATER_THAN_INCLUSIVE" => Ordering::is_ge,
            "LESS_THAN" => Ordering::is_lt,
            _ => Ordering::is_le,
        }),
    }
}

fn is_left(value: &Typed, operand: &str) -> bool {
    let (divisor, rest) = operand.split_once('|').unwrap();
    let (Some(divisor), Some(rest)) = (decimal(divisor), decimal(rest)) else {
        return false;
    };
    let number = match value {
        Typed::Bool(truth) => f64::from(u8::from(*truth)),
        Typed::Int(whole) => *whole as f64,
        Typed::Float(float) => *float,
        Typed::Text(_) => return false,
    };
    // Divisors are positive, and of a negative number what is left is, too.
    number - (number / divisor).floor() * divisor == rest
}

/// What is compared with is read as the type of what is found.
fn compare(value: &Typed, operand: &str) -> Option<Ordering> {
    let digits = operand.trim().replace("1_0", "10");
    match value {
        Typed::Bool(truth) => Some(truth.cmp(&!["False", "false"].contains(&operand))),
        Typed::Int(whole) => Some(whole.cmp(&digits.parse().ok()?)),
        Typed::Float(float) => float.partial_cmp(&decimal(&digits)?),
        Typed::Text(found) => match operand.strip_suffix(":semver") {
            Some(than) => Some(precedence(&version(found)?, &version(than)?)),
            None => Some(found.as_str().cmp(operand)),
        },
    }
}
