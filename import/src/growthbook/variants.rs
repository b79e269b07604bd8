//! Variants of a feature: values that its rules force, and variations of its experiments.

use crate::draft::{FlagDraft, kind_of, within};
use bandera_shared::compile::limits::KEY_BYTES_MAX;
use serde_json::{Map, Value as Json, json};

/// Bytes of a value that is its own name.
const NAME_BYTES_MAX: usize = 40;

/// Variants being collected.
#[derive(Debug, Default)]
pub(super) struct Variants(Map<String, Json>);

impl Variants {
    /// The variant of a value that a rule forces, or that is the default; the same for the same
    /// value.
    pub(super) fn forced(&mut self, value: &Json, rule: &str) -> String {
        let same = |(_, variant): &(&String, &Json)| {
            variant.get("name").is_none() && variant.get("value") == Some(value)
        };
        if let Some((key, _)) = self.0.iter().find(same) {
            return key.clone();
        }
        let scalar = match value {
            Json::String(text) => Some(text.clone()),
            Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let short = |name: &String| !name.is_empty() && name.len() <= NAME_BYTES_MAX;
        let wanted = scalar.filter(short).unwrap_or_else(|| rule.to_owned());
        self.add(&wanted, json!({ "value": value }))
    }

    /// The variant of an experiment's variation, reported under its name.
    pub(super) fn variation(&mut self, rule: &str, name: &str, value: &Json) -> String {
        let wanted = format!("{rule}/{name}");
        self.add(&wanted, json!({ "value": value, "name": name }))
    }

    /// Adds a variant under the wanted key, or one like it.
    fn add(&mut self, wanted: &str, variant: Json) -> String {
        let mut key = within(wanted, KEY_BYTES_MAX).to_owned();
        let mut number = 2;
        while self.0.contains_key(&key) {
            let suffix = format!(" ({number})");
            key = within(wanted, KEY_BYTES_MAX - suffix.len()).to_owned() + &suffix;
            number += 1;
        }
        self.0.insert(key.clone(), variant);
        key
    }

    /// Gives the variants to a flag, with the type that all of their values have.
    pub(super) fn finish(self, flag: &mut FlagDraft) {
        flag.kind = kind_of(&self.0);
        flag.variants = self.0;
    }
}
