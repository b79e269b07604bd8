//! Segments, which a snapshot repeats wherever they are used.

use crate::draft::{Draft, all, any, below};
use crate::member::{Taken, items, text};
use serde_json::{Value as Json, json};

/// Segments written so far: what was read, and its key.
#[derive(Debug, Default)]
pub(super) struct Segments {
    written: Vec<(Json, String)>,
    taken: Taken,
}

/// A name for a rule: that of its segments.
pub(super) fn name(owner: &Json) -> String {
    let keys = items(owner, "segments")
        .iter()
        .map(|segment| text(segment, "key"));
    let keys: Vec<&str> = keys.filter(|key| !key.is_empty()).collect();
    let word = if needs_all(owner) { " and " } else { " or " };
    match &*keys {
        [] => "no segment".to_owned(),
        keys => keys.join(word),
    }
}

fn needs_all(owner: &Json) -> bool {
    text(owner, "segmentOperator") == "AND_SEGMENT_OPERATOR"
}

impl Segments {
    /// The condition that the segments of a rule or rollout are.
    pub(super) fn condition(&mut self, owner: &Json, pointer: &str, draft: &mut Draft) -> Json {
        let pointer = below(pointer, "segments");
        let segments = items(owner, "segments").iter().enumerate();
        let members = segments
            .map(|(index, segment)| {
                let key = self.key(segment, &format!("{pointer}/{index}"), draft);
                json!({ "segment": key })
            })
            .collect();
        if needs_all(owner) {
            all(members)
        } else {
            any(members)
        }
    }

    /// The key under which a segment is written; one that is repeated is written once.
    fn key(&mut self, segment: &Json, pointer: &str, draft: &mut Draft) -> String {
        let read = meaning(segment);
        let known = self.written.iter().find(|(other, _)| *other == read);
        if let Some((_, key)) = known {
            return key.clone();
        }
        let key = self.taken.unique(text(segment, "key"));
        let when = when(segment, pointer, draft);
        draft.segments.insert(key.clone(), json!({ "when": when }));
        self.written.push((read, key.clone()));
        key
    }
}

/// The members of a segment that say who belongs to it.
fn meaning(segment: &Json) -> Json {
    let of = |json: &Json, names: &[&str]| -> Json {
        names.iter().map(|name| json.get(name).cloned()).collect()
    };
    let constraints = items(segment, "constraints").iter();
    let constraints = constraints.map(|json| of(json, &["type", "property", "operator", "value"]));
    let constraints: Json = constraints.collect();
    json!([of(segment, &["key", "matchType"]), constraints])
}

/// What a segment asks. Without constraints it is everybody, whatever its type.
fn when(segment: &Json, pointer: &str, draft: &mut Draft) -> Json {
    let is_any = text(segment, "matchType") == "ANY_SEGMENT_MATCH_TYPE";
    let pointer = below(pointer, "constraints");
    let mut conditions = Vec::new();
    for (index, constraint) in items(segment, "constraints").iter().enumerate() {
        let Some(condition) = constraint_of(constraint) else {
            let kind = text(constraint, "type");
            let operator = text(constraint, "operator");
            let message = format!("\"{operator}\" of {kind} is unknown: it never matches");
            draft.dropped(format!("{pointer}/{index}"), message);
            conditions.push(any(Vec::new()));
            continue;
        };
        conditions.push(condition);
    }
    if is_any && !conditions.is_empty() {
        any(conditions)
    } else {
        all(conditions)
    }
}

/// Operators by type.
const OPERATORS: [(&str, &[&str]); 4] = [
    (
        "string",
        &[
            "eq",
            "neq",
            "empty",
            "notempty",
            "prefix",
            "suffix",
            "contains",
            "notcontains",
            "isoneof",
            "isnotoneof",
        ],
    ),
    (
        "number",
        &[
            "eq",
            "neq",
            "lt",
            "lte",
            "gt",
            "gte",
            "present",
            "notpresent",
            "isoneof",
            "isnotoneof",
        ],
    ),
    ("boolean", &["true", "false", "present", "notpresent"]),
    (
        "datetime",
        &[
            "eq",
            "neq",
            "lt",
            "lte",
            "gt",
            "gte",
            "present",
            "notpresent",
        ],
    ),
];

fn constraint_of(constraint: &Json) -> Option<Json> {
    let property = text(constraint, "property");
    let (kind, attribute) = match text(constraint, "type") {
        "STRING_CONSTRAINT_COMPARISON_TYPE" => ("string", property),
        "NUMBER_CONSTRAINT_COMPARISON_TYPE" => ("number", property),
        "BOOLEAN_CONSTRAINT_COMPARISON_TYPE" => ("boolean", property),
        "DATETIME_CONSTRAINT_COMPARISON_TYPE" => ("datetime", property),
        "ENTITY_ID_CONSTRAINT_COMPARISON_TYPE" => ("string", "targetingKey"),
        _ => return None,
    };
    let operator = text(constraint, "operator");
    let known = OPERATORS.iter().find(|(name, _)| *name == kind);
    known.filter(|(_, operators)| operators.contains(&operator))?;
    let value = text(constraint, "value");
    let value = match operator {
        // A list is written as text there.
        "isoneof" | "isnotoneof" => serde_json::from_str(value).unwrap_or(Json::Null),
        _ => value.into(),
    };
    Some(json!({
        "dialect": "flipt",
        "op": format!("{kind}.{operator}"),
        "attribute": attribute,
        "value": value,
    }))
}
