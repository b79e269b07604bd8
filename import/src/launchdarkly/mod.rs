//! LaunchDarkly: what its server-side SDKs are served, `{"flags": {…}, "segments": {…}}`.
//!
//! A flag becomes rules in the order of its evaluation there: prerequisites, targets, rules, and
//! the fallthrough. Clauses keep their words as conditions of the dialect `launchdarkly`.

mod clause;
mod flag;
mod rollout;
mod segment;
mod shape;
#[cfg(test)]
mod tests;

use crate::ImportError;
use crate::draft::{Draft, FlagDraft, error, malformed};
use crate::part::Part;
use segment::Segments;
use serde_json::{Value as Json, json};
pub(crate) use shape::SHAPE;
use std::collections::BTreeMap;

/// The dialect of its conditions.
const DIALECT: &str = "launchdarkly";

/// The kind of context that old data means, which knows no other.
const DEFAULT_KIND: &str = "user";

/// An export being read.
struct Reader<'e> {
    draft: Draft,
    flags: BTreeMap<&'e str, Part<'e>>,
    segments: Segments<'e>,
}

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let mut root = Part::root(export);
    // A stream wraps the same in a message.
    let values = root.member("flagValues");
    if root.member("flags").is_null() && values.is_null() && root.member("data").json.is_object() {
        root = root.member("data");
    }
    let are_flags = |name: &str| root.member(name).json.is_object();
    if !are_flags("flags") && !are_flags("flagValues") {
        let message = "an object of \"flags\" by key, and one of \"segments\", was expected";
        return Err(malformed(&root.pointer, message));
    }
    let mut reader = Reader {
        draft: Draft::default(),
        flags: members(&root.member("flags"))?,
        segments: Segments::new(members(&root.member("segments"))?),
    };
    for (key, value) in root.member("flagValues").members()? {
        reader.draft.flag(key, flag::constant(value));
    }
    reader.segments();
    reader.flags();
    Ok(reader.draft)
}

/// Members that are not what remains of something deleted.
fn members<'e>(part: &Part<'e>) -> Result<BTreeMap<&'e str, Part<'e>>, ImportError> {
    let all = part.members()?.into_iter();
    Ok(all.filter(|(_, part)| !is_deleted(part)).collect())
}

fn is_deleted(part: &Part<'_>) -> bool {
    part.json.get("deleted") == Some(&Json::Bool(true))
}

impl Reader<'_> {
    fn segments(&mut self) {
        let keys: Vec<&str> = self.segments.keys().collect();
        for key in keys {
            let when = match self.segment(key, &mut vec![key]) {
                Ok(when) => when,
                Err(fault) => self.malformed(fault),
            };
            let segment = json!({ "when": when });
            self.draft.segments.insert(key.to_owned(), segment);
        }
    }

    fn flags(&mut self) {
        for (key, part) in self.flags.clone() {
            let flag = match self.flag(key, &part) {
                Ok(flag) => flag,
                Err(fault) => broken(&self.dropped(fault)),
            };
            self.draft.flag(key, flag);
        }
    }

    /// Notes that a part cannot be read, and returns why.
    fn dropped(&mut self, fault: ImportError) -> String {
        let why = fault.to_string();
        self.draft.dropped(fault.pointer, fault.message);
        why
    }

    /// A condition that makes a flag fail.
    fn malformed(&mut self, fault: ImportError) -> Json {
        fails(&self.dropped(fault))
    }
}

/// A condition that makes the flag fail when it is looked at.
fn fails(why: &str) -> Json {
    json!({ "dialect": DIALECT, "op": "malformed", "value": why })
}

/// A flag that answers with an error.
fn broken(why: &str) -> FlagDraft {
    FlagDraft {
        rules: vec![json!({ "id": "malformed", "serve": error("PARSE_ERROR", why) })],
        ..FlagDraft::default()
    }
}
