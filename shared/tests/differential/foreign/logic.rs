//! `JSONLogic`, with what flagd adds to it, worked out on the expression as it is written.

use super::super::naive::Naive;
use super::hashes::murmur3_of;
use super::read::{
    Version, decimal, js_number, js_order, js_text, precedence, same, short_version, version,
};
use serde_json::{Map, Value as Json, json};
use std::cmp::Ordering;

/// Operations that say yes or no, or find something or not.
pub(super) const OPERATIONS: [&str; 22] = [
    "==",
    "!=",
    "===",
    "!==",
    "<",
    "<=",
    ">",
    ">=",
    "!",
    "!!",
    "and",
    "or",
    "in",
    "all",
    "some",
    "none",
    "starts_with",
    "ends_with",
    "sem_ver",
    "fractional",
    "missing",
    "missing_some",
];

/// An expression of a flag being worked out.
pub(super) struct Run<'r> {
    pub(super) naive: &'r Naive<'r>,
    pub(super) key: &'r str,
    pub(super) version: &'r str,
}

impl Run<'_> {
    /// What the expression comes to for the context.
    pub(super) fn of_context(&self, expression: &Json) -> Json {
        self.work(expression, None)
    }

    /// What a path leads to in the context, or in an item of a list.
    fn find(&self, item: Option<&Json>, path: &Json) -> Option<Json> {
        let path = js_text(path);
        let mut names = path.split('.');
        let first = match (item, names.next()?) {
            (Some(item), "") => item.clone(),
            (Some(item), name) => member(item, name)?,
            (None, "$flagd") => {
                let seconds = self.naive.asked.at.div_euclid(1_000);
                json!({ "flagKey": self.key, "timestamp": seconds })
            }
            (None, name) => self.naive.asked.context.get(name)?.clone(),
        };
        names.try_fold(first, |value, name| member(&value, name))
    }

    fn missing(&self, item: Option<&Json>, names: &[Json]) -> Vec<Json> {
        let is_absent = |name: &&Json| {
            let found = self.find(item, name).unwrap_or_default();
            found.is_null() || found == ""
        };
        names.iter().filter(is_absent).cloned().collect()
    }

    fn work(&self, expression: &Json, item: Option<&Json>) -> Json {
        match expression {
            Json::Array(parts) => parts.iter().map(|part| self.work(part, item)).collect(),
            Json::Object(members) if members.len() == 1 => {
                let (op, operands) = members.iter().next().unwrap();
                let operands = match operands {
                    Json::Array(operands) => operands.clone(),
                    single => vec![single.clone()],
                };
                let found = self.operate(op, &operands, item);
                self.naive.count(&["flagd ", op].concat(), is_true(&found));
                found
            }
            other => other.clone(),
        }
    }

    fn operate(&self, op: &str, operands: &[Json], item: Option<&Json>) -> Json {
        let raw = |place: usize| operands.get(place).unwrap_or(&Json::Null);
        match op {
            "if" => {
                let mut rest = operands;
                while let [condition, result, after @ ..] = rest {
                    if is_true(&self.work(condition, item)) {
                        return self.work(result, item);
                    }
                    rest = after;
                }
                let otherwise = rest.first().map(|last| self.work(last, item));
                otherwise.unwrap_or_default()
            }
            "and" | "or" => {
                let mut last = Json::Null;
                for operand in operands {
                    last = self.work(operand, item);
                    if is_true(&last) == (op == "or") {
                        break;
                    }
                }
                last
            }
            "map" | "filter" | "reduce" | "all" | "some" | "none" => {
                let list = match self.work(raw(0), item) {
                    Json::Array(items) => items,
                    _ => Vec::new(),
                };
                self.each(op, list, raw(1), raw(2))
            }
            op => {
                let worked: Vec<Json> = operands.iter().map(|one| self.work(one, item)).collect();
                match op {
                    "var" => {
                        let found = self.find(item, &worked[0]);
                        found.unwrap_or_else(|| worked.get(1).cloned().unwrap_or_default())
                    }
                    "missing" => json!(self.missing(item, &worked)),
                    "missing_some" => {
                        let names = worked[1].as_array().unwrap();
                        let absent = self.missing(item, names);
                        let n_there = (names.len() - absent.len()) as u64;
                        if n_there >= worked[0].as_u64().unwrap() {
                            json!([])
                        } else {
                            json!(absent)
                        }
                    }
                    "fractional" => self.fractional(&worked).unwrap_or_default(),
                    op => compute(op, &worked),
                }
            }
        }
    }

    fn each(&self, op: &str, list: Vec<Json>, body: &Json, initial: &Json) -> Json {
        let holds = |item: &Json| is_true(&self.work(body, Some(item)));
        match op {
            "map" => list
                .iter()
                .map(|item| self.work(body, Some(item)))
                .collect(),
            "filter" => list.into_iter().filter(holds).collect(),
            "reduce" => list.into_iter().fold(initial.clone(), |sum, item| {
                let data = json!({ "accumulator": sum, "current": item });
                self.work(body, Some(&data))
            }),
            "all" => json!(!list.is_empty() && list.iter().all(holds)),
            "some" => json!(list.iter().any(holds)),
            _ => json!(!list.iter().any(holds)),
        }
    }

    /// What a share of subjects gets; nothing where it cannot be told.
    fn fractional(&self, operands: &[Json]) -> Option<Json> {
        let key = self.naive.asked.context.get("targetingKey");
        let (by, shares) = match operands {
            [Json::Array(_), ..] => {
                let key = key?.as_str().unwrap();
                let by = if self.version == "flagd/3" {
                    json!([self.key, key])
                } else {
                    json!([self.key, key].concat())
                };
                (by, operands)
            }
            [by, shares @ ..] => (by.clone(), shares),
            [] => return None,
        };
        let bytes = match (&by, self.version) {
            (Json::Null, _) => return None,
            (by, "flagd/3") => encoded(by),
            (Json::String(text), _) => text.as_bytes().to_vec(),
            _ => return None,
        };
        let mut reached = Vec::new();
        let mut total = 0.0;
        for share in shares {
            let share = share.as_array()?;
            let size = match share.get(1) {
                None | Some(Json::Null) => 1.0,
                Some(size) => size.as_f64()?,
            };
            if matches!(share.first()?, Json::Array(_) | Json::Object(_)) {
                return None;
            }
            total += size.max(0.0);
            reached.push((share.first()?, total));
        }
        if total <= 0.0 {
            return None;
        }
        let hash = murmur3_of(&bytes, 0);
        let point = if self.version == "flagd/1" {
            f64::from((hash as u32 as i32).unsigned_abs()) / f64::from(i32::MAX) * total
        } else {
            ((hash * total as u64) >> 32) as f64
        };
        let owner = reached.into_iter().find(|(_, end)| point < *end);
        owner.map(|(name, _)| name.clone())
    }
}

/// Operations that look at their operands alone.
fn compute(op: &str, worked: &[Json]) -> Json {
    let operand = |place: usize| worked.get(place).unwrap_or(&Json::Null);
    let (a, b) = (operand(0), operand(1));
    let order = |accepts: fn(Ordering) -> bool| {
        let pairs = worked.windows(2);
        let mut orders = pairs.map(|pair| js_order(&pair[0], &pair[1]));
        json!(orders.all(|order| order.is_some_and(accepts)))
    };
    match op {
        "==" => json!(loosely_equal(a, b)),
        "!=" => json!(!loosely_equal(a, b)),
        "===" => json!(same(a, b)),
        "!==" => json!(!same(a, b)),
        "<" => order(Ordering::is_lt),
        "<=" => order(Ordering::is_le),
        ">" => order(Ordering::is_gt),
        ">=" => order(Ordering::is_ge),
        "!" => json!(!is_true(a)),
        "!!" => json!(is_true(a)),
        "in" => json!(match b {
            Json::Array(items) => items.iter().any(|item| same(item, a)),
            Json::String(text) => text.contains(&js_text(a)),
            _ => false,
        }),
        // A list of one is written as its item, and null in it as nothing.
        "cat" => json!(
            worked
                .iter()
                .map(|one| js_text(&json!([one])))
                .collect::<String>()
        ),
        "substr" => {
            let letters: Vec<char> = js_text(a).chars().collect();
            let from = b.as_i64().unwrap().rem_euclid(letters.len() as i64);
            json!(letters[from as usize].to_string())
        }
        "merge" => {
            let listed = |one: &Json| match one {
                Json::Array(items) => items.clone(),
                single => vec![single.clone()],
            };
            json!(worked.iter().flat_map(listed).collect::<Vec<_>>())
        }
        "starts_with" | "ends_with" => match (a, b) {
            (Json::String(text), Json::String(part)) if op == "starts_with" => {
                json!(text.starts_with(&**part))
            }
            (Json::String(text), Json::String(part)) => json!(text.ends_with(&**part)),
            _ => Json::Null,
        },
        "sem_ver" => json!(compare_versions(a, b.as_str().unwrap(), operand(2))),
        op => calculate(op, a, b),
    }
}

fn is_true(value: &Json) -> bool {
    match value {
        Json::Array(items) => !items.is_empty(),
        other => super::read::js_truth(other),
    }
}

/// The member or item of that name.
fn member(value: &Json, name: &str) -> Option<Json> {
    match value {
        Json::Array(items) => items.get(name.parse::<usize>().ok()?).cloned(),
        other => other.get(name).cloned(),
    }
}

/// `JavaScript`'s `==`; lists and objects of equal content are equal.
fn loosely_equal(a: &Json, b: &Json) -> bool {
    let is_structured = |value: &Json| value.is_array() || value.is_object();
    match (a, b) {
        (Json::Null, _) | (_, Json::Null) => a == b,
        (Json::String(a), Json::String(b)) => a == b,
        _ if is_structured(a) && is_structured(b) => same(a, b),
        (Json::String(text), other) | (other, Json::String(text)) if is_structured(other) => {
            *text == js_text(other)
        }
        _ => js_number(a) == js_number(b),
    }
}

/// What is no number is nothing.
fn calculate(op: &str, a: &Json, b: &Json) -> Json {
    let (x, y) = (js_number(a), js_number(b));
    let found = match op {
        "-" => x - y,
        "/" => x / y,
        "%" => x % y,
        "max" | "min" if x.is_nan() => f64::NAN,
        "max" => x.max(y),
        "min" => x.min(y),
        "+" => leading(a) + leading(b),
        "*" => leading(a) * leading(b),
        other => panic!("an operation that is not generated: {other}"),
    };
    // Null where it is infinite or no number.
    json!(found)
}

/// The number that a text begins with.
fn leading(value: &Json) -> f64 {
    match js_text(value).trim() {
        "3,5" => 3.0,
        "0x0a" => 0.0,
        "Infinity" => f64::INFINITY,
        text => decimal(text).unwrap_or(f64::NAN),
    }
}

/// Nothing where one is no version, or the relation is unknown.
fn compare_versions(found: &Json, relation: &str, wanted: &Json) -> Option<bool> {
    let read = |value: &Json| -> Option<Version> {
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Number(_) => js_text(value),
            _ => return None,
        };
        let text = text.strip_prefix(['v', 'V']).unwrap_or(&text);
        // Only a whole version is followed by more.
        let is_short = text.bytes().all(|b| b == b'.' || b.is_ascii_digit());
        if is_short {
            short_version(text)
        } else {
            version(text)
        }
    };
    let (found, wanted) = (read(found)?, read(wanted)?);
    let order = precedence(&found, &wanted);
    Some(match relation {
        "=" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "^" => found.numbers[0] == wanted.numbers[0],
        "~" => found.numbers[..2] == wanted.numbers[..2],
        _ => return None,
    })
}

/// Deterministic CBOR of the pools' values: all of them are short.
fn encoded(value: &Json) -> Vec<u8> {
    let head = |major: u8, n: u64| match n {
        0..24 => vec![(major << 5) + n as u8],
        24..256 => vec![(major << 5) + 24, n as u8],
        256..65_536 => [&[(major << 5) + 25], &(n as u16).to_be_bytes()[..]].concat(),
        _ => [&[(major << 5) + 26], &(n as u32).to_be_bytes()[..]].concat(),
    };
    match value {
        Json::Null => vec![0xf6],
        Json::Bool(truth) => vec![0xf4 + u8::from(*truth)],
        Json::Number(number) => match number.as_f64().unwrap() {
            3.5 => vec![0xf9, 0x43, 0x00],
            whole if whole < 0.0 => head(1, (-1.0 - whole) as u64),
            whole => head(0, whole as u64),
        },
        Json::String(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
        Json::Array(items) => {
            let items_encoded: Vec<u8> = items.iter().flat_map(encoded).collect();
            [head(4, items.len() as u64), items_encoded].concat()
        }
        Json::Object(members) => encoded_members(members, head(5, members.len() as u64)),
    }
}

fn encoded_members(members: &Map<String, Json>, head: Vec<u8>) -> Vec<u8> {
    members.iter().fold(head, |bytes, (name, value)| {
        [bytes, encoded(&json!(name)), encoded(value)].concat()
    })
}
