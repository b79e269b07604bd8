//! The evaluation context: who asks, from where, with which attributes.
//!
//! Names are hashed once, when the context is built; conditions carry the hash of the name they
//! look for, so that a look-up finds its place by the hash and only then compares text. Texts that
//! are plain versions are read once, too.

mod name;
#[cfg(test)]
mod tests;

use crate::value::Value;
use crate::version::PlainVersion;
#[cfg(feature = "dialects")]
pub(crate) use name::TopName;
use name::{hash_of, is_named};
use std::sync::Arc;

/// The attribute under which the targeting key can be used in conditions and bucketing.
pub const TARGETING_KEY: &str = "targetingKey";

/// The attribute that says what kind of entity a context describes.
const KIND: &str = "kind";

/// The kind of a context that names none.
pub const DEFAULT_KIND: &str = "user";

/// The kind of a context that describes several entities, each under the name of its own kind.
const SEVERAL: &str = "multi";

/// A reference to an attribute: a top-level name, then names of members inside it. It may be that
/// of a certain kind of entity; a context that describes no such entity lacks it.
///
/// One that a ruleset has interned has a slot in it: see [`Attributes`].
#[derive(Clone)]
pub struct Attribute {
    names: Arc<Names>,
    slot: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    kind: Option<Box<str>>,
    hash: u64,
    name: Box<str>,
    path: Box<[Box<str>]>,
    /// Whether it is the targeting key itself.
    is_unit: bool,
}

impl Names {
    /// What the path leads to from the value of the first name.
    fn below<'v>(&self, mut value: &'v Value) -> Option<&'v Value> {
        for name in &self.path {
            value = value.member(name)?;
        }
        Some(value)
    }
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
        let path: Box<[Box<str>]> = path.into_iter().map(Into::into).collect();
        Self {
            names: Arc::new(Names {
                kind: None,
                hash: hash_of(name),
                name: name.into(),
                is_unit: name == TARGETING_KEY && path.is_empty(),
                path,
            }),
            slot: NO_SLOT,
        }
    }

    /// The targeting key.
    #[must_use]
    pub fn targeting_key() -> Self {
        Self::named(TARGETING_KEY)
    }

    /// The same attribute of the entity of that kind.
    #[must_use]
    pub fn of(mut self, kind: &str) -> Self {
        let names = Arc::make_mut(&mut self.names);
        names.kind = Some(kind.into());
        names.is_unit = false;
        self.slot = NO_SLOT;
        self
    }

    /// The kind of entity it belongs to, where it says so.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.names.kind.as_deref()
    }

    /// Whether this is the targeting key itself.
    #[must_use]
    pub fn is_targeting_key(&self) -> bool {
        self.names.is_unit
    }

    /// The first name and the names below it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.names.name).chain(self.names.path.iter().map(|name| &**name))
    }
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

impl Eq for Attribute {}

impl std::fmt::Debug for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attribute({self})")
    }
}

/// How many attributes of a ruleset have slots: more than most ask about.
pub(crate) const SLOTS_MAX: usize = 64;

/// The slot of an attribute that has none.
const NO_SLOT: u8 = u8::MAX;

/// The first attributes that a ruleset asks about by a top-level name, each once. The place of one
/// here is its slot; who evaluates many flags finds each of them in the context once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes(Vec<Attribute>);

impl Attributes {
    /// No attribute.
    #[cfg(test)]
    pub(crate) const NONE: Self = Self(Vec::new());

    /// The same attribute, sharing its names with the others of the ruleset.
    pub(crate) fn intern(&mut self, attribute: Attribute) -> Attribute {
        let hash = attribute.names.hash;
        let mut known = self.0.iter();
        if let Some(known) = known.find(|it| it.names.hash == hash && **it == attribute) {
            return known.clone();
        }
        if self.0.len() >= SLOTS_MAX || !attribute.names.is_top() {
            return attribute;
        }
        let slot = self.0.len() as u8;
        let attribute = Attribute { slot, ..attribute };
        self.0.push(attribute.clone());
        attribute
    }

    /// The top-level attribute of that name, made only where the ruleset has not named it before.
    pub(crate) fn named(&mut self, name: &str) -> Attribute {
        let hash = hash_of(name);
        let is_it =
            |known: &&Attribute| known.names.hash == hash && is_named(&known.names.name, name);
        match self.0.iter().find(is_it) {
            Some(known) => known.clone(),
            None => self.intern(Attribute::named(name)),
        }
    }

    /// The attribute in that slot.
    pub(crate) fn get(&self, slot: usize) -> Option<&Attribute> {
        self.0.get(slot)
    }

    /// All of them, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.0.iter()
    }
}

impl Attribute {
    /// Its slot in the ruleset it belongs to.
    pub(crate) fn slot(&self) -> Option<usize> {
        (self.slot != NO_SLOT).then_some(self.slot.into())
    }
}

impl Names {
    /// Whether it is a top-level name of whatever entity.
    fn is_top(&self) -> bool {
        self.kind.is_none() && self.path.is_empty()
    }
}

/// `country`, or `user › plan` for a nested attribute, or `org: plan` for one of an `org`.
impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Names {
            kind, name, path, ..
        } = &*self.names;
        if let Some(kind) = kind {
            write!(f, "{kind}: ")?;
        }
        f.write_str(name)?;
        path.iter().try_for_each(|name| write!(f, " › {name}"))
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    hash: u64,
    name: Box<str>,
    value: Value,
    version: Option<PlainVersion>,
}

/// A value, and what was made of it when it was put.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen<'c> {
    /// The value.
    pub(crate) value: &'c Value,
    /// The plain version that it is; a version of another form, or deep inside, still has to be
    /// read.
    pub(crate) version: Option<PlainVersion>,
}

/// A value of which nothing is known yet.
impl<'c> From<&'c Value> for Seen<'c> {
    fn from(value: &'c Value) -> Self {
        Self {
            value,
            version: None,
        }
    }
}

impl Entry {
    /// The value, unless it is null.
    #[inline]
    fn seen(&self) -> Option<Seen<'_>> {
        (!matches!(self.value, Value::Null)).then_some(Seen {
            value: &self.value,
            version: self.version,
        })
    }

    #[expect(
        clippy::inline_always,
        reason = "one comparison, which a Worker built small would call"
    )]
    #[inline(always)]
    fn is(&self, hash: u64, name: &str) -> bool {
        self.hash == hash && is_named(&self.name, name)
    }
}

/// Attributes by name, among them the targeting key where there is one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EvaluationContext {
    entries: Vec<Entry>,
    /// Places of entries, from 1, each at or after where the low bits of its hash point to; 0 is
    /// free. Its length is a power of two, at least twice the number of entries.
    places: Box<[u32]>,
    /// The place of the targeting key, which almost every evaluation asks for, from 1.
    unit: u32,
    actions: Vec<Action>,
}

/// Length of the first table of places: eight attributes are what most contexts have at least.
const PLACES_MIN: usize = 16;

/// Where a context describes an entity.
enum Entity<'c> {
    /// All of it does.
    Whole,
    /// This object does.
    Part(&'c Value),
}

/// Where a context has the attributes of a ruleset, by slot.
#[derive(Debug, Clone)]
pub(crate) struct Found<'c> {
    entries: [Option<&'c Entry>; SLOTS_MAX],
}

impl<'c> Found<'c> {
    /// Looks for all of them.
    pub(crate) fn of(attributes: &Attributes, context: &'c EvaluationContext) -> Self {
        let mut entries = [None; SLOTS_MAX];
        for (attribute, entry) in attributes.iter().zip(&mut entries) {
            let names = &*attribute.names;
            *entry = context.entry(names.hash, &names.name);
        }
        Self { entries }
    }
}

/// A context, and where in it the attributes of the ruleset are, if somebody has looked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gaze<'c> {
    pub(crate) context: &'c EvaluationContext,
    pub(crate) found: Option<&'c Found<'c>>,
}

impl<'c> Gaze<'c> {
    /// The attribute's value; `None` when it, or a step on the way to it, is absent or null.
    #[inline]
    pub(crate) fn look(self, attribute: &Attribute) -> Option<Seen<'c>> {
        let slots = self.found.map(|found| &found.entries);
        match slots.and_then(|slots| slots.get(usize::from(attribute.slot))) {
            Some(entry) => (*entry)?.seen(),
            None => self.context.look(attribute),
        }
    }
}

/// No attribute of the ruleset has that slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownSlot;

impl<'c> Gaze<'c> {
    /// The value of the ruleset's attribute in that slot, as [`Gaze::look`] finds it.
    #[inline]
    pub(crate) fn look_into(
        self,
        slot: usize,
        attributes: &Attributes,
    ) -> Result<Option<Seen<'c>>, UnknownSlot> {
        match self.found {
            Some(found) => {
                let entry = found.entries.get(slot).ok_or(UnknownSlot)?;
                Ok(entry.and_then(Entry::seen))
            }
            None => Ok(self.context.look(attributes.get(slot).ok_or(UnknownSlot)?)),
        }
    }
}

impl<'c> From<&'c EvaluationContext> for Gaze<'c> {
    fn from(context: &'c EvaluationContext) -> Self {
        Self {
            context,
            found: None,
        }
    }
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
        let hash = hash_of(name);
        let version = value.as_str().and_then(PlainVersion::parse);
        let place = self.place(hash, name);
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            (entry.value, entry.version) = (value, version);
            return;
        }
        self.entries.push(Entry {
            hash,
            name: name.into(),
            value,
            version,
        });
        if name == TARGETING_KEY {
            self.unit = self.entries.len() as u32;
        }
        if 2 * self.entries.len() > self.places.len() {
            let length = PLACES_MIN.max(2 * self.places.len());
            self.places = vec![0; length].into();
            for (entry, number) in self.entries.iter().zip(1..) {
                take_place(&mut self.places, entry.hash, number);
            }
        } else {
            take_place(&mut self.places, hash, self.entries.len() as u32);
        }
    }

    /// The actions this request offers to policies, in the order they were put.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Offers an action in place of one of its name, which becomes its targeting key.
    pub fn offer(&mut self, mut action: Action) {
        let name = Value::from(&*action.name);
        action.attributes.set(TARGETING_KEY, name);
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
        self.top(hash_of(name), name)
    }

    /// The targeting key, when there is one and it is text.
    #[must_use]
    pub fn targeting_key(&self) -> Option<&str> {
        self.unit()?.value.as_str()
    }

    /// The attribute's value; `None` when it, or a step on the way to it, is absent or null.
    #[must_use]
    pub fn get(&self, attribute: &Attribute) -> Option<&Value> {
        let names = &*attribute.names;
        let value = if names.is_top() {
            &self.entry(names.hash, &names.name)?.value
        } else {
            self.look_inside(names)?
        };
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// The value of that name, for who asks for one after the other: contexts mostly name them in
    /// the order of those who ask. `next` is the place behind that of the last one, at first
    /// [`Self::after_unit`].
    #[cfg(feature = "dialects")]
    #[inline]
    pub(crate) fn get_next(&self, name: &TopName, next: &mut usize) -> Option<&Value> {
        let entry = self.entries.get(*next);
        let Some(entry) = entry.filter(|entry| entry.is(name.hash, &name.name)) else {
            return self.seek(name, next);
        };
        *next += 1;
        (!matches!(entry.value, Value::Null)).then_some(&entry.value)
    }

    /// The place behind that of the targeting key, which mostly is the first.
    #[cfg(feature = "dialects")]
    pub(crate) fn after_unit(&self) -> usize {
        self.unit as usize
    }

    /// The same for a name that is not the next one.
    #[cfg(feature = "dialects")]
    #[inline(never)]
    fn seek(&self, name: &TopName, next: &mut usize) -> Option<&Value> {
        let place = self.place(name.hash, &name.name)?;
        *next = place + 1;
        let value = &self.entries.get(place)?.value;
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// The same, with what is known of the value.
    #[inline]
    pub(crate) fn look(&self, attribute: &Attribute) -> Option<Seen<'_>> {
        let names = &*attribute.names;
        if names.is_unit {
            return self.unit()?.seen();
        }
        if names.is_top() {
            return self.entry(names.hash, &names.name)?.seen();
        }
        let value = self.look_inside(names)?;
        (!matches!(value, Value::Null)).then_some(value.into())
    }

    fn look_inside(&self, names: &Names) -> Option<&Value> {
        let top = || self.top(names.hash, &names.name);
        let value = match names.kind.as_deref() {
            None => top()?,
            Some(kind) => match self.entity(kind)? {
                Entity::Whole => top()?,
                Entity::Part(part) => part.member(&names.name)?,
            },
        };
        names.below(value)
    }

    /// The value of an attribute of what this context describes, whatever kind of entity that is
    /// said to be; `None` when it, or a step on the way to it, is absent or null.
    pub(crate) fn own(&self, attribute: &Attribute) -> Option<&Value> {
        let names = &*attribute.names;
        let value = names.below(self.top(names.hash, &names.name)?)?;
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// Whether the context describes an entity of that kind.
    ///
    /// Its attribute `kind` names its kind, `user` where there is none. A context of the kind
    /// `multi` describes several entities: objects, under the names of their kinds.
    #[must_use]
    pub fn describes(&self, kind: &str) -> bool {
        self.entity(kind).is_some()
    }

    /// Kinds of the entities that the context describes.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        let own = self.own_kind();
        let is_single = own != SEVERAL;
        let parts = self
            .iter()
            .filter(move |(_, value)| !is_single && matches!(value, Value::Object(_)));
        let single = is_single.then_some(own);
        single.into_iter().chain(parts.map(|(name, _)| name))
    }

    fn own_kind(&self) -> &str {
        let named = self.attribute(KIND).and_then(Value::as_str);
        named.unwrap_or(DEFAULT_KIND)
    }

    fn entity(&self, kind: &str) -> Option<Entity<'_>> {
        let own = self.own_kind();
        if own == SEVERAL {
            let part = self.attribute(kind)?;
            return matches!(part, Value::Object(_)).then_some(Entity::Part(part));
        }
        (own == kind).then_some(Entity::Whole)
    }

    /// Names and values, in the order they were put.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries
            .iter()
            .map(|entry| (&*entry.name, &entry.value))
    }

    /// The entry of the targeting key.
    #[inline]
    fn unit(&self) -> Option<&Entry> {
        self.entries.get((self.unit as usize).checked_sub(1)?)
    }

    fn top(&self, hash: u64, name: &str) -> Option<&Value> {
        self.entry(hash, name).map(|entry| &entry.value)
    }

    #[inline]
    fn entry(&self, hash: u64, name: &str) -> Option<&Entry> {
        self.entries.get(self.place(hash, name)?)
    }

    /// The place of the entry of that name.
    #[inline]
    fn place(&self, hash: u64, name: &str) -> Option<usize> {
        let mask = self.places.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let place = (*self.places.get(at)? as usize).checked_sub(1)?;
            if self.entries.get(place)?.is(hash, name) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }
}

/// Writes the number into the first free place from where the hash points to; one is free.
fn take_place(places: &mut [u32], hash: u64, number: u32) {
    let mask = places.len().wrapping_sub(1);
    let mut at = hash as usize & mask;
    while let Some(place) = places.get_mut(at) {
        if *place == 0 {
            *place = number;
            return;
        }
        at = (at + 1) & mask;
    }
}
