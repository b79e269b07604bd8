//! The operator `sem_ver`: two versions and how they must relate.

use crate::value::Value;
use semver::Version;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Whether the versions relate as the operator says; `None` where one is no version, or the
/// operator is unknown.
pub(super) fn compare(found: &Value, operator: &Value, wanted: &Value) -> Option<bool> {
    let (found, wanted) = (version(found)?, version(wanted)?);
    let order = found.cmp_precedence(&wanted);
    let same_major = found.major == wanted.major;
    match operator.as_str()? {
        "=" => Some(order == Ordering::Equal),
        "!=" => Some(order != Ordering::Equal),
        "<" => Some(order == Ordering::Less),
        "<=" => Some(order != Ordering::Greater),
        ">" => Some(order == Ordering::Greater),
        ">=" => Some(order != Ordering::Less),
        "^" => Some(same_major),
        "~" => Some(same_major && found.minor == wanted.minor),
        _ => None,
    }
}

/// One to three numeric parts after an optional `v`; only three may be followed by more.
fn version(value: &Value) -> Option<Version> {
    let text: Cow<'_, str> = match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Number(number) => number.to_string().into(),
        _ => return None,
    };
    let text = text.strip_prefix(['v', 'V']).unwrap_or(&text);
    let is_short = text
        .bytes()
        .all(|byte| byte == b'.' || byte.is_ascii_digit());
    let padding = match text.bytes().filter(|byte| *byte == b'.').count() {
        0 if is_short => ".0.0",
        1 if is_short => ".0",
        _ => "",
    };
    Version::parse(&[text, padding].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_relate_as_published() {
        let check = |found: Value, operator: &str, wanted: &str, expected: Option<bool>| {
            let answer = compare(&found, &operator.into(), &wanted.into());
            assert_eq!(answer, expected, "{found} {operator} {wanted}");
        };
        check("2.1.0".into(), ">", "2.0.0", Some(true));
        check("2.0.0".into(), ">=", "2.0.0", Some(true));
        check("2.0.0".into(), "!=", "2.0.0", Some(false));
        check("1.9.0".into(), "<", "2.0.0", Some(true));
        check("2.0.0".into(), "<=", "1.0.0", Some(false));
        check("2.0.0-rc.1".into(), "<", "2.0.0", Some(true));
        check("v1.0.0".into(), "=", "V1.0.0", Some(true));
        check("1.0.0".into(), "=", "1.0.0+build", Some(true));
        check("3.1.0".into(), "^", "3.0.0", Some(true));
        check("3.1.0".into(), "~", "3.0.0", Some(false));
        check("3.0.9".into(), "~", "3.0.0", Some(true));
        check(1.into(), "^", "1", Some(true));
        check(1.2.into(), ">", "1.1", Some(true));
        check("1.5.0".into(), "^", "1", Some(true));
        for broken in ["", "v", "a", "2.0.0.0", "1-rc", "01.0.0", "1..0", "1."] {
            check(broken.into(), "=", "1.0.0", None);
        }
        check("1.0.0".into(), "===", "1.0.0", None);
        check(true.into(), "=", "1.0.0", None);
    }
}
