//! Eppo: the Universal Flag Configuration of servers, alone or wrapped in a configuration wire.
//!
//! An allocation is a rule, or one rule for each of its splits; a variation whose value is a
//! bandit's carries that bandit's model.

mod allocation;
mod bandit;
mod shape;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, malformed};
use crate::part::Part;
use bandit::Bandits;
use serde_json::{Map, Value as Json, json};
pub(crate) use shape::shape;
use std::collections::BTreeSet;

/// Shards of a flag that does not say how many it has.
const TOTAL_SHARDS: u64 = 10_000;

/// More shards than this Eppo cannot count.
const SHARDS_MAX: u64 = u32::MAX as u64;

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let export = Part::root(export);
    let wire = export.member("config").member("response");
    let document = unwrap(&wire)?;
    let config = match &document {
        _ if export.member("flags").json.is_object() => export.clone(),
        Some(json) => Part {
            json,
            pointer: wire.pointer,
        },
        None => {
            let wanted = "a server's configuration with \"flags\", or a configuration wire";
            return export.unfit(wanted);
        }
    };
    let format = config.member("format");
    if let Some(name @ ("CLIENT" | "PRECOMPUTED")) = format.json.as_str() {
        let message = format!("a {name} configuration is obfuscated: take the server's");
        return Err(malformed(&format.pointer, &message));
    }
    let flags = config.member("flags");
    flags.object()?;
    let mut draft = Draft::default();
    let bandits = Bandits::read(&export, &config, &mut draft)?;
    for (key, flag) in flags.members()? {
        let mut importer = Importer {
            key,
            draft: &mut draft,
            bandits: &bandits,
            served: BTreeSet::new(),
        };
        let flag = match importer.flag(&flag) {
            Ok(flag) => flag,
            Err(fault) => FlagDraft::unreadable(&fault, &mut draft),
        };
        draft.flag(key, flag);
    }
    Ok(draft)
}

/// The document inside a wire: JSON as text, or as it is.
fn unwrap(response: &Part<'_>) -> Result<Option<Json>, ImportError> {
    match response.json {
        Json::Object(_) => Ok(Some(response.json.clone())),
        Json::String(text) => serde_json::from_str(text)
            .map(Some)
            .map_err(|error| malformed(&response.pointer, &format!("no JSON: {error}"))),
        _ => Ok(None),
    }
}

/// A flag being taken over.
struct Importer<'i> {
    key: &'i str,
    draft: &'i mut Draft,
    bandits: &'i Bandits,
    /// Variations whose values are fit to serve.
    served: BTreeSet<String>,
}

impl Importer<'_> {
    fn flag(&mut self, flag: &Part<'_>) -> Result<FlagDraft, ImportError> {
        let enabled = flag.member("enabled");
        let Some(is_enabled) = enabled.json.as_bool() else {
            return enabled.unfit("true or false");
        };
        let kind = flag.member("variationType");
        let Some(kind) = kind.json.as_str().and_then(Kind::named) else {
            return kind.unfit("a type of variation");
        };
        let total = flag.member("totalShards");
        let shards = if total.is_null() {
            Some(TOTAL_SHARDS)
        } else {
            total.json.as_u64()
        };
        let Some(shards) = shards.filter(|shards| (1..=SHARDS_MAX).contains(shards)) else {
            return total.unfit("a number of 32 bits above 0");
        };
        let variants = self.variants(kind, &flag.member("variations"))?;
        let rules = self.allocations(&flag.member("allocations"), shards)?;
        Ok(FlagDraft {
            kind: kind.flag_type(),
            is_disabled: !is_enabled,
            variants,
            rules,
            ..FlagDraft::default()
        })
    }

    fn variants(
        &mut self,
        kind: Kind,
        variations: &Part<'_>,
    ) -> Result<Map<String, Json>, ImportError> {
        variations.object()?;
        let mut variants = Map::new();
        for (name, variation) in variations.members()? {
            let key = variation.member("key").json.as_str().unwrap_or(name);
            let value = variation.member("value");
            let Some(fit) = kind.value(value.json) else {
                let message = "the value is not of the flag's type; who gets it gets an error";
                self.draft.mapped(value.pointer, message);
                continue;
            };
            let policy = match kind {
                Kind::Text => self.bandits.policy(self.key, &variation, self.draft),
                _ => None,
            };
            let variant = match policy {
                Some(policy) => json!({ "value": fit, "policy": policy }),
                None => json!({ "value": fit }),
            };
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
