//! Whether a query holds for a context.

use super::query::{Joint, Literal, Operator, Query};
use crate::context::{EvaluationContext, TARGETING_KEY};
use crate::letters::lowercase;
use crate::value::{Number, Value};
use semver::Version;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The query makes no sense here, and holds for nobody, however it goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Senseless;

type Judged = Result<bool, Senseless>;

impl Query {
    /// Whether it holds. Parts are looked at from left to right, no further than needed; one that
    /// makes no sense ends it.
    pub(super) fn holds(&self, context: &EvaluationContext) -> Judged {
        match self {
            Self::Chain(first, rest) => {
                let mut truth = first.holds(context)?;
                for (joint, next) in rest {
                    if truth == (*joint == Joint::And) {
                        truth = next.holds(context)?;
                    }
                }
                Ok(truth)
            }
            Self::Not(query) => query.holds(context).map(|truth| !truth),
            Self::Present(path) => Ok(found(path, context)?.is_some()),
            Self::Compare(path, operator, literal) => {
                let found = found(path, context)?;
                compare(found.as_deref(), *operator, literal)
            }
        }
    }
}

/// Attributes that every context has there, whether the caller put them or not.
pub(super) const GIVEN: [&str; 3] = ["key", TARGETING_KEY, "anonymous"];

/// The value of such an attribute.
pub(super) fn given(name: &str, context: &EvaluationContext) -> Option<Value> {
    match name {
        "key" | TARGETING_KEY => Some(context.targeting_key().unwrap_or("").into()),
        "anonymous" => Some((context.attribute(name) == Some(&Value::Bool(true))).into()),
        _ => None,
    }
}

/// The value at the end of the path, null being none. What is no object has no members, and asking
/// for them makes no sense.
fn found<'c>(
    path: &[Box<str>],
    context: &'c EvaluationContext,
) -> Result<Option<Cow<'c, Value>>, Senseless> {
    let Some((first, rest)) = path.split_first() else {
        return Ok(None);
    };
    let top = match given(first, context) {
        Some(given) => Some(Cow::Owned(given)),
        None => context.attribute(first).map(Cow::Borrowed),
    };
    let Some(top) = top.filter(|value| **value != Value::Null) else {
        return Ok(None);
    };
    let mut value = match (top, rest) {
        (top, []) => return Ok(Some(top)),
        (Cow::Borrowed(top), _) => top,
        (Cow::Owned(_), _) => return Err(Senseless),
    };
    for name in rest {
        let Value::Object(_) = value else {
            return Err(Senseless);
        };
        match value.member(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(member) => value = member,
        }
    }
    Ok(Some(Cow::Borrowed(value)))
}

/// What the operator means follows from the literal; a value of another type fails every test.
fn compare(found: Option<&Value>, operator: Operator, literal: &Literal) -> Judged {
    match literal {
        Literal::Unreadable => Err(Senseless),
        Literal::Null => equality(operator, Some(found.is_none())),
        Literal::Bool(wanted) => equality(
            operator,
            match found {
                Some(Value::Bool(truth)) => Some(truth == wanted),
                _ => None,
            },
        ),
        Literal::Version(wanted) => {
            let version = found
                .and_then(Value::as_str)
                .and_then(|text| Version::parse(text).ok());
            ordered(
                operator,
                version.map(|version| version.cmp_precedence(wanted)),
            )
        }
        Literal::Long(wanted) => {
            let number = found.and_then(truncated);
            ordered_or_none(operator, number.map(|number| number.cmp(wanted)))
        }
        Literal::Double(wanted) => {
            let number = found.and_then(Value::as_f64);
            ordered_or_none(
                operator,
                number.and_then(|number| number.partial_cmp(wanted)),
            )
        }
        Literal::Text(wanted) => Ok(found
            .and_then(Value::as_str)
            .is_some_and(|text| compare_texts(text, operator, wanted))),
        Literal::Longs(wanted) => listed(operator, || {
            let number = found
                .and_then(Value::as_f64)
                .filter(|n| n.fract().abs() <= 0.0);
            number.is_some()
                && found
                    .and_then(truncated)
                    .is_some_and(|n| wanted.contains(&n))
        }),
        Literal::Doubles(wanted) => listed(operator, || {
            let number = found.and_then(Value::as_f64);
            number.is_some_and(|number| wanted.iter().any(|w| w.total_cmp(&number).is_eq()))
        }),
        Literal::Texts(wanted) => {
            let text = found.and_then(Value::as_str);
            let is_listed = || text.is_some_and(|text| wanted.iter().any(|w| **w == *text));
            Ok(operator == Operator::In && is_listed())
        }
    }
}

/// Only equality makes sense.
fn equality(operator: Operator, is_equal: Option<bool>) -> Judged {
    match operator {
        Operator::Equal => Ok(is_equal == Some(true)),
        Operator::Different => Ok(is_equal == Some(false)),
        _ => Err(Senseless),
    }
}

fn ordered(operator: Operator, ordering: Option<Ordering>) -> Judged {
    let accepts = match operator {
        Operator::Equal => Ordering::is_eq,
        Operator::Different => Ordering::is_ne,
        Operator::Greater => Ordering::is_gt,
        Operator::Less => Ordering::is_lt,
        Operator::GreaterOrEqual => Ordering::is_ge,
        Operator::LessOrEqual => Ordering::is_le,
        Operator::Contains | Operator::StartsWith | Operator::EndsWith | Operator::In => {
            return Err(Senseless);
        }
    };
    Ok(ordering.is_some_and(accepts))
}

/// Like [`ordered`]; a single number is no list that something could be in.
fn ordered_or_none(operator: Operator, ordering: Option<Ordering>) -> Judged {
    match operator {
        Operator::In => Ok(false),
        other => ordered(other, ordering),
    }
}

/// Lists of numbers: being in them makes sense, parts of text do not, and nothing equals them.
fn listed(operator: Operator, is_in: impl Fn() -> bool) -> Judged {
    match operator {
        Operator::In => Ok(is_in()),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => Err(Senseless),
        _ => Ok(false),
    }
}

/// Texts are compared without regard to case; a single text is no list.
fn compare_texts(found: &str, operator: Operator, wanted: &str) -> bool {
    let (found, wanted) = (lowercase(found), lowercase(wanted));
    match operator {
        Operator::Contains => found.contains(&*wanted),
        Operator::StartsWith => found.starts_with(&*wanted),
        Operator::EndsWith => found.ends_with(&*wanted),
        other => ordered(other, Some(found.cmp(&wanted))) == Ok(true),
    }
}

/// The number without what follows its point: whole numbers are compared so there.
fn truncated(value: &Value) -> Option<i64> {
    match value {
        Value::Number(Number::Integer(integer)) => Some(*integer),
        Value::Number(number) => Some(number.as_f64() as i64),
        _ => None,
    }
}
