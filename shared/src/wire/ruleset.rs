//! The ruleset as it is written and published.
//!
//! A plain document is read in one step but for its flags, each of which is read when it is
//! compiled. Any other one is read in two: its outline first, with each member kept as raw text,
//! then each member by itself, so that one alien flag never sinks the rest.

use crate::bandit::wire::BanditWire;
use crate::value::Value;
use crate::wire::RawValue;
use crate::wire::condition::{AttributeWire, BucketingWire, ConditionWire, ForeignWire, UnitWire};
use crate::wire::operand::OperandWire;
use crate::wire::plain::UNREAD;
use crate::wire::text::{ByName, Members, Text};
use crate::wire::unique::unique;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use std::fmt;

/// The schema version that this code reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// A ruleset whose members have been read, or are still to be.
pub type RulesetWire<'a> = ShapeWire<
    'a,
    Member<'a, ListWire<'a>>,
    Member<'a, SegmentWire<'a>>,
    Member<'a, LayerWire<'a>>,
    Member<'a, HoldoutWire<'a>>,
    Member<'a, BanditWire>,
    FlagText<'a>,
>;

/// The outline of a ruleset: its members as raw text.
pub type OutlineWire<'a> = ShapeWire<
    'a,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
    &'a RawValue,
>;

/// A member of a ruleset.
#[derive(Debug)]
pub enum Member<'a, T> {
    /// It was plain.
    Read(T),
    /// It is to be read by itself, with care.
    Raw(&'a RawValue),
}

/// A flag that is still to be read: one by one, each is compiled and gone before the next takes
/// its place in memory.
#[derive(Debug, Clone, Copy)]
pub enum FlagText<'a> {
    /// An object of a document that is plain so far.
    Plain(&'a str),
    /// It is to be read with care.
    Raw(&'a RawValue),
}

impl<'a> FlagText<'a> {
    /// The object, where the document is plain so far.
    #[must_use]
    pub fn plain(self) -> Option<&'a str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Raw(_) => None,
        }
    }
}

/// Only the plain reader knows what is meant.
impl<'de: 'a, 'a> Deserialize<'de> for FlagText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(UNREAD, FlagTextVisitor)
    }
}

struct FlagTextVisitor;

impl<'de> Visitor<'de> for FlagTextVisitor {
    type Value = FlagText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<FlagText<'de>, E> {
        Ok(FlagText::Plain(text))
    }
}

/// What is read at once is read plainly.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<'_, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::Read)
    }
}

/// A ruleset, whatever its members are read as.
#[derive(Debug, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "struct RulesetWire",
    bound(
        deserialize = "V: Deserialize<'de>, S: Deserialize<'de>, L: Deserialize<'de>, \
                         H: Deserialize<'de>, B: Deserialize<'de>, F: Deserialize<'de>"
    )
)]
pub struct ShapeWire<'a, V, S, L, H, B, F> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Prefixed to default salts.
    #[serde(borrow, default)]
    pub salt: Text<'a>,
    /// Where present, named subjects are listed by their hash under this salt.
    pub subject_salt: Option<Text<'a>>,
    /// Attributes that decide and are never told.
    #[serde(default)]
    pub private_attributes: Vec<AttributeWire>,
    /// Lists of values that conditions are compared with.
    #[serde(default, deserialize_with = "unique")]
    pub lists: Members<'a, V>,
    /// Reusable audiences.
    #[serde(default, deserialize_with = "unique")]
    pub segments: Members<'a, S>,
    /// Sets of mutually exclusive flags.
    #[serde(default, deserialize_with = "unique")]
    pub layers: Members<'a, L>,
    /// Shares of subjects kept out of experiments.
    #[serde(default, deserialize_with = "unique")]
    pub holdouts: Members<'a, H>,
    /// Bandits that flags refer to.
    #[serde(default, deserialize_with = "unique")]
    pub bandits: Members<'a, B>,
    /// Flags.
    #[serde(default, deserialize_with = "unique")]
    pub flags: Members<'a, F>,
}

/// Every member is to be read by itself.
impl<'a> From<OutlineWire<'a>> for RulesetWire<'a> {
    fn from(outline: OutlineWire<'a>) -> Self {
        fn raw<'a, T>(members: Members<'a, &'a RawValue>) -> Members<'a, Member<'a, T>> {
            let members = members.into_iter();
            members.map(|(key, raw)| (key, Member::Raw(raw))).collect()
        }
        let flags = outline.flags.into_iter();
        Self {
            schema_version: outline.schema_version,
            salt: outline.salt,
            subject_salt: outline.subject_salt,
            private_attributes: outline.private_attributes,
            lists: raw(outline.lists),
            segments: raw(outline.segments),
            layers: raw(outline.layers),
            holdouts: raw(outline.holdouts),
            bandits: raw(outline.bandits),
            flags: flags.map(|(key, raw)| (key, FlagText::Raw(raw))).collect(),
        }
    }
}

/// Only the version, to tell a future document from a broken one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionWire {
    /// The document's schema version.
    pub schema_version: u32,
}

/// A list of values: its own, and those of other lists.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListWire<'a> {
    /// For people.
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    /// Texts and numbers.
    pub values: Option<OperandWire<'a>>,
    /// Lists whose values are in it too.
    pub lists: Vec<Text<'a>>,
}

/// A segment: excluded wins over included, included over the condition.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SegmentWire<'a> {
    /// For people.
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    /// Targeting keys that are members.
    pub included: Vec<Text<'a>>,
    /// Targeting keys that are not.
    pub excluded: Vec<Text<'a>>,
    /// Who else is a member; nobody when absent.
    pub when: Option<ConditionWire<'a>>,
}

/// A layer: its flags share out its buckets.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LayerWire<'a> {
    /// For people.
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    /// The layer's key when absent.
    pub salt: Option<Text<'a>>,
    /// The targeting key when absent.
    pub bucket_by: Option<UnitWire>,
}

/// A holdout: a share of subjects that experiments leave alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldoutWire<'a> {
    /// For people.
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    /// In 0..=100.
    pub percentage: f64,
    /// The holdout's key when absent.
    pub salt: Option<Text<'a>>,
    /// The targeting key when absent.
    pub bucket_by: Option<UnitWire>,
}

/// A flag.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagWire<'a> {
    /// The type of every variant's value.
    #[serde(rename = "type")]
    pub kind: FlagTypeWire,
    /// What decides after the rules.
    pub status: StatusWire,
    /// For people.
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    /// For people.
    pub owner: Option<Text<'a>>,
    /// For people.
    #[serde(default)]
    pub tags: Vec<Text<'a>>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: VisibilityWire,
    /// Configuration that variants override.
    pub config: Option<Value>,
    /// Answers, by name.
    #[serde(deserialize_with = "unique")]
    pub variants: Members<'a, VariantWire<'a>>,
    /// Served when the flag is off.
    pub off_variant: Option<Text<'a>>,
    /// Served when nothing else is.
    pub default_variant: Option<Text<'a>>,
    /// Variants of named subjects.
    #[serde(default, deserialize_with = "unique")]
    pub overrides: Members<'a, Text<'a>>,
    /// Other flags that must serve certain variants.
    #[serde(default)]
    pub requires: Vec<RequirementWire<'a>>,
    /// Tried in order, whatever the status.
    #[serde(default)]
    pub rules: Vec<RuleWire<'a>>,
    /// Decides under `gradual_rollout`.
    pub rollout: Option<Box<RolloutWire<'a>>>,
    /// Decides under `ab_test`.
    pub experiment: Option<Box<ExperimentWire<'a>>>,
    /// Decides under `canary`.
    pub canary: Option<Box<CanaryWire<'a>>>,
    /// Its buckets of a layer.
    pub layer: Option<Box<MembershipWire<'a>>>,
    /// Holdouts that apply to its experiments.
    #[serde(default)]
    pub holdouts: Vec<Text<'a>>,
    /// When it is on.
    pub schedule: Option<Box<WindowWire<'a>>>,
    /// When its life ends.
    pub expiry: Option<Box<ExpiryWire<'a>>>,
    /// Whether first exposures are reported; true when absent.
    pub track_exposures: Option<bool>,
}

/// The type of a flag's values.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum FlagTypeWire {
    Boolean,
    String,
    Number,
    Json,
}

/// Where a flag is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum StatusWire {
    Disabled,
    Enabled,
    GradualRollout,
    AbTest,
    Canary,
}

/// Who may see a flag.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum VisibilityWire {
    #[default]
    Server,
    Client,
}

/// One answer of a flag.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantWire<'a> {
    /// The flag's value when it is served.
    pub value: Value,
    /// For people.
    #[serde(borrow)]
    pub description: Option<Text<'a>>,
    /// Merged over the flag's configuration.
    pub config: Option<Value>,
    /// For the caller.
    pub metadata: Option<Value>,
    /// What it changes about pages.
    pub page: Option<Box<super::page::PageWire>>,
    /// The name reported; its key when absent.
    pub name: Option<Text<'a>>,
    /// Values for callers who ask for a certain type.
    pub views: Option<Box<ViewsWire>>,
    /// Chooses among the request's actions when the variant is served.
    pub policy: Option<Box<ForeignWire<'a>>>,
}

/// One answer in several types.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub struct ViewsWire {
    pub boolean: Option<Value>,
    pub string: Option<Value>,
    pub number: Option<Value>,
    pub json: Option<Value>,
}

/// Another flag, and the variants of it that satisfy.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementWire<'a> {
    /// Its key.
    #[serde(borrow)]
    pub flag: Text<'a>,
    /// At least one.
    pub variants: Vec<Text<'a>>,
}

/// A rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleWire<'a> {
    /// `rule-1` and so on when absent.
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    /// For people.
    pub description: Option<Text<'a>>,
    /// Everybody when absent.
    pub when: Option<Box<ConditionWire<'a>>>,
    /// When it takes part.
    pub schedule: Option<Box<WindowWire<'a>>>,
    /// Independent gates of chance.
    #[serde(default)]
    pub gates: Vec<GateWire<'a>>,
    /// What is served.
    pub serve: ServeWire<'a>,
    /// `next` (when absent) or `end`.
    #[serde(default)]
    pub on_miss: OnMissWire,
}

/// What follows a miss.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum OnMissWire {
    #[default]
    Next,
    End,
}

/// A gate: a percentage or explicit ranges.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GateWire<'a> {
    /// The first buckets, in 0..=100.
    pub percentage: Option<f64>,
    /// These buckets.
    pub ranges: Option<Vec<(u64, u64)>>,
    /// How subjects are spread.
    #[serde(borrow)]
    pub bucketing: Option<Box<BucketingWire<'a>>>,
}

/// Exactly one of these, or a bandit and the variant that stands for what it chooses.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServeWire<'a> {
    /// This variant.
    #[serde(borrow)]
    pub variant: Option<Text<'a>>,
    /// A split over variants.
    pub split: Option<Box<SplitWire<'a>>>,
    /// The choice of this bandit.
    pub bandit: Option<Text<'a>>,
    /// The variant that an expression of another system names.
    pub expression: Option<Box<ForeignWire<'a>>>,
    /// Whether the value is left to the caller; only `true` means something.
    pub default: Option<bool>,
    /// An error instead of a variant.
    pub error: Option<Box<ErrorWire<'a>>>,
}

/// An error that a rule answers with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorWire<'a> {
    /// OpenFeature's name of it.
    #[serde(borrow)]
    pub code: Text<'a>,
    /// What exactly is wrong.
    pub message: Text<'a>,
}

/// A split: ranges decide; weights are what an author writes before they are published.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitWire<'a> {
    /// Shares in any unit.
    #[serde(borrow)]
    pub weights: Option<ByName<'a, f64>>,
    /// Explicit buckets.
    pub ranges: Option<Vec<OwnedRangeWire<Text<'a>>>>,
    /// How subjects are spread.
    pub bucketing: Option<Box<BucketingWire<'a>>>,
    /// Probabilities to report, by variant.
    pub propensities: Option<ByName<'a, f64>>,
}

/// Buckets and the variant that owns them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedRangeWire<T = String> {
    /// The owner.
    pub variant: T,
    /// First bucket inside.
    pub from: u64,
    /// First bucket after.
    pub to: u64,
}

/// A gradual rollout: the first buckets get the variant, the others the off variant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutWire<'a> {
    /// What is rolled out.
    #[serde(borrow)]
    pub variant: Text<'a>,
    /// In 0..=100; before the ramp's first step where there is a ramp.
    pub percentage: Option<f64>,
    /// A share that follows the time.
    pub ramp: Option<Box<RampWire<'a>>>,
    /// How subjects are spread.
    pub bucketing: Option<Box<BucketingWire<'a>>>,
}

/// Steps of a ramp.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RampWire<'a> {
    /// `step` (when absent) or `linear`.
    #[serde(default)]
    pub interpolation: InterpolationWire,
    /// In rising order of time.
    #[serde(borrow)]
    pub steps: Vec<RampStepWire<'a>>,
}

/// How a ramp gets from one step to the next.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum InterpolationWire {
    #[default]
    Step,
    Linear,
}

/// From that moment on, that share.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RampStepWire<'a> {
    /// RFC 3339.
    #[serde(borrow)]
    pub at: Text<'a>,
    /// In 0..=100.
    pub percentage: f64,
}

/// An A/B test, or a bandit in its place.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentWire<'a> {
    /// Served to those who take no part; the default variant when absent.
    #[serde(borrow)]
    pub control: Option<Text<'a>>,
    /// Percentage of subjects that take part; 100 when absent.
    pub traffic: Option<f64>,
    /// Shares in any unit.
    pub weights: Option<ByName<'a, f64>>,
    /// Explicit buckets.
    pub ranges: Option<Vec<OwnedRangeWire<Text<'a>>>>,
    /// How subjects are spread.
    pub bucketing: Option<Box<BucketingWire<'a>>>,
    /// A bandit that allocates instead of weights.
    pub bandit: Option<Text<'a>>,
}

/// A canary: named subjects and segments, plus a small share of the others.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryWire<'a> {
    /// What they get.
    #[serde(borrow)]
    pub variant: Text<'a>,
    /// Targeting keys.
    #[serde(default)]
    pub subjects: Vec<Text<'a>>,
    /// Segments.
    #[serde(default)]
    pub segments: Vec<Text<'a>>,
    /// Of the others, in 0..=100; none when absent.
    #[serde(default)]
    pub percentage: f64,
    /// How the others are spread.
    pub bucketing: Option<Box<BucketingWire<'a>>>,
}

/// A flag's buckets of a layer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MembershipWire<'a> {
    /// The layer.
    #[serde(borrow)]
    pub key: Text<'a>,
    /// The flag's buckets.
    pub ranges: Vec<(u64, u64)>,
}

/// From (included) to (excluded), RFC 3339.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WindowWire<'a> {
    /// First moment inside.
    #[serde(borrow)]
    pub start_at: Option<Text<'a>>,
    /// First moment after.
    pub end_at: Option<Text<'a>>,
}

/// The planned end of a flag's life.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryWire<'a> {
    /// RFC 3339.
    #[serde(borrow)]
    pub at: Text<'a>,
    /// `serveOff` (when absent) or `keepServing`.
    #[serde(default)]
    pub action: ExpiryActionWire,
}

/// What an expired flag does.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum ExpiryActionWire {
    #[default]
    ServeOff,
    KeepServing,
}
