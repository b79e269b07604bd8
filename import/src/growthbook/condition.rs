//! Conditions: their trees become ours, each test stays that system's.

use super::Payload;
use super::ranges::is_true;
use crate::draft::{Draft, all, any, below, not};
use bandera_shared::compile::limits::KEY_BYTES_MAX;
use bandera_shared::dialect::ecma_pattern::{Letters, NoPattern, compile};
use bandera_shared::dialect::{Source, View, test};
use bandera_shared::truth::Truth;
use bandera_shared::{EvaluationContext, UnixMillis, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The dialect's name.
const DIALECT: &str = "growthbook";

/// Levels of conditions that are spelled out; what is nested deeper stays one test.
const DEPTH_MAX: usize = 20;

/// Levels of lists and objects inside each other; readers of rulesets go no deeper than 128.
const WRITTEN_DEPTH_MAX: usize = 90;

/// Operators, of which a misspelled one never holds.
const OPERATORS: [&str; 25] = [
    "$eq",
    "$ne",
    "$lt",
    "$lte",
    "$gt",
    "$gte",
    "$veq",
    "$vne",
    "$vlt",
    "$vlte",
    "$vgt",
    "$vgte",
    "$exists",
    "$in",
    "$nin",
    "$ini",
    "$nini",
    "$not",
    "$size",
    "$elemMatch",
    "$all",
    "$alli",
    "$regex",
    "$regexi",
    "$type",
];

/// Segments made of saved groups: by group and attribute.
pub(super) type Groups = BTreeMap<(String, String), String>;

/// Writes conditions.
pub(super) struct Conditions<'i, 'e> {
    pub(super) payload: &'i Payload<'e>,
    pub(super) draft: &'i mut Draft,
    pub(super) groups: &'i mut Groups,
}

impl Conditions<'_, '_> {
    /// The condition that is written, if any.
    pub(super) fn written(&mut self, condition: Option<&Json>, pointer: &str) -> Option<Json> {
        let condition = condition.filter(|condition| is_true(condition))?;
        if depth(condition) > WRITTEN_DEPTH_MAX {
            return Some(self.too_deep(pointer));
        }
        Some(self.tree(condition, pointer, 1))
    }

    fn too_deep(&mut self, pointer: &str) -> Json {
        let message = format!("nested deeper than {WRITTEN_DEPTH_MAX} levels: it never holds");
        self.draft.approximated(pointer, message);
        any(Vec::new())
    }

    fn tree(&mut self, condition: &Json, pointer: &str, depth: usize) -> Json {
        let Json::Object(members) = condition else {
            let message = "no condition is written here: it never holds";
            self.draft.approximated(pointer, message);
            return any(Vec::new());
        };
        if depth > DEPTH_MAX {
            let value = self.operand(condition, pointer);
            return json!({ "dialect": DIALECT, "op": "condition", "value": value });
        }
        let mut parts = Vec::new();
        for (name, operand) in members {
            let pointer = below(pointer, name);
            match name.as_str() {
                "$and" => parts.extend(self.list(operand, &pointer, depth)),
                "$or" | "$nor" => {
                    let list = self.list(operand, &pointer, depth + 2);
                    // One of none is as good as all of none there.
                    let one = if list.is_empty() {
                        all(list)
                    } else {
                        any(list)
                    };
                    parts.push(if name == "$or" { one } else { not(one) });
                }
                "$not" => parts.push(not(self.tree(operand, &pointer, depth + 2))),
                path => {
                    let attribute: Json = path.split('.').collect();
                    parts.extend(self.tests(&attribute, operand, &pointer, depth + 1));
                }
            }
        }
        together(parts)
    }

    fn list(&mut self, operand: &Json, pointer: &str, depth: usize) -> Vec<Json> {
        let items = operand.as_array().into_iter().flatten().enumerate();
        items
            .map(|(index, item)| {
                let pointer = below(pointer, &index.to_string());
                self.tree(item, &pointer, depth + 1)
            })
            .collect()
    }

    /// What is asked of one attribute: one test for each operator.
    fn tests(
        &mut self,
        attribute: &Json,
        operand: &Json,
        pointer: &str,
        depth: usize,
    ) -> Vec<Json> {
        let leaf = |op: &str, value: Json| {
            json!({
                "dialect": DIALECT, "op": op, "attribute": attribute, "value": value,
            })
        };
        let Some(operators) = operators(operand) else {
            return vec![leaf("is", operand.clone())];
        };
        let mut parts = Vec::new();
        for (op, operand) in operators {
            let pointer = below(pointer, op);
            match (op.as_str(), operand) {
                ("$not", operand) if operators_of(operand) && depth < DEPTH_MAX => {
                    let inner = self.tests(attribute, operand, &pointer, depth + 2);
                    parts.push(not(together(inner)));
                }
                ("$inGroup", Json::String(group)) => {
                    parts.push(self.member(group, attribute, &pointer));
                }
                ("$notInGroup", Json::String(group)) => {
                    parts.push(not(self.member(group, attribute, &pointer)));
                }
                (op, operand) => {
                    self.remark(op, operand, &pointer);
                    let value = self.operand(operand, &pointer);
                    parts.push(leaf(op, value));
                }
            }
        }
        parts
    }

    /// Membership of a saved group by an attribute: a segment.
    fn member(&mut self, group: &str, attribute: &Json, pointer: &str) -> Json {
        let value = self.saved(group, pointer);
        let when = json!({
            "dialect": DIALECT, "op": "$inGroup", "attribute": attribute, "value": value,
        });
        let names = attribute.as_array().into_iter().flatten();
        let path: Vec<&str> = names.filter_map(Json::as_str).collect();
        let by = path.join(".");
        let known = (group.to_owned(), by.clone());
        if let Some(key) = self.groups.get(&known) {
            return json!({ "segment": key });
        }
        let by_another = format!("{group} by {by}");
        let free = |key: &&str| !self.draft.segments.contains_key(*key);
        let key = [group, &by_another].into_iter().find(free);
        match key {
            Some(key) if !key.is_empty() && key.len() <= KEY_BYTES_MAX => {
                let description = format!("Saved group {group}, by {by}");
                let segment = json!({ "description": description, "when": when });
                self.draft.segments.insert(key.to_owned(), segment);
                self.groups.insert(known, key.to_owned());
                json!({ "segment": key })
            }
            _ => when,
        }
    }

    /// The values of a saved group.
    fn saved(&mut self, group: &str, pointer: &str) -> Json {
        let found = self.payload.groups.and_then(|groups| groups.get(group));
        if let Some(values) = found.filter(|values| values.is_array()) {
            return values.clone();
        }
        let message = format!("there is no saved group \"{group}\": it counts as empty");
        self.draft.mapped(pointer, message);
        json!([])
    }

    /// What an operator works with: the values of groups in place of their names.
    fn operand(&mut self, written: &Json, pointer: &str) -> Json {
        match written {
            Json::Object(members) => {
                let written = members.iter().map(|(name, operand)| {
                    let pointer = below(pointer, name);
                    let is_membership = matches!(name.as_str(), "$inGroup" | "$notInGroup");
                    let meant = if let Some(group) = operand.as_str().filter(|_| is_membership) {
                        self.saved(group, &pointer)
                    } else {
                        self.remark(name, operand, &pointer);
                        self.operand(operand, &pointer)
                    };
                    (name.clone(), meant)
                });
                Json::Object(written.collect())
            }
            Json::Array(items) => {
                let items = items.iter().enumerate();
                let items = items
                    .map(|(index, item)| self.operand(item, &below(pointer, &index.to_string())));
                Json::Array(items.collect())
            }
            scalar => scalar.clone(),
        }
    }

    /// Says what an operator does that its author may not expect.
    fn remark(&mut self, op: &str, operand: &Json, pointer: &str) {
        let joins = ["$and", "$or", "$nor", "$inGroup", "$notInGroup"];
        if op.starts_with('$') && !OPERATORS.contains(&op) && !joins.contains(&op) {
            let message =
                format!("\"{op}\" is no operator of GrowthBook: it never holds, as there");
            self.draft.mapped(pointer, message);
        }
        let ("$regex" | "$regexi", Json::String(source)) = (op, operand) else {
            return;
        };
        match compile(source, Letters::Exact).err() {
            Some(NoPattern::Unsupported) => {
                let message = "an expression that looks around or back, or is very large, has no \
                               bounds on its time: it never matches here";
                self.draft.approximated(pointer, message);
            }
            Some(NoPattern::Malformed) => {
                self.draft
                    .mapped(pointer, "no regular expression: it never matches, as there");
            }
            None => {}
        }
    }

    /// What another flag's value has to be like.
    pub(super) fn parent(&mut self, written: &Json, on_failure: &str, pointer: &str) -> Json {
        let condition = written
            .get("condition")
            .filter(|condition| is_true(condition));
        let condition = condition.cloned().unwrap_or_else(|| json!({}));
        let key = written.get("id").and_then(Json::as_str).unwrap_or_default();
        let pointer = below(pointer, "condition");
        if depth(&condition) > WRITTEN_DEPTH_MAX {
            return self.too_deep(&pointer);
        }
        let condition = self.operand(&condition, &pointer);
        if self
            .payload
            .features
            .is_some_and(|features| features.get(key).is_some_and(is_true))
        {
            return json!({
                "flag": key,
                "passes": { "dialect": DIALECT, "op": "condition", "value": condition },
                "onFailure": on_failure,
            });
        }
        let message = format!("there is no flag \"{key}\": its value counts as null");
        self.draft.mapped(pointer, message);
        if holds_for_null(condition) {
            all(Vec::new())
        } else {
            any(Vec::new())
        }
    }
}

/// Levels of lists and objects inside each other.
fn depth(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// A condition of so many parts.
pub(super) fn together(mut parts: Vec<Json>) -> Json {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            all(parts)
        }
    }
}

/// The operators of an object that has nothing else.
fn operators(operand: &Json) -> Option<&Map<String, Json>> {
    let members = operand.as_object()?;
    let all = !members.is_empty() && members.keys().all(|name| name.starts_with('$'));
    all.then_some(members)
}

fn operators_of(operand: &Json) -> bool {
    operators(operand).is_some()
}

/// Whether a condition over a flag's value holds where there is no such flag.
fn holds_for_null(condition: Json) -> bool {
    let source = Source {
        dialect: DIALECT.into(),
        op: "condition".into(),
        attribute: None,
        value: serde_json::from_value(condition).unwrap_or(Value::Null),
    };
    let context = EvaluationContext::new().with("value", Value::Null);
    let view = View {
        context: &context,
        at: UnixMillis(0),
        draw: 0,
    };
    test(&source).is_ok_and(|test| test.holds(&view).is_ok_and(Truth::is_yes))
}
