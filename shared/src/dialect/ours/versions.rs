//! Semantic versions in lists and between bounds, read strictly or leniently.

use super::{Check, list};
use crate::value::Value;
use semver::Version;

/// `versionIn`: a list, or `{"versions": [...], "lenient": true}`. `versionBetween`: two bounds,
/// both included, alone or as `versions`. Lenient versions may begin with `v` and leave out parts.
pub(super) fn check(op: &str, operand: &Value) -> Result<Check, String> {
    let lenient = operand.member("lenient") == Some(&Value::Bool(true));
    let items = list(operand.member("versions").unwrap_or(operand))?;
    let versions = items.iter().map(|item| {
        let version = read(item, lenient);
        version.ok_or_else(|| format!("{item} is no semantic version"))
    });
    let versions = versions.collect::<Result<Vec<Version>, String>>()?;
    if op == "versionIn" {
        return Ok(Box::new(move |value, _| {
            let found = read(value, lenient);
            let equal = |found: &Version| versions.iter().any(|v| found.cmp_precedence(v).is_eq());
            found.is_some_and(|found| equal(&found))
        }));
    }
    let [low, high] = <[Version; 2]>::try_from(versions)
        .map_err(|_| "the operator needs two versions: [lowest, highest]".to_owned())?;
    Ok(Box::new(move |value, _| {
        read(value, lenient).is_some_and(|found| {
            found.cmp_precedence(&low).is_ge() && found.cmp_precedence(&high).is_le()
        })
    }))
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
