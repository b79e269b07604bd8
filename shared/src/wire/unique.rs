//! Objects whose names must differ: of two flags with one key, one would be lost in silence.

use super::text::{Members, Text};
use crate::sorted::sort_by;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

/// Reads an object into a list by name in rising order.
///
/// # Errors
/// The reader's own, or a name that stands twice.
pub(super) fn unique<'de: 'a, 'a, D, T>(deserializer: D) -> Result<Members<'a, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(UniqueVisitor(PhantomData))
}

struct UniqueVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for UniqueVisitor<T> {
    type Value = Members<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members: Members<'de, T> = Vec::new();
        // Names mostly rise, as canonical bytes have them; only from the first that does not on
        // are they remembered.
        let mut seen: Option<BTreeSet<Text<'de>>> = None;
        while let Some(key) = entries.next_key::<Text<'de>>()? {
            let rises = members.last().is_none_or(|(last, _)| *last < key);
            if seen.is_some() || !rises {
                let known = || members.iter().map(|(key, _)| key.clone()).collect();
                if !seen.get_or_insert_with(known).insert(key.clone()) {
                    return Err(A::Error::custom(format_args!(
                        "\"{}\" stands twice in this object",
                        &*key
                    )));
                }
            }
            members.push((key, entries.next_value()?));
        }
        if seen.is_some() {
            sort_by(&mut members, |(a, _), (b, _)| a.cmp(b));
        }
        Ok(members)
    }
}
