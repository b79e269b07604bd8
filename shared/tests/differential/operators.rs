//! Every operator as `docs/ruleset.md` describes it, for what the generator writes.

use super::leaves::{ADDRESSES, EXPRESSIONS, RANGES, URL_PATTERNS, URLS};
use super::naive::{Naive, items};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::net::IpAddr;

impl Naive<'_> {
    /// Whether the value passes the test, which may be negated.
    pub(crate) fn passes_operator(&self, test: &Json, value: Option<&Json>) -> bool {
        let op = test["op"].as_str().unwrap();
        let mut positive = op.to_owned();
        if let Some(rest) = op.strip_prefix("not") {
            positive = rest[..1].to_ascii_lowercase() + &rest[1..];
        }
        let mut operand = match test["list"].as_str() {
            Some(list) => Json::Array(self.listed(list)),
            None => test["value"].clone(),
        };
        let folded = value.cloned().map(lower);
        let mut value = value;
        if test["ignoreCase"] == true && positive != "matches" {
            (operand, value) = (lower(operand), folded.as_ref());
        } else if test["ignoreCase"] == true {
            value = folded.as_ref();
        }
        let op = &*positive;
        let passes = match value {
            Some(Json::Array(elements)) if op.ends_with("Element") => {
                let passes = |element: &Json| self.passes_parts(&operand, element);
                match op {
                    "anyElement" => elements.iter().any(passes),
                    _ => elements.iter().all(passes),
                }
            }
            Some(_) if op.ends_with("Element") => false,
            Some(value) if looks_at_the_whole(op) => {
                passes_whole(op, value, &operand) || self.passes_clock(op, value, &operand)
            }
            None | Some(Json::Null) => false,
            Some(Json::Array(elements)) if op != "exists" => elements
                .iter()
                .any(|element| compare(op, element, &operand)),
            Some(value) => compare(op, value, &operand),
        };
        self.count(&positive, passes);
        passes == (positive == test["op"])
    }

    /// Whether an element passes a test, or each of several.
    fn passes_parts(&self, parts: &Json, element: &Json) -> bool {
        if parts.is_array() {
            return items(parts).all(|part| self.passes_parts(part, element));
        }
        let value = match &parts["member"] {
            Json::Null => Some(element),
            Json::String(name) => element.get(name),
            path => items(path).try_fold(element, |value, name| value.get(name.as_str().unwrap())),
        };
        self.passes_operator(parts, value)
    }

    /// What asks when.
    fn passes_clock(&self, op: &str, value: &Json, operand: &Json) -> bool {
        let Some(time) = moment(value, operand) else {
            return false;
        };
        let now = self.asked.at;
        let inner = operand.get("value").unwrap_or(operand);
        let span = || match inner.as_str().unwrap() {
            "20m" => 20 * 60_000,
            "1d 12h" => 36 * 60 * 60_000,
            "2w" => 14 * 24 * 60 * 60_000,
            other => panic!("a span that is not generated: {other}"),
        };
        let minute_of_day = time.rem_euclid(86_400_000) / 60_000;
        match op {
            "timeBetween" => {
                let bound = |name: &str| moment(&inner[name], &Json::Null).unwrap();
                bound("from") <= time && time < bound("to")
            }
            "withinLast" => now - span() <= time && time <= now,
            "withinNext" => now <= time && time <= now + span(),
            "olderThan" => time < now - span(),
            // The first of January of 1970 was a Thursday.
            "dayOfWeek" => [0, 3].contains(&(time.div_euclid(86_400_000).rem_euclid(7))),
            "timeOfDay" if operand["from"] == "20:00" => !(30..20 * 60).contains(&minute_of_day),
            "timeOfDay" => (10..12 * 60 + 30).contains(&minute_of_day),
            _ => false,
        }
    }
}

/// Everything in lower case.
fn lower(value: Json) -> Json {
    match value {
        Json::String(text) => text.to_ascii_lowercase().into(),
        Json::Array(items) => items.into_iter().map(lower).collect(),
        other => other,
    }
}

/// Epoch milliseconds of a number of the operand's unit, or of text in one of the generated forms.
fn moment(value: &Json, operand: &Json) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        let unit = if operand["unit"] == "seconds" {
            1_000
        } else {
            1
        };
        return Some(number * unit);
    }
    if let Some(number) = value.as_f64() {
        let unit = if operand["unit"] == "seconds" {
            1e3
        } else {
            1.0
        };
        return Some((number * unit) as i64);
    }
    let rest = value.as_str()?.strip_prefix("1970-01-")?;
    let number = |from: usize, to: usize| match rest.get(from..to) {
        Some(digits) => digits.parse::<i64>().unwrap(),
        None => 0,
    };
    let seconds = if rest.get(8..9) == Some(":") {
        number(9, 11)
    } else {
        0
    };
    let minutes = (number(0, 2) - 1) * 24 * 60 + number(3, 5) * 60 + number(6, 8);
    let ahead = match rest.get(11..).unwrap_or_default() {
        "" | "Z" => 0,
        "+0130" => 90,
        "-02:00" => -120,
        "+02:00" => 120,
        other => panic!("an offset that is not generated: {other}"),
    };
    Some(((minutes - ahead) * 60 + seconds) * 1_000)
}

fn looks_at_the_whole(op: &str) -> bool {
    let whole = [
        "containsAny",
        "containsAll",
        "setEquals",
        "subsetOf",
        "supersetOf",
        "isNull",
        "isEmpty",
        "hasType",
        "between",
        "modulo",
        "timeBetween",
        "withinLast",
        "withinNext",
        "olderThan",
        "dayOfWeek",
        "timeOfDay",
        "inNetwork",
        "equalsHashed",
        "urlMatches",
        "versionIn",
        "versionBetween",
    ];
    whole.contains(&op) || op.starts_with("size")
}

fn passes_whole(op: &str, value: &Json, operand: &Json) -> bool {
    let found: Vec<&Json> = match value {
        Json::Array(items) => items.iter().collect(),
        Json::Null => Vec::new(),
        single => vec![single],
    };
    let wanted: Vec<&Json> = items(operand).collect();
    let size = match value {
        Json::String(text) => Some(text.chars().count() as u64),
        Json::Array(items) => Some(items.len() as u64),
        Json::Object(members) => Some(members.len() as u64),
        _ => None,
    };
    let size_is = |check: fn(u64, u64) -> bool| {
        size.is_some_and(|size| check(size, operand.as_u64().unwrap()))
    };
    match op {
        "isNull" => value.is_null(),
        "isEmpty" => size == Some(0),
        "hasType" => match operand.as_str().unwrap() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "list" => value.is_array(),
            _ => value.is_object(),
        },
        "modulo" => value
            .as_i64()
            .is_some_and(|number| number.rem_euclid(10) == 3),
        "inNetwork" => value
            .as_str()
            .is_some_and(|address| is_in_network(address, operand)),
        "equalsHashed" => {
            let text = match value {
                Json::String(text) => text.clone(),
                Json::Number(number) => number.to_string(),
                _ => return false,
            };
            let digest =
                Sha256::digest(format!("{}\u{1f}{text}", operand["salt"].as_str().unwrap()));
            let start = u128::from_be_bytes(digest[..16].try_into().unwrap());
            items(&operand["hashes"]).any(|hash| *hash == format!("{start:032x}"))
        }
        "urlMatches" => value.as_str().is_some_and(|url| fits_pattern(url, operand)),
        "versionIn" | "versionBetween" => passes_version(op, value, operand),
        "timeBetween" | "withinLast" | "withinNext" | "olderThan" | "dayOfWeek" | "timeOfDay" => {
            false
        }
        "between" => value.as_f64().is_some_and(|number| {
            operand[0].as_f64().unwrap() <= number && number <= operand[1].as_f64().unwrap()
        }),
        "sizeEquals" => size_is(|size, wanted| size == wanted),
        "sizeAtLeast" => size_is(|size, wanted| size >= wanted),
        "sizeAtMost" => size_is(|size, wanted| size <= wanted),
        "containsAny" => wanted.iter().any(|item| found.contains(item)),
        "containsAll" | "supersetOf" => wanted.iter().all(|item| found.contains(item)),
        "subsetOf" => found.iter().all(|item| wanted.contains(item)),
        _ => {
            wanted.iter().all(|item| found.contains(item))
                && found.iter().all(|item| wanted.contains(item))
        }
    }
}

/// Three numbers, and whether a release and not what comes before it: the only pre-release that
/// is generated is the same everywhere.
fn version(text: &str, lenient: bool) -> Option<([u64; 3], bool)> {
    let text = if lenient {
        text.trim_start_matches('v')
    } else {
        text
    };
    let (numbers, is_release) = match text.split_once('-') {
        Some((numbers, _)) => (numbers, false),
        None => (text, true),
    };
    let mut numbers: Vec<u64> = numbers
        .split('.')
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    if lenient {
        numbers.resize(3, 0);
    }
    Some((numbers.try_into().ok()?, is_release))
}

/// Whether the version is as the operator says; comparing is by number, and a pre-release comes
/// before its release.
fn passes_version(op: &str, value: &Json, operand: &Json) -> bool {
    let lenient = operand["lenient"] == true;
    let member = match op {
        "versionMatches" => "range",
        "versionIn" | "versionBetween" => "versions",
        _ => "version",
    };
    let operand = operand.get(member).unwrap_or(operand);
    let Some(found) = value.as_str().and_then(|text| version(text, lenient)) else {
        return false;
    };
    let read = |text: &Json| version(text.as_str().unwrap(), lenient).unwrap();
    match op {
        "versionIn" => items(operand).any(|one| found == read(one)),
        "versionBetween" => read(&operand[0]) <= found && found <= read(&operand[1]),
        "versionMatches" => is_in_range(found, operand),
        "versionEquals" => found == read(operand),
        "versionGreaterThan" => found > read(operand),
        "versionGreaterOrEqual" => found >= read(operand),
        "versionLessThan" => found < read(operand),
        _ => found <= read(operand),
    }
}

/// No pre-release is in a range that names none.
fn is_in_range((found, is_release): ([u64; 3], bool), range: &Json) -> bool {
    let place = RANGES.iter().position(|one| range == one).unwrap();
    let [major, minor, patch] = found;
    let is_in = [
        major == 1 && minor >= 2,
        major == 1 && minor == 10,
        major == 1,
        major == 1 && (2..10).contains(&minor),
        [major, minor, patch] == [1, 2, 0],
    ];
    is_release && is_in[place]
}

/// Whether the expression is found; each is spelled out here.
fn is_found(text: &str, expression: &Json) -> bool {
    let place = EXPRESSIONS
        .iter()
        .position(|one| expression == one)
        .unwrap();
    let mut chars = text.chars();
    match place {
        0 => chars.next() == Some('v') && chars.next().is_some_and(|c| c.is_ascii_digit()),
        1 => text.ends_with('o'),
        2 => ["pro", "proplus", "free", "freeplus"]
            .iter()
            .any(|end| text.ends_with(end)),
        3 => text.chars().count() == 4,
        _ => true,
    }
}

/// Which address is in which network, read off by hand.
fn is_in_network(address: &str, networks: &Json) -> bool {
    if address.parse::<IpAddr>().is_err() {
        return false;
    }
    let place = ADDRESSES.iter().position(|one| *one == address).unwrap();
    let first = [true, false, true, false, true, false];
    let second = [false, false, false, true, true, true];
    if *networks == json!(["10.1.0.0/16", "2001:db8::/32"]) {
        first[place]
    } else {
        second[place]
    }
}

/// Which address fits which pattern, read off by hand: a row for each address.
fn fits_pattern(url: &str, pattern: &Json) -> bool {
    const FITS: [[bool; 5]; 6] = [
        [true, true, false, true, true],
        [false, true, false, false, true],
        [false, false, true, false, true],
        [false, false, false, false, true],
        [false, true, false, false, true],
        [false, false, false, false, true],
    ];
    let row = URLS.iter().position(|one| *one == url).unwrap();
    let column = URL_PATTERNS.iter().position(|one| pattern == one).unwrap();
    FITS[row][column]
}

fn compare(op: &str, value: &Json, operand: &Json) -> bool {
    match op {
        "before" | "after" => {
            let than = operand.get("value").unwrap_or(operand);
            let than = moment(than, &Json::Null).unwrap();
            moment(value, operand).is_some_and(|time| match op {
                "before" => time < than,
                _ => time > than,
            })
        }
        op if op.starts_with("version") => passes_version(op, value, operand),
        op => compare_plainly(op, value, operand),
    }
}

fn compare_plainly(op: &str, value: &Json, operand: &Json) -> bool {
    let any = |check: &dyn Fn(&Json) -> bool| match operand {
        Json::Array(items) => items.iter().any(check),
        single => check(single),
    };
    let texts = |check: fn(&str, &str) -> bool| {
        let Some(text) = value.as_str() else {
            return false;
        };
        any(&|needle| needle.as_str().is_some_and(|needle| check(text, needle)))
    };
    let numbers = || Some((value.as_f64()?, operand.as_f64()?));
    match op {
        "exists" => true,
        "equals" | "in" => any(&|other| match (value.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
            _ => value == other,
        }),
        "contains" => texts(|text, needle| text.contains(needle)),
        "startsWith" => texts(|text, needle| text.starts_with(needle)),
        "endsWith" => texts(|text, needle| text.ends_with(needle)),
        "greaterThan" => numbers().is_some_and(|(a, b)| a > b),
        "greaterOrEqual" => numbers().is_some_and(|(a, b)| a >= b),
        "lessThan" => numbers().is_some_and(|(a, b)| a < b),
        "matches" => value.as_str().is_some_and(|text| is_found(text, operand)),
        "lessOrEqual" => numbers().is_some_and(|(a, b)| a <= b),
        other => panic!("an operator that is not generated: {other}"),
    }
}
