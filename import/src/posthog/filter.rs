//! Filters of a condition: properties, cohorts and other flags.

use super::cohort::{Cohorts, Reading};
use crate::draft::{Draft, all, not};
use bandera_shared::Value;
use bandera_shared::context::Attribute;
use bandera_shared::dialect::{Source, test};
use serde_json::{Map, Value as Json, json};

/// Whose properties are looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Entity {
    Person,
    /// A group of that type.
    Group(String),
}

/// What filters refer to.
pub(super) struct Filters<'r, 'e> {
    pub(super) flags: &'r Map<String, Json>,
    pub(super) cohorts: &'r mut Cohorts<'e>,
    pub(super) draft: &'r mut Draft,
    /// Whether true and false are texts like any other: in version 2 of the comparison.
    pub(super) has_no_truth: bool,
}

impl<'e> Filters<'_, 'e> {
    /// The condition that a filter is.
    pub(super) fn condition(&mut self, written: &'e Json, entity: &Entity, pointer: &str) -> Json {
        match written.get("type").and_then(Json::as_str) {
            Some("cohort") => {
                let inside = self.cohort(written, entity, pointer);
                if written.get("operator").and_then(Json::as_str) == Some("not_in") {
                    not(inside)
                } else {
                    inside
                }
            }
            Some("flag") => self.flag(written, pointer),
            _ => self.property(written, entity, pointer),
        }
    }

    /// Membership in a cohort, whose properties are those of the entity at hand.
    fn cohort(&mut self, written: &'e Json, entity: &Entity, pointer: &str) -> Json {
        let id = match written.get("value") {
            Some(Json::String(id)) => id.clone(),
            Some(id) => id.to_string(),
            None => String::new(),
        };
        let Some(cohort) = self.cohorts.get(&id) else {
            let message = format!("the cohort {id} is known to servers alone");
            self.draft
                .mapped(pointer, format!("{message}: no answer, as there"));
            return json!({"dialect": "posthog", "op": "server", "value": message});
        };
        let name = match entity {
            Entity::Person => format!("cohort {id}"),
            Entity::Group(of) => format!("cohort {id} of {of}"),
        };
        match self.cohorts.begin(&name) {
            Reading::Done => {}
            Reading::New => {
                let place = format!("/cohorts/{id}");
                let when = self.tree(cohort, entity, &place);
                self.cohorts.finish(&name, &when);
            }
            Reading::Circle => {
                let message = format!("the cohort {id} refers to itself");
                self.draft
                    .mapped(pointer, format!("{message}: no answer, as there"));
                return server(&message);
            }
            Reading::TooDeep => {
                let message = format!("the cohort {id} lies too deep inside others");
                self.draft.dropped(pointer, format!("{message}: no answer"));
                return server(&message);
            }
        }
        json!({ "segment": name })
    }

    /// Filters of a condition of a flag, which must all hold. One that only servers know gives up
    /// on the flag unless another one fails, or one before it is undecided.
    pub(super) fn each(&self, parts: Vec<Json>) -> Vec<Json> {
        let Some(place) = parts.iter().position(gives_up) else {
            let (perhaps, others): (Vec<Json>, Vec<Json>) = parts
                .into_iter()
                .partition(|part| self.cohorts.may_ask_servers(part));
            return each(others.into_iter().chain(perhaps).collect());
        };
        let mut before = parts;
        let mut behind = before.split_off(place);
        let server = behind.remove(0);
        behind.retain(|part| !gives_up(part));
        let others: Vec<Json> = before.iter().chain(&behind).cloned().collect();
        let is_alone = before.is_empty() || behind.is_empty();
        behind.push(server);
        let mut asked = each(before);
        asked.extend(each(behind));
        if is_alone {
            return asked;
        }
        each(vec![all(each(others)), all(asked)])
    }

    /// A tree of filters. One that cannot be told does not keep others from deciding.
    fn tree(&mut self, written: &'e Json, entity: &Entity, pointer: &str) -> Json {
        let values = written.get("values").and_then(Json::as_array);
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            return all(Vec::new());
        };
        let is_nested = values
            .first()
            .is_some_and(|first| first.get("values").is_some());
        let parts = values.iter().enumerate().map(|(index, value)| {
            let pointer = format!("{pointer}/values/{index}");
            if is_nested {
                return self.tree(value, entity, &pointer);
            }
            let part = self.condition(value, entity, &pointer);
            if value.get("negation").and_then(Json::as_bool) == Some(true) {
                not(part)
            } else {
                part
            }
        });
        let mut parts: Vec<Json> = parts.collect();
        if parts.len() == 1 {
            return parts.swap_remove(0);
        }
        if written.get("type").and_then(Json::as_str) == Some("AND") {
            return all(each(parts));
        }
        crate::draft::any(parts)
    }

    /// What another flag comes to, each flag on the way to it being one that can be told.
    fn flag(&mut self, written: &'e Json, pointer: &str) -> Json {
        let target = written
            .get("key")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let chain = written.get("dependency_chain").and_then(Json::as_array);
        let chain: Vec<&str> = chain
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        if chain.is_empty() || chain.iter().any(|key| !self.flags.contains_key(*key)) {
            let message =
                "a flag it depends on is not there, or depends on it: undecided, as there";
            self.draft.mapped(pointer, message);
            return unknown();
        }
        let asked = |key: &str, value: &Json| {
            let passes = json!({
                "dialect": "posthog", "op": "flag_evaluates_to", "attribute": "value",
                "value": value,
            });
            json!({"flag": key, "passes": passes, "onFailure": "unknown"})
        };
        let mut parts: Vec<Json> = chain.iter().map(|key| asked(key, &Json::Null)).collect();
        let wanted = written.get("value").filter(|value| !value.is_null());
        match wanted.filter(|_| chain.contains(&target)) {
            Some(wanted) => parts.push(asked(target, wanted)),
            None => parts.push(crate::draft::any(Vec::new())),
        }
        all(parts)
    }

    fn property(&mut self, written: &Json, entity: &Entity, pointer: &str) -> Json {
        let name = written
            .get("key")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let operator = written.get("operator").and_then(Json::as_str);
        let operator = operator.filter(|name| !name.is_empty()).unwrap_or("exact");
        let mut value = written.get("value").cloned().unwrap_or(Json::Null);
        let operator = match operator {
            "exact" if self.is_of_truth(&value) => "truth",
            "is_not" if self.is_of_truth(&value) => "not_truth",
            other => other,
        };
        if matches!(operator, "truth" | "not_truth") {
            value = is_true(&value).into();
        }
        let (attribute, shown) = match entity {
            Entity::Person => (Attribute::named(name), json!(name)),
            Entity::Group(of) => (
                Attribute::named(name).of(of),
                json!({"of": of, "path": name}),
            ),
        };
        let condition =
            json!({"dialect": "posthog", "op": operator, "attribute": shown, "value": value});
        let value = serde_json::from_value::<Value>(value).map_err(|error| error.to_string());
        let checked = value.and_then(|value| {
            test(&Source {
                dialect: "posthog".into(),
                op: operator.into(),
                attribute: Some(attribute),
                value,
            })
            .map_err(String::from)
        });
        match checked {
            Ok(_) => condition,
            Err(message) => {
                self.draft
                    .dropped(pointer, format!("{message}: the filter stays undecided"));
                unknown()
            }
        }
    }
}

impl Filters<'_, '_> {
    /// Whether a filter on the value compares truth: its own, and that of the property.
    fn is_of_truth(&self, value: &Json) -> bool {
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        is_empty || (!self.has_no_truth && says_truth(value))
    }
}

/// True, false, a text that says so, or a list of nothing else.
fn says_truth(value: &Json) -> bool {
    match value {
        Json::Bool(_) => true,
        Json::String(text) => ["true", "false"]
            .iter()
            .any(|truth| text.eq_ignore_ascii_case(truth)),
        Json::Array(items) => items.iter().all(says_truth),
        Json::Null | Json::Number(_) | Json::Object(_) => false,
    }
}

/// Whether it says true, each item of a list.
fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(truth) => *truth,
        Json::String(text) => text.eq_ignore_ascii_case("true"),
        Json::Array(items) => items.iter().all(is_true),
        Json::Null | Json::Number(_) | Json::Object(_) => false,
    }
}

/// Filters that must all hold. One that does not decides wherever it stands, also behind one that
/// cannot be told.
pub(super) fn each(parts: Vec<Json>) -> Vec<Json> {
    if parts.len() < 2 {
        return parts;
    }
    // Of all parts the first that does not hold decides; of any, one that holds does, wherever it
    // stands. So the latter is asked of the contrary.
    let contraries = parts.into_iter().map(not).collect();
    vec![not(crate::draft::any(contraries))]
}

/// Whether a condition does nothing but give up on the flag.
fn gives_up(condition: &Json) -> bool {
    let inner = condition.get("not").unwrap_or(condition);
    inner.get("op").and_then(Json::as_str) == Some("server")
}

/// A condition that gives up on the flag.
fn server(message: &str) -> Json {
    json!({"dialect": "posthog", "op": "server", "value": message})
}

fn unknown() -> Json {
    json!({"dialect": "posthog", "op": "unknown"})
}
