//! Eppo: the Universal Flag Configuration of servers, alone or wrapped in a configuration wire.
//!
//! An allocation is a rule, or one rule for each of its splits; a variation whose value is a
//! bandit's carries that bandit's model.

mod allocation;
mod bandit;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, below, error, malformed};
use bandit::Bandits;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// Shards of a flag that does not say how many it has.
const TOTAL_SHARDS: u64 = 10_000;

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let (root, config) = config(export)?;
    if let Some(format @ ("CLIENT" | "PRECOMPUTED")) = config["format"].as_str() {
        let message = format!("a {format} configuration is obfuscated: take the server's");
        return Err(malformed(&below(&root, "format"), &message));
    }
    let Some(flags) = config["flags"].as_object() else {
        return Err(malformed(&below(&root, "flags"), "expected flags by key"));
    };
    let mut draft = Draft::default();
    let bandits = Bandits::read(export, &config, &mut draft)?;
    let root = below(&root, "flags");
    for (key, flag) in flags {
        let mut importer = Importer {
            key,
            pointer: below(&root, key),
            draft: &mut draft,
            bandits: &bandits,
            served: BTreeSet::new(),
        };
        let flag = match importer.flag(flag) {
            Ok(flag) => flag,
            Err(fault) => importer.broken(&fault),
        };
        draft.flag(key, flag);
    }
    Ok(draft)
}

/// Where the configuration is, and the configuration.
fn config(export: &Json) -> Result<(String, Json), ImportError> {
    if export["flags"].is_object() {
        return Ok((String::new(), export.clone()));
    }
    let pointer = "/config/response";
    match unwrap(&export["config"]["response"], pointer)? {
        Some(config) => Ok((pointer.to_owned(), config)),
        None => Err(malformed(
            "",
            "expected a server's configuration with \"flags\", or a configuration wire with one",
        )),
    }
}

/// The document inside a wire: JSON as text, or as it is.
fn unwrap(response: &Json, pointer: &str) -> Result<Option<Json>, ImportError> {
    match response {
        Json::Object(_) => Ok(Some(response.clone())),
        Json::String(text) => serde_json::from_str(text)
            .map(Some)
            .map_err(|error| malformed(pointer, &format!("no JSON: {error}"))),
        _ => Ok(None),
    }
}

/// A flag being taken over.
struct Importer<'i> {
    key: &'i str,
    /// Of the flag.
    pointer: String,
    draft: &'i mut Draft,
    bandits: &'i Bandits,
    /// Variations whose values are fit to serve.
    served: BTreeSet<String>,
}

/// What Eppo cannot read either.
struct Fault {
    pointer: String,
    message: &'static str,
}

impl Importer<'_> {
    fn flag(&mut self, flag: &Json) -> Result<FlagDraft, Fault> {
        let enabled = flag["enabled"].as_bool();
        let is_enabled = enabled.ok_or_else(|| self.fault("enabled", "expected true or false"))?;
        let kind = flag["variationType"].as_str().and_then(Kind::named);
        let kind = kind.ok_or_else(|| self.fault("variationType", "no such type"))?;
        let total = match &flag["totalShards"] {
            Json::Null => Some(TOTAL_SHARDS),
            total => total.as_u64().filter(|total| *total > 0),
        };
        let total = total.ok_or_else(|| self.fault("totalShards", "expected a number above 0"))?;
        let variants = self.variants(kind, &flag["variations"])?;
        let rules = self.allocations(&flag["allocations"], total)?;
        Ok(FlagDraft {
            kind: kind.flag_type(),
            is_disabled: !is_enabled,
            variants,
            rules,
            ..FlagDraft::default()
        })
    }

    fn fault(&self, step: &str, message: &'static str) -> Fault {
        Fault {
            pointer: below(&self.pointer, step),
            message,
        }
    }

    /// A flag that answers as Eppo does when it cannot read one.
    fn broken(&mut self, fault: &Fault) -> FlagDraft {
        let message = format!("{}; the flag answers with an error", fault.message);
        self.draft.mapped(&fault.pointer, message);
        let serve = error("PARSE_ERROR", fault.message);
        FlagDraft {
            rules: vec![json!({ "id": "unreadable", "serve": serve })],
            ..FlagDraft::default()
        }
    }

    fn variants(&mut self, kind: Kind, variations: &Json) -> Result<Map<String, Json>, Fault> {
        let variations = variations.as_object();
        let variations =
            variations.ok_or_else(|| self.fault("variations", "expected variations by key"))?;
        let mut variants = Map::new();
        for (name, variation) in variations {
            let pointer = below(&below(&self.pointer, "variations"), name);
            let key = variation["key"].as_str().unwrap_or(name);
            let Some(value) = kind.value(&variation["value"]) else {
                let message = "the value is not of the flag's type; who gets it gets an error";
                self.draft.mapped(below(&pointer, "value"), message);
                continue;
            };
            let mut variant = json!({ "value": value });
            if kind == Kind::Text
                && let Some(policy) = self.bandits.policy(self.key, &value, self.draft)
            {
                variant["policy"] = policy;
            }
            self.served.insert(key.to_owned());
            variants.insert(key.to_owned(), variant);
        }
        Ok(variants)
    }
}

/// The type of a flag's variations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Integer,
    Numeric,
    Text,
    Document,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "BOOLEAN" => Some(Self::Boolean),
            "INTEGER" => Some(Self::Integer),
            "NUMERIC" => Some(Self::Numeric),
            "STRING" => Some(Self::Text),
            "JSON" => Some(Self::Document),
            _ => None,
        }
    }

    fn flag_type(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer | Self::Numeric => "number",
            Self::Text => "string",
            Self::Document => "json",
        }
    }

    /// The value as the flag serves it; nothing where it is not of the type.
    fn value(self, value: &Json) -> Option<Json> {
        let is_fit = match self {
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::Numeric => value.is_number(),
            Self::Text => value.is_string(),
            Self::Document => return serde_json::from_str(value.as_str()?).ok(),
        };
        is_fit.then(|| value.clone())
    }
}
