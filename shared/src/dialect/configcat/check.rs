//! What a comparator makes of an attribute that is there.

use super::hashed::{Hashes, Slices};
use crate::compile::limits::LIST_LENGTH_MAX;
use crate::condition::Position;
use crate::dialect::text::text_of;
use crate::dialect::{Unfit, unfit};
use crate::value::Value;
use crate::wire;
use crate::wire::number;
use semver::Version;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A comparator with its comparand.
#[derive(Debug)]
pub(super) struct Check {
    test: Test,
    expected: bool,
}

#[derive(Debug)]
enum Test {
    Text(Position, Box<[Box<str>]>),
    Hashed(Hashes),
    HashedSlice(Slices),
    /// Any of these versions; nothing where one of them is invalid, which nobody matches.
    VersionIn(Option<Box<[Version]>>),
    Version(Accepts, Option<Version>),
    Number(Accepts, f64),
    Elements(Box<[Box<str>]>),
    HashedElements(Hashes),
}

/// Whether an ordering is the one asked for; numbers that are none have no ordering.
type Accepts = fn(Option<Ordering>) -> bool;

const LESS: Accepts = |ordering| ordering.is_some_and(Ordering::is_lt);
const AT_MOST: Accepts = |ordering| ordering.is_some_and(Ordering::is_le);
const GREATER: Accepts = |ordering| ordering.is_some_and(Ordering::is_gt);
const AT_LEAST: Accepts = |ordering| ordering.is_some_and(Ordering::is_ge);
const EQUAL: Accepts = |ordering| ordering == Some(Ordering::Equal);
const UNEQUAL: Accepts = |ordering| ordering != Some(Ordering::Equal);

impl Check {
    pub(super) fn parse(op: &str, value: &Value) -> Result<Self, Unfit> {
        let is = |test| {
            Ok(Self {
                test,
                expected: true,
            })
        };
        let not = |test| {
            Ok(Self {
                test,
                expected: false,
            })
        };
        let text = |position| Ok::<_, Unfit>(Test::Text(position, texts(value)?));
        let hashes = || Hashes::parse(value);
        let slices = |position| Ok::<_, Unfit>(Test::HashedSlice(Slices::parse(position, value)?));
        match op {
            "EQUALS" => is(Test::Text(Position::Whole, [one(value)?.into()].into())),
            "NOT EQUALS" => not(Test::Text(Position::Whole, [one(value)?.into()].into())),
            "IS ONE OF" => is(text(Position::Whole)?),
            "IS NOT ONE OF" => not(text(Position::Whole)?),
            "STARTS WITH ANY OF" => is(text(Position::Start)?),
            "NOT STARTS WITH ANY OF" => not(text(Position::Start)?),
            "ENDS WITH ANY OF" => is(text(Position::End)?),
            "NOT ENDS WITH ANY OF" => not(text(Position::End)?),
            "CONTAINS ANY OF" => is(text(Position::Anywhere)?),
            "NOT CONTAINS ANY OF" => not(text(Position::Anywhere)?),
            "EQUALS (hashed)" | "IS ONE OF (hashed)" => is(Test::Hashed(hashes()?)),
            "NOT EQUALS (hashed)" | "IS NOT ONE OF (hashed)" => not(Test::Hashed(hashes()?)),
            "STARTS WITH ANY OF (hashed)" => is(slices(Position::Start)?),
            "NOT STARTS WITH ANY OF (hashed)" => not(slices(Position::Start)?),
            "ENDS WITH ANY OF (hashed)" => is(slices(Position::End)?),
            "NOT ENDS WITH ANY OF (hashed)" => not(slices(Position::End)?),
            "ARRAY CONTAINS ANY OF" => is(Test::Elements(sorted(value)?)),
            "ARRAY NOT CONTAINS ANY OF" => not(Test::Elements(sorted(value)?)),
            "ARRAY CONTAINS ANY OF (hashed)" => is(Test::HashedElements(hashes()?)),
            "ARRAY NOT CONTAINS ANY OF (hashed)" => not(Test::HashedElements(hashes()?)),
            "IS ONE OF (semver)" => is(Test::VersionIn(versions(value)?)),
            "IS NOT ONE OF (semver)" => not(Test::VersionIn(versions(value)?)),
            op => is(Self::compared(op, value)?),
        }
    }

    fn compared(op: &str, value: &Value) -> Result<Test, Unfit> {
        let (accepts, kind) = match op {
            "BEFORE" => (LESS, "(number)"),
            "AFTER" => (GREATER, "(number)"),
            op => {
                let (symbol, kind) = op.split_once(' ').unwrap_or((op, ""));
                let accepts = match symbol {
                    "<" => LESS,
                    "<=" => AT_MOST,
                    ">" => GREATER,
                    ">=" => AT_LEAST,
                    "=" => EQUAL,
                    "!=" => UNEQUAL,
                    _ => return Err(unknown(op)),
                };
                (accepts, kind)
            }
        };
        match kind {
            "(number)" => {
                let than = value.as_f64().ok_or("the comparator takes a number")?;
                Ok(Test::Number(accepts, than))
            }
            "(semver)" => Ok(Test::Version(
                accepts,
                Version::parse(one(value)?.trim()).ok(),
            )),
            _ => Err(unknown(op)),
        }
    }

    /// Whether it holds; nothing where the value is not of the kind that is asked for.
    pub(super) fn holds(&self, value: &Value) -> Option<bool> {
        let found = match &self.test {
            Test::Text(position, needles) => {
                let text = text(value)?;
                needles.iter().any(|needle| position.finds(&text, needle))
            }
            Test::Hashed(hashes) => hashes.contain(&text(value)?),
            Test::HashedSlice(slices) => slices.match_any(&text(value)?),
            Test::VersionIn(versions) => {
                let version = version(value)?;
                let Some(versions) = versions else {
                    return Some(false);
                };
                let equal = |other: &Version| version.cmp_precedence(other).is_eq();
                versions.iter().any(equal)
            }
            Test::Version(accepts, than) => {
                let version = version(value)?;
                let than = than.as_ref();
                than.is_some_and(|than| accepts(Some(version.cmp_precedence(than))))
            }
            Test::Number(accepts, than) => accepts(number(value)?.partial_cmp(than)),
            Test::Elements(list) => elements(value)?
                .iter()
                .any(|item| list.binary_search_by(|other| (**other).cmp(item)).is_ok()),
            Test::HashedElements(hashes) => {
                elements(value)?.iter().any(|item| hashes.contain(item))
            }
        };
        Some(found == self.expected)
    }
}

fn unknown(op: &str) -> Unfit {
    unfit!("\"{op}\" is no comparator of ConfigCat")
}

fn one(value: &Value) -> Result<&str, Unfit> {
    let text = value.as_str();
    text.ok_or_else(|| "the comparator takes a text".into())
}

pub(super) fn texts(value: &Value) -> Result<Box<[Box<str>]>, Unfit> {
    let Value::List(items) = value else {
        return Err("the comparator takes a list of texts".into());
    };
    if items.len() > LIST_LENGTH_MAX {
        return Err(unfit!("the list has more than {LIST_LENGTH_MAX} values"));
    }
    items.iter().map(|item| Ok(one(item)?.into())).collect()
}

fn sorted(value: &Value) -> Result<Box<[Box<str>]>, Unfit> {
    let mut texts = texts(value)?;
    texts.sort_unstable();
    Ok(texts)
}

/// The versions of a list, empty items passed over; nothing where one is invalid.
fn versions(value: &Value) -> Result<Option<Box<[Version]>>, Unfit> {
    let texts = texts(value)?;
    let texts = texts.iter().map(|text| text.trim());
    let texts = texts.filter(|text| !text.is_empty());
    Ok(texts.map(|text| Version::parse(text).ok()).collect())
}

/// The value as text, numbers as `JavaScript` prints them and lists as JSON.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::List(_) => Some(Cow::Owned(value.to_string())),
        value => text_of(value),
    }
}

fn version(value: &Value) -> Option<Version> {
    Version::parse(value.as_str()?.trim()).ok()
}

/// The value as a number: text may use a decimal comma, and say that it is infinite or none.
fn number(value: &Value) -> Option<f64> {
    let Value::String(text) = value else {
        return value.as_f64();
    };
    match text.trim() {
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        // Words that other parsers take for such numbers are none here.
        text if text.contains(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')) => None,
        text => number::from_text(&text.replace(',', ".")),
    }
}

/// The elements of a list of texts, which may be written as JSON.
fn elements(value: &Value) -> Option<Vec<Cow<'_, str>>> {
    match value {
        Value::List(items) => items
            .iter()
            .map(|item| item.as_str().map(Cow::Borrowed))
            .collect(),
        Value::String(text) => {
            let Value::List(items) = wire::read_value(text).ok()? else {
                return None;
            };
            let items = items.into_vec().into_iter();
            items
                .map(|item| item.as_str().map(|text| Cow::Owned(text.to_owned())))
                .collect()
        }
        _ => None,
    }
}
