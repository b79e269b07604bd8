//! What an export of a system looks like: every member that its importer knows.
//!
//! An importer reads what it needs and sees nothing else. So that nothing is silently left out,
//! each export is afterwards held against its shape, and what is not in it is reported.

#[cfg(test)]
mod exports;
#[cfg(test)]
mod tests;

use crate::draft::{Draft, below};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// A part of an export.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Members that have a meaning.
    Object(Members),
    /// Elements of one shape.
    List(&'static Shape),
    /// Members of one shape, under keys that somebody chose.
    Keyed(&'static Shape),
    /// The same, as JSON in a text or as it is.
    Document(&'static Shape),
    /// Not taken over, and why that matters. Where it says nothing, nothing is lost.
    LeftOut(&'static str),
}

/// The members of an object that its importer knows.
#[derive(Debug)]
pub(crate) struct Members {
    /// Names of what is read, or handed on, separated by spaces.
    pub(crate) read: &'static str,
    /// Names of what no answer depends on, separated by spaces.
    pub(crate) idle: &'static str,
    /// Members with an inside.
    pub(crate) parts: &'static [(&'static str, Shape)],
}

/// What an importer makes of a member.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Known<'s> {
    Read,
    Idle,
    Part(&'s Shape),
}

impl Members {
    /// What is made of the member of that name; `None` where nobody knows it.
    pub(crate) fn get(&self, name: &str) -> Option<Known<'_>> {
        let lists = |names: &str| !name.is_empty() && names.split(' ').any(|other| other == name);
        if let Some((_, shape)) = self.parts.iter().find(|(other, _)| *other == name) {
            Some(Known::Part(shape))
        } else if lists(self.read) {
            Some(Known::Read)
        } else if lists(self.idle) {
            Some(Known::Idle)
        } else {
            None
        }
    }
}

/// Reports all of an export that its importer has not looked at.
///
/// The same member of several flags is reported where it comes first.
pub(crate) fn check(shape: &Shape, export: &Json, draft: &mut Draft) {
    let mut found = Found::default();
    found.part(shape, export, &Place::default());
    let said: BTreeSet<String> = draft.pointers().map(str::to_owned).collect();
    let mut notes: Vec<Unread> = found.unread.into_values().collect();
    notes.sort_by_key(|note| note.order);
    for note in notes {
        if note.is_misshapen && is_told(&said, &note.pointer) {
            continue;
        }
        let message = match note.n_places {
            1 => note.message,
            n => format!("{} ({n} times)", note.message),
        };
        draft.dropped(note.pointer, message);
    }
    draft.idle = found.idle;
}

/// Whether an importer has said something of a place, or of what should be inside.
fn is_told(said: &BTreeSet<String>, pointer: &str) -> bool {
    let inside = format!("{pointer}/");
    let next = said.range(inside.clone()..).next();
    said.contains(pointer) || next.is_some_and(|other| other.starts_with(&inside))
}

/// A place in an export, and the same with a star for whatever somebody chose.
#[derive(Debug, Clone, Default)]
struct Place {
    pointer: String,
    pattern: String,
}

impl Place {
    fn member(&self, name: &str) -> Self {
        Self {
            pointer: below(&self.pointer, name),
            pattern: below(&self.pattern, name),
        }
    }

    fn any(&self, name: &str) -> Self {
        Self {
            pointer: below(&self.pointer, name),
            pattern: below(&self.pattern, "*"),
        }
    }
}

/// A member that is not looked at.
#[derive(Debug)]
struct Unread {
    order: usize,
    pointer: String,
    message: String,
    is_misshapen: bool,
    n_places: usize,
}

#[derive(Debug, Default)]
struct Found {
    /// By pattern.
    unread: BTreeMap<String, Unread>,
    idle: BTreeSet<String>,
}

impl Found {
    fn part(&mut self, shape: &Shape, json: &Json, place: &Place) {
        match (shape, json) {
            (_, Json::Null) => {}
            (Shape::Object(members), Json::Object(object)) => self.object(members, object, place),
            (Shape::List(element), Json::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.part(element, item, &place.any(&index.to_string()));
                }
            }
            (Shape::Keyed(member), Json::Object(object)) => {
                for (name, json) in object {
                    self.part(member, json, &place.any(name));
                }
            }
            (Shape::Document(inside), Json::String(text)) => {
                // What is no JSON is its importer's to report.
                let json = serde_json::from_str(text).unwrap_or_default();
                self.part(inside, &json, place);
            }
            (Shape::Document(inside), json) => self.part(inside, json, place),
            (Shape::LeftOut(why), json) if !says_nothing(json) => self.unread(place, why, false),
            (Shape::LeftOut(_), _) => {}
            (Shape::Object(_) | Shape::Keyed(_), _) => {
                self.unread(place, "no object, so that nothing was read of it", true);
            }
            (Shape::List(_), _) => {
                self.unread(place, "no list, so that nothing was read of it", true);
            }
        }
    }

    fn object(&mut self, members: &Members, object: &Map<String, Json>, place: &Place) {
        for (name, json) in object {
            match members.get(name) {
                Some(Known::Part(shape)) => self.part(shape, json, &place.member(name)),
                Some(Known::Read) => {}
                Some(Known::Idle) => {
                    self.idle.insert(name.clone());
                }
                None => {
                    let message = "nobody here knows this member: answers may depend on it";
                    self.unread(&place.member(name), message, false);
                }
            }
        }
    }

    fn unread(&mut self, place: &Place, message: &str, is_misshapen: bool) {
        let order = self.unread.len();
        let unread = self.unread.entry(place.pattern.clone());
        let unread = unread.or_insert_with(|| Unread {
            order,
            pointer: place.pointer.clone(),
            message: message.to_owned(),
            is_misshapen,
            n_places: 0,
        });
        unread.n_places += 1;
    }
}

/// Whether a value is as good as absent.
fn says_nothing(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Bool(true) | Json::Number(_) => false,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
    }
}
