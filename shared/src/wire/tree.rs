//! Reading through a tree: the text becomes a [`serde_json::Value`] once, types are read from that.
//!
//! Reading each type straight from text compiles the text parser into each of them, which would be
//! a third of what an edge downloads. A tree costs a few allocations more and knows one way for
//! each form: structures are objects and never lists, names are strings and never numbers.

use crate::value::Number;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _,
    IntoDeserializer, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use std::fmt;

/// Why a text is not what was asked for, in words.
///
/// Those of [`serde_json::Error`], which says the same with another printer of fractions. As small
/// as that, since whatever can fail carries it about.
#[derive(Debug)]
pub struct Error(Box<Words>);

#[derive(Debug)]
struct Words {
    text: String,
}

impl Error {
    #[cold]
    #[inline(never)]
    fn of(message: &dyn fmt::Display) -> Self {
        let text = message.to_string();
        Self(Box::new(Words { text }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl std::error::Error for Error {}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::of(&error)
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(&message)
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        unfit("type", found, wanted)
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        unfit("value", found, wanted)
    }
}

#[cold]
#[inline(never)]
fn unfit(what: &str, found: Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Error {
    let found = match found {
        Unexpected::Bool(truth) => format!("boolean `{truth}`"),
        Unexpected::Unsigned(number) => format!("integer `{number}`"),
        Unexpected::Signed(number) => format!("integer `{number}`"),
        Unexpected::Float(number) => {
            let text = Number::Float(number).to_string();
            let whole = if text.contains(['.', 'e']) { "" } else { ".0" };
            format!("floating point `{text}{whole}`")
        }
        Unexpected::Str(text) => format!("string {text:?}"),
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Seq => "sequence".to_owned(),
        Unexpected::Map => "map".to_owned(),
        // A tree holds nothing else.
        _ => "something else".to_owned(),
    };
    Error::of(&format_args!("invalid {what}: {found}, expected {wanted}"))
}

/// Reads a type from text.
///
/// # Errors
/// The text is no JSON, or not the type's.
pub fn from_str<'de, T: Deserialize<'de>>(text: &str) -> Result<T, Error> {
    // As bytes, although they are known to be text: one reader is half of two.
    from_slice_of(text.as_bytes())
}

/// Reads a type from the bytes of a text.
///
/// # Errors
/// The bytes are no JSON, or not the type's.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    from_slice_of(bytes)
}

fn from_slice_of<'de, T: Deserialize<'de>>(bytes: &[u8]) -> Result<T, Error> {
    from_value(serde_json::from_slice(bytes)?)
}

/// Reads a type from a tree.
///
/// # Errors
/// The tree is not the type's.
pub fn from_value<'de, T: Deserialize<'de>>(value: Value) -> Result<T, Error> {
    T::deserialize(Tree(value))
}

/// A tree that types can be read from.
#[derive(Debug)]
pub struct Tree(pub Value);

impl IntoDeserializer<'_, Error> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Tree {
    #[cold]
    #[inline(never)]
    fn wrong(&self, wanted: &dyn serde::de::Expected) -> Error {
        let found = match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(truth) => Unexpected::Bool(*truth),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(unsigned), _) => Unexpected::Unsigned(unsigned),
                (None, Some(signed)) => Unexpected::Signed(signed),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Error::invalid_type(found, wanted)
    }
}

fn number<'de, V: Visitor<'de>>(
    number: &serde_json::Number,
    visitor: V,
) -> Result<V::Value, Error> {
    if let Some(unsigned) = number.as_u64() {
        visitor.visit_u64(unsigned)
    } else if let Some(signed) = number.as_i64() {
        visitor.visit_i64(signed)
    } else {
        visitor.visit_f64(number.as_f64().unwrap_or_default())
    }
}

fn list<'de, V: Visitor<'de>>(items: Vec<Value>, visitor: V) -> Result<V::Value, Error> {
    let mut access = SeqDeserializer::new(items.into_iter().map(Tree));
    let value = visitor.visit_seq(&mut access)?;
    access.end()?;
    Ok(value)
}

fn object<'de, V: Visitor<'de>>(
    members: serde_json::Map<String, Value>,
    visitor: V,
) -> Result<V::Value, Error> {
    let pairs = members.into_iter().map(|(name, value)| (name, Tree(value)));
    visitor.visit_map(MapDeserializer::new(pairs))
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Number(found) => number(&found, visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => list(items, visitor),
            Value::Object(members) => object(members, visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bool(truth) => visitor.visit_bool(truth),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.0 {
            Value::Number(found) => number(found, visitor),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(text) => visitor.visit_string(text),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => list(items, visitor),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(members) => object(members, visitor),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let (name, content) = match self.0 {
            Value::String(name) => (name, Value::Null),
            Value::Object(members) if members.len() == 1 => {
                members.into_iter().next().unwrap_or_default()
            }
            _ => return Err(self.wrong(&visitor)),
        };
        visitor.visit_enum(Choice { name, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 char bytes byte_buf unit unit_struct tuple_struct
    }
}

/// The chosen variant of an enum, and what it holds.
struct Choice {
    name: String,
    content: Value,
}

impl<'de> EnumAccess<'de> for Choice {
    type Error = Error;
    type Variant = Tree;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Tree), Error> {
        let name = seed.deserialize(Tree(Value::String(self.name)))?;
        Ok((name, Tree(self.content)))
    }
}

impl<'de> VariantAccess<'de> for Tree {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            Value::Null => Ok(()),
            _ => Err(self.wrong(&"nothing")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Everything {
        truth: bool,
        small: u8,
        signed: i64,
        large: u64,
        fraction: f64,
        text: String,
        absent: Option<String>,
        nothing: Option<u32>,
        list: Vec<(u32, String)>,
        map: BTreeMap<String, Chosen>,
        any: Value,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Chosen {
        Unit,
        One(u32),
        Named { a: i64 },
    }

    const TEXT: &str = r#"{"truth":true,"small":255,"signed":-9007199254740993,
        "large":18446744073709551615,"fraction":2,"text":"ü","nothing":null,
        "list":[[1,"a"],[2,"b"]],"map":{"x":"unit","y":{"one":7},"z":{"named":{"a":-1}}},
        "any":{"b":[1.5,null]}}"#;

    #[test]
    fn types_read_through_a_tree_as_from_text() {
        let read: Everything = from_str(TEXT).unwrap();
        assert_eq!(read, serde_json::from_str(TEXT).unwrap());
        assert_eq!(read.map.get("z"), Some(&Chosen::Named { a: -1 }));
        assert_eq!(from_slice::<Everything>(TEXT.as_bytes()).unwrap(), read);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        #[track_caller]
        fn check(from: &str, to: &str, message: &str) {
            let error = from_str::<Everything>(&TEXT.replace(from, to))
                .unwrap_err()
                .to_string();
            assert_eq!(error, message);
        }
        check("255", "256", "invalid value: integer `256`, expected u8");
        check("true", "1", "invalid type: integer `1`, expected a boolean");
        check(r#""ü""#, "[]", "invalid type: sequence, expected a string");
        check(
            "255",
            "2.0",
            "invalid type: floating point `2.0`, expected u8",
        );
        check(
            r#"[2,"b"]"#,
            "[2]",
            "invalid length 1, expected a tuple of size 2",
        );
        check(r#""truth":true,"#, "", "missing field `truth`");
        let unknown = "unknown variant `none`, expected one of `unit`, `one`, `named`";
        check(r#""unit""#, r#""none""#, unknown);
        assert!(
            from_str::<Everything>("[true]").is_err(),
            "a list is no structure"
        );
        assert!(from_str::<Everything>(&format!("{TEXT} x")).is_err());
    }
}
