//! Attributes that may decide and never leave: what is said of a context without them.
//!
//! A ruleset names them. Conditions and bucketing use them as any other; explanations, pages,
//! entity tags and failures say nothing of their values.

use crate::context::{Attribute, EvaluationContext};
use crate::value::Value;
use std::borrow::Cow;

/// Most private attributes of a ruleset.
pub const PRIVATE_MAX: usize = 100;

/// The attributes that a ruleset declares private; each with all that is inside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Private(Box<[Attribute]>);

impl Private {
    /// These attributes.
    #[must_use]
    pub fn new(attributes: impl IntoIterator<Item = Attribute>) -> Self {
        Self(attributes.into_iter().collect())
    }

    /// The attributes as they are declared.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.0
    }

    /// Whether nothing is private.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the attribute is private, lies in one that is, or has one inside. Where it belongs
    /// to a kind of entity, the entity's own name before it counts too.
    #[must_use]
    pub fn covers(&self, attribute: &Attribute) -> bool {
        let meets = |names: &[&str]| {
            let meets = |declared: &Attribute| declared.names().zip(names).all(|(a, b)| a == *b);
            self.0.iter().any(meets)
        };
        let names: Vec<&str> = attribute.names().collect();
        let of_kind = |kind| meets(&[&[kind], &*names].concat());
        meets(&names) || attribute.kind().is_some_and(of_kind)
    }

    /// The context's attributes without what is private, in the order they were put.
    pub fn shown<'c>(
        &self,
        context: &'c EvaluationContext,
    ) -> impl Iterator<Item = (&'c str, Cow<'c, Value>)> {
        context.iter().filter_map(|(name, value)| {
            let paths = self.0.iter().filter_map(|declared| {
                let mut names = declared.names();
                (names.next()? == name).then(|| names.collect::<Vec<&str>>())
            });
            let paths: Vec<Vec<&str>> = paths.collect();
            without(value, &paths).map(|value| (name, value))
        })
    }
}

/// The value without what lies at the paths; nothing when the value itself is meant.
fn without<'v>(value: &'v Value, paths: &[Vec<&str>]) -> Option<Cow<'v, Value>> {
    if paths.iter().any(Vec::is_empty) {
        return None;
    }
    let (Value::Object(members), false) = (value, paths.is_empty()) else {
        return Some(Cow::Borrowed(value));
    };
    let member = |(name, member): &(Box<str>, Value)| {
        let inside = paths.iter().filter_map(|path| match path.split_first() {
            Some((first, rest)) if **first == **name => Some(rest.to_vec()),
            _ => None,
        });
        let kept = without(member, &inside.collect::<Vec<_>>())?;
        Some((name.clone(), kept.into_owned()))
    };
    let kept = members.iter().filter_map(member).collect();
    Some(Cow::Owned(Value::Object(kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> Private {
        Private::new([
            Attribute::named("email"),
            Attribute::nested("user", ["address", "street"]),
        ])
    }

    #[test]
    fn covers_what_is_declared_and_what_lies_in_or_around_it() {
        let check = |attribute: Attribute, expected: bool| {
            assert_eq!(private().covers(&attribute), expected, "{attribute}");
        };
        check(Attribute::named("email"), true);
        check(Attribute::nested("email", ["domain"]), true);
        check(Attribute::named("user"), true);
        check(
            Attribute::nested("user", ["address", "street", "name"]),
            true,
        );
        check(Attribute::nested("user", ["address", "city"]), false);
        check(Attribute::named("plan"), false);
        check(Attribute::named("email").of("user"), true);
        check(Attribute::nested("address", ["street"]).of("user"), true);
        check(Attribute::nested("address", ["street"]).of("org"), false);
        check(Attribute::targeting_key(), false);
    }

    #[test]
    fn shows_a_context_without_it() {
        let object = |members: &[(&str, Value)]| {
            let members = members
                .iter()
                .map(|(name, value)| ((*name).into(), value.clone()));
            Value::Object(members.collect())
        };
        let address = object(&[("street", "secret".into()), ("city", "Bilbao".into())]);
        let context = EvaluationContext::new()
            .with_targeting_key("ana")
            .with("email", "secret@example.com")
            .with(
                "user",
                object(&[("address", address), ("plan", "pro".into())]),
            );
        let city = object(&[("city", "Bilbao".into())]);
        let shown: Vec<(&str, Value)> = private()
            .shown(&context)
            .map(|(name, value)| (name, value.into_owned()))
            .collect();
        assert_eq!(
            shown,
            [
                ("targetingKey", "ana".into()),
                ("user", object(&[("address", city), ("plan", "pro".into())])),
            ]
        );
        assert_eq!(Private::default().shown(&context).count(), 3);
        // A private member of what is no object is nothing to hide.
        let text = EvaluationContext::new().with("user", "ana");
        assert_eq!(private().shown(&text).count(), 1);
    }
}
