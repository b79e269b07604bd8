//! Segments: lists of keys, whose members are exported by themselves, and those made of rules.

use super::matcher::name;
use super::{DIALECT, Reader};
use crate::ImportError;
use crate::circle::leads;
use crate::draft::{all, any, not};
use crate::part::Part;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// Segments by name.
pub(super) struct Segments<'e> {
    rule_based: BTreeMap<&'e str, Part<'e>>,
    /// Members of the lists, as `/segmentChanges` reports them.
    lists: BTreeMap<&'e str, BTreeSet<&'e str>>,
    /// Lists that flags ask for by the subject's key.
    asked: BTreeSet<&'e str>,
}

impl<'e> Segments<'e> {
    /// # Arguments
    /// `rule_based`: definitions; `lists`: changes of lists, the oldest first.
    pub(super) fn new(
        rule_based: Vec<(&'e str, Part<'e>)>,
        lists: Vec<(&'e str, Part<'e>)>,
    ) -> Self {
        let mut members = BTreeMap::<_, BTreeSet<&str>>::new();
        for (name, part) in lists {
            let list = members.entry(name).or_default();
            let keys = |member: &str| texts(part.json, member);
            list.extend(keys("added"));
            for key in keys("removed") {
                list.remove(key);
            }
        }
        let is_archived =
            |part: &Part<'_>| part.json.get("status").and_then(Json::as_str) == Some("ARCHIVED");
        let rule_based = rule_based.into_iter();
        Self {
            rule_based: rule_based.filter(|(_, part)| !is_archived(part)).collect(),
            lists: members,
            asked: BTreeSet::new(),
        }
    }

    /// Names of the rule-based segments that a rule-based segment refers to.
    fn references(&self, name: &str) -> Vec<&'e str> {
        let Some(part) = self.rule_based.get(name) else {
            return Vec::new();
        };
        let matchers = array(part.json, "conditions")
            .filter_map(|condition| condition.get("matcherGroup"))
            .flat_map(|combined| array(combined, "matchers"));
        let named = matchers.filter_map(|matcher| {
            let data = matcher.get("userDefinedSegmentMatcherData")?;
            data.get("segmentName")?.as_str()
        });
        let excluded = part.json.get("excluded").into_iter();
        let excluded = excluded
            .flat_map(|excluded| array(excluded, "segments"))
            .filter_map(|segment| segment.get("name")?.as_str());
        named.chain(excluded).collect()
    }
}

fn array<'j>(json: &'j Json, name: &str) -> impl Iterator<Item = &'j Json> {
    let list = json.get(name).and_then(Json::as_array);
    list.into_iter().flatten()
}

fn texts<'j>(json: &'j Json, name: &str) -> Vec<&'j str> {
    array(json, name).filter_map(Json::as_str).collect()
}

/// Our name of a list: rule-based segments have their own.
fn list_key(name: &str) -> String {
    format!("list/{name}")
}

impl<'e> Reader<'e> {
    /// A condition for the members of a list.
    pub(super) fn listed(
        &mut self,
        segment: &Part<'e>,
        attribute: &str,
    ) -> Result<Json, ImportError> {
        let key = segment.text()?;
        let members = self.segments.lists.get(key);
        if members.is_none() && (!attribute.is_empty() || !self.segments.asked.contains(key)) {
            let message = format!(
                "members of the segment \"{key}\" are not in this export: put what \
                 /segmentChanges says into \"segments\", a list, and import again"
            );
            self.draft.dropped(segment.pointer.clone(), message);
        }
        if attribute.is_empty() {
            self.segments.asked.insert(key);
            return Ok(json!({ "segment": list_key(key) }));
        }
        let members = self.segments.lists.get(key);
        let members: Vec<&str> = members.into_iter().flatten().copied().collect();
        Ok(whitelist(attribute, &members))
    }

    /// A condition for the members of a segment made of rules.
    pub(super) fn rule_based(&mut self, segment: &Part<'e>) -> Result<Json, ImportError> {
        let key = segment.text()?;
        if self.segments.rule_based.contains_key(key) {
            return Ok(json!({ "segment": key }));
        }
        let message = format!("there is no segment \"{key}\": it has no members");
        self.draft.mapped(segment.pointer.clone(), message);
        Ok(any(Vec::new()))
    }

    /// Writes the rule-based segments, and the lists that anything asks for.
    pub(super) fn write_segments(&mut self) {
        let keys: Vec<&str> = self.segments.rule_based.keys().copied().collect();
        for key in keys {
            let Some(part) = self.segments.rule_based.get(key).cloned() else {
                continue;
            };
            let when = self.rules(key, &part).unwrap_or_else(|fault| {
                self.draft.dropped(fault.pointer, fault.message);
                any(Vec::new())
            });
            self.draft
                .segments
                .insert(key.to_owned(), json!({ "when": when }));
        }
        for key in std::mem::take(&mut self.segments.asked) {
            let members: Vec<_> = self.segments.lists.get(key).into_iter().flatten().collect();
            let segment = json!({ "included": members });
            self.draft.segments.insert(list_key(key), segment);
        }
    }

    fn rules(&mut self, key: &'e str, part: &Part<'e>) -> Result<Json, ImportError> {
        let is_circular = |name: &&'e str| leads(name, key, |name| self.segments.references(name));
        if let Some(name) = self
            .segments
            .references(key)
            .iter()
            .find(|name| is_circular(name))
        {
            let message = format!("it contains itself by \"{name}\": it has no members");
            self.draft.approximated(part.pointer.clone(), message);
            return Ok(any(Vec::new()));
        }
        let excluded = part.member("excluded");
        let mut outside = Vec::new();
        let keys = excluded.member("keys").texts()?;
        if !keys.is_empty() {
            outside.push(whitelist("", &keys));
        }
        for segment in excluded.member("segments").items()? {
            let name = segment.member("name");
            outside.push(match segment.member("type").text()? {
                "rule-based" => self.rule_based(&name)?,
                _ => self.listed(&name, "")?,
            });
        }
        let mut inside = Vec::new();
        for condition in part.member("conditions").items()? {
            let matchers = condition.member("matcherGroup");
            for matcher in matchers.member("matchers").items()? {
                let kind = matcher.member("matcherType");
                if !super::matcher::is_known(kind.text()?) {
                    return kind.unfit("a known matcher");
                }
            }
            inside.push(self.matchers(&matchers)?);
        }
        Ok(if outside.is_empty() {
            any(inside)
        } else {
            all(vec![not(any(outside)), any(inside)])
        })
    }
}

/// A condition for listed values of an attribute, or of the key.
fn whitelist(attribute: &str, values: &[&str]) -> Json {
    let attribute = name(attribute);
    json!({ "dialect": DIALECT, "attribute": attribute, "op": "WHITELIST", "value": values })
}
