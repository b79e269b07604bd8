//! What a condition tests against: mostly a text or a list of texts, which are only borrowed.

use super::text::Text;
use super::value::ValueVisitor;
use crate::value::Value;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// An operand as it is written.
#[derive(Debug, Clone)]
pub enum OperandWire<'a> {
    /// A text.
    Text(Text<'a>),
    /// A list of nothing but texts.
    Texts(Vec<Text<'a>>),
    /// Anything else.
    Other(Value),
}

impl OperandWire<'_> {
    /// The same as a value.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::Text(text) => value(text),
            Self::Texts(texts) => Value::List(texts.into_iter().map(value).collect()),
            Self::Other(value) => value,
        }
    }

    /// The text, where it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Other(Value::Object(_)))
    }
}

impl From<Value> for OperandWire<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(owned(&text)),
            Value::List(items) if items.iter().all(|item| item.as_str().is_some()) => {
                Self::Texts(items.iter().filter_map(Value::as_str).map(owned).collect())
            }
            other => Self::Other(other),
        }
    }
}

fn owned<'a>(text: &str) -> Text<'a> {
    text.to_owned().into()
}

fn value(text: Text<'_>) -> Value {
    Value::String(text.into())
}

impl<'de: 'a, 'a> Deserialize<'de> for OperandWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OperandVisitor)
    }
}

struct OperandVisitor;

/// Texts that most lists of several have room for, without growing while they are read.
const TEXTS_AHEAD: usize = 16;

/// Forms that are the same as a value's.
macro_rules! as_value {
    ($($visit:ident($kind:ty)),*) => {$(
        fn $visit<E: Error>(self, value: $kind) -> Result<OperandWire<'de>, E> {
            ValueVisitor.$visit(value).map(OperandWire::Other)
        }
    )*};
}

impl<'de> Visitor<'de> for OperandVisitor {
    type Value = OperandWire<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ValueVisitor.expecting(f)
    }

    as_value!(
        visit_bool(bool),
        visit_i64(i64),
        visit_u64(u64),
        visit_f64(f64)
    );

    fn visit_unit<E: Error>(self) -> Result<OperandWire<'de>, E> {
        Ok(OperandWire::Other(Value::Null))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<OperandWire<'de>, E> {
        Ok(OperandWire::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OperandWire<'de>, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<OperandWire<'de>, E> {
        Ok(OperandWire::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OperandWire<'de>, A::Error> {
        let mut texts = Vec::new();
        while let Some(item) = items.next_element::<OperandWire<'de>>()? {
            match item {
                OperandWire::Text(text) => {
                    // Many lists are of one text, and all of a document's are held at once.
                    let ahead = if texts.is_empty() { 1 } else { TEXTS_AHEAD };
                    if texts.len() < 2 {
                        texts.reserve_exact(ahead);
                    }
                    texts.push(text);
                }
                other => return mixed(texts, other, items),
            }
        }
        Ok(OperandWire::Texts(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<OperandWire<'de>, A::Error> {
        ValueVisitor.visit_map(entries).map(OperandWire::Other)
    }
}

/// A list that begins with those texts, and goes on otherwise.
fn mixed<'de, A: SeqAccess<'de>>(
    texts: Vec<Text<'de>>,
    other: OperandWire<'de>,
    mut items: A,
) -> Result<OperandWire<'de>, A::Error> {
    let mut list: Vec<Value> = texts.into_iter().map(value).collect();
    list.push(other.into_value());
    while let Some(item) = items.next_element()? {
        list.push(item);
    }
    Ok(OperandWire::Other(Value::List(list.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operand_is_the_value_that_is_written() {
        for text in [
            r#""a""#,
            "[]",
            r#"["a","b"]"#,
            r#"["a",1,null,["b"],{"c":true}]"#,
            r#"[["a"]]"#,
            "-1.5",
            "true",
            r#"{"a":["b"]}"#,
        ] {
            let operand: OperandWire<'_> = serde_json::from_str(text).unwrap();
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(operand.into_value(), value, "{text}");
        }
    }
}
