//! Our own operators beyond the everyday ones: sets, sizes, time of day, networks, hashes, URLs.
//!
//! The everyday operators are part of [`crate::condition`], compiled for speed; these share the
//! way in which other systems' operators are written and kept.

mod clock;
mod elements;
mod hashed;
mod measure;
mod network;
mod sets;
#[cfg(test)]
mod tests;
mod times;
mod url;
mod versions;

use super::{ForeignTest, Source, View};
use crate::condition::Answer;
use crate::context::{Attribute, EvaluationContext};
use crate::dialect::{Unfit, unfit};
use crate::time::UnixMillis;
use crate::value::Value;
pub(crate) use clock::OFFSETS;
use std::fmt;
use std::sync::Arc;

/// The name of our own dialect.
pub const NAME: &str = "bandera";

/// The attribute that is the moment of evaluation, where the context has none of that name.
pub const NOW: &str = "$now";

/// Names of the operators here.
pub const OPERATORS: &str = "isNull, isEmpty, hasType, between, modulo, sizeEquals, sizeAtLeast, \
    sizeAtMost, containsAny, containsAll, setEquals, subsetOf, supersetOf, anyElement, \
    everyElement, inNetwork, equalsHashed, urlMatches, versionIn, versionBetween, timeBetween, \
    withinLast, withinNext, olderThan, dayOfWeek, timeOfDay";

/// What an operator makes of an attribute that is there.
type Check = Box<dyn Fn(&Value, UnixMillis) -> bool + Send + Sync>;

/// Whether an everyday operator is one of these where its operand is an object: with a unit of
/// time, or for versions as people write them.
#[must_use]
pub(crate) fn knows_object(op: &str) -> bool {
    matches!(
        op,
        "before"
            | "after"
            | "versionEquals"
            | "versionGreaterThan"
            | "versionGreaterOrEqual"
            | "versionLessThan"
            | "versionLessOrEqual"
            | "versionMatches"
    )
}

/// Whether the operator is one of these.
#[must_use]
pub fn knows(op: &str) -> bool {
    matches!(
        op,
        "isNull"
            | "isEmpty"
            | "hasType"
            | "between"
            | "modulo"
            | "sizeEquals"
            | "sizeAtLeast"
            | "sizeAtMost"
            | "containsAny"
            | "containsAll"
            | "setEquals"
            | "subsetOf"
            | "supersetOf"
            | "anyElement"
            | "everyElement"
            | "inNetwork"
            | "equalsHashed"
            | "urlMatches"
            | "versionIn"
            | "versionBetween"
            | "timeBetween"
            | "withinLast"
            | "withinNext"
            | "olderThan"
            | "dayOfWeek"
            | "timeOfDay"
    )
}

/// The operator that a source means.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let attribute = source.attribute.clone();
    let attribute = attribute.ok_or("the operator needs an \"attribute\"")?;
    let check = check(&source.op, &source.value)?
        .ok_or_else(|| unfit!("unknown operator \"{}\"", source.op))?;
    Ok(Arc::new(Test { attribute, check }))
}

/// The check of an operator; `None` when it is none of ours.
fn check(op: &str, operand: &Value) -> Result<Option<Check>, Unfit> {
    let check = match op {
        "isNull" => Box::new(|value: &Value, _| matches!(value, Value::Null)) as Check,
        "isEmpty" | "hasType" | "between" | "modulo" | "sizeEquals" | "sizeAtLeast"
        | "sizeAtMost" => measure::check(op, operand)?,
        "containsAny" | "containsAll" | "setEquals" | "subsetOf" | "supersetOf" => {
            sets::check(op, operand)?
        }
        "anyElement" | "everyElement" => elements::check(op, operand)?,
        "inNetwork" => network::check(operand)?,
        "equalsHashed" => hashed::check(operand)?,
        "urlMatches" => url::check(operand)?,
        "versionIn"
        | "versionBetween"
        | "versionEquals"
        | "versionGreaterThan"
        | "versionGreaterOrEqual"
        | "versionLessThan"
        | "versionLessOrEqual"
        | "versionMatches" => versions::check(op, operand)?,
        "timeBetween" | "withinLast" | "withinNext" | "olderThan" | "before" | "after" => {
            times::check(op, operand)?
        }
        "dayOfWeek" | "timeOfDay" => clock::check(op, operand)?,
        _ => return Ok(None),
    };
    if !knows_object(op) {
        return Ok(Some(check));
    }
    // As everyday operators, these look at the elements of a list.
    Ok(Some(Box::new(move |value, at| match value {
        Value::List(elements) => elements.iter().any(|element| check(element, at)),
        value => check(value, at),
    })))
}

/// An attribute and what it has to be like.
struct Test {
    attribute: Attribute,
    check: Check,
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.attribute.fmt(f)
    }
}

impl ForeignTest for Test {
    fn holds(&self, view: &View<'_>) -> Answer {
        let holds = match found(view.context, &self.attribute) {
            Some(value) => (self.check)(value, view.at),
            None if self.attribute.names().eq([NOW]) => {
                (self.check)(&Value::from(view.at.0), view.at)
            }
            None => false,
        };
        Ok(holds.into())
    }
}

/// The attribute's value, null included.
fn found<'c>(context: &'c EvaluationContext, attribute: &Attribute) -> Option<&'c Value> {
    let mut names = attribute.names();
    let first = context.attribute(names.next()?)?;
    names.try_fold(first, |value, name| value.member(name))
}

/// A list as an operand; a single value is a list of one.
fn list(operand: &Value) -> Result<&[Value], Unfit> {
    let items = match operand {
        Value::List(items) => items,
        Value::Null => return Err("the operator needs a \"value\"".into()),
        single => std::slice::from_ref(single),
    };
    let max = crate::compile::limits::LIST_LENGTH_MAX;
    if items.len() > max {
        return Err(unfit!(
            "the list has {} values; at most {max} are allowed",
            items.len()
        ));
    }
    Ok(items)
}

/// A list of texts as an operand.
fn texts(operand: &Value) -> Result<Box<[Box<str>]>, Unfit> {
    let texts = list(operand)?
        .iter()
        .map(|item| item.as_str().map(Into::into));
    let texts: Option<_> = texts.collect();
    texts.ok_or_else(|| "the operator needs a string or a list of strings".into())
}

/// A member of an object as an operand.
fn member<'o>(operand: &'o Value, name: &str, form: &str) -> Result<&'o Value, Unfit> {
    let found = operand.member(name);
    found.ok_or_else(|| unfit!("the operator needs a value such as {form}"))
}
