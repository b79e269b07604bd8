//! Segment conditions as Flagsmith means them.
//!
//! A text that looks like a number is one, and what it is compared with is read as the type of
//! what is found. What cannot be read so never matches, not even as unequal.
//!
//! # Source
//! `Flagsmith/flagsmith-engine`, `segments/evaluator.py` and `context/mappers.py`.

use super::method::{FLAGSMITH_SCALE, Method, first_reaching};
use super::pattern::python;
use super::python::{float, float_text, integer};
use super::text::text_of;
use super::version::{rank, strict};
use super::{ForeignTest, Source, View};
use crate::context::Attribute;
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::truth::Truth;
use crate::value::{Number, Value};
use crate::wire::number;
use regex_lite::Regex;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// Behind what is compared with: it is a semantic version.
const SEMVER: &str = ":semver";

/// A condition.
#[derive(Debug)]
struct Condition {
    place: Place,
    wanted: Wanted,
}

/// Where the value is. Each that is there is tried, in this order.
#[derive(Debug, Default)]
struct Place {
    /// A trait of this name.
    named: Option<Attribute>,
    /// Where a path into the evaluation context leads.
    path: Option<Attribute>,
    /// The targeting key, behind this text.
    joined: Option<Box<str>>,
    /// The same for everybody: what a path into the environment leads to.
    constant: Option<Value>,
}

/// A value with the type that the engine gives it.
#[derive(Debug, Clone, PartialEq)]
enum Typed<'v> {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Cow<'v, str>),
}

/// What the value has to be like.
#[derive(Debug)]
enum Wanted {
    Set,
    NotSet,
    Compared(fn(Ordering) -> bool, Operand),
    /// Neither equal nor, where no order is, unequal.
    Unequal(Operand),
    Contains(Box<str>),
    NotContains(Box<str>),
    OneOf(Vec<Box<str>>),
    Pattern(Regex),
    Modulo {
        divisor: f64,
        remainder: f64,
    },
    /// Below this number of those that the salt and the value draw.
    Share {
        salt: Box<str>,
        below: u64,
    },
    /// Compared with something that cannot be read.
    Never,
}

/// What is compared with, read as each type that it may have to be.
#[derive(Debug)]
struct Operand {
    text: Box<str>,
    truth: bool,
    integer: Option<i128>,
    float: Option<f64>,
    version: Option<Result<semver::Version, ()>>,
}

pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let place = Place::of(source);
    // The operand alone, or with the place at which to look.
    let operand = source.value.member("value").unwrap_or(&source.value);
    let text = || text_of(operand).unwrap_or_default();
    let compared = |accepts| Wanted::Compared(accepts, Operand::of(&text()));
    let wanted = match &*source.op {
        "IS_SET" => Wanted::Set,
        "IS_NOT_SET" => Wanted::NotSet,
        "EQUAL" => compared(Ordering::is_eq),
        "NOT_EQUAL" => Wanted::Unequal(Operand::of(&text())),
        "GREATER_THAN" => compared(Ordering::is_gt),
        "GREATER_THAN_INCLUSIVE" => compared(Ordering::is_ge),
        "LESS_THAN" => compared(Ordering::is_lt),
        "LESS_THAN_INCLUSIVE" => compared(Ordering::is_le),
        "CONTAINS" => Wanted::Contains(text().into()),
        "NOT_CONTAINS" => Wanted::NotContains(text().into()),
        "IN" => Wanted::OneOf(super::text::texts_of(operand)),
        "REGEX" => python(&text()).map_or(Wanted::Never, Wanted::Pattern),
        "MODULO" => modulo(&text()).unwrap_or(Wanted::Never),
        "PERCENTAGE_SPLIT" => share(&source.value, &text()).unwrap_or(Wanted::Never),
        other => return Err(unfit!("\"{other}\" is no operator of Flagsmith")),
    };
    Ok(Arc::new(Condition { place, wanted }))
}

fn modulo(text: &str) -> Option<Wanted> {
    let (divisor, remainder) = text.split_once('|')?;
    let divisor = float(divisor)?;
    let remainder = float(remainder)?;
    (divisor.abs() > 0.0).then_some(Wanted::Modulo { divisor, remainder })
}

fn share(value: &Value, percentage: &str) -> Option<Wanted> {
    let percentage = float(percentage)?;
    let salt = value.member("segment")?.as_str()?.into();
    Some(Wanted::Share {
        salt,
        below: numbers_up_to(percentage),
    })
}

/// How many of the numbers that are drawn are no larger percentages than this one.
///
/// # Returns
/// In `0..=FLAGSMITH_SCALE`.
#[must_use]
pub fn numbers_up_to(percentage: f64) -> u64 {
    first_reaching(FLAGSMITH_SCALE, |number| percentage_of(number) > percentage)
}

/// How many of the numbers that are drawn are smaller percentages than this one.
///
/// # Returns
/// In `0..=FLAGSMITH_SCALE`.
#[must_use]
pub fn numbers_below(percentage: f64) -> u64 {
    first_reaching(FLAGSMITH_SCALE, |number| {
        percentage_of(number) >= percentage
    })
}

/// The percentage that a number is, in the double precision in which it is compared there.
fn percentage_of(number: u64) -> f64 {
    number as f64 / FLAGSMITH_SCALE as f64 * 100.0
}

impl Place {
    fn of(source: &Source) -> Self {
        let member = |name: &str| source.value.member(name);
        let path = member("path").and_then(|path| match path {
            Value::List(names) => {
                let mut names = names.iter().filter_map(Value::as_str);
                Some(Attribute::nested(names.next()?, names))
            }
            _ => None,
        });
        Self {
            named: source.attribute.clone(),
            path,
            joined: member("joined").and_then(Value::as_str).map(Box::from),
            constant: member("constant").cloned(),
        }
    }

    fn value<'v>(&'v self, view: &View<'v>) -> Option<Typed<'v>> {
        let found = |attribute: &Option<Attribute>| view.context.get(attribute.as_ref()?);
        if let Some(value) = found(&self.named).or_else(|| found(&self.path)) {
            return Typed::of(value);
        }
        if let Some(prefix) = &self.joined {
            let key = view.context.targeting_key()?;
            return Some(Typed::Text(Cow::Owned([prefix, key].concat())));
        }
        self.constant.as_ref().and_then(Typed::of)
    }
}

impl<'v> Typed<'v> {
    fn of(value: &'v Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(Self::Bool(*truth)),
            Value::Number(Number::Integer(integer)) => Some(Self::Integer((*integer).into())),
            Value::Number(Number::Unsigned(integer)) => Some(Self::Integer((*integer).into())),
            Value::Number(Number::Float(float)) => Some(Self::Float(*float)),
            Value::String(text) => Some(Self::of_text(text)),
            Value::Null | Value::List(_) | Value::Object(_) => None,
        }
    }

    /// `12` and `-1.50` are numbers, `1e3`, ` 1` and `.5` are not.
    fn of_text(text: &'v str) -> Self {
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let number = match unsigned.split_once('.') {
            None if is_digits(unsigned) => text.parse().ok().map(Self::Integer),
            Some((whole, fraction)) if is_digits(whole) && is_digits(fraction) => {
                number::from_text(text).map(Self::Float)
            }
            _ => None,
        };
        number.unwrap_or(Self::Text(Cow::Borrowed(text)))
    }

    /// The value as `str` writes it there.
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(true) => Cow::Borrowed("True"),
            Self::Bool(false) => Cow::Borrowed("False"),
            Self::Integer(integer) => Cow::Owned(integer.to_string()),
            Self::Float(float) => Cow::Owned(float_text(*float)),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// The value as a number; booleans are 0 and 1.
    fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(truth) => Some(f64::from(u8::from(*truth))),
            Self::Integer(integer) => Some(*integer as f64),
            Self::Float(float) => Some(*float),
            Self::Text(_) => None,
        }
    }
}

impl Operand {
    fn of(text: &str) -> Self {
        let version = text.strip_suffix(SEMVER);
        Self {
            text: text.into(),
            truth: !matches!(text, "False" | "false"),
            integer: integer(text),
            float: float(text),
            version: version.map(|version| strict(version).ok_or(())),
        }
    }

    /// Whether a value ranks as wanted against this, once this is read as the value's type; never,
    /// where it cannot be read so. No order at all, as of `nan`, is a rank too.
    fn ranks(&self, value: &Typed<'_>, as_wanted: impl Fn(Option<Ordering>) -> bool) -> bool {
        match (value, &self.version) {
            (Typed::Bool(truth), _) => as_wanted(Some(truth.cmp(&self.truth))),
            (Typed::Integer(integer), _) => {
                let than = self.integer;
                than.is_some_and(|than| as_wanted(Some(integer.cmp(&than))))
            }
            (Typed::Float(float), _) => {
                let than = self.float;
                than.is_some_and(|than| as_wanted(float.partial_cmp(&than)))
            }
            (Typed::Text(text), None) => as_wanted(Some((**text).cmp(&self.text))),
            (Typed::Text(text), Some(Ok(version))) => {
                rank(text, version).is_some_and(|order| as_wanted(Some(order)))
            }
            (Typed::Text(_), Some(Err(()))) => false,
        }
    }
}

impl ForeignTest for Condition {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let value = self.place.value(view);
        let holds = match (&self.wanted, value) {
            (Wanted::NotSet, value) => value.is_none(),
            (_, None) => false,
            (wanted, Some(value)) => wanted.accepts(&value),
        };
        Ok(holds.into())
    }
}

impl Wanted {
    fn accepts(&self, value: &Typed<'_>) -> bool {
        match self {
            Self::Set => true,
            Self::NotSet | Self::Never => false,
            Self::Compared(accepts, operand) => {
                operand.ranks(value, |order| order.is_some_and(accepts))
            }
            Self::Unequal(operand) => {
                operand.ranks(value, |order| order.is_none_or(Ordering::is_ne))
            }
            Self::Contains(part) => match value {
                Typed::Text(text) => !part.ends_with(SEMVER) && text.contains(&**part),
                _ => false,
            },
            Self::NotContains(part) => match value {
                Typed::Text(text) => !text.contains(&**part),
                _ => false,
            },
            Self::OneOf(texts) => match value {
                Typed::Integer(_) | Typed::Text(_) => {
                    let text = value.text();
                    texts.iter().any(|other| **other == *text)
                }
                Typed::Bool(_) | Typed::Float(_) => false,
            },
            Self::Pattern(regex) => regex.is_match(&value.text()),
            Self::Modulo { divisor, remainder } => value.number().is_some_and(|number| {
                let modulus = floored(number, *divisor);
                modulus.partial_cmp(remainder) == Some(Ordering::Equal)
            }),
            Self::Share { salt, below } => {
                Method::Flagsmith.draw(salt, &value.text(), FLAGSMITH_SCALE) < *below
            }
        }
    }
}

/// What is left of a division that rounds down: it has the divisor's sign.
fn floored(number: f64, divisor: f64) -> f64 {
    let rest = number % divisor;
    if rest.abs() > 0.0 && (rest < 0.0) != (divisor < 0.0) {
        rest + divisor
    } else {
        rest
    }
}

#[cfg(test)]
mod tests;
