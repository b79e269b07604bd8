//! Segments: trees of rules over conditions.

use super::flags::{Asked, Flags};
use super::path::place;
use super::subject;
use crate::draft::{Draft, all, any, below, not};
use crate::member::{items, plain, text};
use bandera_shared::dialect::flagsmith::numbers_up_to;
use bandera_shared::dialect::pattern;
use bandera_shared::dialect::python;
use serde_json::{Map, Value as Json, json};

/// Operators that compare with one value.
const OF_VALUES: [&str; 12] = [
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_INCLUSIVE",
    "LESS_THAN",
    "LESS_THAN_INCLUSIVE",
    "CONTAINS",
    "NOT_CONTAINS",
    "REGEX",
    "MODULO",
    "IS_SET",
    "IS_NOT_SET",
];

/// What a segment's rules are read with.
pub(super) struct Reading<'a> {
    pub(super) draft: &'a mut Draft,
    pub(super) export: &'a Json,
    pub(super) environment: &'a str,
    /// The key of the segment at hand.
    pub(super) key: String,
    /// What other features may answer.
    pub(super) flags: &'a Flags<'a>,
}

impl Reading<'_> {
    /// Who belongs to a segment; nobody where it has no rules.
    pub(super) fn members(&mut self, segment: &Json, pointer: &str) -> Json {
        match items(segment, "rules") {
            [] => any(Vec::new()),
            _ if self.flags.is_circular(segment) => {
                let message = "it asks for flags that ask for themselves in a circle: nobody \
                               belongs to it";
                self.draft.approximated(pointer, message);
                any(Vec::new())
            }
            _ => all(self.rules(segment, pointer)),
        }
    }

    fn rules(&mut self, owner: &Json, pointer: &str) -> Vec<Json> {
        let pointer = below(pointer, "rules");
        let rules = items(owner, "rules").iter().enumerate();
        rules
            .map(|(index, rule)| self.rule(rule, &format!("{pointer}/{index}")))
            .collect()
    }

    /// A rule asks the same of its conditions and, separately, of the rules below it.
    fn rule(&mut self, rule: &Json, pointer: &str) -> Json {
        let combine: fn(Vec<Json>) -> Json = match text(rule, "type") {
            "ALL" => all,
            "ANY" => any,
            "NONE" => |parts| not(any(parts)),
            other => {
                let message = format!("an unknown type of rule \"{other}\": it never matches");
                self.draft.dropped(below(pointer, "type"), message);
                return any(Vec::new());
            }
        };
        let conditions_at = below(pointer, "conditions");
        let conditions = items(rule, "conditions").iter().enumerate();
        let conditions: Vec<Json> = conditions
            .map(|(index, condition)| {
                self.condition(condition, &format!("{conditions_at}/{index}"))
            })
            .collect();
        let lists = [conditions, self.rules(rule, pointer)];
        let mut parts: Vec<Json> = lists
            .into_iter()
            .filter(|list| !list.is_empty())
            .map(combine)
            .collect();
        match (parts.len(), parts.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                all(parts)
            }
        }
    }

    fn condition(&mut self, condition: &Json, pointer: &str) -> Json {
        let operator = text(condition, "operator");
        let property = text(condition, "property");
        let value = condition.get("value").unwrap_or(&Json::Null);
        let operand = match operator {
            "IN" => listed(value),
            "PERCENTAGE_SPLIT" if property.is_empty() => return self.split(value),
            "PERCENTAGE_SPLIT" => plain(value).unwrap_or_default().into(),
            _ if OF_VALUES.contains(&operator) => plain(value).unwrap_or_default().into(),
            other => {
                let message = format!("an unknown operator \"{other}\": it never matches");
                self.draft.dropped(below(pointer, "operator"), message);
                return any(Vec::new());
            }
        };
        if operator == "REGEX" {
            self.check(
                operand.as_str().unwrap_or_default(),
                &below(pointer, "value"),
            );
        }
        match self.flags.condition(property, operator, &operand) {
            Asked::Condition(condition) => return condition,
            Asked::Elsewhere => {}
            Asked::Unknown => {
                let message = "of another flag it is known whether it is enabled, its name, and \
                               its value where it has one value when it is off: this counts as \
                               not set";
                self.draft.dropped(below(pointer, "property"), message);
            }
        }
        let (place, is_whole) = place(property, self.export, self.environment);
        if !is_whole {
            let message = "a path to more than one place leads nowhere here";
            self.draft.approximated(below(pointer, "property"), message);
        }
        let mut members = match place {
            Json::Object(members) => members,
            _ => Map::new(),
        };
        if operator == "PERCENTAGE_SPLIT" {
            members.insert("segment".to_owned(), self.key.as_str().into());
        }
        let value = if members.is_empty() {
            operand
        } else {
            members.insert("value".to_owned(), operand);
            Json::Object(members)
        };
        json!({ "dialect": "flagsmith", "op": operator, "attribute": property, "value": value })
    }

    /// A share of subjects by the key under which they are hashed.
    fn split(&self, value: &Json) -> Json {
        let percentage = plain(value).and_then(|text| python::float(&text));
        let numbers = percentage.map_or(0, numbers_up_to);
        let ranges = if numbers == 0 {
            vec![]
        } else {
            vec![[0, numbers]]
        };
        let bucketing = subject(&self.key, self.environment);
        json!({ "chance": { "ranges": ranges, "bucketing": bucketing } })
    }

    /// Says what an expression does not mean here.
    fn check(&mut self, expression: &str, pointer: &str) {
        let of_all_scripts = [
            "\\w", "\\W", "\\d", "\\D", "\\s", "\\S", "\\b", "\\B", "(?i",
        ];
        if let Err(why) = pattern::python(expression) {
            let message = format!("the expression cannot be read and never matches: {why}");
            self.draft.dropped(pointer, message);
        } else if of_all_scripts
            .iter()
            .any(|class| expression.contains(class))
        {
            let message = "letters, digits and spaces beyond ASCII belong to no class here";
            self.draft.approximated(pointer, message);
        }
    }
}

/// The texts of a list: a real one, one in JSON, or one with commas.
fn listed(value: &Json) -> Json {
    let texts = |items: &[Json]| items.iter().filter_map(python_text).collect();
    match value {
        Json::Array(items) => texts(items),
        Json::String(text) => match serde_json::from_str(text) {
            Ok(Json::Array(items)) => texts(&items),
            _ => text.split(',').collect(),
        },
        other => plain(other).into_iter().collect(),
    }
}

/// What `str` makes of an element.
fn python_text(json: &Json) -> Option<String> {
    match json {
        Json::Null => Some("None".to_owned()),
        Json::Bool(truth) => Some(if *truth { "True" } else { "False" }.to_owned()),
        Json::Number(number) if number.is_f64() => number.as_f64().map(python::float_text),
        other => plain(other),
    }
}
