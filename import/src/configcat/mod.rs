//! ConfigCat: config JSON v6, settings with targeting rules, percentage options and segments.
//!
//! A targeting rule is a rule; where it serves percentage options that the subject has no number
//! for, the next one is tried.

mod condition;
mod setting;
mod shape;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, all, malformed};
use crate::part::Part;
use serde_json::{Map, Value as Json, json};
use setting::Importer;
pub(crate) use shape::SHAPE;
use std::collections::BTreeMap;

/// Bytes of a segment's name that its key repeats.
const NAME_BYTES_MAX: usize = 200;

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let root = Part::root(export);
    let settings = root.member("f");
    if !settings.json.is_object() {
        return Err(malformed(
            "/f",
            "expected settings by key, as in config JSON v6",
        ));
    }
    let types = settings
        .members()?
        .into_iter()
        .filter_map(|(key, setting)| {
            let kind = Kind::of(setting.json)?;
            Some((key, kind))
        });
    let mut config = Config {
        salt: root.member("p").member("s").json.as_str(),
        types: types.collect(),
        segments: Vec::new(),
    };
    let mut draft = Draft::default();
    // A list of segments that is none is faulty where it is used.
    for segment in root.member("s").items().unwrap_or_default() {
        let key = config.segment(&segment, &mut draft);
        config.segments.push(key);
    }
    for (key, setting) in settings.members()? {
        let flag = match Importer::new(key, &config, &mut draft).flag(&setting) {
            Ok(flag) => flag,
            Err(fault) => FlagDraft::unreadable(&fault, &mut draft),
        };
        draft.flag(key, flag);
    }
    Ok(draft)
}

/// What settings share.
struct Config<'e> {
    /// Hashed into secret comparands.
    salt: Option<&'e str>,
    /// Types of settings, by key.
    types: BTreeMap<&'e str, Kind>,
    /// Segments in their order, by the keys they have in the ruleset; nothing for faulty ones.
    segments: Vec<Option<String>>,
}

impl Config<'_> {
    /// Takes over a segment; its key in the ruleset.
    fn segment(&self, segment: &Part<'_>, draft: &mut Draft) -> Option<String> {
        let name = segment.json.get("n")?.as_str()?;
        let conditions = segment.member("r").items().ok()?;
        let conditions: Vec<Json> = conditions
            .iter()
            .map(|condition| self.attribute_condition(condition, name, draft))
            .collect();
        let key = unused(&draft.segments, &short(name));
        draft
            .segments
            .insert(key.clone(), json!({ "when": all(conditions) }));
        Some(key)
    }
}

/// The first characters of a name that is too long.
fn short(name: &str) -> String {
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= NAME_BYTES_MAX;
    name.char_indices()
        .take_while(fits)
        .map(|(_, c)| c)
        .collect()
}

/// The key, or one like it that is not taken.
fn unused(taken: &Map<String, Json>, wanted: &str) -> String {
    let numbered = |number| match number {
        1 => wanted.to_owned(),
        number => format!("{wanted} ({number})"),
    };
    let mut keys = (1..=taken.len() + 1).map(numbered);
    keys.find(|key| !taken.contains_key(key))
        .unwrap_or_default()
}

/// The type of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Text,
    Whole,
    Decimal,
}

impl Kind {
    fn of(setting: &Json) -> Option<Self> {
        match setting.get("t")?.as_u64()? {
            0 => Some(Self::Boolean),
            1 => Some(Self::Text),
            2 => Some(Self::Whole),
            3 => Some(Self::Decimal),
            _ => None,
        }
    }

    fn flag_type(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Text => "string",
            Self::Whole | Self::Decimal => "number",
        }
    }

    /// The member of a value that has this type.
    fn value(self, value: &Json) -> Option<&Json> {
        let (name, is_fit): (_, fn(&Json) -> bool) = match self {
            Self::Boolean => ("b", Json::is_boolean),
            Self::Text => ("s", Json::is_string),
            Self::Whole => ("i", |value| value.is_i64() || value.is_u64()),
            Self::Decimal => ("d", Json::is_number),
        };
        value.get(name).filter(|value| is_fit(value))
    }
}
