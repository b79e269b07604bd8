//! What differs between two rulesets, place by place.

use crate::diagnostics::{DocumentRef, document_of};
use crate::kinds::Kind;
use crate::limits::CHANGES_MAX;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What happened at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ChangeKind {
    /// Only in the later one.
    Added,
    /// Only in the earlier one.
    Removed,
    /// In both, with different values.
    Changed,
}

/// One difference, at the deepest place that tells the two apart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Change {
    /// JSON pointer (RFC 6901) into the ruleset.
    pub(crate) pointer: String,
    /// What happened.
    #[serde(rename = "change")]
    pub(crate) kind: ChangeKind,
    /// The document that it belongs to; absent for the ruleset's own members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<DocumentRef>,
    /// The earlier value; absent when added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Value>,
    /// The later value; absent when removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Value>,
}

/// The differences between two rulesets.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// By pointer, within bounds.
    pub(crate) changes: Vec<Change>,
    /// Whether there are more than are listed.
    pub(crate) truncated: bool,
}

/// What leads from `before` to `after`. Arrays are compared place by place.
pub(crate) fn changes(before: &Value, after: &Value) -> Changes {
    let mut found = Vec::new();
    compare(&mut String::new(), before, after, &mut found);
    let truncated = found.len() > CHANGES_MAX;
    found.truncate(CHANGES_MAX);
    Changes {
        changes: found,
        truncated,
    }
}

fn compare(pointer: &mut String, before: &Value, after: &Value, found: &mut Vec<Change>) {
    // One past the bound tells that there are more.
    if before == after || found.len() > CHANGES_MAX {
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            compare_objects(pointer, before, after, found);
        }
        (Value::Array(before), Value::Array(after)) => {
            for index in 0..before.len().max(after.len()) {
                let step = index.to_string();
                let (before, after) = (before.get(index), after.get(index));
                within(pointer, &step, |pointer| {
                    members(pointer, before, after, found);
                });
            }
        }
        _ => members_differ(pointer, Some(before), Some(after), found),
    }
}

fn compare_objects(
    pointer: &mut String,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Change>,
) {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (before, after) = (before.get(key), after.get(key));
        within(pointer, key, |pointer| {
            members(pointer, before, after, found);
        });
    }
}

fn members(
    pointer: &mut String,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Change>,
) {
    // What an earlier release published lacks the kinds of documents that came later.
    let nothing = Value::Object(Map::new());
    let nothing = is_collection(pointer).then_some(&nothing);
    match (before.or(nothing), after.or(nothing)) {
        (Some(before), Some(after)) => compare(pointer, before, after, found),
        _ => members_differ(pointer, before, after, found),
    }
}

fn members_differ(
    pointer: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Change>,
) {
    let kind = match (before, after) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    };
    let document = document_of(pointer);
    let (before, after) = (before.cloned(), after.cloned());
    found.push(Change {
        pointer: pointer.to_owned(),
        kind,
        document,
        before,
        after,
    });
}

/// Whether documents of a kind are there.
fn is_collection(pointer: &str) -> bool {
    pointer
        .strip_prefix('/')
        .and_then(Kind::of_collection)
        .is_some()
}

/// Calls `visit` with the pointer one step longer. Depth is bounded by the JSON parser's own.
fn within(pointer: &mut String, step: &str, visit: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
    visit(pointer);
    pointer.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(before: &Value, after: &Value, expected: &[(&str, ChangeKind)]) {
        let found = changes(before, after);
        let places: Vec<_> = found
            .changes
            .iter()
            .map(|change| (change.pointer.as_str(), change.kind))
            .collect();
        assert_eq!(places, expected);
        assert!(!found.truncated);
    }

    #[test]
    fn names_the_deepest_place_that_differs() {
        use ChangeKind::{Added, Changed, Removed};
        check(&json!({"a": 1}), &json!({"a": 1}), &[]);
        check(
            &json!({"a": {"b": 1}}),
            &json!({"a": {"b": 2}}),
            &[("/a/b", Changed)],
        );
        check(
            &json!({"a": 1}),
            &json!({"b": 1}),
            &[("/a", Removed), ("/b", Added)],
        );
        check(&json!([1, 2]), &json!([1]), &[("/1", Removed)]);
        check(
            &json!([1]),
            &json!([3, 2]),
            &[("/0", Changed), ("/1", Added)],
        );
        check(&json!({"a": []}), &json!({"a": {}}), &[("/a", Changed)]);
        check(&json!({"a/b~c": 1}), &json!({}), &[("/a~1b~0c", Removed)]);
        check(&json!(1), &json!(2), &[("", Changed)]);
    }

    #[test]
    fn a_collection_that_is_not_there_is_empty() {
        use ChangeKind::{Added, Removed};
        let (before, empty) = (json!({"flags": {}}), json!({"flags": {}, "lists": {}}));
        check(&before, &empty, &[]);
        check(&empty, &before, &[]);
        let listed = json!({"flags": {}, "lists": {"eu": {"values": []}}});
        check(&before, &listed, &[("/lists/eu", Added)]);
        check(&listed, &before, &[("/lists/eu", Removed)]);
        check(&json!({}), &json!({"salt": {}}), &[("/salt", Added)]);
    }

    #[test]
    fn names_the_document_and_keeps_both_values() {
        let before = json!({"flags": {"x": {"status": "enabled"}}});
        let after = json!({"flags": {"x": {"status": "disabled"}}});
        let found = changes(&before, &after).changes;
        let document = found[0].document.as_ref().unwrap();
        assert_eq!(
            (document.key.as_str(), document.pointer.as_str()),
            ("x", "/status")
        );
        assert_eq!(found[0].before, Some(json!("enabled")));
        assert_eq!(found[0].after, Some(json!("disabled")));
    }

    #[test]
    fn lists_are_bounded_at_and_one_past() {
        let list = |n: usize| Value::Array(vec![json!(0); n]);
        let found = changes(&list(0), &list(CHANGES_MAX));
        assert_eq!((found.changes.len(), found.truncated), (CHANGES_MAX, false));
        let found = changes(&list(0), &list(CHANGES_MAX + 1));
        assert_eq!((found.changes.len(), found.truncated), (CHANGES_MAX, true));
    }
}
