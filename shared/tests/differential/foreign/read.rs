//! How values are read: as texts, numbers, versions and moments.

use serde_json::{Value as Json, json};
use std::cmp::Ordering;

/// As `JavaScript` writes a value; `null` in a list is nothing.
pub(super) fn js_text(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Array(items) => {
            let inner = |item: &Json| match item {
                Json::Null => String::new(),
                other => js_text(other),
            };
            let items: Vec<String> = items.iter().map(inner).collect();
            items.join(",")
        }
        Json::Object(_) => "[object Object]".to_owned(),
        scalar => scalar_text(scalar).unwrap(),
    }
}

/// In small letters; the pools have no others than these.
pub(super) fn lower(text: &str) -> String {
    text.to_ascii_lowercase().replace('Ñ', "ñ")
}

/// As JSON, numbers as `JavaScript` writes them.
pub(super) fn js_json(value: &Json) -> String {
    match value {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(js_json).collect();
            format!("[{}]", items.join(","))
        }
        Json::Object(members) => {
            let member = |(name, value)| format!("{}:{}", json!(name), js_json(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
        Json::Number(_) => scalar_text(value).unwrap(),
        other => other.to_string(),
    }
}

/// Texts, numbers as `JavaScript` writes them, and booleans; nothing else has a text.
pub(super) fn scalar_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(truth) => Some(truth.to_string()),
        // A whole number has no point there, even if one is written.
        Json::Number(number) => Some(match number.as_i64() {
            Some(whole) => whole.to_string(),
            None => number.as_f64().unwrap().to_string(),
        }),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The number that `JavaScript` makes of a value.
pub(super) fn js_number(value: &Json) -> f64 {
    match value {
        Json::Null => 0.0,
        Json::Bool(truth) => f64::from(u8::from(*truth)),
        Json::Number(number) => number.as_f64().unwrap(),
        other => match js_text(other).trim() {
            "" => 0.0,
            "0x0a" => 10.0,
            "Infinity" => f64::INFINITY,
            text => decimal(text).unwrap_or(f64::NAN),
        },
    }
}

/// A number in decimal, perhaps with an exponent.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|b| b"0123456789+-.eE".contains(&b));
    text.parse().ok().filter(|_| is_plain)
}

/// How `JavaScript` compares two values by `<`.
pub(super) fn js_order(a: &Json, b: &Json) -> Option<Ordering> {
    let is_text = |value: &Json| value.is_string() || value.is_array() || value.is_object();
    if is_text(a) && is_text(b) {
        return Some(js_text(a).encode_utf16().cmp(js_text(b).encode_utf16()));
    }
    js_number(a).partial_cmp(&js_number(b))
}

/// Whether `JavaScript` takes the value for true.
pub(super) fn js_truth(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(truth) => *truth,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(_) | Json::Object(_) => true,
    }
}

/// Equal in type and content, numbers by value.
pub(super) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let inside = |(name, a): (&String, &Json)| b.get(name).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(inside)
        }
        _ => a == b,
    }
}

/// A version: three numbers, and what comes before its release.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Version {
    pub(super) numbers: [u64; 3],
    /// Empty in a release.
    pub(super) before: Vec<String>,
}

/// A version by the letter of Semantic Versioning.
pub(super) fn version(text: &str) -> Option<Version> {
    let (text, build) = text.split_once('+').unwrap_or((text, "x"));
    let (core, before) = match text.split_once('-') {
        Some((core, before)) => (core, before.split('.').map(str::to_owned).collect()),
        None => (text, Vec::new()),
    };
    let is_word = |part: &str| {
        let letters = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        letters && !part.is_empty()
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = |part: &str| part == "0" || !part.starts_with('0');
    let is_identifier = |part: &String| is_word(part) && (!is_digits(part) || is_plain(part));
    if !build.split('.').all(is_word) || !before.iter().all(is_identifier) {
        return None;
    }
    let number = |part: &str| {
        part.parse()
            .ok()
            .filter(|_| is_digits(part) && is_plain(part))
    };
    let numbers: Vec<u64> = core.split('.').map(number).collect::<Option<_>>()?;
    let numbers = numbers.try_into().ok()?;
    Some(Version { numbers, before })
}

/// A version without its last numbers, too.
pub(super) fn short_version(text: &str) -> Option<Version> {
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let forms = ["", ".0", ".0.0"].map(|zeros| version(&format!("{core}{zeros}{rest}")));
    forms.into_iter().flatten().next()
}

/// Which version comes first.
pub(super) fn precedence(a: &Version, b: &Version) -> Ordering {
    let before = || match (a.before.is_empty(), b.before.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            let parts = a.before.iter().zip(&b.before).map(|(a, b)| {
                match (a.parse::<u64>(), b.parse::<u64>()) {
                    (Ok(a), Ok(b)) => a.cmp(&b),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => a.cmp(b),
                }
            });
            let mut different = parts.filter(|order| order.is_ne());
            let longer = a.before.len().cmp(&b.before.len());
            different.next().unwrap_or(longer)
        }
    };
    a.numbers.cmp(&b.numbers).then_with(before)
}

/// A moment, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) millis: i64,
    /// What is between date and time; nothing where there is no time.
    pub(super) letter: Option<char>,
    pub(super) has_offset: bool,
}

/// A moment in one of the forms of the pool.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let rest = text.strip_prefix("1970-01-")?;
    let day: i64 = rest[..2].parse().unwrap();
    let letter = rest[2..].chars().next();
    let mut millis = (day - 1) * 86_400_000;
    let mut offset = "";
    if letter.is_some() {
        let number = |from: usize| rest[from..from + 2].parse::<i64>().unwrap();
        millis += ((number(3) * 60 + number(6)) * 60 + number(9)) * 1_000;
        offset = &rest[11..];
        if let Some(after) = offset.strip_prefix(".500") {
            (millis, offset) = (millis + 500, after);
        }
        if offset == "+02:00" {
            millis -= 2 * 3_600_000;
        }
    }
    Some(Moment {
        millis,
        letter,
        has_offset: !offset.is_empty(),
    })
}

/// A moment by RFC 3339: with a time and an offset.
pub(super) fn instant(text: &str) -> Option<i64> {
    let moment = moment(text)?;
    (moment.letter.is_some() && moment.has_offset).then_some(moment.millis)
}

/// Where an expression of the pool has to be found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Found {
    Anywhere,
    AtStart,
}

/// Whether the expression is found in the text; each is spelled out here.
pub(super) fn is_found(text: &str, expression: &str, place: Found) -> bool {
    let at_start = place == Found::AtStart;
    let chars: Vec<char> = text.chars().collect();
    match expression {
        "an" if at_start => text.starts_with("an"),
        "an" => text.contains("an"),
        "^[A-Z]" => chars.first().is_some_and(char::is_ascii_uppercase),
        "[0-9]$" => {
            let last = chars.last().is_some_and(char::is_ascii_digit);
            last && (!at_start || chars.len() == 1)
        }
        "^$" => text.is_empty(),
        "b.b" => {
            let mut places = chars.windows(3).map(|three| matches!(three, ['b', _, 'b']));
            if at_start {
                places.next() == Some(true)
            } else {
                places.any(|is_here| is_here)
            }
        }
        other => panic!("an expression that is not in the pool: {other}"),
    }
}

/// The same whatever the letters' case: of the pool's expressions only one has large letters.
pub(super) fn is_found_folded(text: &str, expression: &str) -> bool {
    if expression == "^[A-Z]" {
        return is_found(&text.to_ascii_uppercase(), expression, Found::Anywhere);
    }
    is_found(&text.to_ascii_lowercase(), expression, Found::Anywhere)
}
