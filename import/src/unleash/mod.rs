//! Unleash: what its clients download, whole or as a sequence of changes.
//!
//! A strategy becomes a rule, and any of them enables. One flag answers two questions: those who
//! ask for a boolean learn whether it is on, the others get the payload of their variant.

mod constraint;
mod shape;
mod strategy;
#[cfg(test)]
mod tests;
mod variant;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, all, below, error, malformed, not};
use crate::member::{Taken, is_true, items, plain, text};
use serde_json::{Value as Json, json};
pub(crate) use shape::SHAPE;
use std::collections::BTreeMap;
use variant::{Variants, no_variant};

/// Features and segments as they are after all changes, each with the pointer to it.
#[derive(Debug, Default)]
struct State<'j> {
    features: BTreeMap<&'j str, (String, &'j Json)>,
    segments: BTreeMap<String, (String, &'j Json)>,
}

/// What a feature is read with.
struct Reading<'a> {
    draft: &'a mut Draft,
    /// Keys of segments by their number.
    segments: &'a BTreeMap<String, String>,
}

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    let mut state = State::default();
    match (export.get("features"), export.get("events")) {
        (Some(Json::Array(_)), _) => state.whole(export, "", &mut draft),
        (None, Some(Json::Array(events))) => {
            for (index, event) in events.iter().enumerate() {
                state.apply(event, &format!("/events/{index}"), &mut draft);
            }
        }
        (None, None) => {
            let message = "neither \"features\" nor \"events\": no answer of Unleash's client API";
            return Err(malformed("", message));
        }
        (Some(_), _) => return Err(malformed("/features", "no list of features")),
        (None, Some(_)) => return Err(malformed("/events", "no list of changes")),
    }
    let segments = state.segments(&mut draft);
    for (name, (pointer, feature)) in &state.features {
        let mut reading = Reading {
            draft: &mut draft,
            segments: &segments,
        };
        let flag = reading.feature(feature, pointer, &state);
        draft.flag(name, flag);
    }
    Ok(draft)
}

impl<'j> State<'j> {
    /// Takes over a whole state.
    fn whole(&mut self, json: &'j Json, pointer: &str, draft: &mut Draft) {
        for (index, feature) in items(json, "features").iter().enumerate() {
            self.feature(feature, format!("{pointer}/features/{index}"), draft);
        }
        for (index, segment) in items(json, "segments").iter().enumerate() {
            self.segment(segment, format!("{pointer}/segments/{index}"), draft);
        }
    }

    fn feature(&mut self, feature: &'j Json, pointer: String, draft: &mut Draft) {
        match text(feature, "name") {
            "" => draft.dropped(pointer, "a feature without a name"),
            name => drop(self.features.insert(name, (pointer, feature))),
        }
    }

    fn segment(&mut self, segment: &'j Json, pointer: String, draft: &mut Draft) {
        match segment.get("id").and_then(plain) {
            Some(id) => drop(self.segments.insert(id, (pointer, segment))),
            None => draft.dropped(pointer, "a segment without an id"),
        }
    }

    /// Applies one change.
    fn apply(&mut self, event: &'j Json, pointer: &str, draft: &mut Draft) {
        match text(event, "type") {
            "hydration" => {
                *self = Self::default();
                self.whole(event, pointer, draft);
            }
            "feature-updated" => {
                let feature = event.get("feature").unwrap_or(&Json::Null);
                self.feature(feature, below(pointer, "feature"), draft);
            }
            "feature-removed" => {
                self.features.remove(text(event, "featureName"));
            }
            "segment-updated" => {
                let segment = event.get("segment").unwrap_or(&Json::Null);
                self.segment(segment, below(pointer, "segment"), draft);
            }
            "segment-removed" => {
                if let Some(id) = event.get("segmentId").and_then(plain) {
                    self.segments.remove(&id);
                }
            }
            other => draft.dropped(pointer, format!("an unknown change \"{other}\"")),
        }
    }

    /// Writes the segments; their keys by their numbers. A name reads better than a number.
    fn segments(&self, draft: &mut Draft) -> BTreeMap<String, String> {
        let mut taken = Taken::default();
        let mut keys = BTreeMap::new();
        for (id, (pointer, segment)) in &self.segments {
            let name = Some(text(segment, "name")).filter(|name| !name.is_empty());
            let key = taken.unique(name.unwrap_or(id));
            let when = all(constraint::constraints(segment, pointer, draft));
            draft.segments.insert(key.clone(), json!({ "when": when }));
            keys.insert(id.clone(), key);
        }
        keys
    }
}

impl Reading<'_> {
    fn feature(&mut self, feature: &Json, pointer: &str, state: &State<'_>) -> FlagDraft {
        let (on, off) = no_variant(feature);
        let mut variants = Variants::new(&on, &off);
        let mut flag = FlagDraft {
            kind: "json",
            is_disabled: !is_true(feature, "enabled"),
            off: Some(off.clone()),
            default: Some(off.clone()),
            description: Some(text(feature, "description").to_owned()).filter(|t| !t.is_empty()),
            ..FlagDraft::default()
        };
        if let Some(fault) = fault(feature) {
            let pointer = below(pointer, fault);
            self.draft
                .dropped(pointer, "no list: the flag answers with an error");
            let why = format!("\"{fault}\" was no list where the flag was taken over from");
            flag.rules
                .push(json!({ "id": "broken", "serve": error("PARSE_ERROR", &why) }));
        } else {
            flag.rules.extend(dependencies(feature, state, &off));
            flag.rules
                .extend(self.strategies(feature, pointer, &mut variants));
        }
        flag.variants = variants.into_json();
        flag
    }
}

/// The member that should be a list and is something else.
fn fault(feature: &Json) -> Option<&'static str> {
    let lists = ["strategies", "variants", "dependencies"];
    lists.into_iter().find(|name| {
        let member = feature.get(name);
        !matches!(member, None | Some(Json::Null | Json::Array(_)))
    })
}

/// A rule that serves off where another feature is not as it has to be.
fn dependencies(feature: &Json, state: &State<'_>, off: &str) -> Option<Json> {
    let dependencies = items(feature, "dependencies");
    let conditions = dependencies.iter().map(|dependency| {
        let name = text(dependency, "feature");
        match state.features.get(name) {
            // A feature that depends on others may not be depended upon, and never satisfies.
            Some((_, parent)) if items(parent, "dependencies").is_empty() => {
                satisfied(dependency, name, parent)
            }
            _ => json!({ "any": [] }),
        }
    });
    (!dependencies.is_empty()).then(|| {
        json!({
            "id": "dependencies",
            "when": not(all(conditions.collect())),
            "serve": { "variant": off },
        })
    })
}

fn satisfied(dependency: &Json, name: &str, parent: &Json) -> Json {
    let must_be_on = dependency.get("enabled") != Some(&Json::Bool(false));
    let mut condition = json!({ "flag": name, "equals": must_be_on, "as": "boolean" });
    let names = items(dependency, "variants");
    if must_be_on && !names.is_empty() {
        let (on, _) = no_variant(parent);
        let names = names.iter().filter_map(Json::as_str);
        // Without a variant, Unleash reports one of this name.
        let spelled = names.flat_map(|name| {
            let none = (name == "disabled").then(|| on.clone());
            std::iter::once(name.to_owned()).chain(none)
        });
        if let Some(members) = condition.as_object_mut() {
            members.insert("variants".to_owned(), spelled.collect());
        }
    }
    condition
}
