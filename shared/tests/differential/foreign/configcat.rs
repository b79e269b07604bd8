//! Comparators of ConfigCat, hashed ones among them.

use super::super::naive::items;
use super::super::random::Random;
use super::read::{Version, decimal, js_json, precedence, scalar_text, version};
use super::{RELEASES, WORDS, attribute, likely, some};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::fmt::Write as _;

pub(super) const OPS: [&str; 36] = [
    "EQUALS",
    "NOT EQUALS",
    "IS ONE OF",
    "IS NOT ONE OF",
    "STARTS WITH ANY OF",
    "NOT STARTS WITH ANY OF",
    "ENDS WITH ANY OF",
    "NOT ENDS WITH ANY OF",
    "CONTAINS ANY OF",
    "NOT CONTAINS ANY OF",
    "EQUALS (hashed)",
    "NOT EQUALS (hashed)",
    "IS ONE OF (hashed)",
    "IS NOT ONE OF (hashed)",
    "STARTS WITH ANY OF (hashed)",
    "NOT STARTS WITH ANY OF (hashed)",
    "ENDS WITH ANY OF (hashed)",
    "NOT ENDS WITH ANY OF (hashed)",
    "ARRAY CONTAINS ANY OF",
    "ARRAY NOT CONTAINS ANY OF",
    "ARRAY CONTAINS ANY OF (hashed)",
    "ARRAY NOT CONTAINS ANY OF (hashed)",
    "IS ONE OF (semver)",
    "IS NOT ONE OF (semver)",
    "< (semver)",
    "<= (semver)",
    "> (semver)",
    ">= (semver)",
    "= (number)",
    "!= (number)",
    "< (number)",
    "<= (number)",
    "> (number)",
    ">= (number)",
    "BEFORE",
    "AFTER",
];

const PARTS: [&str; 6] = ["a", "An", "bob@", ".test", "na", "ana"];

pub(super) fn condition(random: &mut Random, op: &str) -> Json {
    let words = *random.pick(&["words", "words", "words", "amount", "many"]);
    let (usual, value) = match op {
        "EQUALS" | "NOT EQUALS" => (words, likely(random, &WORDS)),
        "BEFORE" | "AFTER" => (
            *random.pick(&["moment", "amount"]),
            random
                .pick(&[json!(1_200), json!(1_200.5), json!(5)])
                .clone(),
        ),
        op if op.ends_with("(number)") => (
            "amount",
            random.pick(&[json!(3.5), json!(10), json!(0)]).clone(),
        ),
        "IS ONE OF (semver)" | "IS NOT ONE OF (semver)" => {
            let valid = ["1.2.3", "1.10.0-rc.1", " 2.0.0 ", "", "1.2.4+x"];
            let mut list = some(random, &valid);
            if random.once_in(4) {
                list = json!(["1.2.3", *random.pick(&RELEASES)]);
            }
            ("release", list)
        }
        op if op.ends_with("(semver)") => ("release", likely(random, &RELEASES)),
        op if op.starts_with("ARRAY") => ("many", some(random, &["ana", "x", "Ana", "10"])),
        "EQUALS (hashed)" | "NOT EQUALS (hashed)" => ("words", json!([likely(random, &WORDS)])),
        op if op.contains("WITH ANY") || op.contains("CONTAINS") => (words, some(random, &PARTS)),
        _ => (words, some(random, &WORDS)),
    };
    let value = if op.ends_with("(hashed)") {
        let hashed = |part: &Json| {
            let part = part.as_str().unwrap();
            if op.contains("WITH") {
                format!("{}_{}", part.len(), hash(part.as_bytes()))
            } else {
                hash(part.as_bytes())
            }
        };
        let hashes: Vec<String> = items(&value).map(hashed).collect();
        json!({ "salt": SALT, "hashes": hashes })
    } else {
        value
    };
    json!({ "op": op, "attribute": attribute(random, usual), "value": value })
}

/// The configuration's, and the setting's key.
const SALT: &str = "salt-of-all/setting";

fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest([bytes, SALT.as_bytes()].concat());
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Whether it holds; nothing where the value is absent or of a kind that is not compared.
pub(super) fn holds(op: &str, found: Option<&Json>, operand: &Json) -> Option<bool> {
    let found = found.filter(|value| *value != "")?;
    let is_negated = op.contains("NOT ");
    let plain = op.replace("NOT ", "");
    let passes = match &*plain {
        "BEFORE" => number(found)? < operand.as_f64()?,
        "AFTER" => number(found)? > operand.as_f64()?,
        op if op.ends_with("(number)") => {
            let (found, than) = (number(found)?, operand.as_f64()?);
            match op.split(' ').next().unwrap() {
                "=" => found == than,
                "!=" => found != than,
                "<" => found < than,
                "<=" => found <= than,
                ">" => found > than,
                _ => found >= than,
            }
        }
        op if op.ends_with("(semver)") => {
            let found = version(found.as_str()?.trim())?;
            return Some(compare_versions(op, &found, operand, is_negated));
        }
        op if op.starts_with("ARRAY") => {
            let elements = match found {
                Json::String(text) => serde_json::from_str(text).ok()?,
                other => other.clone(),
            };
            let texts = elements.as_array()?.iter().map(Json::as_str);
            let texts: Vec<&str> = texts.collect::<Option<_>>()?;
            texts.iter().any(|text| is_listed(op, text, operand))
        }
        op => {
            let text = match found {
                Json::Array(_) => js_json(found),
                other => scalar_text(other)?,
            };
            passes_text(op, &text, operand)
        }
    };
    Some(passes != is_negated)
}

fn is_listed(op: &str, text: &str, operand: &Json) -> bool {
    if op.ends_with("(hashed)") {
        let hash = hash(text.as_bytes());
        return items(&operand["hashes"]).any(|other| *other == hash);
    }
    items(operand).any(|other| other == text)
}

fn passes_text(op: &str, text: &str, operand: &Json) -> bool {
    match op {
        "EQUALS" => operand == text,
        "STARTS WITH ANY OF" => items(operand).any(|part| text.starts_with(part.as_str().unwrap())),
        "ENDS WITH ANY OF" => items(operand).any(|part| text.ends_with(part.as_str().unwrap())),
        "CONTAINS ANY OF" => items(operand).any(|part| text.contains(part.as_str().unwrap())),
        "STARTS WITH ANY OF (hashed)" | "ENDS WITH ANY OF (hashed)" => items(&operand["hashes"])
            .any(|written| {
                let (length, wanted) = written.as_str().unwrap().split_once('_').unwrap();
                let length: usize = length.parse().unwrap();
                let bytes = text.as_bytes();
                let Some(rest) = bytes.len().checked_sub(length) else {
                    return false;
                };
                let part = if op.starts_with("STARTS") {
                    &bytes[..length]
                } else {
                    &bytes[rest..]
                };
                hash(part) == wanted
            }),
        op => is_listed(op, text, operand),
    }
}

/// The value as a number, which text may write with a comma.
fn number(found: &Json) -> Option<f64> {
    match found {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.trim() {
            "Infinity" => Some(f64::INFINITY),
            "NaN" => Some(f64::NAN),
            text => decimal(&text.replace(',', ".")),
        },
        _ => None,
    }
}

/// An invalid version among those of a list fails the list, negated or not.
fn compare_versions(op: &str, found: &Version, operand: &Json, is_negated: bool) -> bool {
    let read = |text: &Json| version(text.as_str().unwrap().trim());
    if op == "IS ONE OF (semver)" {
        let written = items(operand).filter(|text| !text.as_str().unwrap().trim().is_empty());
        let versions: Option<Vec<Version>> = written.map(read).collect();
        return versions.is_some_and(|versions| {
            let is_one = versions.iter().any(|v| precedence(found, v).is_eq());
            is_one != is_negated
        });
    }
    let order = read(operand).map(|than| precedence(found, &than));
    order.is_some_and(match op.split(' ').next().unwrap() {
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        ">" => Ordering::is_gt,
        _ => Ordering::is_ge,
    })
}
