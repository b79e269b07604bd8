//! Constraints of Flipt: everything is text there.

use super::super::naive::items;
use super::super::random::Random;
use super::read::{instant, scalar_text};
use super::{MOMENTS, WORDS, attribute, likely, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 32] = [
    "string.eq",
    "string.neq",
    "string.empty",
    "string.notempty",
    "string.prefix",
    "string.suffix",
    "string.contains",
    "string.notcontains",
    "string.isoneof",
    "string.isnotoneof",
    "number.eq",
    "number.neq",
    "number.lt",
    "number.lte",
    "number.gt",
    "number.gte",
    "number.isoneof",
    "number.isnotoneof",
    "number.present",
    "number.notpresent",
    "boolean.true",
    "boolean.false",
    "boolean.present",
    "boolean.notpresent",
    "datetime.eq",
    "datetime.neq",
    "datetime.lt",
    "datetime.lte",
    "datetime.gt",
    "datetime.gte",
    "datetime.present",
    "datetime.notpresent",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let (kind, relation) = op.split_once('.').unwrap();
    let words = *random.pick(&["words", "words", "amount"]);
    let (usual, value) = match (kind, relation) {
        ("string", "isoneof" | "isnotoneof") => (words, some(random, &WORDS)),
        ("number", "isoneof" | "isnotoneof") => {
            let lists = [json!([10, 1]), json!([-7]), json!(["10"])];
            ("amount", random.pick(&lists).clone())
        }
        ("string", "eq" | "neq") => ("words", likely(random, &WORDS)),
        ("string", _) => (
            words,
            json!(*random.pick(&["ana", "ana", "Ana", "b", "10", ".test"])),
        ),
        ("number", _) => (
            "amount",
            json!(*random.pick(&["10", "10", "9", "x", "3.5"])),
        ),
        ("boolean", _) => (*random.pick(&["switch", "words"]), json!("")),
        _ if random.once_in(4) => ("moment", json!(*random.pick(&MOMENTS))),
        _ => (
            "moment",
            json!(*random.pick(&[MOMENTS[0], MOMENTS[1], "1970-01-01T00:20:01Z"])),
        ),
    };
    json!({ "op": op, "attribute": attribute(random, usual), "value": value })
}

pub(super) fn holds(op: &str, found: Option<&Json>, operand: &Json) -> bool {
    let (kind, relation) = op.split_once('.').unwrap();
    let text = found.and_then(scalar_text).unwrap_or_default();
    if relation == "empty" || relation == "notpresent" {
        return text.is_empty();
    }
    if text.is_empty() {
        return false;
    }
    if relation == "notempty" || relation == "present" {
        return true;
    }
    let is_one = || items(operand).any(|other| *other == text);
    let other = || operand.as_str().unwrap();
    let order = match (kind, relation) {
        ("string", "isoneof") => return is_one(),
        ("string", "isnotoneof") => return !is_one(),
        ("string", "prefix") => return text.starts_with(other()),
        ("string", "suffix") => return text.ends_with(other()),
        ("string", "contains") => return text.contains(other()),
        ("string", "notcontains") => return !text.contains(other()),
        ("string", "eq") => return text == other(),
        ("string", _) => return text != other(),
        ("number", "isoneof" | "isnotoneof") => {
            let list: Option<Vec<i64>> = items(operand).map(Json::as_i64).collect();
            let (Some(list), Ok(number)) = (list, text.parse::<i32>()) else {
                return false;
            };
            return list.contains(&number.into()) == (relation == "isoneof");
        }
        ("boolean", _) => return text == relation,
        ("number", _) => integer(&text).zip(integer(other())),
        _ => second(&text).zip(second(other())),
    };
    order.is_some_and(|(a, b)| {
        let order = a.cmp(&b);
        match relation {
            "eq" => order.is_eq(),
            "neq" => order.is_ne(),
            "lt" => order == Ordering::Less,
            "lte" => order != Ordering::Greater,
            "gt" => order == Ordering::Greater,
            _ => order != Ordering::Less,
        }
    })
}

/// Numbers have 32 bits there.
fn integer(text: &str) -> Option<i64> {
    text.parse::<i32>().ok().map(i64::from)
}

/// Times are of whole seconds.
fn second(text: &str) -> Option<i64> {
    Some(instant(text)?.div_euclid(1_000))
}
