//! A ruleset as a JSON tree, for what rewrites it whole: publishing and redaction.
//!
//! Trees keep fields this code does not know, so that nothing an author wrote is lost on the way.

use crate::compile::RulesetError;
use crate::compile::limits::RULESET_BYTES_MAX;
use crate::named;
use crate::wire::references::{KINDS, Needed};
use crate::wire::ruleset::{OwnedRangeWire, SCHEMA_VERSION};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// A whole ruleset.
pub type Document = Map<String, Json>;

/// A split somewhere in a document.
#[derive(Debug, Clone)]
pub struct SplitSite {
    /// Steps to the object that holds `weights` and `ranges`.
    pub path: Vec<Step>,
    /// What an author wrote.
    pub weights: Option<BTreeMap<String, f64>>,
    /// What was published, or written by hand.
    pub ranges: Option<Vec<OwnedRangeWire>>,
    /// The `bucketing` beside them; null when absent.
    pub bucketing: Json,
}

/// One step into a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member of an object.
    Key(String),
    /// An element of a list.
    Index(usize),
}

/// The tree of a ruleset's bytes.
///
/// # Errors
/// `RulesetError` when the bytes are too long, no JSON object, or of another schema version.
pub fn parse(bytes: &[u8]) -> Result<Document, RulesetError> {
    if bytes.len() > RULESET_BYTES_MAX {
        return Err(RulesetError::TooLarge { bytes: bytes.len() });
    }
    let malformed = |message: String| RulesetError::Malformed {
        pointer: String::new(),
        message,
    };
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    match document.get("schemaVersion").and_then(Json::as_u64) {
        Some(version) if version == u64::from(SCHEMA_VERSION) => Ok(document),
        Some(version) => {
            let found = u32::try_from(version).unwrap_or(u32::MAX);
            Err(RulesetError::UnknownSchemaVersion { found })
        }
        None => Err(malformed("the ruleset has no schemaVersion".to_owned())),
    }
}

/// Canonical bytes: members sorted by name, no white space, a line feed at the end.
#[must_use]
pub fn canonical(document: &Document) -> Vec<u8> {
    // A tree of JSON values always prints.
    let mut bytes = serde_json::to_vec(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Every split of every flag, by flag and rule: `flag experiment` or `flag rule <id>`.
#[must_use]
pub fn split_sites(document: &Document) -> BTreeMap<String, SplitSite> {
    let mut sites = BTreeMap::new();
    let flags = document.get("flags").and_then(Json::as_object);
    for (key, flag) in flags.into_iter().flatten() {
        let base = [Step::Key("flags".to_owned()), Step::Key(key.clone())];
        if let Some(experiment) = flag.get("experiment") {
            let path = [&base[..], &[Step::Key("experiment".to_owned())]].concat();
            sites.insert(format!("{key}\u{1f}experiment"), site(experiment, path));
        }
        let rules = flag.get("rules").and_then(Json::as_array);
        for (index, rule) in rules.into_iter().flatten().enumerate() {
            let Some(split) = rule.get("serve").and_then(|serve| serve.get("split")) else {
                continue;
            };
            let id = rule.get("id").and_then(Json::as_str);
            let id = id.map_or_else(|| format!("rule-{}", index + 1), str::to_owned);
            let steps = [
                Step::Key("rules".to_owned()),
                Step::Index(index),
                Step::Key("serve".to_owned()),
                Step::Key("split".to_owned()),
            ];
            let path = [&base[..], &steps].concat();
            sites.insert(format!("{key}\u{1f}rule\u{1f}{id}"), site(split, path));
        }
    }
    sites
}

fn site(split: &Json, path: Vec<Step>) -> SplitSite {
    let read = |field: &str| split.get(field).filter(|value| !value.is_null()).cloned();
    SplitSite {
        path,
        weights: read("weights").and_then(|weights| serde_json::from_value(weights).ok()),
        ranges: read("ranges").and_then(|ranges| serde_json::from_value(ranges).ok()),
        bucketing: read("bucketing").unwrap_or(Json::Null),
    }
}

/// Writes a split's ranges.
pub fn set_ranges(document: &mut Document, path: &[Step], ranges: &[OwnedRangeWire]) {
    let Some((Step::Key(first), rest)) = path.split_first() else {
        return;
    };
    let Some(mut place) = document.get_mut(first) else {
        return;
    };
    for step in rest {
        let next = match step {
            Step::Key(key) => place.get_mut(key),
            Step::Index(index) => place.get_mut(*index),
        };
        let Some(next) = next else { return };
        place = next;
    }
    if let Some(split) = place.as_object_mut() {
        let list = ranges
            .iter()
            .map(|range| json!({"variant": range.variant, "from": range.from, "to": range.to}));
        split.insert("ranges".to_owned(), list.collect());
    }
}

/// Leaves what browsers need: client-visible flags, and the members those refer to; subjects are
/// named by their hashes under `salt`.
pub fn redact(document: &mut Document, salt: &str) {
    let needed = Needed::of(document);
    for kind in KINDS {
        let Some(members) = document.get_mut(kind).and_then(Json::as_object_mut) else {
            continue;
        };
        members.retain(|key, _| needed.has(kind, key));
        for (key, member) in members.iter_mut() {
            match (kind, member.as_object_mut()) {
                ("flags", Some(flag)) => strip(flag, needed.is_compared(key)),
                (_, Some(member)) => drop(member.remove("description")),
                _ => {}
            }
        }
    }
    document.remove("models");
    document.remove("privateAttributes");
    hash_subjects(document, salt);
}

/// Replaces the names of listed subjects by their hashes; names already hashed stay.
fn hash_subjects(document: &mut Document, salt: &str) {
    if document.contains_key("subjectSalt") {
        return;
    }
    document.insert("subjectSalt".to_owned(), json!(salt));
    let hash_list = |list: Option<&mut Json>| {
        for name in list.and_then(Json::as_array_mut).into_iter().flatten() {
            if let Json::String(text) = name {
                *text = named::hash(salt, text);
            }
        }
    };
    let segments = document.get_mut("segments").and_then(Json::as_object_mut);
    for segment in segments.into_iter().flat_map(Map::values_mut) {
        hash_list(segment.get_mut("included"));
        hash_list(segment.get_mut("excluded"));
    }
    let flags = document.get_mut("flags").and_then(Json::as_object_mut);
    for flag in flags.into_iter().flat_map(Map::values_mut) {
        hash_list(
            flag.get_mut("canary")
                .and_then(|canary| canary.get_mut("subjects")),
        );
        if let Some(overrides) = flag.get_mut("overrides").and_then(Json::as_object_mut) {
            let plain = std::mem::take(overrides);
            overrides.extend(
                plain
                    .into_iter()
                    .map(|(key, v)| (named::hash(salt, &key), v)),
            );
        }
    }
}

/// Takes from a flag what is not for browsers. Of a flag that is only there because another one
/// asks which variant it serves, their names are enough: its values stay at the edge, unless they
/// are compared.
fn strip(flag: &mut Document, is_compared: bool) {
    for field in ["description", "owner", "tags"] {
        flag.remove(field);
    }
    let is_shown = is_client_visible(flag);
    if !is_shown {
        flag.remove("config");
    }
    let kind = flag
        .get("type")
        .and_then(Json::as_str)
        .unwrap_or_default()
        .to_owned();
    let variants = flag.get_mut("variants").and_then(Json::as_object_mut);
    for variant in variants
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Json::as_object_mut)
    {
        variant.remove("description");
        if !is_shown {
            let is_kept = |member: &str| match member {
                "name" => true,
                "value" | "views" => is_compared,
                _ => false,
            };
            variant.retain(|member, _| is_kept(member));
            variant.entry("value").or_insert_with(|| nothing_of(&kind));
        }
    }
    let rules = flag.get_mut("rules").and_then(Json::as_array_mut);
    for rule in rules.into_iter().flatten().filter_map(Json::as_object_mut) {
        rule.remove("description");
    }
}

/// The value of a type that says nothing.
fn nothing_of(kind: &str) -> Json {
    match kind {
        "boolean" => json!(false),
        "string" => json!(""),
        "number" => json!(0),
        _ => Json::Null,
    }
}

pub(super) fn is_client_visible(flag: &Document) -> bool {
    flag.get("visibility").and_then(Json::as_str) == Some("client")
}
