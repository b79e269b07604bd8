//! What browsers need of a ruleset: client-visible flags, and everything that those refer to,
//! directly or through others.

use super::document::{Document, is_client_visible};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Members of a ruleset that others refer to by key.
pub(super) const KINDS: [&str; 6] = [
    "flags", "segments", "lists", "layers", "holdouts", "bandits",
];

/// Members that are needed, and flags whose values are.
#[derive(Default)]
pub(super) struct Needed {
    members: BTreeSet<String>,
    compared: BTreeSet<String>,
    open: Vec<(&'static str, String)>,
}

impl Needed {
    /// What the document's client-visible flags need.
    pub(super) fn of(document: &Document) -> Self {
        let mut needed = Self::default();
        let members = |kind: &str| document.get(kind).and_then(Json::as_object);
        for (key, flag) in members("flags").into_iter().flatten() {
            if flag.as_object().is_some_and(is_client_visible) {
                needed.refer("flags", key);
            }
        }
        while let Some((kind, key)) = needed.open.pop() {
            let member = members(kind).and_then(|members| members.get(&key));
            let fields = member.and_then(Json::as_object).into_iter().flatten();
            for (name, field) in fields.filter(|(name, _)| kind != "flags" || !is_own(name)) {
                needed.look_at(name, field);
            }
        }
        needed
    }

    /// Whether that member is needed.
    pub(super) fn has(&self, kind: &str, key: &str) -> bool {
        self.members.contains(&named(kind, key))
    }

    /// Whether a condition compares the flag's values.
    pub(super) fn is_compared(&self, flag: &str) -> bool {
        self.compared.contains(flag)
    }

    fn refer(&mut self, kind: &'static str, key: &str) {
        if self.members.insert(named(kind, key)) {
            self.open.push((kind, key.to_owned()));
        }
    }

    fn look(&mut self, value: &Json) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.look(item)),
            Json::Object(members) => {
                let of_values = ["equals", "passes"];
                if let Some(flag) = members.get("flag").and_then(Json::as_str)
                    && of_values.iter().any(|name| members.contains_key(*name))
                {
                    self.compared.insert(flag.to_owned());
                }
                if !members.contains_key("dialect") {
                    self.look_for_lists(value);
                }
                for (name, member) in members {
                    self.look_at(name, member);
                }
            }
            _ => {}
        }
    }

    /// Our tests of elements, and of hashes, name lists inside their values. What other systems
    /// compare with is theirs, whatever it looks like.
    fn look_for_lists(&mut self, test: &Json) {
        let (Some(Json::String(op)), Some(value)) = (test.get("op"), test.get("value")) else {
            return;
        };
        let nested = match value {
            Json::Array(parts) if op.ends_with("Element") => parts.as_slice(),
            single if op.ends_with("Element") || op.ends_with("Hashed") => {
                std::slice::from_ref(single)
            }
            _ => &[],
        };
        for part in nested {
            match part.get("list").and_then(Json::as_str) {
                Some(key) => self.refer("lists", key),
                None => self.look_for_lists(part),
            }
        }
    }

    /// Collects what a member of that name refers to; one name too many keeps only what is not
    /// needed, so it does not matter where the member stands.
    fn look_at(&mut self, name: &str, member: &Json) {
        match (name, member) {
            ("flag", Json::String(key)) => self.refer("flags", key),
            ("segment", Json::String(key)) => self.refer("segments", key),
            ("list", Json::String(key)) => self.refer("lists", key),
            ("holdout", Json::String(key)) => self.refer("holdouts", key),
            ("bandit", Json::String(key)) => self.refer("bandits", key),
            ("segments" | "lists" | "holdouts", Json::Array(keys)) => {
                if let Some(kind) = KINDS.into_iter().find(|kind| *kind == name) {
                    let keys = keys.iter().filter_map(Json::as_str);
                    keys.for_each(|key| self.refer(kind, key));
                }
            }
            ("layer", Json::Object(layer)) => {
                if let Some(key) = layer.get("key").and_then(Json::as_str) {
                    self.refer("layers", key);
                }
            }
            ("value" | "equals", _) => {}
            _ => self.look(member),
        }
    }
}

/// One name for a member of a kind; no kind has a slash in it.
fn named(kind: &str, key: &str) -> String {
    [kind, "/", key].concat()
}

/// Whether the field of a flag is the author's own data, whatever it looks like.
fn is_own(field: &str) -> bool {
    matches!(field, "variants" | "config" | "metadata" | "overrides")
}
