//! Clauses of LaunchDarkly: one attribute of one kind of context against a list of values.
//!
//! Values are compared within their JSON type; an attribute that is missing or null fails every
//! clause, negated ones too. An operator is negated by `not ` before it.
//!
//! # Source
//! LaunchDarkly's server-side SDKs, data model of 2022 (contexts); where they differ, that for Go.

use super::pattern::{Case, re2};
use super::{ForeignTest, Source, View};
use crate::condition::{Answer, Position};
use crate::context::{Attribute, EvaluationContext};
use crate::dialect::{Unfit, unfit};
use crate::evaluation::{ErrorCode, Failure};
use crate::time::UnixMillis;
use crate::value::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// Before an operator: its contrary, where there is an attribute at all.
const NOT: &str = "not ";

pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let (is_negated, op) = match source.op.strip_prefix(NOT) {
        Some(op) => (true, op),
        None => (false, &*source.op),
    };
    if op == "malformed" {
        let reason = source.value.as_str().ok_or("its value is the reason")?;
        return Ok(Arc::new(Malformed(reason.into())));
    }
    let attribute = source.attribute.clone().ok_or("it needs an attribute")?;
    let Value::List(values) = &source.value else {
        return Err("its value is a list".into());
    };
    Ok(Arc::new(Clause {
        subject: Subject::of(attribute),
        is_negated,
        matcher: Matcher::new(op, values)?,
    }))
}

/// What makes the whole flag fail when it is looked at.
#[derive(Debug)]
struct Malformed(Box<str>);

impl ForeignTest for Malformed {
    fn holds(&self, _view: &View<'_>) -> Answer {
        Err(Failure::new(ErrorCode::ParseError, self.0.clone()))
    }
}

#[derive(Debug)]
struct Clause {
    subject: Subject,
    is_negated: bool,
    matcher: Matcher,
}

impl ForeignTest for Clause {
    fn holds(&self, view: &View<'_>) -> Answer {
        let found = self.subject.matches(view.context, &self.matcher);
        Ok(found.is_some_and(|found| found != self.is_negated).into())
    }
}

/// What a clause looks at.
#[derive(Debug)]
enum Subject {
    /// Names of the kinds that the context describes.
    Kinds,
    /// The name of a kind, where the context describes it.
    Kind(Box<str>),
    /// Whether a context of that kind is anonymous; it is not unless it says so.
    Anonymous(Attribute, Box<str>),
    /// Anything else.
    Attribute(Attribute),
}

impl Subject {
    fn of(attribute: Attribute) -> Self {
        let kind: Option<Box<str>> = attribute.kind().map(Into::into);
        let is = |name: &str| attribute.names().eq([name]);
        match kind {
            None if is("kind") => Self::Kinds,
            Some(kind) if is("kind") => Self::Kind(kind),
            Some(kind) if is("anonymous") => Self::Anonymous(attribute, kind),
            _ => Self::Attribute(attribute),
        }
    }

    /// Whether something there matches; nothing where there is nothing.
    fn matches(&self, context: &EvaluationContext, matcher: &Matcher) -> Option<bool> {
        match self {
            Self::Kinds => Some(context.kinds().any(|kind| matcher.matches_text(kind))),
            Self::Kind(kind) => context.describes(kind).then(|| matcher.matches_text(kind)),
            Self::Anonymous(attribute, kind) => match context.get(attribute) {
                None if context.describes(kind) => Some(matcher.matches(&Value::Bool(false))),
                value => Some(matcher.matches(value?)),
            },
            Self::Attribute(attribute) => Some(match context.get(attribute)? {
                Value::List(elements) => elements.iter().any(|element| matcher.matches(element)),
                value => matcher.matches(value),
            }),
        }
    }
}

/// What one value has to be like; values of other types than the operator's match nothing.
#[derive(Debug)]
enum Matcher {
    /// Nothing will do.
    Nothing,
    /// One of these texts, sorted, or one of these other scalars.
    In(Box<[Box<str>]>, Box<[Value]>),
    Text(Position, Box<[Box<str>]>),
    Pattern(Box<[regex_lite::Regex]>),
    Number(&'static [Ordering], Box<[f64]>),
    Time(Ordering, Box<[i64]>),
    Version(Ordering, Box<[semver::Version]>),
}

const LESS: &[Ordering] = &[Ordering::Less];
const LESS_OR_EQUAL: &[Ordering] = &[Ordering::Less, Ordering::Equal];
const GREATER: &[Ordering] = &[Ordering::Greater];
const GREATER_OR_EQUAL: &[Ordering] = &[Ordering::Greater, Ordering::Equal];

impl Matcher {
    fn new(op: &str, values: &[Value]) -> Result<Self, Unfit> {
        let texts = || {
            values
                .iter()
                .filter_map(Value::as_str)
                .map(Box::<str>::from)
        };
        let numbers = || values.iter().filter_map(Value::as_f64).collect();
        let times = || values.iter().filter_map(time).collect();
        let versions = || values.iter().filter_map(version).collect();
        Ok(match op {
            "none" => Self::Nothing,
            "in" => {
                let mut listed: Vec<Box<str>> = texts().collect();
                listed.sort_unstable();
                let is_other = |value: &&Value| matches!(value, Value::Bool(_) | Value::Number(_));
                Self::In(
                    listed.into(),
                    values.iter().filter(is_other).cloned().collect(),
                )
            }
            "startsWith" => Self::Text(Position::Start, texts().collect()),
            "endsWith" => Self::Text(Position::End, texts().collect()),
            "contains" => Self::Text(Position::Anywhere, texts().collect()),
            "matches" => {
                let patterns = texts().map(|text| re2(&text, Case::Kept));
                let patterns: Result<_, _> = patterns.collect();
                Self::Pattern(patterns.map_err(|error| unfit!("{error}"))?)
            }
            "lessThan" => Self::Number(LESS, numbers()),
            "lessThanOrEqual" => Self::Number(LESS_OR_EQUAL, numbers()),
            "greaterThan" => Self::Number(GREATER, numbers()),
            "greaterThanOrEqual" => Self::Number(GREATER_OR_EQUAL, numbers()),
            "before" => Self::Time(Ordering::Less, times()),
            "after" => Self::Time(Ordering::Greater, times()),
            "semVerEqual" => Self::Version(Ordering::Equal, versions()),
            "semVerLessThan" => Self::Version(Ordering::Less, versions()),
            "semVerGreaterThan" => Self::Version(Ordering::Greater, versions()),
            _ => return Err(unfit!("\"{op}\" is no operator")),
        })
    }

    fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::String(text)) => self.matches_text(text),
            (Self::In(_, others), Value::Number(number)) => {
                let same = |other: &Value| other.as_f64() == Some(number.as_f64());
                others.iter().any(same)
            }
            (Self::In(_, others), Value::Bool(_)) => others.contains(value),
            (Self::Number(wanted, numbers), Value::Number(number)) => numbers.iter().any(|than| {
                let ordering = number.as_f64().partial_cmp(than);
                ordering.is_some_and(|ordering| wanted.contains(&ordering))
            }),
            (Self::Time(wanted, times), Value::Number(number)) => {
                let at = millis(*number);
                times.iter().any(|than| at.cmp(than) == *wanted)
            }
            _ => false,
        }
    }

    fn matches_text(&self, text: &str) -> bool {
        match self {
            Self::Nothing | Self::Number(..) => false,
            Self::In(texts, _) => texts.binary_search_by(|other| (**other).cmp(text)).is_ok(),
            Self::Text(position, needles) => {
                needles.iter().any(|needle| position.finds(text, needle))
            }
            Self::Pattern(patterns) => patterns.iter().any(|pattern| pattern.is_match(text)),
            Self::Time(wanted, times) => {
                moment(text).is_some_and(|at| times.iter().any(|than| at.cmp(than) == *wanted))
            }
            Self::Version(wanted, versions) => lenient_version(text).is_some_and(|version| {
                let mut orderings = versions.iter().map(|than| version.cmp_precedence(than));
                orderings.any(|ordering| ordering == *wanted)
            }),
        }
    }
}

fn time(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => moment(text),
        Value::Number(number) => Some(millis(*number)),
        _ => None,
    }
}

fn millis(number: Number) -> i64 {
    number.as_f64() as i64
}

/// RFC 3339 with the letter between date and time, which other readers of it do without.
fn moment(text: &str) -> Option<i64> {
    let has_letter = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    let time = UnixMillis::parse(text).ok().filter(|_| has_letter)?;
    Some(time.0)
}

fn version(value: &Value) -> Option<semver::Version> {
    lenient_version(value.as_str()?)
}

/// A semantic version, or one without its last numbers: `2-rc` is `2.0.0-rc`.
fn lenient_version(text: &str) -> Option<semver::Version> {
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at_checked(end)?;
    let missing = match core.matches('.').count() {
        0 => ".0.0",
        1 => ".0",
        _ => return semver::Version::parse(text).ok(),
    };
    semver::Version::parse(&[core, missing, rest].concat()).ok()
}

#[cfg(test)]
mod tests;
