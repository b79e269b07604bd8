//! `GrowthBook`: the payload that its SDKs load.
//!
//! Rules of a feature become rules, in order and under their ids. A rule that may end the whole
//! feature, because a prerequisite blocks it, is preceded by one that serves the caller's default.
//! Hashes and conditions stay `GrowthBook`'s; saved groups become segments, one for each attribute
//! that is looked up in them. Contextual bandits become one split for each leaf.

mod condition;
mod experiment;
mod feature;
mod page;
mod ranges;
mod shape;
#[cfg(test)]
mod tests;
mod variants;

use crate::ImportError;
use crate::draft::{Draft, below, malformed};
use condition::Groups;
use feature::Importer;
use serde_json::{Map, Value as Json};
pub(crate) use shape::SHAPE;

/// What features refer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payload<'e> {
    features: Option<&'e Map<String, Json>>,
    groups: Option<&'e Map<String, Json>>,
    bandits: Option<&'e Map<String, Json>>,
}

/// Reads a payload.
///
/// # Errors
/// `ImportError` when there are neither features nor experiments in it, or encrypted ones.
pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let member = |name: &str| export.get(name).and_then(Json::as_object);
    let payload = Payload {
        features: member("features"),
        groups: member("savedGroups"),
        bandits: member("contextualBandits"),
    };
    let experiments = export.get("experiments").and_then(Json::as_array);
    if payload.features.is_none() && experiments.is_none() {
        if export.get("encryptedFeatures").is_some() {
            let message = "the payload is encrypted: export it with its features in clear";
            return Err(malformed("/encryptedFeatures", message));
        }
        let message = "a payload of GrowthBook has \"features\", by key";
        return Err(malformed("/features", message));
    }
    let mut draft = Draft::default();
    encrypted(export, &mut draft);
    let mut importer = Importer {
        payload: &payload,
        draft: &mut draft,
        groups: &mut Groups::new(),
    };
    for (key, feature) in payload.features.into_iter().flatten() {
        importer.feature(key, feature, &below("/features", key));
    }
    for (index, experiment) in experiments.into_iter().flatten().enumerate() {
        importer.page_experiment(experiment, &below("/experiments", &index.to_string()));
    }
    Ok(draft)
}

/// Notes the parts of a payload that only its SDKs can read.
fn encrypted(export: &Json, draft: &mut Draft) {
    for name in [
        "encryptedFeatures",
        "encryptedExperiments",
        "encryptedSavedGroups",
    ] {
        if export.get(name).is_some_and(ranges::is_true) {
            let message = "it is encrypted: export it in clear";
            draft.dropped(below("", name), message);
        }
    }
}
