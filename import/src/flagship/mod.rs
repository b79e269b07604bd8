//! Cloudflare Flagship: an account's flags.
//!
//! Rules are taken in the order of their priority. A rollout is a gate by the hash of the
//! attribute, salted by account and flag; who misses it goes on to the next rule. A disabled flag
//! serves its default variation.

mod shape;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, RuleIds, all, any, below, error, kind_of, malformed};
use crate::member::{number, text};
use bandera_shared::dialect::flagship::path;
use bandera_shared::dialect::method::{FLAGSHIP_SCALE, FLAGSHIP_STEPS, first_reaching};
use serde_json::{Map, Value as Json, json};
pub(crate) use shape::SHAPE;

/// The attribute that rollouts hash where they name none.
const TARGETING_KEY: &str = "targetingKey";

/// Levels of conditions inside conditions.
const DEPTH_MAX: usize = 28;

/// Reads an account's flags: `{"account_id", "flags": [...]}`.
///
/// # Errors
/// `ImportError` when there is no list of flags.
pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let Some(flags) = export.get("flags").and_then(Json::as_array) else {
        let message = "an export of Flagship has \"account_id\" and a list of \"flags\"";
        return Err(malformed("/flags", message));
    };
    let mut reader = Reader {
        draft: Draft::default(),
        account: text(export, "account_id"),
    };
    if reader.account.is_empty() {
        let message = "rollouts are drawn by account: without its id they are others than there";
        reader.draft.approximated("/account_id", message);
    }
    for (index, flag) in flags.iter().enumerate() {
        reader.flag(flag, &below("/flags", &index.to_string()));
    }
    Ok(reader.draft)
}

struct Reader<'e> {
    draft: Draft,
    account: &'e str,
}

impl Reader<'_> {
    fn flag(&mut self, flag: &Json, pointer: &str) {
        let key = text(flag, "key");
        if key.is_empty() {
            self.draft
                .dropped(pointer, "a flag without a key cannot be asked for");
            return;
        }
        if self.draft.flags.contains_key(key) {
            let message = format!("there is a flag \"{key}\" already: this one was left out");
            self.draft.dropped(pointer, message);
            return;
        }
        let mut variants = Map::new();
        for (name, value) in flag
            .get("variations")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
        {
            variants.insert(name.clone(), json!({ "value": value }));
        }
        let mut writing = FlagDraft {
            kind: kind_of(&variants),
            is_disabled: flag.get("enabled") != Some(&true.into()),
            variants,
            ..FlagDraft::default()
        };
        let default = text(flag, "default_variation");
        let defined = writing
            .variants
            .contains_key(default)
            .then(|| default.to_owned());
        writing.off.clone_from(&defined);
        writing.default.clone_from(&defined);
        let mut ids = RuleIds::default();
        if !writing.is_disabled {
            self.rules(flag, &mut writing, &mut ids, &below(pointer, "rules"));
        }
        if defined.is_none() {
            let message = format!("the variation \"{default}\" is not defined: an error, as there");
            self.draft
                .mapped(below(pointer, "default_variation"), message);
            // A disabled flag would serve the caller's default without saying why.
            writing.is_disabled = false;
            let serve = undefined(default);
            writing
                .rules
                .push(json!({ "id": ids.name("default"), "serve": serve }));
        }
        self.draft.flag(key, writing);
    }

    fn rules(&mut self, flag: &Json, writing: &mut FlagDraft, ids: &mut RuleIds, pointer: &str) {
        let Some(rules) = flag.get("rules").and_then(Json::as_array) else {
            self.draft
                .mapped(pointer, "rules are a list: an error, as there");
            let serve = error("PARSE_ERROR", "its rules are no list");
            writing
                .rules
                .push(json!({ "id": ids.name("rules"), "serve": serve }));
            return;
        };
        let mut rules: Vec<(usize, &Json)> = rules.iter().enumerate().collect();
        let priority = |rule: &Json| rule.get("priority").and_then(Json::as_f64).unwrap_or(0.0);
        rules.sort_by(|(_, a), (_, b)| priority(a).total_cmp(&priority(b)));
        for (index, rule) in rules {
            let pointer = below(pointer, &index.to_string());
            let name = format!("priority {}", priority(rule));
            let serve = self.serve(rule, &writing.variants, &pointer);
            let at = below(&pointer, "conditions");
            let mut parts = self.conditions(rule.get("conditions"), &at, 1);
            parts.extend(rule.get("rollout").and_then(drawable));
            let mut written = Map::from_iter([
                ("id".to_owned(), ids.name(&name).into()),
                ("serve".to_owned(), serve),
            ]);
            if !parts.is_empty() {
                written.insert("when".to_owned(), all(parts));
            }
            let rollout = rule.get("rollout");
            if let Some(gate) = rollout.and_then(|rollout| self.gate(rollout, text(flag, "key"))) {
                written.insert("gates".to_owned(), json!([gate]));
            }
            writing.rules.push(written.into());
        }
    }

    fn serve(&mut self, rule: &Json, variants: &Map<String, Json>, pointer: &str) -> Json {
        let variation = text(rule, "serve_variation");
        if variants.contains_key(variation) {
            return json!({ "variant": variation });
        }
        let message = format!("the variation \"{variation}\" is not defined: an error, as there");
        let place = below(pointer, "serve_variation");
        self.draft.mapped(place, message);
        undefined(variation)
    }

    fn conditions(&mut self, written: Option<&Json>, pointer: &str, depth: usize) -> Vec<Json> {
        let Some(items) = written.and_then(Json::as_array) else {
            let message = "conditions are a list: nobody meets them";
            self.draft.approximated(pointer, message);
            return vec![any(Vec::new())];
        };
        let items = items.iter().enumerate();
        items
            .map(|(index, item)| {
                self.condition(item, &below(pointer, &index.to_string()), depth + 1)
            })
            .collect()
    }

    fn condition(&mut self, condition: &Json, pointer: &str, depth: usize) -> Json {
        if depth > DEPTH_MAX {
            self.draft
                .approximated(pointer, "nested too deeply: nobody meets it");
            return any(Vec::new());
        }
        if let Some(operator) = condition.get("logical_operator") {
            let parts =
                self.conditions(condition.get("clauses"), &below(pointer, "clauses"), depth);
            return match operator.as_str() {
                Some("AND") => all(parts),
                _ => any(parts),
            };
        }
        let Some(attribute) = condition.get("attribute").and_then(Json::as_str) else {
            self.draft
                .mapped(pointer, "it names no attribute: nobody meets it, as there");
            return any(Vec::new());
        };
        let operator = text(condition, "operator");
        let value = condition
            .get("value")
            .cloned()
            .unwrap_or_else(|| "undefined".into());
        let is_list = matches!(operator, "in" | "not_in");
        if !OPERATORS.contains(&operator) || (is_list && !value.is_array()) {
            let message = format!("\"{operator}\" cannot be told: nobody meets it, as there");
            self.draft.mapped(pointer, message);
        }
        json!({ "dialect": "flagship", "op": operator, "attribute": attribute, "value": value })
    }

    /// The gate that a rollout makes, unless everybody passes.
    fn gate(&self, rollout: &Json, key: &str) -> Option<Json> {
        let percentage = match rollout.get("percentage")? {
            Json::Null => 0.0,
            _ => number(rollout, "percentage")?,
        };
        if percentage >= 100.0 {
            return None;
        }
        let end = first_reaching(FLAGSHIP_SCALE, |number| {
            let whole = (number / FLAGSHIP_STEPS) as f64;
            whole + (number % FLAGSHIP_STEPS) as f64 / FLAGSHIP_STEPS as f64 >= percentage
        });
        let ranges = if end > 0 {
            json!([[0, end]])
        } else {
            json!([])
        };
        let attribute = drawn_by(rollout).unwrap_or(TARGETING_KEY);
        let nested = Some(path(attribute)).filter(|path| !path.is_empty());
        Some(json!({
            "ranges": ranges,
            "bucketing": {
                "kind": "flagship",
                "salt": format!("{}:{key}", self.account),
                "by": [attribute],
                "orBy": Json::from_iter(nested.map(|path| json!(path))),
                "onMissing": "random",
            },
        }))
    }
}

/// The attribute that a rollout is drawn by, where it is not the subject.
fn drawn_by(rollout: &Json) -> Option<&str> {
    Some(text(rollout, "attribute")).filter(|name| !name.is_empty())
}

/// Lists and objects are nothing that a rollout could be drawn by: who has one is passed over.
fn drawable(rollout: &Json) -> Option<Json> {
    let attribute = drawn_by(rollout)?;
    Some(json!({ "dialect": "flagship", "op": "drawable", "attribute": attribute }))
}

/// Operators, of which a misspelled one passes nobody.
const OPERATORS: [&str; 13] = [
    "equals",
    "not_equals",
    "greater_than",
    "less_than",
    "greater_than_or_equals",
    "less_than_or_equals",
    "contains",
    "starts_with",
    "ends_with",
    "in",
    "not_in",
    "has",
    "not_has",
];

/// What is served in place of a variation that is not defined.
fn undefined(variation: &str) -> Json {
    error(
        "PARSE_ERROR",
        &format!("the variation \"{variation}\" is not defined"),
    )
}
