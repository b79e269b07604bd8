//! A ruleset as a JSON tree, for what rewrites it whole: publishing and redaction.
//!
//! Trees keep fields this code does not know, so that nothing an author wrote is lost on the way.

use crate::compile::RulesetError;
use crate::compile::limits::RULESET_BYTES_MAX;
use crate::named;
use crate::wire::ruleset::{OwnedRangeWire, SCHEMA_VERSION};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

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
    let needed = needed_flags(document);
    let mut used = Used::default();
    if let Some(flags) = document.get_mut("flags").and_then(Json::as_object_mut) {
        flags.retain(|key, _| needed.flags.contains(key));
        for (key, flag) in flags.iter_mut() {
            if let Some(flag) = flag.as_object_mut() {
                strip(flag, needed.values.contains(key));
            }
            used.look(flag);
        }
    }
    used.follow_segments(document);
    for (kind, keys) in [
        ("segments", &used.segments),
        ("layers", &used.layers),
        ("holdouts", &used.holdouts),
    ] {
        if let Some(members) = document.get_mut(kind).and_then(Json::as_object_mut) {
            members.retain(|key, _| keys.contains(key));
            for member in members.values_mut().filter_map(Json::as_object_mut) {
                member.remove("description");
            }
        }
    }
    if let Some(bandits) = document.get_mut("bandits").and_then(Json::as_object_mut) {
        bandits.retain(|key, _| used.bandits.contains(key));
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

fn is_client_visible(flag: &Document) -> bool {
    flag.get("visibility").and_then(Json::as_str) == Some("client")
}

/// Client-visible flags, and those they require or ask, directly or through others and segments.
fn needed_flags(document: &Document) -> Needed {
    let mut needed = Needed::default();
    let members = |kind: &str| document.get(kind).and_then(Json::as_object);
    let Some(flags) = members("flags") else {
        return needed;
    };
    let is_client = |flag: &Json| flag.as_object().is_some_and(is_client_visible);
    let clients = flags.iter().filter(|(_, flag)| is_client(flag));
    let mut asked = Asked {
        flags: clients.map(|(key, _)| key.clone()).collect(),
        segments: Vec::new(),
        values: BTreeSet::new(),
    };
    let mut looked = BTreeSet::new();
    loop {
        if let Some(key) = asked.flags.pop() {
            let flag = flags.get(&key).and_then(Json::as_object);
            if let Some(flag) = flag
                && needed.flags.insert(key)
            {
                let rest = flag.iter().filter(|(member, _)| !is_answer(member));
                rest.for_each(|(_, member)| asked.look(member));
            }
        } else if let Some(key) = asked.segments.pop() {
            let segment = members("segments").and_then(|segments| segments.get(&key));
            if let Some(segment) = segment
                && looked.insert(key)
            {
                asked.look(segment);
            }
        } else {
            needed.values = asked.values;
            return needed;
        }
    }
}

/// Flags that browsers need, and those of them whose values conditions ask for.
#[derive(Default)]
struct Needed {
    flags: BTreeSet<String>,
    values: BTreeSet<String>,
}

/// Whether the member of a flag is the author's own data, whatever it looks like.
fn is_answer(member: &str) -> bool {
    matches!(member, "variants" | "config" | "metadata")
}

/// Flags and segments still to be looked at, and flags whose values are asked for.
struct Asked {
    flags: Vec<String>,
    segments: Vec<String>,
    values: BTreeSet<String>,
}

impl Asked {
    /// Collects what requirements and conditions name.
    fn look(&mut self, value: &Json) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.look(item)),
            Json::Object(members) => {
                for (key, member) in members {
                    match (key.as_str(), member) {
                        ("flag", Json::String(name)) => {
                            self.flags.push(name.clone());
                            if ["equals", "passes"]
                                .iter()
                                .any(|it| members.contains_key(*it))
                            {
                                self.values.insert(name.clone());
                            }
                        }
                        ("segment", Json::String(name)) => self.segments.push(name.clone()),
                        ("segments", Json::Array(names)) => {
                            let names = names.iter().filter_map(Json::as_str);
                            self.segments.extend(names.map(str::to_owned));
                        }
                        ("value" | "equals", _) => {}
                        _ => self.look(member),
                    }
                }
            }
            _ => {}
        }
    }
}

/// Names of members that flags or segments refer to.
#[derive(Default)]
struct Used {
    segments: BTreeSet<String>,
    layers: BTreeSet<String>,
    holdouts: BTreeSet<String>,
    bandits: BTreeSet<String>,
}

impl Used {
    /// Collects references anywhere below; a name too many only keeps a member too many.
    fn look(&mut self, value: &Json) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.look(item)),
            Json::Object(members) => {
                for (key, member) in members {
                    match (key.as_str(), member) {
                        ("segment", Json::String(name)) => drop(self.segments.insert(name.clone())),
                        ("bandit", Json::String(name)) => drop(self.bandits.insert(name.clone())),
                        ("segments", Json::Array(names)) => collect(names, &mut self.segments),
                        ("holdouts", Json::Array(names)) => collect(names, &mut self.holdouts),
                        ("layer", Json::Object(layer)) => {
                            let name = layer.get("key").and_then(Json::as_str);
                            self.layers.extend(name.map(str::to_owned));
                        }
                        _ => self.look(member),
                    }
                }
            }
            _ => {}
        }
    }

    /// Adds segments that used segments refer to.
    fn follow_segments(&mut self, document: &Document) {
        let segments = document.get("segments").and_then(Json::as_object);
        let mut seen = BTreeSet::new();
        while let Some(next) = self.segments.difference(&seen).next().cloned() {
            if let Some(segment) = segments.and_then(|segments| segments.get(&next)) {
                self.look(segment);
            }
            seen.insert(next);
        }
    }
}

fn collect(names: &[Json], into: &mut BTreeSet<String>) {
    into.extend(names.iter().filter_map(Json::as_str).map(str::to_owned));
}
