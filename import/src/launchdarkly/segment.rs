//! Segments: listed keys, then rules. A circle of segments is an error once it is walked around.

use super::clause::{kind, listed};
use super::rollout::{Salt, share};
use super::{DEFAULT_KIND, Reader, fails};
use crate::ImportError;
use crate::circle::leads;
use crate::draft::{all, any, not};
use crate::part::Part;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Segments of a circle inside each other before the rest is given up.
const NESTED_MAX: usize = 5;

/// Segments of circles that are written out, in all.
const UNFOLDED_MAX: usize = 256;

/// Segments by key, and which of them refer to which.
pub(super) struct Segments<'e> {
    parts: BTreeMap<&'e str, Part<'e>>,
    n_unfolded: usize,
}

impl<'e> Segments<'e> {
    pub(super) fn new(parts: BTreeMap<&'e str, Part<'e>>) -> Self {
        let n_unfolded = 0;
        Self { parts, n_unfolded }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &'e str> {
        self.parts.keys().copied()
    }

    /// Whether following references leads from one segment to another.
    fn leads(&self, from: &'e str, to: &str) -> bool {
        leads(from, to, |key| {
            let part = self.parts.get(key);
            part.map_or_else(Vec::new, |part| references(part.json))
        })
    }
}

/// Keys of the segments that a segment's clauses name.
fn references(segment: &Json) -> Vec<&str> {
    let mut keys = Vec::new();
    for rule in array(segment, "rules") {
        for clause in array(rule, "clauses") {
            if clause.get("op").and_then(Json::as_str) == Some("segmentMatch") {
                keys.extend(array(clause, "values").filter_map(Json::as_str));
            }
        }
    }
    keys
}

fn array<'j>(json: &'j Json, name: &str) -> impl Iterator<Item = &'j Json> {
    let list = json.get(name).and_then(Json::as_array);
    list.into_iter().flatten()
}

impl<'e> Reader<'e> {
    /// Conditions for the segments that are named, of which one is enough.
    ///
    /// # Arguments
    /// `inside`: the segments in whose rules they are named, the outermost first.
    pub(super) fn any_segment(
        &mut self,
        values: &Part<'e>,
        inside: &mut Vec<&'e str>,
    ) -> Result<Vec<Json>, ImportError> {
        let mut conditions = Vec::new();
        for value in values.items()? {
            let Some(key) = value.json.as_str() else {
                continue;
            };
            if !self.segments.parts.contains_key(key) {
                let message = format!("there is no segment \"{key}\": it has no members");
                self.draft.mapped(value.pointer, message);
                continue;
            }
            conditions.push(match inside.first() {
                Some(outermost) if self.segments.leads(key, outermost) => {
                    self.circular(key, &value, inside)?
                }
                _ => json!({ "segment": key }),
            });
        }
        Ok(conditions)
    }

    /// A segment on a circle, written out where it is referred to, up to where the circle closes.
    fn circular(
        &mut self,
        key: &'e str,
        at: &Part<'e>,
        inside: &mut Vec<&'e str>,
    ) -> Result<Json, ImportError> {
        let why = format!("the segment \"{key}\" contains itself");
        if inside.contains(&key) {
            let message = format!("{why}; getting there is an error, here as there");
            self.draft.mapped(at.pointer.clone(), message);
            return Ok(fails(&why));
        }
        self.segments.n_unfolded += 1;
        if inside.len() > NESTED_MAX || self.segments.n_unfolded > UNFOLDED_MAX {
            let message = format!("{why}; getting here is an error already, the circle is so long");
            self.draft.approximated(at.pointer.clone(), message);
            return Ok(fails(&why));
        }
        inside.push(key);
        let condition = self.segment(key, inside);
        inside.pop();
        condition
    }

    /// The condition for a segment's members.
    pub(super) fn segment(
        &mut self,
        key: &'e str,
        inside: &mut Vec<&'e str>,
    ) -> Result<Json, ImportError> {
        let Some(part) = self.segments.parts.get(key).cloned() else {
            return Ok(any(Vec::new()));
        };
        part.object()?;
        if part.member("unbounded").truth()? {
            return self.unbounded(key, &part, inside);
        }
        let mut members = lists(&part, "included", "includedContexts")?;
        let excluded = lists(&part, "excluded", "excludedContexts")?;
        let rules = self.segment_rules(key, &part, inside)?;
        if excluded.is_empty() {
            members.extend(rules);
        } else {
            members.push(all(vec![not(any(excluded)), any(rules)]));
        }
        Ok(any(members))
    }

    /// A segment whose members are listed elsewhere; its rules are here.
    fn unbounded(
        &mut self,
        key: &'e str,
        part: &Part<'e>,
        inside: &mut Vec<&'e str>,
    ) -> Result<Json, ImportError> {
        let message = "its listed members are in a store of their own; only its rules count here";
        self.draft.dropped(part.pointer.clone(), message);
        if part.member("generation").is_null() {
            return Ok(any(Vec::new()));
        }
        Ok(any(self.segment_rules(key, part, inside)?))
    }

    fn segment_rules(
        &mut self,
        key: &'e str,
        part: &Part<'e>,
        inside: &mut Vec<&'e str>,
    ) -> Result<Vec<Json>, ImportError> {
        let own = part.member("key").text()?;
        let salt = Salt {
            key: if own.is_empty() { key } else { own },
            salt: part.member("salt").text()?,
        };
        let mut rules = Vec::new();
        for rule in part.member("rules").items()? {
            rule.object()?;
            let mut parts = self.clauses(&rule.member("clauses"), inside)?;
            if let Some(split_weight) = rule.member("weight").whole()? {
                parts.push(match share(&rule, split_weight, salt)? {
                    Ok(chance) => chance.unwrap_or_else(|| any(Vec::new())),
                    Err(why) => self.bad_reference(&rule.member("bucketBy"), &why),
                });
            }
            rules.push(all(parts));
        }
        Ok(rules)
    }
}

/// Conditions for the keys listed for users, and for those listed for other kinds.
fn lists(part: &Part<'_>, of_default: &str, of_kinds: &str) -> Result<Vec<Json>, ImportError> {
    let mut conditions = Vec::new();
    let keys = part.member(of_default).texts()?;
    if !keys.is_empty() {
        conditions.push(listed(DEFAULT_KIND, &keys));
    }
    for list in part.member(of_kinds).items()? {
        list.object()?;
        let (kind, _) = kind(&list, "contextKind")?;
        conditions.push(listed(kind, &list.member("values").texts()?));
    }
    Ok(conditions)
}
