//! What a value has to be like.

use super::condition::{Condition, Root};
use super::list::List;
use super::version::padded;
use crate::condition::Comparison;
use crate::dialect::ecma_pattern::{Letters, compile};
use crate::dialect::javascript;
use crate::letters::lowercase;
use crate::value::Value;
use regex_lite::Regex;

/// What a value has to be like; a missing one is null.
#[derive(Debug)]
pub(super) enum Check {
    /// Like each of these.
    All(Box<[Check]>),
    /// It never is: nobody knows the operator, or it cannot work with what it has.
    Never,
    Not(Box<Check>),
    /// Written as this text.
    Text(Box<str>),
    /// Written as this text, which is in lower case, in any case.
    Folded(Box<str>),
    /// This number, or something that stands for it.
    Number(f64),
    /// As true or false as this, and not null.
    Truthy(bool),
    /// Null, or anything else.
    Missing(bool),
    /// The same in content.
    Same(Value),
    /// The same scalar of the same type.
    Strict(Value),
    Ordered(Comparison, Value),
    /// A version, padded so that text is compared.
    Version(Comparison, Box<str>),
    In(List),
    /// A list in which each of these finds an item.
    Holding(Box<[Check]>),
    /// A list of such a length.
    Size(Box<Check>),
    /// A list with such an item.
    Item(Box<Check>),
    /// A list with an item whose members are such.
    Member(Box<Condition>),
    Pattern(Regex),
    Type(Box<str>),
}

impl Check {
    /// What is written in place of a value: a value to equal, or operators.
    pub(super) fn read(operand: &Value) -> Self {
        match operand {
            Value::String(text) => Self::Text((**text).into()),
            Value::Number(number) => Self::Number(number.as_f64()),
            Value::Bool(truth) => Self::Truthy(*truth),
            Value::Null => Self::Missing(true),
            Value::Object(members) if has_operators(operand) => {
                let parts = members.iter();
                Self::All(parts.map(|(op, value)| Self::operator(op, value)).collect())
            }
            Value::List(_) | Value::Object(_) => Self::Same(operand.clone()),
        }
    }

    /// What one operator asks for.
    pub(super) fn operator(op: &str, operand: &Value) -> Self {
        let order = |comparison| Self::Ordered(comparison, operand.clone());
        let version = |comparison| Self::Version(comparison, padded(operand));
        match op {
            "$eq" => Self::Strict(operand.clone()),
            "$ne" => not(Self::Strict(operand.clone())),
            "$lt" => order(Comparison::Less),
            "$lte" => order(Comparison::LessOrEqual),
            "$gt" => order(Comparison::Greater),
            "$gte" => order(Comparison::GreaterOrEqual),
            "$veq" => version(Comparison::Equal),
            "$vne" => not(version(Comparison::Equal)),
            "$vlt" => version(Comparison::Less),
            "$vlte" => version(Comparison::LessOrEqual),
            "$vgt" => version(Comparison::Greater),
            "$vgte" => version(Comparison::GreaterOrEqual),
            "$exists" => Self::Missing(!javascript::truth(operand)),
            "$in" => list(operand, Letters::Exact),
            "$ini" => list(operand, Letters::AnyCase),
            "$nin" => unless_never(list(operand, Letters::Exact)),
            "$nini" => unless_never(list(operand, Letters::AnyCase)),
            // A group that nobody knows is empty, and an importer writes its values out.
            "$inGroup" => Self::In(members(operand)),
            "$notInGroup" => not(Self::In(members(operand))),
            "$not" => not(Self::read(operand)),
            "$size" => Self::Size(Box::new(Self::read(operand))),
            "$elemMatch" if has_operators(operand) => Self::Item(Box::new(Self::read(operand))),
            "$elemMatch" => Self::Member(Box::new(Condition::read(operand))),
            "$all" => each(operand, Self::read),
            "$alli" => each(operand, folded),
            "$regex" => pattern(operand, Letters::Exact),
            "$regexi" => pattern(operand, Letters::AnyCase),
            "$type" => operand
                .as_str()
                .map_or(Self::Never, |name| Self::Type(name.into())),
            _ => Self::Never,
        }
    }

    /// Whether the value is like that.
    pub(super) fn holds(&self, actual: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(actual)),
            Self::Never => false,
            Self::Not(part) => !part.holds(actual),
            Self::Text(text) => *javascript::text(actual) == **text,
            Self::Folded(text) => lowercase(&javascript::text(actual)) == **text,
            Self::Number(number) => javascript::number(actual)
                .partial_cmp(number)
                .is_some_and(std::cmp::Ordering::is_eq),
            Self::Truthy(wanted) => {
                !matches!(actual, Value::Null) && javascript::truth(actual) == *wanted
            }
            Self::Missing(missing) => matches!(actual, Value::Null) == *missing,
            Self::Same(value) => value.same(actual),
            Self::Strict(value) => is_scalar(value) && value.same(actual),
            Self::Ordered(comparison, than) => {
                javascript::order(actual, than).is_some_and(|ordering| comparison.accepts(ordering))
            }
            Self::Version(comparison, than) => {
                comparison.accepts(padded(actual).encode_utf16().cmp(than.encode_utf16()))
            }
            Self::In(list) => list.has(actual),
            Self::Holding(parts) => items(actual).is_some_and(|items| {
                let found = |part: &Self| items.iter().any(|item| part.holds(item));
                parts.iter().all(found)
            }),
            Self::Size(part) => items(actual).is_some_and(|items| {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                part.holds(&length.into())
            }),
            Self::Item(part) => some_item(actual, |item| part.holds(item)),
            Self::Member(part) => some_item(actual, |item| part.holds(Root::Value(item))),
            Self::Pattern(regex) => regex.is_match(&javascript::text(actual)),
            Self::Type(name) => type_name(actual) == &**name,
        }
    }
}

fn not(check: Check) -> Check {
    Check::Not(Box::new(check))
}

/// The contrary of a list; what is no list is refused by both.
fn unless_never(check: Check) -> Check {
    match check {
        Check::Never => Check::Never,
        list => not(list),
    }
}

fn list(operand: &Value, letters: Letters) -> Check {
    items(operand).map_or(Check::Never, |items| Check::In(List::new(items, letters)))
}

fn members(operand: &Value) -> List {
    List::new(items(operand).unwrap_or_default(), Letters::Exact)
}

fn each(operand: &Value, read: impl Fn(&Value) -> Check) -> Check {
    let items = items(operand);
    items.map_or(Check::Never, |items| {
        Check::Holding(items.iter().map(read).collect())
    })
}

/// Like [`Check::read`], letters of text in any case.
fn folded(operand: &Value) -> Check {
    match operand {
        Value::String(text) => Check::Folded(lowercase(text).into()),
        other => Check::read(other),
    }
}

fn pattern(operand: &Value, letters: Letters) -> Check {
    let regex = operand.as_str().map(|source| compile(source, letters));
    match regex {
        Some(Ok(regex)) => Check::Pattern(regex),
        _ => Check::Never,
    }
}

/// Whether an object has members, and all of them are operators.
fn has_operators(value: &Value) -> bool {
    let Value::Object(members) = value else {
        return false;
    };
    !members.is_empty() && members.iter().all(|(name, _)| name.starts_with('$'))
}

fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(items) => Some(items),
        _ => None,
    }
}

/// Whether an item that counts as true passes.
fn some_item(actual: &Value, passes: impl Fn(&Value) -> bool) -> bool {
    let items = items(actual).unwrap_or_default();
    items
        .iter()
        .any(|item| javascript::truth(item) && passes(item))
}

/// Lists and objects are never the same ones there, whatever they hold.
fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::List(_) | Value::Object(_))
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Object(_) => "object",
    }
}
