//! Elements of lists, in the words that flagd knows inside `some`.

use super::condition::variable;
use serde_json::{Value as Json, json};

/// An element passes, or each, if flagd can say so.
pub(super) fn said(op: &str, list: &Json, wanted: &Json) -> Option<Json> {
    let passes = passes(wanted)?;
    Some(match op {
        "anyElement" => json!({"some": [list, passes]}),
        "everyElement" => json!({"and": [
            {"!==": [list, null]}, {"!": [{"some": [list, {"!": [passes]}]}]},
        ]}),
        _ => return None,
    })
}

/// Whether numbers are compared.
pub(super) fn compares(wanted: &Json) -> bool {
    match wanted {
        Json::Array(parts) => parts.iter().any(compares),
        part => {
            let op = part.get("op").and_then(Json::as_str).unwrap_or_default();
            op.starts_with("greater") || op.starts_with("less")
        }
    }
}

/// An element passes the test, or each of several.
fn passes(wanted: &Json) -> Option<Json> {
    if let Json::Array(parts) = wanted {
        let parts: Option<Vec<Json>> = parts.iter().map(passes).collect();
        return Some(json!({"and": parts?}));
    }
    let value = wanted.get("value").filter(|value| !value.is_object())?;
    if wanted.get("ignoreCase").is_some() {
        return None;
    }
    let element = match wanted.get("member") {
        None => json!({"var": ""}),
        Some(path) => variable(path).ok()?,
    };
    let values = match value {
        Json::Array(values) => values.clone(),
        one => vec![one.clone()],
    };
    let op = wanted.get("op").and_then(Json::as_str)?;
    let (is_in, sign) = match op {
        "equals" | "in" => (json!({"in": [element, values]}), None),
        "notEquals" | "notIn" => (json!({"!": [{"in": [element, values]}]}), None),
        "greaterThan" => (Json::Null, Some(">")),
        "greaterOrEqual" => (Json::Null, Some(">=")),
        "lessThan" => (Json::Null, Some("<")),
        "lessOrEqual" => (Json::Null, Some("<=")),
        _ => return None,
    };
    Some(match sign {
        Some(sign) => json!({"and": [{"!==": [element, null]}, {sign: [element, value]}]}),
        None => is_in,
    })
}
