//! Conditions and bucketings as they are written.

use crate::context::Attribute;
use crate::value::Value;
use crate::wire::operand::OperandWire;
use crate::wire::ruleset::{FlagTypeWire, GateWire};
use crate::wire::text::Text;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Exactly one of the forms `all`, `any`, `not`, `segment`, `holdout`, `flag`, `chance` and
/// `attribute` (or `dialect`) is meant to be there; compiling says so with a pointer, which a
/// failed untagged enum could not.
///
/// What few conditions have is kept elsewhere, so that most are small.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionWire<'a> {
    /// Each of these.
    #[serde(borrow)]
    pub all: Option<Vec<ConditionWire<'a>>>,
    /// One of these.
    pub any: Option<Vec<ConditionWire<'a>>>,
    /// The contrary.
    pub not: Option<Box<ConditionWire<'a>>>,
    /// Members of this segment.
    pub segment: Option<Box<Text<'a>>>,
    /// Subjects that this holdout keeps out of experiments.
    pub holdout: Option<Box<Text<'a>>>,
    /// The attribute to test.
    pub attribute: Option<TestedWire<'a>>,
    /// How to test it.
    pub op: Option<Text<'a>>,
    /// What to test it against.
    pub value: Option<OperandWire<'a>>,
    /// The named list of values to test it against instead.
    pub list: Option<Box<Text<'a>>>,
    /// Whether upper and lower case are the same.
    pub ignore_case: Option<bool>,
    /// The system in whose words `op` and `value` are; ours when absent.
    pub dialect: Option<Box<Text<'a>>>,
    /// Another flag, asked for its answer.
    pub flag: Option<Box<Text<'a>>>,
    /// It must not be switched off.
    pub on: Option<bool>,
    /// It must serve one of these variants.
    pub variants: Option<Vec<Text<'a>>>,
    /// It must serve this value.
    pub equals: Option<Box<Value>>,
    /// The type for which it is asked, where its value depends on that.
    #[serde(rename = "as")]
    pub view: Option<FlagTypeWire>,
    /// Its value must pass this, as the attribute `value`.
    pub passes: Option<Box<ForeignWire<'a>>>,
    /// What its failure means; circles of flags are errors when absent.
    pub on_failure: Option<OnFailureWire>,
    /// A share of subjects.
    pub chance: Option<Box<GateWire<'a>>>,
}

/// Something in another system's words.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeignWire<'a> {
    /// The system.
    #[serde(borrow)]
    pub dialect: Text<'a>,
    /// What to do.
    #[serde(default)]
    pub op: Text<'a>,
    /// What it looks at.
    pub attribute: Option<TestedWire<'a>>,
    /// What it works with.
    pub value: Option<Value>,
}

/// What another flag's failure means.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum OnFailureWire {
    DoesNotHold,
    Fails,
    Unknown,
}

/// A name taken literally, or a list: a name and the members below it; or an object with such a
/// list as `path`, and as `of` the kind of entity whose attribute it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeWire(pub Attribute);

impl<'de> Deserialize<'de> for AttributeWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AttributeVisitor)
    }
}

/// The same, where a name stays in the document: most conditions look at what others look at too.
#[derive(Debug, Clone)]
pub enum TestedWire<'a> {
    /// A name taken literally.
    Name(Text<'a>),
    /// Anything else.
    Other(Attribute),
}

impl TestedWire<'_> {
    /// Whether it is the attribute of that name, and no member of it.
    pub(crate) fn is(&self, name: &str) -> bool {
        match self {
            Self::Name(text) => **text == *name,
            Self::Other(attribute) => attribute.names().eq([name]),
        }
    }
}

impl From<TestedWire<'_>> for Attribute {
    fn from(wire: TestedWire<'_>) -> Self {
        match wire {
            TestedWire::Name(name) => Self::named(&name),
            TestedWire::Other(attribute) => attribute,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TestedWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TestedVisitor)
    }
}

struct TestedVisitor;

impl<'de> Visitor<'de> for TestedVisitor {
    type Value = TestedWire<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AttributeVisitor.expecting(f)
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<TestedWire<'de>, E> {
        Ok(TestedWire::Name(name.into()))
    }

    fn visit_str<E>(self, name: &str) -> Result<TestedWire<'de>, E> {
        Ok(TestedWire::Name(name.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<TestedWire<'de>, A::Error> {
        let AttributeWire(attribute) = AttributeVisitor.visit_seq(names)?;
        Ok(TestedWire::Other(attribute))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<TestedWire<'de>, A::Error> {
        let AttributeWire(attribute) = AttributeVisitor.visit_map(members)?;
        Ok(TestedWire::Other(attribute))
    }
}

struct AttributeVisitor;

impl<'de> Visitor<'de> for AttributeVisitor {
    type Value = AttributeWire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an attribute: a name, a list of a name and the members below it, or an object \
             of such a \"path\" and the kind \"of\" which it is",
        )
    }

    fn visit_str<E>(self, name: &str) -> Result<AttributeWire, E> {
        Ok(AttributeWire(Attribute::named(name)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<AttributeWire, A::Error> {
        let first: String = names
            .next_element()?
            .ok_or_else(|| serde::de::Error::custom("an attribute needs at least one name"))?;
        let mut path = Vec::new();
        while let Some(name) = names.next_element::<String>()? {
            path.push(name);
        }
        Ok(AttributeWire(Attribute::nested(
            &first,
            path.iter().map(String::as_str),
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<AttributeWire, A::Error> {
        let (mut kind, mut path) = (None, None);
        while let Some(member) = members.next_key::<String>()? {
            match member.as_str() {
                "of" => kind = Some(members.next_value::<String>()?),
                "path" => path = Some(members.next_value::<AttributeWire>()?),
                _ => return Err(serde::de::Error::unknown_field(&member, &["of", "path"])),
            }
        }
        let missing = serde::de::Error::missing_field;
        let AttributeWire(path) = path.ok_or_else(|| missing("path"))?;
        let kind = kind.ok_or_else(|| missing("of"))?;
        Ok(AttributeWire(path.of(&kind)))
    }
}

/// How subjects are spread; everything has a default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketingWire<'a> {
    /// The hash; `xxh3` when absent.
    #[serde(borrow)]
    pub kind: Option<Text<'a>>,
    /// The ruleset's salt and the flag's key when absent.
    pub salt: Option<Text<'a>>,
    /// The targeting key when absent.
    pub by: Option<UnitWire>,
    /// `hash` (when absent) or `request`.
    pub draw: Option<Text<'a>>,
    /// Attributes that stand in for a missing unit, in order.
    pub or_by: Option<UnitWire>,
    /// Put before a unit that stands in; nothing when absent.
    pub or_prefix: Option<Text<'a>>,
    /// `fails` (when absent), `misses`, `first` or `random`.
    pub on_missing: Option<Text<'a>>,
    /// How many numbers are drawn from, where the kind leaves it open.
    pub scale: Option<u64>,
}

/// One attribute by name, or a list of attributes that together make the unit.
#[derive(Debug, Clone)]
pub struct UnitWire(pub Vec<Attribute>);

impl<'de> Deserialize<'de> for UnitWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnitVisitor)
    }
}

struct UnitVisitor;

impl<'de> Visitor<'de> for UnitVisitor {
    type Value = UnitWire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute's name, or a list of attributes")
    }

    fn visit_str<E>(self, name: &str) -> Result<UnitWire, E> {
        Ok(UnitWire(vec![Attribute::named(name)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<UnitWire, A::Error> {
        let mut attributes = Vec::new();
        while let Some(AttributeWire(attribute)) = items.next_element()? {
            attributes.push(attribute);
        }
        Ok(UnitWire(attributes))
    }
}
