//! Cohorts as segments, one for each kind of entity they are asked about.

use serde_json::{Map, Value as Json, json};

/// The export's cohorts, and the segments that came of them.
pub(super) struct Cohorts<'e> {
    written: Option<&'e Map<String, Json>>,
    /// By name; null as long as it is being read.
    segments: Map<String, Json>,
}

impl<'e> Cohorts<'e> {
    pub(super) fn new(written: Option<&'e Json>) -> Self {
        Self {
            written: written.and_then(Json::as_object),
            segments: Map::new(),
        }
    }

    /// The cohort of that id.
    pub(super) fn get(&self, id: &str) -> Option<&'e Json> {
        self.written?.get(id)
    }

    /// Whether the segment is new, and to be read now; a cohort that refers to itself is not read
    /// twice.
    pub(super) fn begin(&mut self, name: &str) -> bool {
        let is_new = !self.segments.contains_key(name);
        if is_new {
            self.segments.insert(name.to_owned(), Json::Null);
        }
        is_new
    }

    /// Puts what came of it.
    pub(super) fn finish(&mut self, name: &str, when: &Json) {
        self.segments
            .insert(name.to_owned(), json!({ "when": when }));
    }

    pub(super) fn into_segments(self) -> Map<String, Json> {
        self.segments
    }
}
