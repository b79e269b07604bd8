//! GO Feature Flag: rules with queries, percentages, and flags that change at written dates.
//!
//! Each rule stays a rule, and its query is asked as it is written. A flag with scheduled changes
//! becomes the rules of all its stages, each in its own window of time.

mod rule;
mod shape;
mod stages;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{
    Draft, FlagDraft, RuleIds, all, any, below, error, kind_of, malformed, not, within,
};
use bandera_shared::compile::limits::KEY_BYTES_MAX;
use rule::Rules;
use serde_json::{Map, Value as Json, json};
pub(crate) use shape::shape;
use stages::{Stage, stages};

/// What GO Feature Flag answers where a flag's configuration is wrong.
const BROKEN: &str = "GENERAL";

/// Rules that a flag's changes may come to; beyond, a ruleset could not be read.
const RULES_MAX: usize = 250;

/// Reads a configuration: flags by key, or the answer of the relay proxy with `flags` in it.
pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let root = export
        .as_object()
        .ok_or_else(|| malformed("", "a configuration of GO Feature Flag is a JSON object"))?;
    let mut draft = Draft::default();
    let wrapped = wrapped(export);
    let (flags, pointer) = wrapped.map_or((root, ""), |flags| (flags, "/flags"));
    if flags.values().all(|flag| !flag.is_object()) && !flags.is_empty() {
        return Err(malformed(
            pointer,
            "a configuration has a flag for each key",
        ));
    }
    let enrichment = root
        .get("evaluationContextEnrichment")
        .and_then(Json::as_object);
    if enrichment.is_some_and(|members| wrapped.is_some() && !members.is_empty()) {
        let message = "attributes that the relay adds to every context must be put by the caller";
        draft.dropped("/evaluationContextEnrichment", message);
    }
    for (key, written) in flags {
        let pointer = below(pointer, key);
        let flag = Flag {
            key,
            written,
            pointer: &pointer,
            others: flags,
        };
        let read = flag.read(&mut draft).unwrap_or_else(|broken| {
            let message = format!("{}: the flag answers with an error", broken.message);
            draft.dropped(format!("{pointer}{}", broken.pointer), message);
            flag.broken(&broken.message)
        });
        draft.flag(key, read);
    }
    Ok(draft)
}

/// The flags inside the relay proxy's answer; a flag may be called `flags`, too.
fn wrapped(export: &Json) -> Option<&Map<String, Json>> {
    let flags = export.get("flags").and_then(Json::as_object);
    flags.filter(|flags| !flags.contains_key("variations"))
}

/// A flag as it is written.
struct Flag<'e> {
    key: &'e str,
    written: &'e Json,
    pointer: &'e str,
    others: &'e Map<String, Json>,
}

/// What is wrong with a flag as a whole.
struct Broken {
    /// From the flag.
    pointer: String,
    message: String,
}

fn broken(pointer: impl Into<String>, message: impl Into<String>) -> Broken {
    Broken {
        pointer: pointer.into(),
        message: message.into(),
    }
}

impl Flag<'_> {
    fn read(&self, draft: &mut Draft) -> Result<FlagDraft, Broken> {
        let stages = stages(self.written)?;
        let has_schedule = stages.len() > 1;
        let mut variants = Variants::new(self.written.get("metadata"));
        let mut rules = Rules {
            flag: self.key,
            by: self.by(),
            ids: RuleIds::default(),
            list: Vec::new(),
        };
        for stage in &stages {
            variants.enter(&stage.flag)?;
            stage.check(&variants)?;
        }
        self.needs(&mut rules, draft);
        self.key_needed(&stages, &mut rules);
        for stage in &stages {
            variants.enter(&stage.flag)?;
            rules.stage(stage, &variants, (self.pointer, draft));
        }
        if rules.list.len() > RULES_MAX {
            let message = format!("its changes come to more than {RULES_MAX} rules");
            return Err(broken("/scheduledRollout", message));
        }
        Ok(FlagDraft {
            kind: kind_of(&variants.written),
            is_disabled: !has_schedule && is_true(self.written.get("disable")),
            variants: variants.written,
            rules: rules.list,
            ..FlagDraft::default()
        })
    }

    /// What subjects are told apart by, as an attribute is written.
    fn by(&self) -> Json {
        match self.written.get("bucketingKey").and_then(Json::as_str) {
            None | Some("") => json!("targetingKey"),
            Some(path) => json!(path.split('.').collect::<Vec<_>>()),
        }
    }

    /// Without what it is bucketed by, the whole flag is an error, even where no percentage would
    /// be come to. An attribute chosen for it must be there in any case.
    fn key_needed(&self, stages: &[Stage], rules: &mut Rules<'_>) {
        let attribute = self.by();
        let needed = stages.iter().any(Stage::needs_bucketing);
        let is_chosen = attribute.is_array();
        let text = json!({"dialect": "goff", "op": "text", "attribute": attribute});
        let empty = json!({"attribute": attribute, "op": "equals", "value": ""});
        let missing = match (needed, is_chosen) {
            (true, _) => not(text),
            (false, true) => not(any(vec![text, empty])),
            (false, false) => return,
        };
        let message = "the context lacks the text that subjects are told apart by";
        let serve = error("TARGETING_KEY_MISSING", message);
        rules.push("bucketing key", Some(missing), serve, None);
    }

    /// Flags that must have a certain value; otherwise this one counts as disabled.
    fn needs(&self, rules: &mut Rules<'_>, draft: &mut Draft) {
        let Some(needs) = self.written.get("needs").and_then(Json::as_array) else {
            return;
        };
        let mut parts = Vec::new();
        for (index, need) in needs.iter().enumerate() {
            let other = need.get("flag").and_then(Json::as_str).unwrap_or_default();
            let wanted = need.get("value").filter(|value| !value.is_null());
            let wanted = wanted.cloned().unwrap_or(json!(true));
            let pointer = || format!("{}/needs/{index}", self.pointer);
            match self.others.get(other) {
                None => {
                    draft.mapped(pointer(), "there is no such flag: never met, as there");
                    parts.push(any(Vec::new()));
                }
                Some(flag) => {
                    let asked = self.asked(other, flag, &pointer(), draft);
                    parts.push(json!({
                        "flag": asked, "equals": wanted, "onFailure": "doesNotHold",
                    }));
                }
            }
        }
        if !parts.is_empty() {
            rules.push(
                "needs",
                Some(not(all(parts))),
                json!({"default": true}),
                None,
            );
        }
    }

    /// The flag to ask for another one: that one, or, since what it needs itself does not count,
    /// a flag like it that needs nothing.
    fn asked(&self, key: &str, written: &Json, pointer: &str, draft: &mut Draft) -> String {
        if written.get("needs").is_none_or(|needs| *needs == json!([])) {
            return key.to_owned();
        }
        let mut suffix = " without its needs".to_owned();
        if key.len() + suffix.len() > KEY_BYTES_MAX {
            // Keys that begin alike are told apart by their places.
            let place = self.others.keys().position(|other| other == key);
            suffix = format!(" ({}){suffix}", place.unwrap_or_default());
        }
        let mut name = within(key, KEY_BYTES_MAX - suffix.len()).to_owned() + &suffix;
        while self.others.contains_key(&name) {
            name.push('+');
        }
        draft.mapped(
            pointer,
            format!("what that flag needs itself does not count: \"{name}\" is asked"),
        );
        if !draft.has_flag(&name) {
            let mut alone = written.clone();
            if let Some(members) = alone.as_object_mut() {
                members.remove("needs");
            }
            let flag = Flag {
                key,
                written: &alone,
                pointer,
                others: self.others,
            };
            // What there is to say of it is said of the flag itself.
            let read = flag.read(&mut Draft::default());
            draft.flag(
                &name,
                read.unwrap_or_else(|broken| flag.broken(&broken.message)),
            );
        }
        name
    }

    fn broken(&self, message: &str) -> FlagDraft {
        let mut variants = Variants::new(None);
        if variants.enter(self.written).is_err() {
            variants
                .written
                .insert("none".to_owned(), json!({"value": null}));
        }
        FlagDraft {
            is_disabled: is_true(self.written.get("disable")),
            variants: variants.written,
            rules: vec![json!({"id": "configuration", "serve": error(BROKEN, message)})],
            ..FlagDraft::default()
        }
    }
}

fn is_true(value: Option<&Json>) -> bool {
    value.and_then(Json::as_bool) == Some(true)
}

/// Variations of all stages. A variation whose value changes is a variant for each value, reported
/// under its own name.
struct Variants<'e> {
    written: Map<String, Json>,
    metadata: Option<&'e Json>,
    /// Variants of the present stage, by the variation's name.
    present: Map<String, Json>,
}

impl<'e> Variants<'e> {
    fn new(metadata: Option<&'e Json>) -> Self {
        Self {
            written: Map::new(),
            metadata,
            present: Map::new(),
        }
    }

    /// Goes on to a stage's variations.
    fn enter(&mut self, flag: &Json) -> Result<(), Broken> {
        let variations = flag.get("variations").and_then(Json::as_object);
        let variations = variations
            .filter(|variations| !variations.is_empty())
            .ok_or_else(|| broken("/variations", "there are no variations"))?;
        self.present.clear();
        for (name, value) in variations {
            if value.is_null() {
                return Err(broken(
                    below("/variations", name),
                    "a variation has a value",
                ));
            }
            let mut variant = json!({"value": value});
            if let (Some(metadata), Some(members)) = (self.metadata, variant.as_object_mut()) {
                members.insert("metadata".to_owned(), metadata.clone());
            }
            let mut key = name.clone();
            let mut number = 1;
            while let Some(other) = self.written.get(&key) {
                if other.get("value") == Some(value) {
                    break;
                }
                number += 1;
                key = format!("{name} ({number})");
            }
            if key != *name
                && let Some(members) = variant.as_object_mut()
            {
                members.insert("name".to_owned(), json!(name));
            }
            self.present.insert(name.clone(), json!(key));
            self.written.insert(key, variant);
        }
        Ok(())
    }

    /// The variant that a variation is at present.
    fn key(&self, variation: &str) -> Option<&str> {
        self.present.get(variation).and_then(Json::as_str)
    }
}
