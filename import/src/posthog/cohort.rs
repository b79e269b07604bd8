//! Cohorts as segments, one for each kind of entity they are asked about.

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

/// The export's cohorts, and the segments that came of them.
pub(super) struct Cohorts<'e> {
    written: Option<&'e Map<String, Json>>,
    /// By name; null as long as it is being read.
    segments: Map<String, Json>,
    /// Segments that may come to something that only servers know.
    servers: BTreeSet<String>,
    /// Cohorts being read, each asked for by the one before.
    n_open: usize,
}

/// Cohorts inside cohorts.
const OPEN_MAX: usize = 32;

/// What is to be done about a segment.
pub(super) enum Reading {
    /// It is to be read.
    New,
    /// It has been read.
    Done,
    /// It is being read: it refers to itself.
    Circle,
    /// It is one too many inside each other.
    TooDeep,
}

impl<'e> Cohorts<'e> {
    pub(super) fn new(written: Option<&'e Json>) -> Self {
        Self {
            written: written.and_then(Json::as_object),
            segments: Map::new(),
            servers: BTreeSet::new(),
            n_open: 0,
        }
    }

    /// The cohort of that id.
    pub(super) fn get(&self, id: &str) -> Option<&'e Json> {
        self.written?.get(id)
    }

    /// What is to be done about a segment; a new one is being read from now on.
    pub(super) fn begin(&mut self, name: &str) -> Reading {
        match self.segments.get(name) {
            Some(Json::Null) => Reading::Circle,
            Some(_) => Reading::Done,
            None if self.n_open == OPEN_MAX => Reading::TooDeep,
            None => {
                self.n_open += 1;
                self.segments.insert(name.to_owned(), Json::Null);
                Reading::New
            }
        }
    }

    /// Puts what came of it.
    pub(super) fn finish(&mut self, name: &str, when: &Json) {
        if self.may_ask_servers(when) {
            self.servers.insert(name.to_owned());
        }
        self.segments
            .insert(name.to_owned(), json!({ "when": when }));
    }

    /// Whether a condition may come to something that only servers know.
    pub(super) fn may_ask_servers(&self, condition: &Json) -> bool {
        match condition {
            Json::Object(members) => {
                let named = |name| members.get(name).and_then(Json::as_str);
                named("op") == Some("server")
                    || named("segment").is_some_and(|name| self.servers.contains(name))
                    || members.values().any(|member| self.may_ask_servers(member))
            }
            Json::Array(items) => items.iter().any(|item| self.may_ask_servers(item)),
            _ => false,
        }
    }

    pub(super) fn into_segments(self) -> Map<String, Json> {
        self.segments
    }
}
