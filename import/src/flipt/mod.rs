//! Flipt: the snapshot of a namespace that its clients download.
//!
//! Rules and rollouts become rules, in the order they are written in. A variant answers those who
//! want a string with its key, those who want an object with its attachment.

mod segment;
mod shape;
mod split;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::answers::Answers;
use crate::draft::{Draft, FlagDraft, RuleIds, below, error, malformed};
use crate::member::{is_true, items, number, text};
use bandera_shared::dialect::method::first_reaching;
use segment::Segments;
use serde_json::{Value as Json, json};
pub(crate) use shape::SHAPE;

/// Numbers that a threshold is compared with.
const THRESHOLD_SCALE: u64 = 100;

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let Some(flags) = export.get("flags").and_then(Json::as_array) else {
        let message = "no list of flags: no snapshot of a namespace of Flipt";
        return Err(malformed("/flags", message));
    };
    let mut draft = Draft::default();
    let mut segments = Segments::default();
    for (index, flag) in flags.iter().enumerate() {
        let pointer = format!("/flags/{index}");
        let key = text(flag, "key");
        if key.is_empty() {
            draft.dropped(pointer, "a flag without a key");
            continue;
        }
        let mut reading = Reading {
            draft: &mut draft,
            segments: &mut segments,
            key,
        };
        let written = match text(flag, "type") {
            "VARIANT_FLAG_TYPE" => reading.variants(flag, &pointer),
            "BOOLEAN_FLAG_TYPE" => reading.boolean(flag, &pointer),
            other => reading.broken(&pointer, other),
        };
        draft.flag(key, written);
    }
    Ok(draft)
}

/// What a flag is read with.
struct Reading<'a> {
    draft: &'a mut Draft,
    segments: &'a mut Segments,
    key: &'a str,
}

/// Elements in the order they are written in, each with its pointer. Their ranks say nothing more:
/// clients number them anew.
fn listed<'j>(
    flag: &'j Json,
    pointer: &str,
    name: &str,
) -> impl Iterator<Item = (String, &'j Json)> + use<'j> {
    let pointer = below(pointer, name);
    let elements = items(flag, name).iter().enumerate();
    elements.map(move |(index, element)| (format!("{pointer}/{index}"), element))
}

impl Reading<'_> {
    /// A flag of variants: the first rule whose segments match shares them out.
    fn variants(&mut self, flag: &Json, pointer: &str) -> FlagDraft {
        let mut answers = Answers::default();
        let default = flag
            .get("defaultVariant")
            .filter(|variant| variant.is_object());
        let default = default
            .map(|variant| answers.add(text(variant, "key"), answer(variant, "key", "attachment")));
        let mut ids = RuleIds::default();
        let mut rules = Vec::new();
        for (pointer, rule) in listed(flag, pointer, "rules") {
            let when = self.segments.condition(rule, &pointer, self.draft);
            let shares: Vec<(String, f32)> = items(rule, "distributions")
                .iter()
                .map(|share| {
                    let answer = answer(share, "variantKey", "variantAttachment");
                    let key = answers.add(text(share, "variantKey"), answer);
                    (key, number(share, "rollout").unwrap_or(0.0) as f32)
                })
                .collect();
            let ranges = split::ranges(&shares);
            let serve = match (ranges, &default) {
                (Some(ranges), _) => {
                    let bucketing = json!({ "kind": "flipt/variant", "salt": self.key });
                    json!({ "split": { "ranges": ranges, "bucketing": bucketing } })
                }
                (None, Some(default)) => json!({ "variant": default }),
                (None, None) => json!({ "default": true }),
            };
            let id = ids.name(&segment::name(rule));
            rules.push(json!({ "id": id, "when": when, "serve": serve }));
        }
        FlagDraft {
            kind: "json",
            is_disabled: !is_true(flag, "enabled"),
            off: default.clone(),
            default,
            rules,
            variants: answers.into_json(),
            description: description(flag),
        }
    }

    /// A flag that is on or off. Whether it is enabled is asked last, not first.
    fn boolean(&mut self, flag: &Json, pointer: &str) -> FlagDraft {
        let mut answers = Answers::default();
        let mut answer =
            |value: bool| answers.add(if value { "on" } else { "off" }, json!({ "value": value }));
        let (on, off) = (answer(true), answer(false));
        let variant = |owner: &Json, name: &str| if is_true(owner, name) { &on } else { &off };
        let mut ids = RuleIds::default();
        let mut rules = Vec::new();
        for (pointer, rollout) in listed(flag, pointer, "rollouts") {
            if let Some(threshold) = rollout.get("threshold").filter(|part| part.is_object()) {
                let percentage = number(threshold, "percentage").unwrap_or(0.0);
                rules.push(json!({
                    "id": ids.name(&format!("threshold of {percentage} %")),
                    "gates": [self.gate(percentage as f32)],
                    "serve": { "variant": variant(threshold, "value") },
                }));
            } else if let Some(segment) = rollout.get("segment").filter(|part| part.is_object()) {
                let pointer = below(&pointer, "segment");
                rules.push(json!({
                    "id": ids.name(&segment::name(segment)),
                    "when": self.segments.condition(segment, &pointer, self.draft),
                    "serve": { "variant": variant(segment, "value") },
                }));
            } else {
                let message = "neither \"threshold\" nor \"segment\": it decides nothing, as there";
                self.draft.mapped(pointer, message);
            }
        }
        FlagDraft {
            kind: "boolean",
            default: Some(variant(flag, "enabled").clone()),
            off: Some(off.clone()),
            rules,
            variants: answers.into_json(),
            description: description(flag),
            ..FlagDraft::default()
        }
    }

    /// The gate that numbers below a percentage pass.
    fn gate(&self, percentage: f32) -> Json {
        let first = first_reaching(THRESHOLD_SCALE, |number| {
            let passes = (number as f32) < percentage;
            !passes
        });
        let ranges = if first == 0 { vec![] } else { vec![[0, first]] };
        let bucketing = json!({ "kind": "flipt/threshold", "salt": self.key });
        json!({ "ranges": ranges, "bucketing": bucketing })
    }

    fn broken(&mut self, pointer: &str, kind: &str) -> FlagDraft {
        let message = format!("an unknown type \"{kind}\": the flag answers with an error");
        self.draft.dropped(below(pointer, "type"), message);
        let why =
            format!("the flag was of an unknown type \"{kind}\" where it was taken over from");
        FlagDraft {
            rules: vec![json!({ "id": "broken", "serve": error("PARSE_ERROR", &why) })],
            ..FlagDraft::default()
        }
    }
}

/// A variant's key for those who want text, and what is attached for those who want an object.
fn answer(variant: &Json, key: &str, attachment: &str) -> Json {
    let key = text(variant, key);
    let attached = match variant.get(attachment) {
        Some(Json::String(text)) => serde_json::from_str(text).ok(),
        Some(other) if !other.is_null() => Some(other.clone()),
        _ => None,
    };
    match attached {
        Some(attached) => {
            json!({ "value": key, "views": { "string": key, "json": attached } })
        }
        None => json!({ "value": key, "views": { "string": key } }),
    }
}

fn description(flag: &Json) -> Option<String> {
    Some(text(flag, "description").to_owned()).filter(|text| !text.is_empty())
}
