//! Bandits: which variations are bandits, and the models behind them.

use super::unwrap;
use crate::ImportError;
use crate::draft::Draft;
use crate::part::Part;
use bandera_shared::Value;
use bandera_shared::dialect::{Source, policy};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The models, by the flags and values that stand for them.
pub(super) struct Bandits {
    /// Bandits by flag and value.
    references: BTreeMap<(String, String), String>,
    /// Models by bandit.
    models: BTreeMap<String, Map<String, Json>>,
}

impl Bandits {
    /// Reads the references of the configuration and the models of the wire.
    pub(super) fn read(
        export: &Part<'_>,
        config: &Part<'_>,
        draft: &mut Draft,
    ) -> Result<Self, ImportError> {
        let mut models = BTreeMap::new();
        // In a plain configuration the member of that name has references.
        let wire = export.member("bandits").member("response");
        let document = unwrap(&wire)?.unwrap_or_default();
        let all = Part {
            json: &document,
            pointer: wire.pointer,
        };
        for (key, bandit) in all.member("bandits").members()? {
            match model(key, bandit.json) {
                Ok(model) => {
                    models.insert(key.to_owned(), model);
                }
                Err(why) => {
                    let message = format!("{why}; the bandit chooses no action");
                    draft.dropped(bandit.pointer, message);
                }
            }
        }
        let references = references(config.json);
        Ok(Self { references, models })
    }

    /// The policy of a flag's variation, where that is a bandit.
    pub(super) fn policy(
        &self,
        flag: &str,
        variation: &Part<'_>,
        draft: &mut Draft,
    ) -> Option<Json> {
        let value = variation.member("value").json.as_str()?;
        let bandit = self.references.get(&(flag.to_owned(), value.to_owned()))?;
        let Some(model) = self.models.get(bandit) else {
            let message = format!(
                "the model of the bandit \"{bandit}\" is not in the export; no action is chosen"
            );
            draft.dropped(&*variation.pointer, message);
            return None;
        };
        let mut model = model.clone();
        model.insert("flagKey".to_owned(), json!(flag));
        Some(json!({ "dialect": "eppo", "op": "falcon", "value": model }))
    }
}

/// Bandits by flag and value; newer configurations have them in a member of their own.
fn references(config: &Json) -> BTreeMap<(String, String), String> {
    let newer = config.get("banditReferences").and_then(Json::as_object);
    let older = config.get("bandits").and_then(Json::as_object);
    let all = newer.or(older).into_iter().flatten();
    let variations = all.flat_map(|(bandit, reference)| {
        let list = reference.get("flagVariations").unwrap_or(reference);
        let list = list.as_array().into_iter().flatten();
        list.map(move |variation| (bandit, variation))
    });
    let mut references = BTreeMap::new();
    for (bandit, variation) in variations {
        let text = |name| Some(variation.get(name)?.as_str()?.to_owned());
        if let Some(key) = text("flagKey").zip(text("variationValue")) {
            references.entry(key).or_insert_with(|| bandit.clone());
        }
    }
    references
}

/// The model as the ruleset has it, once it is known to work.
fn model(key: &str, bandit: &Json) -> Result<Map<String, Json>, String> {
    let data = bandit.get("modelData").and_then(Json::as_object);
    let mut model = data.ok_or("it has no \"modelData\"")?.clone();
    model.insert("bandit".to_owned(), json!(key));
    if let Some(version) = bandit.get("modelVersion") {
        model.insert("modelVersion".to_owned(), version.clone());
    }
    model.insert("flagKey".to_owned(), json!(key));
    let value = serde_json::from_value(Json::Object(model.clone()));
    policy(&Source {
        dialect: "eppo".into(),
        op: "falcon".into(),
        attribute: None,
        value: value.unwrap_or(Value::Null),
    })?;
    Ok(model)
}
