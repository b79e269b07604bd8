//! Flagsmith: the context in which its engine evaluates an environment, without an identity.
//!
//! An override of a segment replaces a feature as a whole, down to the key that is hashed. A
//! boolean request learns whether the feature is enabled, any other its value.

mod flags;
mod path;
mod segment;
mod shape;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::answers::Answers;
use crate::draft::{Draft, FlagDraft, RuleIds, below, malformed};
use crate::member::{Taken, is_true, items, members, number, text};
use crate::order::Names;
use bandera_shared::dialect::flagsmith::numbers_below;
use bandera_shared::dialect::method::FLAGSMITH_SCALE;
use flags::{Flags, name_of};
use serde::Deserialize;
use serde_json::{Value as Json, json};
pub(crate) use shape::SHAPE;

/// Reported to subjects who fall into none of a feature's variants.
const CONTROL: &str = "control";

/// A feature as a segment overrides it.
struct Override<'j> {
    /// The segment's key in the ruleset.
    segment: String,
    feature: &'j Json,
    priority: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InOrder {
    segments: Option<Names>,
}

pub(crate) fn read(export: &Json, bytes: &[u8]) -> Result<Draft, ImportError> {
    if !export.get("features").is_some_and(Json::is_object) {
        let message = "no features by name: no evaluation context of Flagsmith";
        return Err(malformed("/features", message));
    }
    let mut draft = Draft::default();
    let environment = export.get("environment").unwrap_or(&Json::Null);
    let environment = text(environment, "key");
    let overrides = segments(export, bytes, environment, &mut draft);
    for (key, feature) in members(export, "features") {
        let name = name_of(key, feature);
        let named = |other: &&Override<'_>| text(other.feature, "name") == name;
        let mut own: Vec<&Override<'_>> = overrides.iter().filter(named).collect();
        // Of equal priorities the first wins.
        own.sort_by(|a, b| a.priority.total_cmp(&b.priority));
        let pointer = below("/features", key);
        draft.check(feature, &pointer);
        draft.flag(name, flag(feature, &own, environment));
    }
    Ok(draft)
}

/// Writes the segments; what each overrides, in the order of the export.
fn segments<'j>(
    export: &'j Json,
    bytes: &[u8],
    environment: &str,
    draft: &mut Draft,
) -> Vec<Override<'j>> {
    let flags = Flags::of(export);
    let order: InOrder = serde_json::from_slice(bytes).unwrap_or_default();
    let names = order.segments.unwrap_or_default().0;
    let mut taken = Taken::default();
    let mut overrides = Vec::new();
    for name in names {
        let Some(segment) = export.get("segments").and_then(|all| all.get(&name)) else {
            continue;
        };
        let pointer = below("/segments", &name);
        let key = match text(segment, "name") {
            "" => taken.unique(&name),
            name => taken.unique(name),
        };
        let mut reading = segment::Reading {
            draft,
            export,
            environment,
            key: text(segment, "key").to_owned(),
            flags: &flags,
        };
        let when = reading.members(segment, &pointer);
        draft.segments.insert(key.clone(), json!({ "when": when }));
        for (index, feature) in items(segment, "overrides").iter().enumerate() {
            draft.check(feature, &format!("{pointer}/overrides/{index}"));
            overrides.push(Override {
                segment: key.clone(),
                feature,
                priority: number(feature, "priority").unwrap_or(f64::INFINITY),
            });
        }
    }
    overrides
}

impl Draft {
    /// Says what a feature lacks that it would be evaluated with.
    fn check(&mut self, feature: &Json, pointer: &str) {
        if !feature.get("enabled").is_some_and(Json::is_boolean) {
            let message = "not said whether the feature is enabled: it is off";
            self.approximated(below(pointer, "enabled"), message);
        }
    }
}

fn flag(feature: &Json, overrides: &[&Override<'_>], environment: &str) -> FlagDraft {
    let mut answers = Answers::default();
    let mut ids = RuleIds::default();
    let mut rules = Vec::new();
    for other in overrides {
        let mut serving = Serving::of(other.feature, &other.segment, environment, &mut answers);
        let when = json!({ "segment": other.segment });
        if let Some(split) = serving.split.take() {
            let id = ids.name(&format!("split of {}", other.segment));
            rules.push(json!({ "id": id, "when": when, "serve": { "split": split } }));
        }
        let id = ids.name(&other.segment);
        rules.push(json!({ "id": id, "when": when, "serve": { "variant": serving.control } }));
    }
    let serving = Serving::of(feature, "default", environment, &mut answers);
    if let Some(split) = serving.split {
        let id = ids.name("split");
        rules.push(json!({ "id": id, "serve": { "split": split } }));
    }
    FlagDraft {
        kind: "json",
        is_disabled: overrides.is_empty() && !is_true(feature, "enabled"),
        off: Some(serving.control.clone()),
        default: Some(serving.control),
        rules,
        variants: answers.into_json(),
        ..FlagDraft::default()
    }
}

/// What a feature, or what overrides it, serves.
struct Serving {
    /// To subjects with a key: variants, and the control value for the rest.
    split: Option<Json>,
    /// To everybody else.
    control: String,
}

impl Serving {
    fn of(feature: &Json, name: &str, environment: &str, answers: &mut Answers) -> Self {
        if !is_true(feature, "enabled") {
            let off = json!({ "value": false, "views": { "boolean": false } });
            let control = answers.add("off", off);
            return Self {
                split: None,
                control,
            };
        }
        let mut variants: Vec<&Json> = items(feature, "variants").iter().collect();
        let priority = |variant: &Json| number(variant, "priority").unwrap_or(f64::INFINITY);
        variants.sort_by(|a, b| priority(a).total_cmp(&priority(b)));
        let value = answer(feature);
        if variants.is_empty() {
            let control = answers.add(name, value);
            return Self {
                split: None,
                control,
            };
        }
        let control = answers.add(CONTROL, value);
        let (mut ranges, mut start, mut from) = (Vec::new(), 0.0, 0);
        for (index, variant) in variants.into_iter().enumerate() {
            // Added up in double precision, as there.
            let end = start + number(variant, "weight").unwrap_or(0.0);
            let to = numbers_below(end).max(from);
            let name = match text(variant, "key") {
                "" => format!("variant-{}", index + 1),
                key => key.to_owned(),
            };
            if from < to {
                let key = answers.add(&name, answer(variant));
                ranges.push(json!({ "variant": key, "from": from, "to": to }));
            }
            (start, from) = (end, to);
        }
        if from < FLAGSMITH_SCALE {
            ranges.push(json!({ "variant": control, "from": from, "to": FLAGSMITH_SCALE }));
        }
        let bucketing = subject(text(feature, "key"), environment);
        Self {
            split: Some(json!({ "ranges": ranges, "bucketing": bucketing })),
            control,
        }
    }
}

/// Drawing by the key of the identity; where the context has none, it is made of those of the
/// environment and the subject.
fn subject(salt: &str, environment: &str) -> Json {
    json!({
        "kind": "flagsmith",
        "salt": salt,
        "by": [["identity", "key"]],
        "orBy": "targetingKey",
        "orPrefix": format!("{environment}_"),
        "onMissing": "misses",
    })
}

/// An enabled feature's value, for those who ask for its type.
fn answer(feature: &Json) -> Json {
    let value = feature.get("value").unwrap_or(&Json::Null);
    let mut views = json!({ "boolean": true });
    let (view, seen) = match value {
        Json::String(text) => ("string", text.as_str().into()),
        Json::Number(_) => ("number", value.clone()),
        Json::Array(_) | Json::Object(_) => ("json", value.clone()),
        Json::Null | Json::Bool(_) => ("boolean", true.into()),
    };
    if let Some(members) = views.as_object_mut() {
        members.insert(view.to_owned(), seen);
        // Objects are written as text there.
        let parsed = value.as_str().map(serde_json::from_str::<Json>);
        if let Some(Ok(parsed @ (Json::Array(_) | Json::Object(_)))) = parsed {
            members.insert("json".to_owned(), parsed);
        }
    }
    json!({ "value": value, "views": views })
}
