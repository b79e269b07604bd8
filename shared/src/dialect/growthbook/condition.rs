//! Whole conditions: what each attribute has to be like, and how that is put together.

use super::check::Check;
use crate::context::{Attribute, EvaluationContext};
use crate::value::Value;
use std::borrow::Cow;

/// The attribute for which the targeting key stands in.
const ID: &str = "id";

/// A condition over attributes, or over members of a value.
#[derive(Debug)]
pub(super) enum Condition {
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Not(Box<Condition>),
    At(Path, Check),
}

impl Condition {
    /// The condition that an object means; of anything else, one that never holds.
    pub(super) fn read(value: &Value) -> Self {
        let Value::Object(members) = value else {
            return Self::Any([].into());
        };
        let parts = members.iter().map(|(name, operand)| match &**name {
            "$and" => Self::All(conditions(operand)),
            "$or" => Self::any(operand),
            "$nor" => Self::Not(Box::new(Self::any(operand))),
            "$not" => Self::Not(Box::new(Self::read(operand))),
            path => Self::At(Path::dotted(path), Check::read(operand)),
        });
        Self::All(parts.collect())
    }

    /// One of these; none at all is as good as one.
    fn any(operand: &Value) -> Self {
        let parts = conditions(operand);
        if parts.is_empty() {
            Self::All(parts)
        } else {
            Self::Any(parts)
        }
    }

    /// Whether it holds.
    pub(super) fn holds(&self, root: Root<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(root)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(root)),
            Self::Not(part) => !part.holds(root),
            Self::At(path, check) => check.holds(&path.find(root)),
        }
    }
}

/// The conditions of a list; what is no list counts as an empty one.
fn conditions(operand: &Value) -> Box<[Condition]> {
    match operand {
        Value::List(items) => items.iter().map(Condition::read).collect(),
        _ => Box::default(),
    }
}

/// Where paths begin.
#[derive(Debug, Clone, Copy)]
pub(super) enum Root<'v> {
    Context(&'v EvaluationContext),
    Value(&'v Value),
}

/// A way to a value: names of members, or positions in lists.
#[derive(Debug)]
pub(super) struct Path {
    first: Attribute,
    names: Box<[Box<str>]>,
    /// Stands in for the attribute where the context has none of that name.
    or: Option<Attribute>,
}

impl Path {
    /// Names separated by dots.
    fn dotted(path: &str) -> Self {
        Self::new(path.split('.'))
    }

    /// The same way as an attribute's.
    pub(super) fn to(attribute: &Attribute) -> Self {
        Self::new(attribute.names())
    }

    fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names: Box<[Box<str>]> = names.map(Into::into).collect();
        let first = names.first().map_or("", |name| &**name);
        Self {
            first: Attribute::named(first),
            or: (first == ID && names.len() == 1).then(Attribute::targeting_key),
            names,
        }
    }

    /// The value at the end of the way; null where the way ends before.
    pub(super) fn find<'v>(&self, root: Root<'v>) -> Cow<'v, Value> {
        let mut rest = self.names.iter();
        let mut found = match root {
            Root::Value(value) => Some(Cow::Borrowed(value)),
            Root::Context(context) => {
                rest.next();
                self.attribute(context).map(Cow::Borrowed)
            }
        };
        for name in rest {
            // Only the length of a list is made on the way, and a number has no members.
            found = match found {
                Some(Cow::Borrowed(value)) => step(value, name),
                _ => None,
            };
        }
        found.unwrap_or(Cow::Owned(Value::Null))
    }

    fn attribute<'v>(&self, context: &'v EvaluationContext) -> Option<&'v Value> {
        let found = context.get(&self.first);
        match &self.or {
            Some(or) if found.is_none() && context.attribute(ID).is_none() => context.get(or),
            _ => found,
        }
    }
}

/// One step into a value.
fn step<'v>(inside: &'v Value, name: &str) -> Option<Cow<'v, Value>> {
    let Value::List(items) = inside else {
        return inside.member(name).map(Cow::Borrowed);
    };
    if name == "length" {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        return Some(Cow::Owned(length.into()));
    }
    let index: usize = name.parse().ok()?;
    // Neither "+1" nor "01" is a position.
    (index.to_string() == name)
        .then(|| items.get(index))?
        .map(Cow::Borrowed)
}
