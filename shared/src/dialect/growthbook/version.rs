//! Versions as text that sorts as they do.

use crate::value::Value;

/// Width to which numbers are padded.
const WIDTH: usize = 5;

/// Parts of a version with a release's three numbers.
const RELEASE_PARTS: usize = 3;

/// The version as text, padded so that comparing text compares versions: never fails, and takes
/// what is no version for one all the same.
///
/// # Examples
/// `v1.2.3+build` becomes `    1-    2-    3-~`; the tilde sorts a release after its candidates.
pub(super) fn padded(value: &Value) -> Box<str> {
    let number;
    let text = match value {
        Value::String(text) if !text.is_empty() => text,
        // Zero is false there, and becomes the text of zero again.
        Value::Number(found) => {
            number = found.to_string();
            &*number
        }
        _ => "0",
    };
    let text = text.strip_prefix('v').unwrap_or(text);
    let version = text.split_once('+').map_or(text, |(version, _)| version);
    let mut parts: Vec<String> = version.split(['-', '.']).map(pad).collect();
    if parts.len() == RELEASE_PARTS {
        parts.push("~".to_owned());
    }
    parts.join("-").into()
}

fn pad(part: &str) -> String {
    if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{part:>WIDTH$}")
    } else {
        part.to_owned()
    }
}
