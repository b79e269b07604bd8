//! Split (Harness FME): what its server-side SDKs are served as `/splitChanges`.
//!
//! Conditions become rules in their order, and the default treatment the default variant. Matchers
//! keep their words as conditions of the dialect `split`.

mod flag;
mod matcher;
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
use std::collections::BTreeSet;

/// The dialect of its conditions, and its hash.
const DIALECT: &str = "split";

/// What its SDKs answer where they have no answer.
const CONTROL: &str = "control";

/// An export being read.
struct Reader<'e> {
    draft: Draft,
    flags: BTreeSet<&'e str>,
    segments: Segments<'e>,
}

pub(crate) fn read(export: &Json) -> Result<Draft, ImportError> {
    let root = Part::root(export);
    let (flags, segments) = (
        root.member("ff").member("d"),
        root.member("rbs").member("d"),
    );
    let flags = if flags.is_null() {
        root.member("splits")
    } else {
        flags
    };
    if !flags.json.is_array() {
        let message = "the definitions were expected, as \"ff\": {\"d\": […]} or as \"splits\"";
        return Err(malformed(&root.pointer, message));
    }
    let mut draft = Draft::default();
    let definitions = named(&flags, "name", &mut draft)?;
    let segments = Segments::new(
        named(&segments, "name", &mut draft)?,
        named(&root.member("segments"), "name", &mut draft)?,
    );
    let mut reader = Reader {
        draft,
        flags: definitions.iter().map(|(name, _)| *name).collect(),
        segments,
    };
    for (name, part) in definitions {
        let flag = match reader.flag(&part) {
            Ok(flag) => flag,
            Err(fault) => {
                let why = fault.to_string();
                reader.draft.dropped(fault.pointer, fault.message);
                without_answer(&why)
            }
        };
        reader.draft.flag(name, flag);
    }
    reader.write_segments();
    Ok(reader.draft)
}

/// Members of a list by their names; one without a name is left out.
fn named<'e>(
    list: &Part<'e>,
    member: &str,
    draft: &mut Draft,
) -> Result<Vec<(&'e str, Part<'e>)>, ImportError> {
    let mut found = Vec::new();
    for part in list.items()? {
        match part.json.get(member).and_then(Json::as_str) {
            Some(name) => found.push((name, part)),
            None => draft.dropped(part.pointer, "it has no name, so nobody can ask for it"),
        }
    }
    Ok(found)
}

/// A flag that answers with an error: what the SDKs call control.
fn without_answer(why: &str) -> FlagDraft {
    FlagDraft {
        kind: "string",
        rules: vec![json!({ "id": CONTROL, "serve": error("GENERAL", why) })],
        ..FlagDraft::default()
    }
}
