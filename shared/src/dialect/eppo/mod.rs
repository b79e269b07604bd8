//! Eppo: conditions of allocation rules, and contextual bandits.
//!
//! An attribute that is missing, or that an operator cannot work with, fails every operator, the
//! negated ones too; only `IS_NULL` looks at the absence itself.

mod bandit;
mod common;
#[cfg(test)]
mod tests;

use super::pattern::{Case, re2};
use super::text::text_of;
use super::{ForeignPolicy, ForeignTest, Source, View};
use crate::compile::limits::LIST_LENGTH_MAX;
use crate::condition::Answer;
use crate::context::{Attribute, EvaluationContext};
use crate::dialect::{Unfit, unfit};
use crate::value::Value;
use crate::wire::number;
use semver::Version;
use std::cmp::Ordering;
use std::sync::Arc;

/// The attribute that is the subject's key, unless the subject has one of that name.
const SUBJECT: &str = "id";

/// The condition that a source means: `op` is Eppo's operator, `value` its comparand.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let attribute = source.attribute.clone();
    let attribute = attribute.ok_or("a condition of Eppo names an \"attribute\"")?;
    let check = Check::parse(&source.op, &source.value)?;
    let is_subject = attribute == Attribute::named(SUBJECT);
    Ok(Arc::new(Condition {
        attribute,
        is_subject,
        check,
    }))
}

/// The policy that a source means: `op` is the model's name, `value` the model.
pub(super) fn policy(source: &Source) -> Result<Arc<dyn ForeignPolicy>, Unfit> {
    match &*source.op {
        "falcon" => Ok(Arc::new(bandit::Bandit::parse(&source.value)?)),
        other => Err(unfit!("\"{other}\" is no model of Eppo that is known")),
    }
}

#[derive(Debug)]
struct Condition {
    attribute: Attribute,
    is_subject: bool,
    check: Check,
}

#[derive(Debug)]
enum Check {
    Matches {
        pattern: regex_lite::Regex,
        expected: bool,
    },
    OneOf {
        /// Sorted.
        values: Box<[Box<str>]>,
        expected: bool,
    },
    Number(Accepts, f64),
    Version(Accepts, Version),
    IsNull(bool),
}

/// Whether an ordering is the one asked for.
type Accepts = fn(Ordering) -> bool;

impl ForeignTest for Condition {
    fn holds(&self, view: &View<'_>) -> Answer {
        let value = self.value(view.context);
        Ok(self.check.holds(value).unwrap_or(false).into())
    }
}

impl Condition {
    /// The attribute's value where it is one that Eppo knows: text, a number or a boolean.
    fn value<'c>(&self, context: &'c EvaluationContext) -> Option<&'c Value> {
        let value = if self.is_subject && context.attribute(SUBJECT).is_none() {
            context.get(&Attribute::targeting_key())
        } else {
            context.get(&self.attribute)
        };
        value.filter(|value| !matches!(value, Value::List(_) | Value::Object(_)))
    }
}

impl Check {
    fn parse(op: &str, value: &Value) -> Result<Self, Unfit> {
        match op {
            "MATCHES" => Self::pattern(value, true),
            "NOT_MATCHES" => Self::pattern(value, false),
            "ONE_OF" => Self::one_of(value, true),
            "NOT_ONE_OF" => Self::one_of(value, false),
            "GTE" => Self::compared(value, Ordering::is_ge),
            "GT" => Self::compared(value, Ordering::is_gt),
            "LTE" => Self::compared(value, Ordering::is_le),
            "LT" => Self::compared(value, Ordering::is_lt),
            "IS_NULL" => match value {
                Value::Bool(expected) => Ok(Self::IsNull(*expected)),
                _ => Err("IS_NULL takes true or false".into()),
            },
            _ => Err(unfit!("\"{op}\" is no operator of Eppo")),
        }
    }

    fn pattern(value: &Value, expected: bool) -> Result<Self, Unfit> {
        let text = value.as_str().ok_or("the operator takes an expression")?;
        let pattern = re2(text, Case::Kept);
        let pattern = pattern.map_err(|error| unfit!("{error}"))?;
        Ok(Self::Matches { pattern, expected })
    }

    fn one_of(value: &Value, expected: bool) -> Result<Self, Unfit> {
        const WANTED: &str = "the operator takes a list of texts";
        let Value::List(items) = value else {
            return Err(WANTED.into());
        };
        if items.len() > LIST_LENGTH_MAX {
            return Err(unfit!("the list has more than {LIST_LENGTH_MAX} values"));
        }
        let texts = items.iter().map(|item| item.as_str().map(Box::from));
        let mut values: Box<[Box<str>]> = texts.collect::<Option<_>>().ok_or(WANTED)?;
        values.sort_unstable();
        Ok(Self::OneOf { values, expected })
    }

    /// Versions where the comparand is one, numbers otherwise.
    fn compared(value: &Value, accepts: Accepts) -> Result<Self, Unfit> {
        if let Some(version) = value.as_str().and_then(|text| Version::parse(text).ok()) {
            return Ok(Self::Version(accepts, version));
        }
        let than = number(value).ok_or("the operator takes a number or a semantic version")?;
        Ok(Self::Number(accepts, than))
    }

    /// Whether it holds; nothing where the value is absent or not of the kind that is asked for.
    fn holds(&self, value: Option<&Value>) -> Option<bool> {
        match self {
            Self::Matches { pattern, expected } => {
                Some(pattern.is_match(&text_of(value?)?) == *expected)
            }
            Self::OneOf { values, expected } => {
                let text = text_of(value?)?;
                let found = values.binary_search_by(|other| (**other).cmp(&text));
                Some(found.is_ok() == *expected)
            }
            Self::Number(accepts, than) => number(value?)?.partial_cmp(than).map(accepts),
            Self::Version(accepts, than) => {
                let version = Version::parse(value?.as_str()?).ok()?;
                Some(accepts(version.cmp_precedence(than)))
            }
            Self::IsNull(expected) => Some(value.is_none() == *expected),
        }
    }
}

/// The value as a number; text that is written like one counts.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => number::from_text(text),
        value => value.as_f64(),
    }
}
