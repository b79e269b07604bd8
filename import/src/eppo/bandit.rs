//! Bandits: which variations are bandits, and the models behind them.

use super::unwrap;
use crate::ImportError;
use crate::draft::{Draft, below};
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
        export: &Json,
        config: &Json,
        draft: &mut Draft,
    ) -> Result<Self, ImportError> {
        let pointer = "/bandits/response";
        let references = references(config);
        let document = if export["flags"].is_object() {
            None
        } else {
            unwrap(&export["bandits"]["response"], pointer)?
        };
        let mut models = BTreeMap::new();
        let root = below(pointer, "bandits");
        let bandits = document.as_ref().and_then(|all| all["bandits"].as_object());
        for (key, bandit) in bandits.into_iter().flatten() {
            match model(key, bandit) {
                Ok(model) => {
                    models.insert(key.clone(), model);
                }
                Err(why) => {
                    let message = format!("{why}; the bandit chooses no action");
                    draft.dropped(below(&root, key), message);
                }
            }
        }
        Ok(Self { references, models })
    }

    /// The policy of a flag's variant with that value, where it is a bandit.
    pub(super) fn policy(&self, flag: &str, value: &Json, draft: &mut Draft) -> Option<Json> {
        let key = (flag.to_owned(), value.as_str()?.to_owned());
        let bandit = self.references.get(&key)?;
        let Some(model) = self.models.get(bandit) else {
            let message = format!(
                "the model of the bandit \"{bandit}\" is not in the export; no action is chosen"
            );
            draft.dropped(below("/flags", flag), message);
            return None;
        };
        let mut model = model.clone();
        model.insert("flagKey".to_owned(), json!(flag));
        Some(json!({ "dialect": "eppo", "op": "falcon", "value": model }))
    }
}

/// Bandits by flag and value; newer configurations have them in a member of their own.
fn references(config: &Json) -> BTreeMap<(String, String), String> {
    let newer = config["banditReferences"].as_object();
    let older = config["bandits"].as_object();
    let all = newer.or(older).into_iter().flatten();
    let variations = all.flat_map(|(bandit, reference)| {
        let list = reference.get("flagVariations").unwrap_or(reference);
        list.as_array()
            .into_iter()
            .flatten()
            .map(move |variation| (bandit, variation))
    });
    let mut references = BTreeMap::new();
    for (bandit, variation) in variations {
        let flag = variation["flagKey"].as_str();
        if let Some((flag, value)) = flag.zip(variation["variationValue"].as_str()) {
            let key = (flag.to_owned(), value.to_owned());
            references.entry(key).or_insert_with(|| bandit.clone());
        }
    }
    references
}

/// The model as the ruleset has it, once it is known to work.
fn model(key: &str, bandit: &Json) -> Result<Map<String, Json>, String> {
    let data = bandit["modelData"].as_object();
    let mut model = data.ok_or("it has no \"modelData\"")?.clone();
    model.insert("bandit".to_owned(), json!(key));
    model.insert("modelVersion".to_owned(), bandit["modelVersion"].clone());
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
