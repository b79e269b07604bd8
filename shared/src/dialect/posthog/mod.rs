//! `PostHog`: filters over properties of a person or of a group, and what cannot be told.
//!
//! A property that the context lacks leaves a filter undecided, negated or not; null fails nearly
//! every filter. Filters work as where flags are evaluated locally, which is what SDKs agree on.

mod date;
mod matching;
#[cfg(test)]
mod tests;
mod version;

use super::{ForeignTest, Source, View};
use crate::context::{Attribute, EvaluationContext, TARGETING_KEY};
use crate::dialect::Unfit;
use crate::evaluation::{ErrorCode, Failure};
use crate::truth::Truth;
use crate::value::Value;
use matching::Matching;
use std::sync::Arc;

/// Under this name a filter asks for the person's own key.
const DISTINCT_ID: &str = "distinct_id";

/// Under this one for that of a group.
const GROUP_KEY: &str = "$group_key";

/// A filter; or one of those that stand for what is no filter of a property: `identifies` (there
/// is something to tell subjects apart by), `flag_evaluates_to` (of another flag's value),
/// `unknown` and `server`.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let property = || {
        let attribute = source.attribute.as_ref();
        let attribute = attribute.ok_or("a filter names a property")?;
        Property::new(attribute)
    };
    Ok(match &*source.op {
        "identifies" => Arc::new(Identifies(property()?)),
        "flag_evaluates_to" => Arc::new(Expected(source.value.clone())),
        "unknown" => Arc::new(Unknown),
        "server" => Arc::new(Server(source.value.as_str().unwrap_or_default().into())),
        operator => Arc::new(Filter {
            property: property()?,
            matching: Matching::new(operator, &source.value)?,
        }),
    })
}

/// Where a property is looked for.
#[derive(Debug)]
struct Property {
    /// The group's type; the person where absent.
    of: Option<Box<str>>,
    name: Box<str>,
}

impl Property {
    fn new(attribute: &Attribute) -> Result<Self, Unfit> {
        let mut names = attribute.names();
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(Self {
                of: attribute.kind().map(Into::into),
                name: name.into(),
            }),
            _ => Err("a property has one name".into()),
        }
    }

    /// The property's value, null included.
    fn find<'c>(&self, context: &'c EvaluationContext) -> Option<&'c Value> {
        let is_several = context.attribute("kind").and_then(Value::as_str) == Some("multi");
        let of = match (&self.of, is_several) {
            (None, true) => Some("user"),
            (Some(of), _) => Some(&**of),
            (None, false) => None,
        };
        let lookup = |name: &str| match of {
            None => context.attribute(name),
            Some(of) if is_several => context.attribute(of)?.member(name),
            Some(of) => context.describes(of).then(|| context.attribute(name))?,
        };
        let key = if self.of.is_some() {
            GROUP_KEY
        } else {
            DISTINCT_ID
        };
        lookup(&self.name).or_else(|| lookup(TARGETING_KEY).filter(|_| *self.name == *key))
    }
}

#[derive(Debug)]
struct Filter {
    property: Property,
    matching: Matching,
}

impl ForeignTest for Filter {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let found = self.property.find(view.context);
        Ok(self.matching.holds(found, view.at))
    }
}

/// The property is there, and neither null nor empty.
#[derive(Debug)]
struct Identifies(Property);

impl ForeignTest for Identifies {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let found = self.0.find(view.context);
        let is_empty = |value: &Value| *value == Value::Null || value.as_str() == Some("");
        Ok(found.is_some_and(|value| !is_empty(value)).into())
    }
}

/// What another flag must come to: `true` any of its variants, `false` none, a text that variant,
/// null anything that can be told. It is asked as the attribute `value`, null where it cannot.
#[derive(Debug)]
struct Expected(Value);

impl ForeignTest for Expected {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let found = match view.context.attribute("value") {
            None | Some(Value::Null) => return Ok(Truth::Unknown),
            Some(found) => found,
        };
        let is_variant = found.as_str().is_some_and(|variant| !variant.is_empty());
        let holds = match &self.0 {
            Value::Null => true,
            Value::Bool(wanted) => *found == self.0 || (is_variant && *wanted),
            Value::String(_) => *found == self.0,
            _ => false,
        };
        Ok(holds.into())
    }
}

/// Something that cannot be told here.
#[derive(Debug)]
struct Unknown;

impl ForeignTest for Unknown {
    fn holds(&self, _view: &View<'_>) -> Result<Truth, Box<Failure>> {
        Ok(Truth::Unknown)
    }
}

/// Something that only `PostHog`'s servers know: whoever comes to it gives up on the flag.
#[derive(Debug)]
struct Server(Box<str>);

impl ForeignTest for Server {
    fn holds(&self, _view: &View<'_>) -> Result<Truth, Box<Failure>> {
        Err(Failure::new(ErrorCode::General, self.0.clone()))
    }
}
