//! Documents as they are written: the only place of this crate that knows JSON.

pub mod condition;
pub mod context;
pub mod document;
pub mod evaluation;
pub mod number;
pub mod operand;
pub mod page;
mod plain;
mod raw;
mod references;
pub mod ruleset;
#[cfg(feature = "pointers")]
mod strict;
pub mod text;
pub mod tree;
mod unique;
mod value;

#[cfg(feature = "pointers")]
use crate::diagnostic::push_token;
use crate::value::Value;
pub use context::{context_from, read_context};
pub use raw::RawValue;
use ruleset::{OutlineWire, RulesetWire, VersionWire};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Text that is not what it should be, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// RFC 6901 pointer, relative to the text that was read.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// Something read, and pointers to fields that nobody knows.
#[derive(Debug)]
pub struct Read<T> {
    /// What was read.
    pub value: T,
    /// RFC 6901 pointers, relative to the text that was read.
    pub unknown: Vec<String>,
}

/// Reads one document or member of a document.
///
/// # Errors
/// `ReadError` points to the first fault. Without the feature `pointers` it names only the member
/// that was read, and unknown fields go unnoticed: edges read what was checked before.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<Read<T>, ReadError> {
    read_text(text)
}

/// Reads a value of a context: of a member that stands twice the last one counts, on edges as
/// elsewhere.
///
/// # Errors
/// `ReadError` when the text is no JSON.
pub(crate) fn read_value(text: &str) -> Result<Value, ReadError> {
    tree::from_str(text).map_err(|error| ReadError {
        pointer: String::new(),
        message: error.to_string(),
    })
}

/// Reads what may borrow from the text.
#[cfg(not(feature = "pointers"))]
fn read_text<'de, T: Deserialize<'de>>(text: &'de str) -> Result<Read<T>, ReadError> {
    match tree::from_str(text) {
        Ok(value) => Ok(Read {
            value,
            unknown: Vec::new(),
        }),
        Err(error) => Err(ReadError {
            pointer: String::new(),
            message: error.to_string(),
        }),
    }
}

/// Reads by way of a tree, as edges do: what is accepted here is accepted there.
#[cfg(feature = "pointers")]
fn read_text<'de, T: Deserialize<'de>>(text: &'de str) -> Result<Read<T>, ReadError> {
    let tree = strict::tree(text)?;
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(tree::Tree(tree), &mut track);
    let mut unknown = Vec::new();
    match serde_ignored::deserialize(tracked, |path| unknown.push(ignored_pointer(&path))) {
        Ok(value) => Ok(Read { value, unknown }),
        Err(error) => Err(ReadError {
            pointer: pointer(&track.path()),
            message: error.to_string(),
        }),
    }
}

/// Reads a member kept as raw text.
///
/// # Errors
/// `ReadError` points to the first fault, relative to the member.
pub fn read_member<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<Read<T>, ReadError> {
    match read_plain(raw.get()) {
        Some(value) => Ok(Read {
            value,
            unknown: Vec::new(),
        }),
        None => read_text(raw.get()),
    }
}

/// Reads what is plain, and nothing else.
#[must_use]
pub(crate) fn read_plain<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    plain::from_str(text).ok()
}

/// Reads the outline of a ruleset, with the members left as text.
///
/// # Errors
/// `ReadError` points to the first fault of the outline.
pub(crate) fn read_ruleset(text: &str) -> Result<RulesetWire<'_>, ReadError> {
    read_outline(text).map(Into::into)
}

/// Its members stay text, so no tree is made of it.
#[cfg(feature = "pointers")]
fn read_outline(text: &str) -> Result<OutlineWire<'_>, ReadError> {
    let fault = |pointer: String, message: String| ReadError { pointer, message };
    if text.trim_start().starts_with('[') {
        let found = "invalid type: sequence, expected a ruleset document";
        return Err(fault(String::new(), found.to_owned()));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let outline = OutlineWire::deserialize(tracked)
        .map_err(|error| fault(pointer(&track.path()), message(&error)))?;
    json.end()
        .map_err(|error| fault(String::new(), error.to_string()))?;
    Ok(outline)
}

/// The schema version of whatever it is. The rest is passed over, however large it is.
pub(crate) fn schema_version(text: &str) -> Option<u32> {
    let read: VersionWire = serde_json::from_str(text).ok()?;
    Some(read.schema_version)
}

#[cfg(not(feature = "pointers"))]
fn read_outline(text: &str) -> Result<OutlineWire<'_>, ReadError> {
    serde_json::from_str(text).map_err(|error| ReadError {
        pointer: String::new(),
        message: message(&error),
    })
}

/// A fault of meaning has its pointer; only a fault of syntax needs line and column.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((head, _)) if error.is_data() => head.to_owned(),
        _ => text,
    }
}

#[cfg(feature = "pointers")]
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_token(&mut text, &index.to_string()),
            Segment::Map { key } => push_token(&mut text, key),
            Segment::Enum { variant } => push_token(&mut text, variant),
            Segment::Unknown => {}
        }
    }
    text
}

#[cfg(feature = "pointers")]
fn ignored_pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => {
            let mut text = ignored_pointer(parent);
            push_token(&mut text, &index.to_string());
            text
        }
        Path::Map { parent, key } => {
            let mut text = ignored_pointer(parent);
            push_token(&mut text, key);
            text
        }
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => ignored_pointer(parent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read only for its faults")]
    struct Outer {
        list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "read only for its faults")]
    struct Inner {
        number: u32,
    }

    #[test]
    fn faults_and_unknown_fields_have_pointers() {
        let fault = read::<Outer>(r#"{"list":[{"number":1},{"number":"x"}]}"#).unwrap_err();
        assert_eq!(fault.pointer, "/list/1/number");
        assert_eq!(fault.message, r#"invalid type: string "x", expected u32"#);
        let read = read::<Outer>(r#"{"list":[{"number":1,"a/b":2}]}"#).unwrap();
        assert_eq!(read.unknown, ["/list/0/a~1b"]);
    }

    /// Edges would refuse it: what is checked here is read there.
    #[test]
    fn a_list_is_no_structure() {
        let fault = read::<Outer>(r#"{"list":[{"number":1},[2]]}"#).unwrap_err();
        assert_eq!(fault.pointer, "/list/1");
        assert_eq!(
            fault.message,
            "invalid type: sequence, expected struct Inner"
        );
        assert_eq!(read::<Outer>("[[]]").unwrap_err().pointer, "");
        let fault = read_ruleset(r#"[1,"shop"]"#).unwrap_err();
        assert!(fault.message.contains("sequence"), "{}", fault.message);
    }

    /// A tree would keep the last of them and lose the others.
    #[test]
    fn a_member_that_stands_twice_is_a_fault() {
        let text = r#"{"list":[{"number":1},{"number":1,"number":2}]}"#;
        let fault = read::<Outer>(text).unwrap_err();
        assert_eq!(fault.pointer, "/list/1");
        assert_eq!(fault.message, r#""number" stands twice in this object"#);
    }

    /// Hashes of numbers depend on it.
    #[test]
    fn numbers_are_read_to_the_last_bit() {
        let read = |text| read::<f64>(text).unwrap().value.to_bits();
        assert_eq!(read("3.4028234663852886e38"), f64::from(f32::MAX).to_bits());
        assert_eq!(read("2.2250738585072014e-308"), f64::MIN_POSITIVE.to_bits());
    }

    #[test]
    fn syntax_errors_say_where() {
        let fault = read::<Outer>("{\"list\": [}").unwrap_err();
        assert!(fault.message.contains("line 1 column"), "{}", fault.message);
        assert!(read::<Outer>(r#"{"list":[]} trailing"#).is_err());
    }
}
