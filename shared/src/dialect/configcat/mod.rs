//! ConfigCat: comparators of user conditions, hashed ones among them.
//!
//! What cannot be evaluated (a missing attribute, a number that is none) is unknown and not false:
//! the rule is passed over, whether the comparator is a negated one or not. Text is compared as
//! it is; numbers, dates and versions are trimmed first.

mod check;
mod hashed;
#[cfg(test)]
mod tests;

use super::{ForeignTest, Source, View};
use crate::condition::Answer;
use crate::context::Attribute;
use crate::dialect::Unfit;
use crate::evaluation::{ErrorCode, Failure};
use crate::truth::Truth;
use crate::value::Value;
use check::Check;
use std::sync::Arc;

/// The condition that a source means: `op` is the comparator's name, `value` its comparand.
///
/// `fails` gives up on the flag, as ConfigCat does where a configuration makes no sense; `value`
/// says why.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    if &*source.op == "fails" {
        let detail = source.value.as_str();
        return Ok(Arc::new(Fails {
            attribute: source.attribute.clone(),
            detail: detail.ok_or("\"fails\" takes a text that says why")?.into(),
        }));
    }
    let attribute = source.attribute.clone();
    Ok(Arc::new(Condition {
        attribute: attribute.ok_or("a condition of ConfigCat names an \"attribute\"")?,
        check: Check::parse(&source.op, &source.value)?,
    }))
}

#[derive(Debug)]
struct Condition {
    attribute: Attribute,
    check: Check,
}

impl ForeignTest for Condition {
    fn holds(&self, view: &View<'_>) -> Answer {
        let truth = present(view, &self.attribute).and_then(|value| self.check.holds(value));
        Ok(truth.map_or(Truth::Unknown, Truth::from))
    }
}

/// What makes no sense fails, once it is looked at.
#[derive(Debug)]
struct Fails {
    attribute: Option<Attribute>,
    detail: Box<str>,
}

impl ForeignTest for Fails {
    fn holds(&self, view: &View<'_>) -> Answer {
        match &self.attribute {
            Some(attribute) if present(view, attribute).is_none() => Ok(Truth::Unknown),
            _ => Err(Failure::new(ErrorCode::ParseError, self.detail.clone())),
        }
    }
}

/// The attribute's value; an empty text counts as absent.
fn present<'v>(view: &View<'v>, attribute: &Attribute) -> Option<&'v Value> {
    let value = view.context.get(attribute)?;
    (value.as_str() != Some("")).then_some(value)
}
