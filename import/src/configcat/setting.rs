//! Settings to flags: targeting rules, percentage options, and the values behind them.

use super::condition::attribute;
use super::{Config, Kind, short, unused};
use crate::ImportError;
use crate::draft::{Draft, FlagDraft, RuleIds, all, error};
use crate::part::Part;
use serde_json::{Map, Value as Json, json};

/// Bytes of a value that its variant's key repeats.
const VALUE_BYTES_MAX: usize = 40;

/// Numbers that percentages are drawn from.
const SCALE: u64 = 100;

/// A setting being taken over.
pub(super) struct Importer<'i, 'e> {
    key: &'i str,
    config: &'i Config<'e>,
    draft: &'i mut Draft,
    kind: Kind,
    bucketing: Json,
    variants: Map<String, Json>,
    ids: RuleIds,
    rules: Vec<Json>,
}

impl<'i, 'e> Importer<'i, 'e> {
    pub(super) fn new(key: &'i str, config: &'i Config<'e>, draft: &'i mut Draft) -> Self {
        Self {
            key,
            config,
            draft,
            kind: Kind::Boolean,
            bucketing: Json::Null,
            variants: Map::new(),
            ids: RuleIds::default(),
            rules: Vec::new(),
        }
    }

    /// The flag.
    pub(super) fn flag(mut self, setting: &Part<'_>) -> Result<FlagDraft, ImportError> {
        let Some(kind) = Kind::of(setting.json) else {
            return setting.member("t").unfit("a type of setting");
        };
        self.kind = kind;
        let by = match setting.member("a").json.as_str() {
            Some(name) => attribute(name),
            None => attribute("Identifier"),
        };
        self.bucketing = json!({
            "kind": "configcat", "salt": self.key, "by": by, "onMissing": "misses",
        });
        let rules = setting.member("r").items()?;
        for (rule, number) in rules.iter().zip(1..) {
            self.rule(rule, &format!("rule {number}"))?;
        }
        let options = setting.member("p").items()?;
        if !options.is_empty() {
            self.options(&options, &json!({}), "percentage options");
        }
        let default = self.variant(setting);
        if default.is_none() {
            let serve = invalid();
            self.serve("value", &json!({}), &json!({ "serve": serve }));
        }
        Ok(FlagDraft {
            kind: kind.flag_type(),
            variants: self.variants,
            default,
            rules: self.rules,
            ..FlagDraft::default()
        })
    }

    /// A targeting rule: conditions that must all hold, and a value or options of its own.
    fn rule(&mut self, rule: &Part<'_>, name: &str) -> Result<(), ImportError> {
        let mut parts = Vec::new();
        for condition in rule.member("c").items()? {
            parts.push(self.config.condition(&condition, self.key, self.draft));
        }
        let when = match (parts.len(), parts.pop()) {
            (1, Some(part)) => json!({ "when": part }),
            (_, Some(last)) => {
                parts.push(last);
                json!({ "when": all(parts) })
            }
            (_, None) => json!({}),
        };
        let served = rule.member("s");
        if served.is_null() {
            self.options(&rule.member("p").items()?, &when, name);
            return Ok(());
        }
        let serve = match self.variant(&served) {
            Some(variant) => json!({ "variant": variant }),
            None => invalid(),
        };
        self.serve(name, &when, &json!({ "serve": serve }));
        Ok(())
    }

    /// Percentage options; numbers that no option has are an error.
    fn options(&mut self, options: &[Part<'_>], when: &Json, name: &str) {
        let mut ranges = Vec::new();
        let mut invalid = Vec::new();
        let (mut sum, mut reached) = (0.0, 0);
        for option in options {
            sum += option.member("p").json.as_f64().unwrap_or(0.0);
            let to = first_not_below(sum);
            if to <= reached {
                continue;
            }
            match self.variant(option) {
                Some(variant) => {
                    ranges.push(json!({ "variant": variant, "from": reached, "to": to }));
                }
                None => invalid.push((reached, to)),
            }
            reached = to;
        }
        if reached < SCALE {
            invalid.push((reached, SCALE));
        }
        if !ranges.is_empty() {
            let split = json!({ "ranges": ranges, "bucketing": self.bucketing });
            self.serve(name, when, &json!({ "serve": { "split": split } }));
        }
        if !invalid.is_empty() {
            let gate = json!({ "ranges": invalid, "bucketing": self.bucketing });
            let serve = error(
                "PARSE_ERROR",
                "percentage options do not add up, or have no value",
            );
            self.serve(name, when, &json!({ "serve": serve, "gates": [gate] }));
        }
    }

    fn serve(&mut self, name: &str, when: &Json, serving: &Json) {
        let mut rule = Map::new();
        rule.insert("id".to_owned(), self.ids.name(name).into());
        for part in [when, serving] {
            rule.extend(part.as_object().cloned().into_iter().flatten());
        }
        self.rules.push(rule.into());
    }

    /// The key of the variant for what `container` serves under `v`, with its variation's id.
    fn variant(&mut self, container: &Part<'_>) -> Option<String> {
        let value = self.kind.value(container.member("v").json);
        let Some(value) = value else {
            let message = "no value of the setting's type; who gets it gets an error";
            self.draft.mapped(container.member("v").pointer, message);
            return None;
        };
        let id = container
            .member("i")
            .json
            .as_str()
            .filter(|id| !id.is_empty());
        let variant = match id {
            Some(id) => json!({ "value": value, "name": id }),
            None => json!({ "value": value }),
        };
        if let Some((key, _)) = self.variants.iter().find(|(_, other)| **other == variant) {
            return Some(key.clone());
        }
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned);
        let wanted = match id {
            Some(id) => short(id),
            None if (1..=VALUE_BYTES_MAX).contains(&text.len()) => text,
            None => "value".to_owned(),
        };
        let key = unused(&self.variants, &wanted);
        self.variants.insert(key.clone(), variant);
        Some(key)
    }
}

/// What is served in place of a value that is none.
fn invalid() -> Json {
    error("PARSE_ERROR", "the value is not of the setting's type")
}

/// The first whole number that is not below the percentage, of those there are.
fn first_not_below(percentage: f64) -> u64 {
    percentage.ceil().clamp(0.0, SCALE as f64) as u64
}
