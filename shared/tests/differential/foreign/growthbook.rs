//! Conditions of GrowthBook, in the manner of Mongo.

use super::super::naive::{Naive, items};
use super::super::random::Random;
use super::read::{
    Found, is_found, is_found_folded, js_number, js_order, js_text, js_truth, lower, same,
};
use super::{EXPRESSIONS, RELEASES, WORDS, attribute, some};
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 29] = [
    "is",
    "condition",
    "$eq",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$exists",
    "$in",
    "$nin",
    "$ini",
    "$nini",
    "$inGroup",
    "$notInGroup",
    "$not",
    "$size",
    "$elemMatch",
    "$all",
    "$alli",
    "$regex",
    "$regexi",
    "$type",
    "$veq",
    "$vne",
    "$vlt",
    "$vlte",
    "$vgt",
    "$vgte",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    if op == "condition" {
        return json!({ "op": op, "value": whole(random, 2) });
    }
    let (usual, operand) = part(random, op);
    json!({ "op": op, "attribute": attribute(random, usual), "value": operand })
}

/// An attribute that an operator is made for, and what it works with.
fn part(random: &mut Random, op: &str) -> (&'static str, Json) {
    let pairs = match op {
        "is" => vec![
            ("words", json!("ana")),
            ("id", json!("s3")),
            ("amount", json!("10")),
            ("amount", json!(10)),
            ("amount", json!(0)),
            ("amount", json!(true)),
            ("words", json!(false)),
            ("amount", json!(null)),
            ("many", json!(["ana", "x"])),
            ("many", json!("ana,x")),
            ("thing", json!({ "a": 1.0 })),
            ("thing", json!({})),
        ],
        "$eq" | "$ne" => vec![
            ("words", json!("ana")),
            ("words", json!("Ana")),
            ("amount", json!(10)),
            ("amount", json!(10.0)),
            ("switch", json!(true)),
            ("amount", json!(null)),
            ("many", json!(["ana"])),
        ],
        "$lt" | "$lte" | "$gt" | "$gte" => vec![
            ("words", json!("ana")),
            ("amount", json!(3)),
            ("amount", json!("10")),
            ("amount", json!(null)),
            ("many", json!("ana")),
            ("many", json!(9)),
        ],
        "$not" => {
            let (usual, operand) = part(random, "$gt");
            return (usual, json!({ "$gt": operand }));
        }
        "$exists" => vec![
            ("words", json!(true)),
            ("nothing", json!(false)),
            ("thing", json!(0)),
            ("thing", json!(1)),
        ],
        "$size" => vec![
            ("many", json!(1)),
            ("many", json!(0)),
            ("many", json!({ "$gt": 1 })),
        ],
        "$elemMatch" => vec![
            ("many", json!({ "$eq": "ana" })),
            ("many", json!({ "$gt": 5 })),
            ("many", json!({ "a": 1 })),
            ("many", json!({ "a": { "$gte": 1 } })),
            ("many", json!({ "0": "ana" })),
        ],
        _ => return drawn_part(random, op),
    };
    random.pick(&pairs).clone()
}

/// The same for operators that work with what a pool holds.
fn drawn_part(random: &mut Random, op: &str) -> (&'static str, Json) {
    let words = some(random, &WORDS);
    match op {
        "$in" | "$nin" | "$inGroup" | "$notInGroup" => {
            let list = match random.below(9) {
                0 => json!("ana"),
                1..4 => json!([10, true, null, "1"]),
                _ => words,
            };
            (*random.pick(&["words", "amount", "many"]), list)
        }
        "$ini" | "$nini" => {
            let list = random.pick(&[json!(["ANA"]), words]).clone();
            (*random.pick(&["words", "many"]), list)
        }
        "$all" | "$alli" => {
            let lists = [
                json!([10]),
                json!([]),
                json!(["ana"]),
                json!(["ANA"]),
                words,
            ];
            ("many", random.pick(&lists).clone())
        }
        "$regex" | "$regexi" => (
            *random.pick(&["words", "amount", "nothing"]),
            json!(*random.pick(&EXPRESSIONS)),
        ),
        "$type" => {
            let kinds = ["string", "number", "boolean", "array", "object", "null"];
            let attributes = ["amount", "switch", "many", "thing"];
            (*random.pick(&attributes), json!(*random.pick(&kinds)))
        }
        _ => {
            let than = match random.below(9) {
                0 => json!(1),
                1 => json!(null),
                2 => json!(0),
                _ => json!(*random.pick(&RELEASES)),
            };
            ("release", than)
        }
    }
}

/// A whole condition.
fn whole(random: &mut Random, depth: u64) -> Json {
    let mut condition = Map::new();
    for _ in 0..random.below(3) {
        let inner = |random: &mut Random| -> Json {
            (0..random.below(3))
                .map(|_| whole(random, depth - 1))
                .collect()
        };
        match random.below(if depth == 0 { 4 } else { 8 }) {
            0 => drop(condition.insert("thing.a.b".into(), json!("ana"))),
            1 => drop(condition.insert("thing.a.1".into(), json!({ "$exists": false }))),
            2 => drop(condition.insert("many.length".into(), json!({ "$lt": 2 }))),
            4 => drop(condition.insert("$or".into(), inner(random))),
            5 => drop(condition.insert("$nor".into(), inner(random))),
            6 => drop(condition.insert("$and".into(), inner(random))),
            7 => drop(condition.insert("$not".into(), whole(random, depth - 1))),
            _ => {
                let op = *random.pick(&OPS[2..]);
                let (usual, operand) = part(random, op);
                condition.insert(usual.to_owned(), json!({ op: operand }));
            }
        }
    }
    condition.into()
}

/// Where a path's first name is looked up.
type Within<'w> = &'w dyn Fn(&str) -> Json;

pub(super) fn holds(naive: &Naive<'_>, test: &Json) -> bool {
    let context = naive.asked.context;
    let within = |name: &str| match context.get(name) {
        // The subject's key goes by that name there.
        None if name == "id" => context.get("targetingKey").cloned().unwrap_or_default(),
        found => found.cloned().unwrap_or_default(),
    };
    let (op, operand) = (test["op"].as_str().unwrap(), &test["value"]);
    if op == "condition" {
        return is_met(operand, &within);
    }
    let value = within(test["attribute"].as_str().unwrap());
    if op == "is" {
        return is_like(operand, &value);
    }
    passes(op, operand, &value)
}

fn is_met(condition: &Json, within: Within<'_>) -> bool {
    let one_of = |list: &Json| {
        let mut parts = items(list).peekable();
        parts.peek().is_none() || parts.any(|part| is_met(part, within))
    };
    let mut members = condition.as_object().unwrap().iter();
    members.all(|(name, operand)| match &**name {
        "$or" => one_of(operand),
        "$nor" => !one_of(operand),
        "$and" => items(operand).all(|part| is_met(part, within)),
        "$not" => !is_met(operand, within),
        path => {
            let mut names = path.split('.');
            let first = within(names.next().unwrap());
            is_like(
                operand,
                &names.fold(first, |value, name| member(&value, name)),
            )
        }
    })
}

/// The member of that name; nothing where there is none.
fn member(value: &Json, name: &str) -> Json {
    match value {
        Json::Array(items) if name == "length" => items.len().into(),
        Json::Array(items) => {
            let item = name.parse().ok().and_then(|index: usize| items.get(index));
            item.cloned().unwrap_or_default()
        }
        other => other.get(name).cloned().unwrap_or_default(),
    }
}

fn has_operators(operand: &Json) -> bool {
    let members = operand.as_object();
    members.is_some_and(|m| !m.is_empty() && m.keys().all(|name| name.starts_with('$')))
}

fn is_like(operand: &Json, value: &Json) -> bool {
    match operand {
        Json::String(text) => js_text(value) == *text,
        Json::Number(number) => Some(js_number(value)) == number.as_f64(),
        Json::Bool(truth) => !value.is_null() && js_truth(value) == *truth,
        Json::Null => value.is_null(),
        Json::Object(members) if has_operators(operand) => members
            .iter()
            .all(|(op, operand)| passes(op, operand, value)),
        other => same(other, value),
    }
}

fn passes(op: &str, operand: &Json, value: &Json) -> bool {
    let is_list = operand.is_array();
    let order = || js_order(value, operand);
    let versions = || padded(value).cmp(&padded(operand));
    // The same scalar: no list is another one.
    let is = |a: &Json, b: &Json| !a.is_array() && !a.is_object() && same(a, b);
    let found = |value: &Json, list: &Json, fold: bool| {
        let values: Vec<&Json> = match value {
            Json::Array(items) => items.iter().collect(),
            single => vec![single],
        };
        let folded = |value: &Json| match value {
            Json::String(text) if fold => json!(lower(text)),
            other => other.clone(),
        };
        let is_listed = |value: &&Json| items(list).any(|one| is(&folded(value), &folded(one)));
        values.iter().any(is_listed)
    };
    let elements = value.as_array();
    match op {
        "$eq" => is(value, operand),
        "$ne" => !is(value, operand),
        "$lt" => order().is_some_and(Ordering::is_lt),
        "$lte" => order().is_some_and(Ordering::is_le),
        "$gt" => order().is_some_and(Ordering::is_gt),
        "$gte" => order().is_some_and(Ordering::is_ge),
        "$exists" => js_truth(operand) != value.is_null(),
        "$in" => is_list && found(value, operand, false),
        "$nin" => is_list && !found(value, operand, false),
        "$ini" => is_list && found(value, operand, true),
        "$nini" => is_list && !found(value, operand, true),
        "$inGroup" => found(value, operand, false),
        "$notInGroup" => !found(value, operand, false),
        "$not" => !is_like(operand, value),
        "$size" => elements.is_some_and(|list| is_like(operand, &list.len().into())),
        "$elemMatch" => elements.is_some_and(|list| {
            list.iter().any(|item| {
                let fits = if has_operators(operand) {
                    is_like(operand, item)
                } else {
                    is_met(operand, &|name| member(item, name))
                };
                js_truth(item) && fits
            })
        }),
        "$all" | "$alli" => elements.is_some_and(|list| {
            let fits = |wanted: &Json, item: &Json| match wanted {
                Json::String(text) if op == "$alli" => lower(&js_text(item)) == lower(text),
                other => is_like(other, item),
            };
            items(operand).all(|wanted| list.iter().any(|item| fits(wanted, item)))
        }),
        "$regex" => is_found(&js_text(value), operand.as_str().unwrap(), Found::Anywhere),
        "$regexi" => is_found_folded(&js_text(value), operand.as_str().unwrap()),
        "$type" => operand == type_name(value),
        "$veq" => versions().is_eq(),
        "$vne" => versions().is_ne(),
        "$vlt" => versions().is_lt(),
        "$vlte" => versions().is_le(),
        "$vgt" => versions().is_gt(),
        "$vgte" => versions().is_ge(),
        other => panic!("an operator that is not generated: {other}"),
    }
}

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// A version as text that is ordered as text.
fn padded(value: &Json) -> String {
    let text = match value {
        Json::String(text) if !text.is_empty() => text.clone(),
        Json::Number(_) => js_text(value),
        _ => "0".to_owned(),
    };
    let text = text.strip_prefix('v').unwrap_or(&text);
    let text = text.split('+').next().unwrap();
    let mut parts: Vec<&str> = text.split(['-', '.']).collect();
    if parts.len() == 3 {
        parts.push("~");
    }
    let pad = |part: &&str| {
        let is_number = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        if is_number {
            format!("{part:>5}")
        } else {
            (*part).to_owned()
        }
    };
    parts.iter().map(pad).collect::<Vec<_>>().join("-")
}
