//! Semantic versions compared, in lists, between bounds and in ranges, read strictly or leniently.

use super::{Check, list, member};
use crate::condition::Comparison;
use crate::dialect::{Unfit, unfit};
use crate::value::Value;
use semver::{Version, VersionReq};

/// The operand alone, or an object with `"lenient": true` beside it: lenient versions may begin
/// with `v` and leave out parts. A comparison takes a `version`, `versionMatches` a `range`,
/// `versionIn` a list and `versionBetween` two bounds, both included, as `versions`.
pub(super) fn check(op: &str, operand: &Value) -> Result<Check, Unfit> {
    let lenient = operand.member("lenient") == Some(&Value::Bool(true));
    if let Some(comparison) = comparison(op) {
        let than = version(of(operand, "version")?, lenient)?;
        return Ok(Box::new(move |value, _| {
            let found = read(value, lenient);
            found.is_some_and(|found| comparison.accepts(found.cmp_precedence(&than)))
        }));
    }
    if op == "versionMatches" {
        let range = of(operand, "range")?.as_str();
        let range = range.ok_or("the operator needs a version range such as \"^1.2\"")?;
        let range =
            VersionReq::parse(range).map_err(|error| unfit!("no version range: {error}"))?;
        return Ok(Box::new(move |value, _| {
            read(value, lenient).is_some_and(|found| range.matches(&found))
        }));
    }
    let versions = list(of(operand, "versions")?)?.iter();
    let versions = versions.map(|item| version(item, lenient));
    let versions = versions.collect::<Result<Vec<Version>, Unfit>>()?;
    if op == "versionIn" {
        return Ok(Box::new(move |value, _| {
            let found = read(value, lenient);
            let equal = |found: &Version| versions.iter().any(|v| found.cmp_precedence(v).is_eq());
            found.is_some_and(|found| equal(&found))
        }));
    }
    let [low, high] = <[Version; 2]>::try_from(versions)
        .map_err(|_| unfit!("the operator needs two versions: [lowest, highest]"))?;
    Ok(Box::new(move |value, _| {
        read(value, lenient).is_some_and(|found| {
            found.cmp_precedence(&low).is_ge() && found.cmp_precedence(&high).is_le()
        })
    }))
}

/// What an operator's name compares for.
fn comparison(op: &str) -> Option<Comparison> {
    Some(match op {
        "versionEquals" => Comparison::Equal,
        "versionGreaterThan" => Comparison::Greater,
        "versionGreaterOrEqual" => Comparison::GreaterOrEqual,
        "versionLessThan" => Comparison::Less,
        "versionLessOrEqual" => Comparison::LessOrEqual,
        _ => return None,
    })
}

/// The operand itself, or its member of that name.
fn of<'o>(operand: &'o Value, name: &str) -> Result<&'o Value, Unfit> {
    match operand {
        Value::Object(_) => member(
            operand,
            name,
            &format!("{{\"{name}\": …, \"lenient\": true}}"),
        ),
        operand => Ok(operand),
    }
}

fn version(operand: &Value, lenient: bool) -> Result<Version, Unfit> {
    read(operand, lenient).ok_or_else(|| unfit!("{operand} is no semantic version"))
}

fn read(value: &Value, lenient: bool) -> Option<Version> {
    let text = match value {
        Value::String(text) => text.to_string(),
        Value::Number(number) if lenient => number.to_string(),
        _ => return None,
    };
    if lenient {
        self::lenient(&text)
    } else {
        Version::parse(&text).ok()
    }
}

/// `v1`, `1.2` and ` 1.02.3-rc.1` as people write them.
fn lenient(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let cut = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(cut)?;
    let mut parts = [0_u64; 3];
    let mut slots = parts.iter_mut();
    for part in numbers.split('.') {
        *slots.next()? = part.parse().ok()?;
    }
    let [major, minor, patch] = parts;
    Version::parse(&format!("{major}.{minor}.{patch}{rest}")).ok()
}
