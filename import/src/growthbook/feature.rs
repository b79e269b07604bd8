//! Features: rules in order, then the feature's own default.

use super::Payload;
use super::condition::{Conditions, Groups, together};
use super::experiment::Rule;
use super::ranges::{Hash, is_true, number, pair, pairs};
use super::variants::Variants;
use crate::draft::{Draft, FlagDraft, RuleIds, below, error, not};
use serde_json::{Map, Value as Json, json};

/// The attribute that is hashed where none is named.
const ID: &str = "id";

/// Writes flags.
pub(super) struct Importer<'i, 'e> {
    pub(super) payload: &'i Payload<'e>,
    pub(super) draft: &'i mut Draft,
    pub(super) groups: &'i mut Groups,
}

/// A flag being written.
#[derive(Debug, Default)]
pub(super) struct Writing {
    pub(super) key: String,
    pub(super) rules: Vec<Json>,
    pub(super) ids: RuleIds,
    pub(super) variants: Variants,
}

impl Writing {
    /// Adds a rule that serves something under conditions and behind gates.
    pub(super) fn rule(&mut self, name: &str, rule: &Rule, serve: &Json) {
        let mut written = Map::from_iter([
            ("id".to_owned(), self.ids.name(name).into()),
            ("serve".to_owned(), serve.clone()),
        ]);
        if !rule.when.is_empty() {
            written.insert("when".to_owned(), together(rule.when.clone()));
        }
        if !rule.gates.is_empty() {
            written.insert("gates".to_owned(), rule.gates.clone().into());
        }
        self.rules.push(written.into());
    }
}

impl Importer<'_, '_> {
    pub(super) fn conditions(&mut self) -> Conditions<'_, '_> {
        Conditions {
            payload: self.payload,
            draft: self.draft,
            groups: self.groups,
        }
    }

    /// Writes a feature's flag.
    pub(super) fn feature(&mut self, key: &str, feature: &Json, pointer: &str) {
        let mut flag = FlagDraft::default();
        let mut writing = Writing {
            key: key.to_owned(),
            ..Writing::default()
        };
        // Null is what the caller's default stands in for.
        let default = feature.get("defaultValue").filter(|value| !value.is_null());
        flag.default = default.map(|value| writing.variants.forced(value, "default"));
        let pointer = below(pointer, "rules");
        match feature.get("rules") {
            Some(Json::Array(rules)) => {
                for (index, rule) in rules.iter().enumerate() {
                    self.rule(
                        rule,
                        index,
                        &mut writing,
                        &below(&pointer, &index.to_string()),
                    );
                }
            }
            Some(other) if is_true(other) => {
                let message = "rules are a list";
                self.draft
                    .approximated(pointer, "no list: the flag answers with an error");
                writing.rule("rules", &Rule::default(), &error("PARSE_ERROR", message));
            }
            _ => {}
        }
        self.finish(flag, writing, key);
    }

    /// Adds the flag.
    pub(super) fn finish(&mut self, mut flag: FlagDraft, writing: Writing, key: &str) {
        flag.rules = writing.rules;
        writing.variants.finish(&mut flag);
        self.draft.flag(key, flag);
    }

    fn rule(&mut self, rule: &Json, index: usize, writing: &mut Writing, pointer: &str) {
        let name = |member: &str| rule.get(member).and_then(Json::as_str);
        let name = name("id")
            .or_else(|| name("key"))
            .filter(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("rule-{}", index + 1), ToOwned::to_owned);
        let mut parts = Rule {
            name,
            ..Rule::default()
        };
        self.prerequisites(rule, &mut parts, writing, pointer);
        parts.gates = filters(rule).unwrap_or_default();
        let condition = below(pointer, "condition");
        parts
            .when
            .extend(self.conditions().written(rule.get("condition"), &condition));
        match rule.get("force") {
            Some(value) => forced(rule, value, parts, writing),
            None => self.experiment(rule, parts, writing, pointer),
        }
    }

    /// Prerequisites, in order: one that blocks ends the feature where it does not hold, any other
    /// leads to the next rule.
    fn prerequisites(
        &mut self,
        rule: &Json,
        parts: &mut Rule,
        writing: &mut Writing,
        pointer: &str,
    ) {
        let pointer = below(pointer, "parentConditions");
        let parents = rule.get("parentConditions").and_then(Json::as_array);
        for (index, parent) in parents.into_iter().flatten().enumerate() {
            let pointer = below(&pointer, &index.to_string());
            let condition = self.conditions().parent(parent, "fails", &pointer);
            if !parent.get("gate").is_some_and(is_true) {
                parts.when.push(condition);
                continue;
            }
            let id = parent.get("id").and_then(Json::as_str).unwrap_or_default();
            let mut when = parts.when.clone();
            when.push(not(condition));
            let blocked = Rule {
                when,
                ..Rule::default()
            };
            let name = format!("{} without {id}", parts.name);
            writing.rule(&name, &blocked, &json!({ "default": true }));
        }
    }
}

/// A rule that forces a value, for everybody or for a share.
fn forced(rule: &Json, value: &Json, mut parts: Rule, writing: &mut Writing) {
    let range = rule.get("range").filter(|range| is_true(range));
    let coverage = rule.get("coverage");
    if range.is_some() || coverage.is_some() {
        let Some(hash) = Hash::version(rule.get("hashVersion"), 1) else {
            return;
        };
        let ranges = match (range, coverage) {
            (Some(range), _) => hash.range(pair(range)),
            // None at all, though the smallest number is not above it.
            (None, Some(Json::Number(none))) if none.as_f64().is_some_and(|n| n.abs() <= 0.0) => {
                None
            }
            (None, coverage) => hash.up_to(coverage.map_or(f64::NAN, number)),
        };
        let seed = seed(rule, &writing.key);
        let bucketing = bucketing(hash, &seed, &hashed(rule));
        parts.gates.push(gate(&Vec::from_iter(ranges), &bucketing));
    }
    let serve = if value.is_null() {
        json!({ "default": true })
    } else {
        json!({ "variant": writing.variants.forced(value, &parts.name) })
    };
    let name = parts.name.clone();
    writing.rule(&name, &parts, &serve);
}

/// Gates that a rule's filters make; `None` where it has no filters.
pub(super) fn filters(rule: &Json) -> Option<Vec<Json>> {
    let filters = rule.get("filters")?.as_array()?;
    let gate = |filter: &Json| {
        let empty = Vec::new();
        let ranges = filter
            .get("ranges")
            .and_then(Json::as_array)
            .unwrap_or(&empty);
        let attribute = text(filter.get("attribute").filter(|name| is_true(name)), ID);
        let seed = text(filter.get("seed"), "undefined");
        match Hash::version(filter.get("hashVersion"), 2) {
            Some(hash) => gate(
                &hash.union(&pairs(ranges)),
                &bucketing(hash, &seed, &[attribute]),
            ),
            None => json!({ "ranges": [] }),
        }
    };
    Some(filters.iter().map(gate).collect())
}

/// A gate that these numbers pass.
pub(super) fn gate(ranges: &[(u64, u64)], bucketing: &Json) -> Json {
    json!({ "ranges": ranges, "bucketing": bucketing })
}

/// The attributes that are hashed, in order.
pub(super) fn hashed(rule: &Json) -> Vec<String> {
    let named = |member: &str| rule.get(member).filter(|name| is_true(name));
    let mut attributes = vec![text(named("hashAttribute"), ID)];
    let sticky = !rule.get("disableStickyBucketing").is_some_and(is_true);
    if let Some(other) = named("fallbackAttribute")
        && sticky
    {
        attributes.push(text(Some(other), ID));
    }
    attributes
}

/// A bucketing by the first attribute, the others standing in; each is a name taken literally, or
/// else a path. The targeting key stands in for the usual attribute.
pub(super) fn bucketing(hash: Hash, seed: &str, attributes: &[String]) -> Json {
    let mut others: Vec<Json> = Vec::new();
    for (index, attribute) in attributes.iter().enumerate() {
        if index > 0 {
            others.push(attribute.as_str().into());
        }
        if attribute.contains('.') {
            others.push(attribute.split('.').collect());
        }
        if attribute == ID {
            others.push("targetingKey".into());
        }
    }
    let by = attributes.first().map_or(ID, String::as_str);
    let mut bucketing = Map::from_iter([
        ("kind".to_owned(), hash.name().into()),
        ("salt".to_owned(), seed.into()),
        ("by".to_owned(), by.into()),
        ("onMissing".to_owned(), "misses".into()),
    ]);
    if !others.is_empty() {
        bucketing.insert("orBy".to_owned(), others.into());
    }
    bucketing.into()
}

/// What is hashed along with the attribute.
pub(super) fn seed(rule: &Json, key: &str) -> String {
    text(rule.get("seed").filter(|seed| is_true(seed)), key)
}

/// The text that is written; numbers and booleans as they read.
pub(super) fn text(written: Option<&Json>, otherwise: &str) -> String {
    match written {
        None => otherwise.to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
