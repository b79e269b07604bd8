//! Constraints of strategies and segments, to conditions.

use crate::draft::{Draft, below, not};
use crate::member::{is_true, items, plain, text};
use bandera_shared::dialect::pattern::{Case, re2};
use bandera_shared::pattern::Unbuilt;
use serde_json::{Value as Json, json};

/// Operators that look at `values`.
const OF_LISTS: [&str; 6] = [
    "IN",
    "NOT_IN",
    "STR_STARTS_WITH",
    "STR_ENDS_WITH",
    "STR_CONTAINS",
    "IN_CIDR",
];

/// Operators that look at `value`.
const OF_VALUES: [&str; 13] = [
    "NUM_EQ",
    "NUM_GT",
    "NUM_GTE",
    "NUM_LT",
    "NUM_LTE",
    "DATE_AFTER",
    "DATE_BEFORE",
    "SEMVER_EQ",
    "SEMVER_GT",
    "SEMVER_GTE",
    "SEMVER_LT",
    "SEMVER_LTE",
    "REGEX",
];

/// The attribute that a field of Unleash's context is.
pub(super) fn attribute(field: &str) -> &str {
    match field {
        "userId" => "targetingKey",
        other => other,
    }
}

/// A test in Unleash's own words.
pub(super) fn test(op: &str, field: &str, value: &Json) -> Json {
    json!({ "dialect": "unleash", "op": op, "attribute": attribute(field), "value": value })
}

/// The conditions that the `constraints` of a strategy or segment are; each must hold.
pub(super) fn constraints(json: &Json, pointer: &str, draft: &mut Draft) -> Vec<Json> {
    let pointer = below(pointer, "constraints");
    let constraints = items(json, "constraints").iter().enumerate();
    constraints
        .map(|(index, constraint)| condition(constraint, &format!("{pointer}/{index}"), draft))
        .collect()
}

fn condition(constraint: &Json, pointer: &str, draft: &mut Draft) -> Json {
    let never = json!({ "any": [] });
    let operator = text(constraint, "operator");
    let field = text(constraint, "contextName");
    let value = if OF_LISTS.contains(&operator) {
        items(constraint, "values")
            .iter()
            .filter_map(plain)
            .collect()
    } else if OF_VALUES.contains(&operator) {
        let value = constraint.get("value").and_then(plain);
        value.unwrap_or_default().into()
    } else {
        let message = format!("an unknown operator \"{operator}\": it never holds");
        draft.dropped(below(pointer, "operator"), message);
        return never;
    };
    let ignores_case = is_true(constraint, "caseInsensitive");
    if operator == "REGEX"
        && let Err(why) = readable(&value, ignores_case)
    {
        report(&value, &why, &below(pointer, "value"), draft);
        // There too it does not hold, whether it is inverted or not.
        return never;
    }
    let folds = ignores_case && (operator.starts_with("STR_") || operator == "REGEX");
    let op = [operator, if folds { "/i" } else { "" }].concat();
    let test = test(&op, field, &value);
    if is_true(constraint, "inverted") {
        not(test)
    } else {
        test
    }
}

fn readable(value: &Json, ignores_case: bool) -> Result<(), Unbuilt> {
    let case = if ignores_case {
        Case::Ignored
    } else {
        Case::Kept
    };
    re2(value.as_str().unwrap_or_default(), case).map(drop)
}

/// Says why an expression never holds: it is none, or only this engine cannot read it.
fn report(value: &Json, why: &Unbuilt, pointer: &str, draft: &mut Draft) {
    let pattern = value.as_str().unwrap_or_default();
    let is_theirs = ["\\p", "\\P", "\\C"]
        .iter()
        .any(|class| pattern.contains(class));
    if is_theirs || !matches!(why, Unbuilt::Malformed(_)) {
        draft.dropped(pointer, format!("the expression cannot be read: {why}"));
    } else {
        let message = format!("no expression, so that it never holds, as there: {why}");
        draft.mapped(pointer, message);
    }
}
