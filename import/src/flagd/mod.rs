//! flagd: flags whose targeting is an expression in `JSONLogic`.
//!
//! The expression stays one: what it refers to is written into it, and the evaluator works it out
//! as flagd does. A flag becomes one rule that serves what its expression names.

mod references;
mod shape;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, below, error, malformed};
use bandera_shared::Value;
use bandera_shared::dialect::{Source, program};
use references::Shared;
use serde_json::{Map, Value as Json, json};
pub(crate) use shape::shape;

/// What flagd answers for a flag it cannot make sense of.
const BROKEN: &str = "PARSE_ERROR";

/// Reads a flag file: `flags` as an object by key, or as a list of flags with a `key`.
pub(crate) fn read(export: &Json, dialect: &str) -> Result<Draft, ImportError> {
    let root = export
        .as_object()
        .ok_or_else(|| malformed("", "a flag file of flagd is a JSON object"))?;
    let shared = Shared::new(root.get("$evaluators"));
    let mut reader = Reader {
        draft: Draft::default(),
        dialect,
        shared,
        metadata: root.get("metadata").and_then(Json::as_object),
    };
    match root.get("flags") {
        Some(Json::Object(flags)) => {
            for (key, flag) in flags {
                reader.flag(key, flag, &below("/flags", key));
            }
        }
        Some(Json::Array(flags)) => {
            for (index, flag) in flags.iter().enumerate() {
                let pointer = below("/flags", &index.to_string());
                match flag.get("key").and_then(Json::as_str) {
                    Some(key) => reader.flag(key, flag, &pointer),
                    None => reader.draft.dropped(pointer, "the flag has no key"),
                }
            }
        }
        _ => return Err(malformed("/flags", "a flag file of flagd has \"flags\"")),
    }
    Ok(reader.draft)
}

struct Reader<'e> {
    draft: Draft,
    dialect: &'e str,
    shared: Shared<'e>,
    /// Of all flags of the file.
    metadata: Option<&'e Map<String, Json>>,
}

impl Reader<'_> {
    fn flag(&mut self, key: &str, flag: &Json, pointer: &str) {
        let read = self.read_flag(key, flag);
        let flag = read.unwrap_or_else(|broken| {
            let pointer = format!("{pointer}{}", broken.pointer);
            let message = format!("{}: the flag answers with an error", broken.message);
            self.draft.dropped(pointer, message);
            FlagDraft {
                variants: broken.variants,
                kind: "json",
                is_disabled: broken.is_disabled,
                rules: vec![json!({"id": "targeting", "serve": error(BROKEN, &broken.message)})],
                ..FlagDraft::default()
            }
        });
        self.draft.flag(key, flag);
    }

    fn read_flag(&self, key: &str, flag: &Json) -> Result<FlagDraft, Broken> {
        let variants = flag.get("variants").and_then(Json::as_object);
        let variants = variants.ok_or_else(|| Broken::at("/variants", "there are no variants"))?;
        let is_disabled = flag.get("state").and_then(Json::as_str) == Some("DISABLED");
        let metadata = self.metadata(flag);
        let written = written(variants, metadata.as_ref());
        let broken = |pointer: &'static str, message: String| Broken {
            pointer,
            message,
            variants: written.clone(),
            is_disabled,
        };
        let default = match flag.get("defaultVariant") {
            None | Some(Json::Null) => None,
            Some(Json::String(name)) if variants.contains_key(name) => Some(name.clone()),
            Some(other) => {
                let message = format!("the default variant {other} is none of its variants");
                return Err(broken("/defaultVariant", message));
            }
        };
        let mut rules = Vec::new();
        if let Some(targeting) = flag
            .get("targeting")
            .filter(|targeting| !is_none(targeting))
        {
            let expression = self.expression(key, targeting);
            let expression = expression.map_err(|message| broken("/targeting", message))?;
            rules.push(json!({"id": "targeting", "serve": {"expression": expression}}));
        }
        Ok(FlagDraft {
            kind: kind(variants),
            is_disabled,
            default,
            rules,
            variants: written,
            ..FlagDraft::default()
        })
    }

    /// The expression with everything it refers to, as a rule serves it.
    fn expression(&self, key: &str, targeting: &Json) -> Result<Json, String> {
        let value = self.shared.written_into(targeting)?;
        let source = Source {
            dialect: self.dialect.into(),
            op: key.into(),
            attribute: None,
            value: serde_json::from_value::<Value>(value.clone())
                .map_err(|error| error.to_string())?,
        };
        program(&source)?;
        Ok(json!({"dialect": self.dialect, "op": key, "value": value}))
    }

    /// What flagd reports with every answer: the file's, and the flag's over it.
    fn metadata(&self, flag: &Json) -> Option<Json> {
        let mut members = self.metadata.cloned().unwrap_or_default();
        if let Some(own) = flag.get("metadata").and_then(Json::as_object) {
            members.extend(
                own.iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        (!members.is_empty()).then_some(Json::Object(members))
    }
}

/// A flag that flagd cannot evaluate.
struct Broken {
    /// From the flag.
    pointer: &'static str,
    message: String,
    variants: Map<String, Json>,
    is_disabled: bool,
}

impl Broken {
    /// A flag without usable variants; a ruleset's flag needs one.
    fn at(pointer: &'static str, message: &str) -> Self {
        let mut variants = Map::new();
        variants.insert("none".to_owned(), json!({"value": null}));
        Self {
            pointer,
            message: message.to_owned(),
            variants,
            is_disabled: false,
        }
    }
}

/// Whether there is no targeting: flagd takes an empty object for none.
fn is_none(targeting: &Json) -> bool {
    targeting.is_null() || targeting.as_object().is_some_and(Map::is_empty)
}

fn written(variants: &Map<String, Json>, metadata: Option<&Json>) -> Map<String, Json> {
    let variant = |value: &Json| match metadata {
        Some(metadata) => json!({"value": value, "metadata": metadata}),
        None => json!({"value": value}),
    };
    let written = variants.iter();
    written
        .map(|(name, value)| (name.clone(), variant(value)))
        .collect()
}

/// The type that all values have.
fn kind(variants: &Map<String, Json>) -> &'static str {
    let all = |is: fn(&Json) -> bool| variants.values().all(is);
    match () {
        () if all(Json::is_boolean) => "boolean",
        () if all(Json::is_string) => "string",
        () if all(Json::is_number) => "number",
        () => "json",
    }
}
