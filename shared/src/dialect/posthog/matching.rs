//! What a filter's operator makes of a property.

use super::date::{Deadline, moment};
use super::version::{Bounds, Version};
use crate::dialect::Unfit;
use crate::dialect::ecma_pattern::{Letters, NoPattern, compile};
use crate::dialect::javascript::{leading_number, text};
use crate::letters::lowercase;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use regex_lite::Regex;
use std::cmp::Ordering;

/// An operator with what it works with, made ready.
#[derive(Debug)]
pub(super) enum Matching {
    /// One of these, in any case.
    Exact(Box<[String]>),
    /// None of them; null is fine.
    IsNot(Box<[String]>),
    /// True, or the text that says so, or a list of nothing else; if `false`, anything but that.
    Truth(bool),
    /// The other one; null is fine.
    NotTruth(bool),
    /// The property is there, even as null.
    IsSet,
    /// It is not.
    IsNotSet,
    /// It has the text somewhere, in any case; or has not.
    Part {
        place: Place,
        part: String,
        wanted: bool,
    },
    /// The pattern is found in it, or is not; a malformed one never says yes.
    Pattern {
        pattern: Option<Regex>,
        wanted: bool,
    },
    /// Compared by number where both have one, by text otherwise.
    Order {
        accepts: fn(Ordering) -> bool,
        number: f64,
        text: String,
    },
    /// Before (`Less`) or after a moment.
    Date {
        order: Ordering,
        deadline: Option<Deadline>,
    },
    /// A version within bounds, or outside.
    Version {
        bounds: Option<Bounds>,
        wanted: bool,
    },
    /// Nobody knows the operator.
    Unknown,
}

/// Where in a text a part has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    Start,
    End,
}

impl Matching {
    /// # Errors
    /// A pattern that looks around or back, for people.
    pub(super) fn new(operator: &str, value: &Value) -> Result<Self, Unfit> {
        let part = |place, wanted| Self::Part {
            place,
            part: text(value).to_ascii_lowercase(),
            wanted,
        };
        let order = |accepts| Self::Order {
            accepts,
            number: leading_number(value),
            text: text(value).into_owned(),
        };
        let date = |order| Self::Date {
            order,
            deadline: Deadline::new(value),
        };
        let version = |bounds, wanted| Self::Version { bounds, wanted };
        let written = || Version::new(&text(value));
        Ok(match operator {
            "" | "exact" => Self::Exact(texts(value)),
            "is_not" => Self::IsNot(texts(value)),
            "truth" => Self::Truth(is_true(value)),
            "not_truth" => Self::NotTruth(is_true(value)),
            "is_set" => Self::IsSet,
            "is_not_set" => Self::IsNotSet,
            "icontains" => part(Place::Anywhere, true),
            "not_icontains" => part(Place::Anywhere, false),
            "starts_with" => part(Place::Start, true),
            "not_starts_with" => part(Place::Start, false),
            "ends_with" => part(Place::End, true),
            "not_ends_with" => part(Place::End, false),
            "regex" => Self::pattern(value, true)?,
            "not_regex" => Self::pattern(value, false)?,
            "gt" => order(Ordering::is_gt),
            "gte" => order(Ordering::is_ge),
            "lt" => order(Ordering::is_lt),
            "lte" => order(Ordering::is_le),
            "is_date_before" => date(Ordering::Less),
            "is_date_after" => date(Ordering::Greater),
            "semver_eq" => version(written().map(Bounds::only), true),
            "semver_neq" => version(written().map(Bounds::only), false),
            "semver_gt" => version(written().map(Bounds::up_to), false),
            "semver_gte" => version(written().map(Bounds::below), false),
            "semver_lt" => version(written().map(Bounds::below), true),
            "semver_lte" => version(written().map(Bounds::up_to), true),
            "semver_tilde" => version(written().map(Bounds::tilde), true),
            "semver_caret" => version(written().map(Bounds::caret), true),
            "semver_wildcard" => version(Bounds::wildcard(&text(value)), true),
            _ => Self::Unknown,
        })
    }

    fn pattern(value: &Value, wanted: bool) -> Result<Self, Unfit> {
        match compile(&text(value), Letters::Exact) {
            Ok(pattern) => Ok(Self::Pattern {
                pattern: Some(pattern),
                wanted,
            }),
            Err(NoPattern::Malformed) => Ok(Self::Pattern {
                pattern: None,
                wanted,
            }),
            Err(NoPattern::Unsupported) => {
                Err("the pattern looks around or back, or is too large".into())
            }
        }
    }

    /// Whether the property passes; `None` is a property that is not there.
    pub(super) fn holds(&self, found: Option<&Value>, at: UnixMillis) -> Truth {
        let found = match (found, self) {
            (None, Self::IsNotSet) | (Some(_), Self::IsSet) => return Truth::Yes,
            (None, _) => return Truth::Unknown,
            (Some(Value::Null), Self::IsNot(_) | Self::NotTruth(_)) => &Value::Null,
            (Some(_), Self::IsNotSet) | (Some(Value::Null), _) => return Truth::No,
            (Some(found), _) => found,
        };
        match self {
            Self::Exact(wanted) => is_one_of(found, wanted).into(),
            Self::IsNot(unwanted) => (!is_one_of(found, unwanted)).into(),
            Self::Truth(wanted) => (is_true(found) == *wanted).into(),
            Self::NotTruth(unwanted) => (is_true(found) != *unwanted).into(),
            Self::Part {
                place,
                part,
                wanted,
            } => {
                let found = text(found).to_ascii_lowercase();
                let is_there = match place {
                    Place::Anywhere => found.contains(&**part),
                    Place::Start => found.starts_with(&**part),
                    Place::End => found.ends_with(&**part),
                };
                (is_there == *wanted).into()
            }
            Self::Pattern { pattern, wanted } => {
                let matches = |pattern: &Regex| pattern.is_match(&text(found)) == *wanted;
                pattern.as_ref().is_some_and(matches).into()
            }
            Self::Order {
                accepts,
                number,
                text,
            } => compared(found, *number, text).is_some_and(accepts).into(),
            Self::Date { order, deadline } => match (deadline, moment(found)) {
                (Some(deadline), Some(moment)) => {
                    let deadline = deadline.at(at);
                    (moment.cmp(&deadline) == *order).into()
                }
                _ => Truth::Unknown,
            },
            Self::Version { bounds, wanted } => match (bounds, Version::new(&text(found))) {
                (Some(bounds), Some(version)) => (bounds.contain(version) == *wanted).into(),
                _ => Truth::Unknown,
            },
            Self::IsSet | Self::IsNotSet | Self::Unknown => Truth::Unknown,
        }
    }
}

/// The value as text in lower case, or each item of a list.
fn texts(value: &Value) -> Box<[String]> {
    let items = match value {
        Value::List(items) => items,
        single => std::slice::from_ref(single),
    };
    items.iter().map(written).collect()
}

fn is_one_of(found: &Value, wanted: &[String]) -> bool {
    wanted.contains(&written(found))
}

/// A text as it is, everything else as JSON; in lower case.
fn written(value: &Value) -> String {
    match value {
        Value::List(_) | Value::Object(_) => lowercase(&value.to_string()),
        scalar => lowercase(&text(scalar)),
    }
}

/// Whether a value stands for true; all items of a list have to.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        Value::List(items) => items.iter().all(is_true),
        Value::Null | Value::Number(_) | Value::Object(_) => false,
    }
}

fn compared(found: &Value, number: f64, written: &str) -> Option<Ordering> {
    let other = leading_number(found);
    if other.is_finite() && number.is_finite() {
        return other.partial_cmp(&number);
    }
    let found = text(found);
    Some(found.encode_utf16().cmp(written.encode_utf16()))
}
