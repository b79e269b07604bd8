//! Constraints as Flipt means them.
//!
//! A context's values are text there, a missing one the empty text, which satisfies only the
//! operators that ask for absence. What cannot be read as the constraint's type does not match.
//!
//! # Source
//! `flipt-io/flipt-client-sdks`, `flipt-evaluation`: numbers are 32-bit integers, times whole
//! seconds.

use super::text::text_of;
use super::{ForeignTest, Source, View};
use crate::context::Attribute;
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::{Number, Value};
use std::cmp::Ordering;
use std::sync::Arc;

/// A constraint.
#[derive(Debug)]
struct Constraint {
    attribute: Attribute,
    wanted: Wanted,
}

/// What a text has to be like.
#[derive(Debug)]
enum Wanted {
    Absent,
    Present,
    Text(fn(&str, &str) -> bool, Box<str>),
    OneOf(Vec<Box<str>>),
    NoneOf(Vec<Box<str>>),
    Number(fn(Ordering) -> bool, i32),
    OneNumberOf(Vec<i32>),
    NoNumberOf(Vec<i32>),
    Truth(bool),
    /// In whole seconds.
    Time(fn(Ordering) -> bool, i64),
    /// Compared with something that cannot be read.
    Never,
}

/// Operators are `string.eq`, `number.gte`, `boolean.true`, `datetime.lt` and so on.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let Some(attribute) = source.attribute.clone() else {
        return Err("a constraint needs an \"attribute\"".into());
    };
    let wanted = match source.op.split_once('.') {
        Some(("string", op)) => string(op, &source.value),
        Some(("number", op)) => number(op, &source.value),
        Some(("boolean", op)) => boolean(op),
        Some(("datetime", op)) => datetime(op, &source.value),
        _ => None,
    };
    let wanted = wanted.ok_or_else(|| unfit!("\"{}\" is no operator of Flipt", source.op))?;
    Ok(Arc::new(Constraint { attribute, wanted }))
}

/// The elements of a list; `None` where one is not as it should be.
fn list<T>(value: &Value, element: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    match value {
        Value::List(items) => items.iter().map(element).collect(),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i32> {
    match value {
        Value::Number(Number::Integer(integer)) => (*integer).try_into().ok(),
        _ => None,
    }
}

fn string(op: &str, value: &Value) -> Option<Wanted> {
    let other = || text_of(value).unwrap_or_default().into_owned().into();
    let text = |relation: fn(&str, &str) -> bool| Wanted::Text(relation, other());
    let texts = || list(value, |item| item.as_str().map(Box::from)).unwrap_or_default();
    Some(match op {
        "empty" => Wanted::Absent,
        "notempty" => Wanted::Present,
        "eq" => text(|text, other| text == other),
        "neq" => text(|text, other| text != other),
        "prefix" => text(|text, prefix| text.starts_with(prefix)),
        "suffix" => text(|text, suffix| text.ends_with(suffix)),
        "contains" => text(|text, part| text.contains(part)),
        "notcontains" => text(|text, part| !text.contains(part)),
        // A list that cannot be read has no elements.
        "isoneof" => Wanted::OneOf(texts()),
        "isnotoneof" => Wanted::NoneOf(texts()),
        _ => return None,
    })
}

fn number(op: &str, value: &Value) -> Option<Wanted> {
    Some(match op {
        "notpresent" => Wanted::Absent,
        "present" => Wanted::Present,
        "isoneof" => list(value, integer).map_or(Wanted::Never, Wanted::OneNumberOf),
        "isnotoneof" => list(value, integer).map_or(Wanted::Never, Wanted::NoNumberOf),
        _ => {
            let accepts = comparison(op)?;
            let than = text_of(value).and_then(|text| text.parse().ok());
            than.map_or(Wanted::Never, |than| Wanted::Number(accepts, than))
        }
    })
}

fn boolean(op: &str) -> Option<Wanted> {
    Some(match op {
        "notpresent" => Wanted::Absent,
        "present" => Wanted::Present,
        "true" => Wanted::Truth(true),
        "false" => Wanted::Truth(false),
        _ => return None,
    })
}

fn datetime(op: &str, value: &Value) -> Option<Wanted> {
    Some(match op {
        "notpresent" => Wanted::Absent,
        "present" => Wanted::Present,
        _ => {
            let accepts = comparison(op)?;
            let than = text_of(value).and_then(|text| seconds(&text));
            than.map_or(Wanted::Never, |than| Wanted::Time(accepts, than))
        }
    })
}

fn comparison(op: &str) -> Option<fn(Ordering) -> bool> {
    Some(match op {
        "eq" => Ordering::is_eq,
        "neq" => Ordering::is_ne,
        "lt" => Ordering::is_lt,
        "lte" => Ordering::is_le,
        "gt" => Ordering::is_gt,
        "gte" => Ordering::is_ge,
        _ => return None,
    })
}

fn seconds(text: &str) -> Option<i64> {
    let time = UnixMillis::parse(text).ok()?;
    Some(time.0.div_euclid(1_000))
}

impl ForeignTest for Constraint {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let value = view.context.get(&self.attribute);
        let text = value.and_then(text_of).unwrap_or_default();
        Ok(self.wanted.accepts(&text).into())
    }
}

impl Wanted {
    fn accepts(&self, text: &str) -> bool {
        if text.is_empty() {
            return matches!(self, Self::Absent);
        }
        let number = || text.parse::<i32>().ok();
        match self {
            Self::Absent | Self::Never => false,
            Self::Present => true,
            Self::Text(relation, other) => relation(text, other),
            Self::OneOf(texts) => texts.iter().any(|other| **other == *text),
            Self::NoneOf(texts) => texts.iter().all(|other| **other != *text),
            Self::Number(accepts, than) => number().is_some_and(|n| accepts(n.cmp(than))),
            Self::OneNumberOf(numbers) => number().is_some_and(|n| numbers.contains(&n)),
            Self::NoNumberOf(numbers) => number().is_some_and(|n| !numbers.contains(&n)),
            Self::Truth(wanted) => text.parse::<bool>() == Ok(*wanted),
            Self::Time(accepts, than) => seconds(text).is_some_and(|time| accepts(time.cmp(than))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::EvaluationContext;

    #[track_caller]
    fn check(op: &str, found: impl Into<Value>, value: impl Into<Value>, expected: bool) {
        let source = Source {
            dialect: "flipt".into(),
            op: op.into(),
            attribute: Some(Attribute::named("a")),
            value: value.into(),
        };
        let view = View {
            context: &EvaluationContext::new().with("a", found),
            at: UnixMillis(0),
            draw: 0,
        };
        let test = test(&source).expect("a known operator");
        assert_eq!(test.holds(&view), Ok(expected.into()), "{source}");
    }

    fn all<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }

    #[test]
    fn strings() {
        check("string.eq", "b", "b", true);
        check("string.eq", 1, "1", true);
        check("string.neq", "a", "b", true);
        check("string.neq", "", "b", false);
        check("string.neq", Value::Null, "b", false);
        check("string.prefix", "number", "num", true);
        check("string.suffix", "number", "num", false);
        check("string.contains", "number", "umb", true);
        check("string.notcontains", "number", "x", true);
        check("string.notcontains", "", "x", false);
        check("string.isoneof", "2", all(["1", "2"]), true);
        check("string.isoneof", "2", "2", false);
        check("string.isnotoneof", "2", all(["1", "2"]), false);
        check("string.isnotoneof", "2", all([2]), true);
        check("string.isnotoneof", Value::Null, all(["1"]), false);
        check("string.empty", Value::Null, "", true);
        check("string.empty", "x", "", false);
        check("string.notempty", "x", "", true);
        check("string.notempty", "", "", false);
    }

    #[test]
    fn numbers() {
        check("number.eq", "1", "1", true);
        check("number.neq", "2", "1", true);
        check("number.neq", "x", "1", false);
        check("number.lt", -1, "0", true);
        check("number.lte", "3", "3", true);
        check("number.gt", "1.5", "1", false);
        check("number.gte", "2147483648", "1", false);
        check("number.gte", "1", "one", false);
        check("number.isoneof", "2", all([1, 2]), true);
        check("number.isnotoneof", "3", all([1, 2]), true);
        check("number.isnotoneof", "3", all(["1"]), false);
        check("number.present", "x", "", true);
        check("number.notpresent", Value::Null, "", true);
    }

    #[test]
    fn booleans_and_times() {
        check("boolean.true", "true", "", true);
        check("boolean.true", true, "", true);
        check("boolean.true", "yes", "", false);
        check("boolean.false", "false", "", true);
        check("boolean.false", Value::Null, "", false);
        check("boolean.notpresent", Value::Null, "", true);
        let noon = "2026-01-02T12:00:00Z";
        check("datetime.eq", "2026-01-02T13:00:00.999+01:00", noon, true);
        check("datetime.neq", "2026-01-02T12:00:01Z", noon, true);
        check("datetime.gt", "2026-01-02T12:00:00.999Z", noon, false);
        check("datetime.gte", noon, noon, true);
        check("datetime.lt", "2026-01-02", noon, false);
        check("datetime.lt", noon, "2026-01-03", false);
        check("datetime.present", noon, "", true);
    }

    #[test]
    fn unknown_operators_are_refused() {
        for op in ["string.near", "number.true", "boolean.eq", "eq", ""] {
            let source = Source {
                dialect: "flipt".into(),
                op: op.into(),
                attribute: Some(Attribute::named("a")),
                value: Value::Null,
            };
            assert!(test(&source).is_err(), "{op}");
        }
    }
}
