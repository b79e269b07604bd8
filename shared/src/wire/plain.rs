//! Reading plain documents fast: what is not plain is left to the careful reader.
//!
//! Nearly every document is in order: no field that nobody knows, no escape in a name, no number
//! beyond 18 digits. Such a one is read in one pass, with texts borrowed from it, and without a
//! record of where the reader stands. Whatever else a document holds, right or wrong, is
//! [`NotPlain`], and the same text is read again by `serde_json`, which alone decides what is an
//! error and says where. So this reader accepts a part of what that one accepts, and reads it as
//! the same.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::collections::BTreeSet;

/// The text is for the careful reader; what is in its way is not said.
#[derive(Debug)]
pub(super) struct NotPlain;

impl std::fmt::Display for NotPlain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the document is not plain")
    }
}

impl std::error::Error for NotPlain {}

impl serde::de::Error for NotPlain {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
}

/// Lists and objects inside each other: fewer than `serde_json` allows.
const DEPTH_MAX: u32 = 100;

/// Digits of a number that surely fits 64 bits.
const DIGITS_MAX: usize = 18;

/// What is compared at once.
const WORD_BYTES: usize = size_of::<u64>();
/// One in each byte of a word.
const ONES: u64 = u64::MAX / 0xFF;
/// The highest bit of each byte of a word.
const HIGH_BITS: u64 = ONES << 7;

/// The high bits of the bytes that are that one; above the lowest of those, perhaps of others.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

/// The high bits of the bytes below that one, which is at most 128; above the lowest of those,
/// perhaps of others.
#[inline]
fn below(word: u64, byte: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(byte)) & !word & HIGH_BITS
}

/// Bytes before the first that ends a text, or its plain part: a quote, an escape, a control
/// character.
#[inline]
fn n_plain(bytes: &[u8]) -> usize {
    let mut n_bytes = 0;
    let (words, rest) = bytes.as_chunks::<WORD_BYTES>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let marks = equal(word, b'"') | equal(word, b'\\') | below(word, 0x20);
        if marks != 0 {
            return n_bytes + marks.trailing_zeros() as usize / 8;
        }
        n_bytes += WORD_BYTES;
    }
    let is_mark = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    n_bytes + rest.iter().position(is_mark).unwrap_or(rest.len())
}

/// The name by which a type asks for the text of an object instead of its members.
pub(super) const UNREAD: &str = "unread object";

/// Reads a type from a plain text without a field that the type does not know.
pub(super) fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, NotPlain> {
    let mut plain = Plain {
        text,
        at: 0,
        depth: 0,
    };
    let value = T::deserialize(&mut plain)?;
    match plain.next() {
        None => Ok(value),
        Some(_) => Err(NotPlain),
    }
}

/// A place in a text.
struct Plain<'de> {
    text: &'de str,
    at: usize,
    depth: u32,
}

/// A text of the document: as it stands there, or freed of its escapes.
enum Text<'de> {
    Borrowed(&'de str),
    Owned(String),
}

impl<'de> Plain<'de> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'de [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The byte after white space, which is not consumed.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    #[inline]
    fn expect(&mut self, wanted: u8) -> Result<(), NotPlain> {
        if self.next() != Some(wanted) {
            return Err(NotPlain);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), NotPlain> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(NotPlain);
        }
        self.at += word.len();
        Ok(())
    }

    /// The text that begins here.
    #[inline]
    fn string(&mut self) -> Result<Text<'de>, NotPlain> {
        self.expect(b'"')?;
        let from = self.at;
        self.at += n_plain(self.rest());
        match self.byte() {
            Some(b'"') => {}
            Some(b'\\') => return self.escaped(from),
            _ => return Err(NotPlain),
        }
        let text = self.text.get(from..self.at).ok_or(NotPlain)?;
        self.at += 1;
        Ok(Text::Borrowed(text))
    }

    /// The text that began there, with escapes from here on.
    #[cold]
    fn escaped(&mut self, from: usize) -> Result<Text<'de>, NotPlain> {
        loop {
            match self.byte() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(NotPlain),
            }
        }
        self.at += 1;
        let quoted = self.text.get(from - 1..self.at).ok_or(NotPlain)?;
        let text = serde_json::from_str(quoted).map_err(|_| NotPlain)?;
        Ok(Text::Owned(text))
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, NotPlain> {
        let from = self.at;
        let is_negative = self.byte() == Some(b'-');
        self.at += usize::from(is_negative);
        let first = self.at;
        let mut number = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            number = number.wrapping_mul(10).wrapping_add((digit - b'0').into());
            self.at += 1;
        }
        let n_digits = self.at - first;
        let is_fraction = matches!(self.byte(), Some(b'.' | b'e' | b'E'));
        let leads = self.text.as_bytes().get(first) == Some(&b'0');
        if n_digits == 0 || n_digits > DIGITS_MAX || is_fraction || leads {
            if n_digits == 1 && !is_negative && !is_fraction {
                return visitor.visit_u64(0);
            }
            return self.odd_number(from, visitor);
        }
        if is_negative {
            return visitor.visit_i64(-number);
        }
        visitor.visit_u64(number.unsigned_abs())
    }

    /// A number that the library has to read.
    #[cold]
    fn odd_number<V: Visitor<'de>>(
        &mut self,
        from: usize,
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        while let Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-') = self.byte() {
            self.at += 1;
        }
        let text = self.text.get(from..self.at).ok_or(NotPlain)?;
        let mut json = serde_json::Deserializer::from_str(text);
        let value = json.deserialize_any(visitor).map_err(|_| NotPlain)?;
        json.end().map_err(|_| NotPlain)?;
        Ok(value)
    }

    /// The object that begins here, as text. Whoever reads it sees whether it is one.
    fn object(&mut self) -> Result<&'de str, NotPlain> {
        if self.next() != Some(b'{') {
            return Err(NotPlain);
        }
        let from = self.at;
        let mut depth = 0_u32;
        loop {
            match self.byte().ok_or(NotPlain)? {
                b'"' => self.pass_string()?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return self.text.get(from..self.at).ok_or(NotPlain);
            }
        }
    }

    /// Goes to the mark that ends the text that begins here.
    #[inline]
    fn pass_string(&mut self) -> Result<(), NotPlain> {
        self.at += 1;
        loop {
            self.at += n_plain(self.rest());
            match self.byte() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.at += 2,
                _ => return Err(NotPlain),
            }
        }
    }

    /// What stands between the two marks.
    fn between<T>(
        &mut self,
        marks: [u8; 2],
        read: impl FnOnce(&mut Self) -> Result<T, NotPlain>,
    ) -> Result<T, NotPlain> {
        let [open, close] = marks;
        self.expect(open)?;
        if self.depth == DEPTH_MAX {
            return Err(NotPlain);
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        self.expect(close)?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Plain<'de> {
    type Error = NotPlain;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        match self.next() {
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            Some(b'n') => {
                self.word("null")?;
                visitor.visit_unit()
            }
            Some(b'-' | b'0'..=b'9') => self.number(visitor),
            _ => Err(NotPlain),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        if self.next() == Some(b't') {
            self.word("true")?;
            return visitor.visit_bool(true);
        }
        self.word("false")?;
        visitor.visit_bool(false)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        match self.string()? {
            Text::Borrowed(text) => visitor.visit_borrowed_str(text),
            Text::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        if self.next() == Some(b'n') {
            self.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        if name == UNREAD {
            return visitor.visit_borrowed_str(self.object()?);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.between([b'[', b']'], |plain| visitor.visit_seq(Items::of(plain)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPlain> {
        self.between([b'{', b'}'], |plain| {
            let names = Some(Names::default());
            visitor.visit_map(Members {
                items: Items::of(plain),
                names,
            })
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        // A structure refuses a field that it has by itself.
        self.between([b'{', b'}'], |plain| {
            visitor.visit_map(Members {
                items: Items::of(plain),
                names: None,
            })
        })
    }

    /// Cases without content, by their names.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPlain> {
        match self.string()? {
            Text::Borrowed(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            Text::Owned(_) => Err(NotPlain),
        }
    }

    /// Nobody knows this field.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, NotPlain> {
        Err(NotPlain)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64
        char bytes byte_buf unit unit_struct tuple_struct
    }
}

/// Elements of a list, or members of an object.
struct Items<'p, 'de> {
    plain: &'p mut Plain<'de>,
    is_first: bool,
}

impl<'p, 'de> Items<'p, 'de> {
    fn of(plain: &'p mut Plain<'de>) -> Self {
        Self {
            plain,
            is_first: true,
        }
    }

    /// Whether another one follows, which is then what stands here.
    #[inline]
    fn follows(&mut self, close: u8) -> Result<bool, NotPlain> {
        let next = self.plain.next();
        if next == Some(close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.is_first) {
            self.plain.expect(b',')?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = NotPlain;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, NotPlain> {
        if !self.follows(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.plain).map(Some)
    }
}

/// Members of an object, each with a name of its own.
struct Members<'p, 'de> {
    items: Items<'p, 'de>,
    /// Where nobody else sees that a name stands twice.
    names: Option<Names<'de>>,
}

/// Names that an object has had so far; most have few.
#[derive(Default)]
struct Names<'de> {
    few: [&'de str; FEW],
    n_few: usize,
    many: BTreeSet<&'de str>,
    /// Those with escapes.
    escaped: Vec<Box<str>>,
}

/// So many names are compared one by one.
const FEW: usize = 12;

impl<'de> Names<'de> {
    /// Whether it is none of those before.
    #[inline]
    fn is_new(&mut self, name: &'de str) -> bool {
        if self.escaped.iter().any(|known| **known == *name) {
            return false;
        }
        if !self.many.is_empty() {
            return self.many.insert(name);
        }
        let known = self.few.get(..self.n_few).unwrap_or_default();
        if known.contains(&name) {
            return false;
        }
        match self.few.get_mut(self.n_few) {
            Some(slot) => {
                *slot = name;
                self.n_few += 1;
            }
            None => self.many = self.few.into_iter().chain([name]).collect(),
        }
        true
    }

    #[cold]
    fn is_new_escaped(&mut self, name: &str) -> bool {
        let few = self.few.get(..self.n_few).unwrap_or_default();
        let is_known = few.contains(&name)
            || self.many.contains(name)
            || self.escaped.iter().any(|known| **known == *name);
        self.escaped.push(name.into());
        !is_known
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = NotPlain;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, NotPlain> {
        if !self.items.follows(b'}')? {
            return Ok(None);
        }
        let name = self.items.plain.string()?;
        let is_new = match (&mut self.names, &name) {
            (None, _) => true,
            (Some(names), Text::Borrowed(name)) => names.is_new(name),
            (Some(names), Text::Owned(name)) => names.is_new_escaped(name),
        };
        if !is_new {
            return Err(NotPlain);
        }
        self.items.plain.expect(b':')?;
        let name = match name {
            Text::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
            Text::Owned(name) => seed.deserialize(name.into_deserializer()),
        };
        name.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, NotPlain> {
        seed.deserialize(&mut *self.items.plain)
    }
}

#[cfg(test)]
mod tests;
