//! The evaluation context: who asks, from where, with which attributes.
//!
//! Names are hashed once, when the context is built; conditions carry the hash of the name they
//! look for, so that a look-up compares integers and only then text.

use crate::value::Value;
use xxhash_rust::xxh3::xxh3_64;

/// The attribute under which the targeting key can be used in conditions and bucketing.
pub const TARGETING_KEY: &str = "targetingKey";

/// A reference to an attribute: a top-level name, then names of members inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    hash: u64,
    name: Box<str>,
    path: Box<[Box<str>]>,
}

impl Attribute {
    /// The attribute `name`, taken literally: dots and slashes have no meaning.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::nested(name, std::iter::empty())
    }

    /// The member reached from `name` through `path`.
    #[must_use]
    pub fn nested<'p>(name: &str, path: impl IntoIterator<Item = &'p str>) -> Self {
        Self {
            hash: xxh3_64(name.as_bytes()),
            name: name.into(),
            path: path.into_iter().map(Into::into).collect(),
        }
    }

    /// The targeting key.
    #[must_use]
    pub fn targeting_key() -> Self {
        Self::named(TARGETING_KEY)
    }

    /// Whether this is the targeting key itself.
    #[must_use]
    pub fn is_targeting_key(&self) -> bool {
        &*self.name == TARGETING_KEY && self.path.is_empty()
    }

    /// The first name and the names below it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.path.iter().map(|name| &**name))
    }
}

/// `country`, or `user › plan` for a nested attribute.
impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        self.path.iter().try_for_each(|name| write!(f, " › {name}"))
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    hash: u64,
    name: Box<str>,
    value: Value,
}

/// Attributes by name, among them the targeting key where there is one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EvaluationContext {
    entries: Vec<Entry>,
    actions: Vec<Action>,
}

/// Something a policy may choose for this request.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its name, unique in the request.
    pub name: Box<str>,
    /// What is known of it.
    pub attributes: EvaluationContext,
}

impl EvaluationContext {
    /// A context without targeting key or attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same context with that targeting key.
    #[must_use]
    pub fn with_targeting_key(self, key: &str) -> Self {
        self.with(TARGETING_KEY, key)
    }

    /// The same context with that attribute; an earlier value of the name is replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value.into());
        self
    }

    /// Puts an attribute; an earlier value of the name is replaced.
    pub fn set(&mut self, name: &str, value: Value) {
        let hash = xxh3_64(name.as_bytes());
        match self
            .entries
            .iter_mut()
            .find(|entry| entry.hash == hash && &*entry.name == name)
        {
            Some(entry) => entry.value = value,
            None => self.entries.push(Entry {
                hash,
                name: name.into(),
                value,
            }),
        }
    }

    /// The actions this request offers to policies, in the order they were put.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Offers an action; an earlier one of the name is replaced.
    pub fn offer(&mut self, action: Action) {
        match self
            .actions
            .iter_mut()
            .find(|other| other.name == action.name)
        {
            Some(other) => *other = action,
            None => self.actions.push(action),
        }
    }

    /// The attribute of that name, null included; its members are not looked into.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.top(xxh3_64(name.as_bytes()), name)
    }

    /// The targeting key, when there is one and it is text.
    #[must_use]
    pub fn targeting_key(&self) -> Option<&str> {
        self.top(xxh3_64(TARGETING_KEY.as_bytes()), TARGETING_KEY)?
            .as_str()
    }

    /// The attribute's value; `None` when it, or a step on the way to it, is absent or null.
    #[must_use]
    pub fn get(&self, attribute: &Attribute) -> Option<&Value> {
        let mut value = self.top(attribute.hash, &attribute.name)?;
        for name in &attribute.path {
            value = value.member(name)?;
        }
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// Names and values, in the order they were put.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries
            .iter()
            .map(|entry| (&*entry.name, &entry.value))
    }

    fn top(&self, hash: u64, name: &str) -> Option<&Value> {
        self.entries
            .iter()
            .find(|entry| entry.hash == hash && &*entry.name == name)
            .map(|entry| &entry.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_plain_nested_and_oddly_named_attributes() {
        let plan = Value::Object([("plan".into(), "pro".into())].into());
        let context = EvaluationContext::new()
            .with_targeting_key("ana")
            .with("user", plan)
            .with("a.b/c", 1)
            .with("none", Value::Null);
        assert_eq!(context.targeting_key(), Some("ana"));
        let nested = Attribute::nested("user", ["plan"]);
        assert_eq!(context.get(&nested), Some(&"pro".into()));
        assert_eq!(context.get(&Attribute::named("a.b/c")), Some(&1.into()));
        assert_eq!(context.get(&Attribute::named("none")), None);
        assert_eq!(
            context.get(&Attribute::nested("user", ["plan", "deeper"])),
            None
        );
    }

    #[test]
    fn the_last_value_of_a_name_counts() {
        let context = EvaluationContext::new().with("x", 1).with("x", 2);
        assert_eq!(context.get(&Attribute::named("x")), Some(&2.into()));
        assert_eq!(context.iter().count(), 1);
    }
}
