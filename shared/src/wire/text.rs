//! Texts of a document, borrowed from it where they stand there as they are.

use crate::sorted::sort_by;
#[cfg(not(target_family = "wasm"))]
use crate::texts::ShortText;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A text: borrowed, unless it had escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<Text<'_>> for Box<str> {
    fn from(text: Text<'_>) -> Self {
        text.0.into()
    }
}

#[cfg(not(target_family = "wasm"))]
impl From<Text<'_>> for ShortText {
    fn from(text: Text<'_>) -> Self {
        Self::from(&*text)
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        text.0.into()
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(text.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(text.to_owned().into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(text.into())
    }
}

/// Entries with distinct names, in rising order of the names.
pub type Members<'a, T> = Vec<(Text<'a>, T)>;

/// Entries by name in rising order; where a name stands twice, which documents never have, the last
/// entry counts.
#[derive(Debug, Clone)]
pub struct ByName<'a, T>(pub Members<'a, T>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for ByName<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByNameVisitor(std::marker::PhantomData))
    }
}

struct ByNameVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ByNameVisitor<T> {
    type Value = ByName<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members: Members<'de, T> = Vec::new();
        while let Some(entry) = entries.next_entry::<Text<'de>, T>()? {
            members.push(entry);
        }
        if !members.is_sorted_by(|(a, _), (b, _)| a < b) {
            // The last one of a name comes first, and stays.
            members.reverse();
            sort_by(&mut members, |(a, _), (b, _)| a.cmp(b));
            members.dedup_by(|(later, _), (earlier, _)| later == earlier);
        }
        Ok(ByName(members))
    }
}
