//! Filters of `PostHog`.

use super::super::naive::{Naive, items};
use super::super::random::Random;
use super::read::{Found, is_found, js_json, js_text, lower, moment};
use super::{EXPRESSIONS, MOMENTS, RELEASES, WORDS, attribute, likely, some};
use serde_json::{Value as Json, json};
use std::cmp::Ordering;

pub(super) const OPS: [&str; 29] = [
    "exact",
    "is_not",
    "truth",
    "not_truth",
    "is_set",
    "is_not_set",
    "icontains",
    "not_icontains",
    "starts_with",
    "not_starts_with",
    "ends_with",
    "not_ends_with",
    "regex",
    "not_regex",
    "gt",
    "gte",
    "lt",
    "lte",
    "is_date_before",
    "is_date_after",
    "semver_eq",
    "semver_neq",
    "semver_gt",
    "semver_gte",
    "semver_lt",
    "semver_lte",
    "semver_tilde",
    "semver_caret",
    "semver_wildcard",
];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let (usual, value) = match op {
        "exact" | "is_not" => {
            let pairs = [
                ("words", json!("ANA")),
                ("words", json!(["bob@mail.test", "aña", 10])),
                ("amount", json!("10")),
                ("amount", json!([10, true])),
                ("many", json!("[\"ana\"]")),
                ("many", json!(["ana", "[10,\"1\"]"])),
                ("distinct_id", json!(["s3", "s4", "s5"])),
            ];
            random.pick(&pairs).clone()
        }
        "truth" | "not_truth" => (*random.pick(&["words", "amount"]), json!(random.once_in(2))),
        "is_set" | "is_not_set" => (*random.pick(&["words", "amount", "nothing"]), json!(null)),
        "regex" | "not_regex" => (
            *random.pick(&["words", "amount"]),
            json!(*random.pick(&EXPRESSIONS)),
        ),
        "gt" | "gte" | "lt" | "lte" => {
            let than = [
                json!(3),
                json!("10"),
                json!("ana"),
                json!("10x"),
                json!(3.5),
            ];
            (
                *random.pick(&["amount", "words"]),
                random.pick(&than).clone(),
            )
        }
        "is_date_before" | "is_date_after" => {
            let relative = ["0h", "-1h", "2d", "-1w", "1m", "1y", "x"];
            let from = if random.once_in(2) {
                &MOMENTS[..]
            } else {
                &relative
            };
            ("moment", json!(*random.pick(from)))
        }
        "semver_wildcard" => (
            "release",
            json!(*random.pick(&["1.*", "1.2.*", "v1.*", "1", "0.*", "x.*", "1.10.*"])),
        ),
        op if op.starts_with("semver") => ("release", likely(random, &RELEASES)),
        _ => (
            *random.pick(&["words", "amount", "many"]),
            random
                .pick(&[
                    json!("A"),
                    json!("na"),
                    json!("0"),
                    json!("@MAIL"),
                    json!(1),
                ])
                .clone(),
        ),
    };
    let value = if op == "exact" && random.once_in(6) {
        some(random, &WORDS)
    } else {
        value
    };
    let attribute = match random.below(8) {
        0 => json!({ "of": "org", "path": ["plan"] }),
        1 if op == "exact" => json!({ "of": "org", "path": ["$group_key"] }),
        _ => json!(attribute(random, usual)),
    };
    json!({ "op": op, "attribute": attribute, "value": value })
}

/// The property of the person, or of a group; the keys of both go by names of their own.
fn find<'a>(naive: &'a Naive<'_>, attribute: &Json) -> Option<&'a Json> {
    let context = naive.asked.context;
    let kind = context.get("kind").and_then(Json::as_str);
    let is_several = kind == Some("multi");
    let get = |name: &str| match attribute["of"].as_str() {
        None if is_several => context.get("user")?.get(name),
        None => context.get(name),
        Some(group) if is_several => context.get(group)?.get(name),
        Some(group) if kind.unwrap_or("user") == group => context.get(name),
        Some(_) => None,
    };
    let (name, key) = match attribute.as_str() {
        Some(name) => (name, "distinct_id"),
        None => (attribute["path"][0].as_str().unwrap(), "$group_key"),
    };
    get(name).or_else(|| get("targetingKey").filter(|_| name == key))
}

pub(super) fn holds(naive: &Naive<'_>, test: &Json) -> Option<bool> {
    let (op, wanted) = (test["op"].as_str().unwrap(), &test["value"]);
    let Some(found) = find(naive, &test["attribute"]) else {
        return (op == "is_not_set").then_some(true);
    };
    if found.is_null() && !["is_not", "not_truth", "is_set"].contains(&op) {
        return Some(false);
    }
    let part = |check: fn(&str, &str) -> bool| {
        let (text, part) = (js_text(found), js_text(wanted));
        check(&text.to_ascii_lowercase(), &part.to_ascii_lowercase())
    };
    let matches = || is_found(&js_text(found), wanted.as_str().unwrap(), Found::Anywhere);
    let holds = match op {
        "exact" => is_exactly(found, wanted),
        "is_not" => !is_exactly(found, wanted),
        "truth" => is_true(found) == is_true(wanted),
        "not_truth" => is_true(found) != is_true(wanted),
        "is_set" => true,
        "is_not_set" => false,
        "icontains" => part(|text, part| text.contains(part)),
        "not_icontains" => !part(|text, part| text.contains(part)),
        "starts_with" => part(|text, part| text.starts_with(part)),
        "not_starts_with" => !part(|text, part| text.starts_with(part)),
        "ends_with" => part(|text, part| text.ends_with(part)),
        "not_ends_with" => !part(|text, part| text.ends_with(part)),
        "regex" => matches(),
        "not_regex" => !matches(),
        "gt" => order(found, wanted).is_gt(),
        "gte" => order(found, wanted).is_ge(),
        "lt" => order(found, wanted).is_lt(),
        "lte" => order(found, wanted).is_le(),
        "is_date_before" | "is_date_after" => {
            let (found, than) = (time(found)?, deadline(wanted, naive.asked.at)?);
            match op {
                "is_date_before" => found < than,
                _ => found > than,
            }
        }
        op => return compare_versions(op, &js_text(found), &js_text(wanted)),
    };
    Some(holds)
}

/// Lists are compared as they are written in JSON.
fn is_exactly(found: &Json, wanted: &Json) -> bool {
    let text = |value: &Json| match value {
        Json::Array(_) | Json::Object(_) => lower(&js_json(value)),
        scalar => lower(&js_text(scalar)),
    };
    match wanted {
        Json::Array(several) => several.iter().any(|one| text(found) == text(one)),
        one => text(found) == text(one),
    }
}

fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(truth) => *truth,
        Json::String(text) => text.eq_ignore_ascii_case("true"),
        Json::Array(_) => items(value).all(is_true),
        _ => false,
    }
}

/// By number where both begin with one, otherwise by text.
fn order(found: &Json, wanted: &Json) -> Ordering {
    let number = |value: &Json| match js_text(value).trim() {
        "3,5" => Some(3.0),
        "0x0a" => Some(0.0),
        "10x" => Some(10.0),
        "1.2.3" | "1.2.4" | "1.2.3+b" => Some(1.2),
        text if text.starts_with("1.10.0") => Some(1.1),
        "01.2.3" => Some(1.2),
        "2.0.0" => Some(2.0),
        "0.2.1" => Some(0.2),
        text if text.starts_with("1970-") => Some(1970.0),
        "10,1" => Some(10.0),
        text => super::read::decimal(text),
    };
    if let (Some(found), Some(wanted)) = (number(found), number(wanted)) {
        return found.total_cmp(&wanted);
    }
    let (found, wanted) = (js_text(found), js_text(wanted));
    found.encode_utf16().cmp(wanted.encode_utf16())
}

/// A number is of milliseconds; without an offset a date is in UTC.
fn time(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => Some(number.as_f64().unwrap() as i64),
        // A year.
        Json::String(text) if text == "1200" => Some(i64::MIN),
        Json::String(text) if text == "10" || text == "1" => None,
        Json::String(text) => moment(text).map(|moment| moment.millis),
        _ => None,
    }
}

fn deadline(value: &Json, now: i64) -> Option<i64> {
    const HOUR: i64 = 3_600_000;
    let ago = match value.as_str() {
        Some("0h") => 0,
        Some("-1h") => HOUR,
        Some("2d") => 2 * 24 * HOUR,
        Some("-1w") => 7 * 24 * HOUR,
        // From January of 1970.
        Some("1m") => 31 * 24 * HOUR,
        Some("1y") => 365 * 24 * HOUR,
        _ => return time(value),
    };
    Some(now - ago)
}

/// Three numbers; what comes after them, and what is missing, does not count.
fn version(text: &str) -> Option<[u64; 3]> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let text = text.split(['-', '+']).next().unwrap();
    let mut numbers = Vec::new();
    for part in text.split('.').take(3) {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || (part.len() > 1 && part.starts_with('0')) {
            return None;
        }
        numbers.push(part.parse().ok()?);
    }
    numbers.resize(3, 0);
    numbers.try_into().ok()
}

fn compare_versions(op: &str, found: &str, wanted: &str) -> Option<bool> {
    let [major, minor, patch] = version(found)?;
    let found = [major, minor, patch];
    if op == "semver_wildcard" {
        let stars = wanted.trim_start_matches('v');
        let numbers: Vec<u64> = stars
            .trim_end_matches(".*")
            .split('.')
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        return Some(found[..numbers.len().min(2)] == numbers[..]);
    }
    let wanted = version(wanted)?;
    Some(match op {
        "semver_eq" => found == wanted,
        "semver_neq" => found != wanted,
        "semver_gt" => found > wanted,
        "semver_gte" => found >= wanted,
        "semver_lt" => found < wanted,
        "semver_lte" => found <= wanted,
        "semver_tilde" => found >= wanted && found[..2] == wanted[..2],
        // What is left of the first number that is not zero stays, and that number.
        _ => {
            let place = wanted.iter().position(|number| *number > 0).unwrap_or(2);
            found >= wanted && found[..=place] == wanted[..=place]
        }
    })
}
