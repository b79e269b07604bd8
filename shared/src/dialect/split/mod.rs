//! Matchers of Split: an attribute, or the key, brought to the type that the matcher compares.
//!
//! What cannot be brought to that type does not match; a negation is written around the matcher.
//!
//! # Source
//! Split's SDKs, flags specification 1.3; where they differ, that for JavaScript.

#[cfg(test)]
mod tests;
mod version;

use super::ecma_pattern::{self, Letters, NoPattern};
use super::{ForeignTest, Source, View, javascript};
use crate::condition::{Answer, Position};
use crate::context::Attribute;
use crate::dialect::{Unfit, unfit};
use crate::value::Value;
use std::borrow::Cow;
use std::sync::Arc;
use version::Version;

const UNSUPPORTED: &str =
    "the expression is too long, or looks around or back, which no engine does in linear time";

/// Milliseconds of a minute, to which moments are cut off.
const MINUTE_MS: i64 = 60_000;

/// Milliseconds of a day, to which moments are cut off where they must be equal.
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Farther from 1970 no date of `JavaScript` lies.
const MOMENT_MS_MAX: f64 = 8.64e15;

pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    Ok(Arc::new(Matching {
        attribute: source.attribute.clone().ok_or("it needs an attribute")?,
        matcher: Matcher::new(&source.op, &source.value)?,
    }))
}

#[derive(Debug)]
struct Matching {
    attribute: Attribute,
    matcher: Matcher,
}

impl ForeignTest for Matching {
    fn holds(&self, view: &View<'_>) -> Answer {
        let value = view.context.get(&self.attribute);
        Ok(value
            .is_some_and(|value| self.matcher.matches(value))
            .into())
    }
}

/// What a value has to be like.
#[derive(Debug)]
enum Matcher {
    /// Text that is not empty.
    Present,
    /// One of these texts, sorted.
    In(Box<[Box<str>]>),
    Text(Position, Box<[Box<str>]>),
    Pattern(regex_lite::Regex),
    Truth(bool),
    /// A number from the first to the last.
    Number(f64, f64),
    /// A moment from the first to the last, each cut off to such units of milliseconds.
    Moment(i64, i64, i64),
    /// A list that relates to these texts, sorted.
    Elements(Relation, Box<[Box<str>]>),
    /// A version from the first to the last.
    Version(Option<Version>, Option<Version>),
    /// One of these versions.
    Versions(Box<[Version]>),
    /// Nothing will do.
    Nothing,
}

/// How a list relates to texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    ContainsAny,
    ContainsAll,
    PartOf,
}

impl Matcher {
    fn new(op: &str, value: &Value) -> Result<Self, Unfit> {
        Ok(match op {
            "ALL_KEYS" => Self::Present,
            "WHITELIST" => Self::In(sorted(value)?),
            "STARTS_WITH" => Self::Text(Position::Start, sorted(value)?),
            "ENDS_WITH" => Self::Text(Position::End, sorted(value)?),
            "CONTAINS_STRING" => Self::Text(Position::Anywhere, sorted(value)?),
            "MATCHES_STRING" => match ecma_pattern::compile(text(value)?, Letters::Exact) {
                Ok(pattern) => Self::Pattern(pattern),
                // It matches nothing there either.
                Err(NoPattern::Malformed) => Self::Nothing,
                Err(NoPattern::Unsupported) => return Err(UNSUPPORTED.into()),
            },
            "EQUAL_TO_BOOLEAN" => match value {
                Value::Bool(truth) => Self::Truth(*truth),
                _ => return Err("its value is true or false".into()),
            },
            "EQUAL_TO" | "GREATER_THAN_OR_EQUAL_TO" | "LESS_THAN_OR_EQUAL_TO" | "BETWEEN" => {
                Self::between(op, value)?
            }
            "EQUAL_TO_SET" => Self::Elements(Relation::Equal, sorted(value)?),
            "CONTAINS_ANY_OF_SET" => Self::Elements(Relation::ContainsAny, sorted(value)?),
            "CONTAINS_ALL_OF_SET" => Self::Elements(Relation::ContainsAll, sorted(value)?),
            "PART_OF_SET" => Self::Elements(Relation::PartOf, sorted(value)?),
            "EQUAL_TO_SEMVER" => Version::parse(text(value)?)
                .map_or(Self::Nothing, |version| Self::Versions([version].into())),
            "GREATER_THAN_OR_EQUAL_TO_SEMVER" => Version::parse(text(value)?)
                .map_or(Self::Nothing, |from| Self::Version(Some(from), None)),
            "LESS_THAN_OR_EQUAL_TO_SEMVER" => Version::parse(text(value)?)
                .map_or(Self::Nothing, |to| Self::Version(None, Some(to))),
            "BETWEEN_SEMVER" => {
                let end = |name| Version::parse(text(value.member(name).unwrap_or(value)).ok()?);
                match (end("start"), end("end")) {
                    (Some(from), Some(to)) => Self::Version(Some(from), Some(to)),
                    _ => Self::Nothing,
                }
            }
            "IN_LIST_SEMVER" => {
                let versions = sorted(value)?;
                let versions = versions.iter().map(|version| Version::parse(version));
                let versions: Option<Box<[Version]>> = versions.collect();
                versions.map_or(Self::Nothing, Self::Versions)
            }
            _ => return Err(unfit!("\"{op}\" is no matcher")),
        })
    }

    /// Matchers of numbers and of moments.
    fn between(op: &str, value: &Value) -> Result<Self, Unfit> {
        let number = |name: &str| {
            let number = value.member(name).and_then(Value::as_f64);
            number.ok_or_else(|| unfit!("its value needs a number \"{name}\""))
        };
        let (from, to) = match op {
            "EQUAL_TO" => (number("value")?, number("value")?),
            "GREATER_THAN_OR_EQUAL_TO" => (number("value")?, f64::INFINITY),
            "LESS_THAN_OR_EQUAL_TO" => (f64::NEG_INFINITY, number("value")?),
            _ => (number("start")?, number("end")?),
        };
        let kind = value.member("dataType").and_then(Value::as_str);
        if kind != Some("DATETIME") {
            return Ok(Self::Number(from, to));
        }
        let unit_ms = if op == "EQUAL_TO" { DAY_MS } else { MINUTE_MS };
        let end = |number: f64| cut_off(number as i64, unit_ms);
        Ok(Self::Moment(end(from), end(to), unit_ms))
    }

    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Truth(wanted) => truth_of(value) == Some(*wanted),
            Self::Number(from, to) => {
                number_of(value).is_some_and(|number| *from <= number && number <= *to)
            }
            Self::Moment(from, to, unit_ms) => {
                let number = number_of(value).filter(|number| number.abs() <= MOMENT_MS_MAX);
                number.is_some_and(|number| {
                    let moment = cut_off(number as i64, *unit_ms);
                    *from <= moment && moment <= *to
                })
            }
            Self::Elements(relation, texts) => relation.holds(value, texts),
            _ => text_of(value).is_some_and(|text| self.matches_text(&text)),
        }
    }

    fn matches_text(&self, text: &str) -> bool {
        match self {
            Self::Present => true,
            Self::In(texts) => lists(texts, text),
            Self::Text(position, needles) => {
                needles.iter().any(|needle| position.finds(text, needle))
            }
            Self::Pattern(pattern) => pattern.is_match(text),
            Self::Version(from, to) => Version::parse(text).is_some_and(|version| {
                let is_after = |from: &Version| version.order(from).is_ge();
                let is_before = |to: &Version| version.order(to).is_le();
                from.as_ref().is_none_or(is_after) && to.as_ref().is_none_or(is_before)
            }),
            Self::Versions(versions) => Version::parse(text)
                .is_some_and(|version| versions.iter().any(|other| other.is(&version))),
            _ => false,
        }
    }
}

impl Relation {
    fn holds(self, value: &Value, texts: &[Box<str>]) -> bool {
        let Value::List(elements) = value else {
            return false;
        };
        let mut found: Vec<Box<str>> = elements.iter().map(element).collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            return false;
        }
        let is_part = || found.iter().all(|text| lists(texts, text));
        match self {
            Self::Equal => found.len() == texts.len() && is_part(),
            Self::ContainsAny => found.iter().any(|text| lists(texts, text)),
            Self::ContainsAll => texts.iter().all(|text| lists(&found, text)),
            Self::PartOf => is_part(),
        }
    }
}

fn lists(texts: &[Box<str>], text: &str) -> bool {
    texts.binary_search_by(|other| (**other).cmp(text)).is_ok()
}

/// The texts of a list, sorted, each once.
fn sorted(value: &Value) -> Result<Box<[Box<str>]>, Unfit> {
    let Value::List(elements) = value else {
        return Err("its value is a list".into());
    };
    let mut texts: Vec<Box<str>> = elements.iter().map(element).collect();
    texts.sort_unstable();
    texts.dedup();
    Ok(texts.into())
}

/// An element of a list, as text.
fn element(value: &Value) -> Box<str> {
    javascript::text(value).into()
}

fn text(value: &Value) -> Result<&str, Unfit> {
    value.as_str().ok_or_else(|| "its value is text".into())
}

/// The value as text; an empty text is none, and an object has none.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    let text = match value {
        Value::Null | Value::Object(_) => return None,
        value => javascript::text(value),
    };
    (!text.is_empty()).then_some(text)
}

fn truth_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The value as a number, as `JavaScript` makes one of it; null has none.
fn number_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Null => return None,
        value => javascript::number(value),
    };
    (!number.is_nan()).then_some(number)
}

/// A moment without what is left over of a unit.
fn cut_off(moment_ms: i64, unit_ms: i64) -> i64 {
    moment_ms.saturating_sub(moment_ms.rem_euclid(unit_ms))
}
