//! The ruleset as it is written and published.
//!
//! The document is read in two steps: its outline first, with each member kept as raw text, then
//! each member by itself, so that one alien flag never sinks the rest.

use crate::value::Value;
use crate::wire::condition::{BucketingWire, ConditionWire, ForeignWire, UnitWire};
use crate::wire::unique::unique;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The schema version that this code reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Members of one kind, by key, as raw text.
pub type RawMembers<'a> = BTreeMap<String, &'a RawValue>;

/// The outline of a ruleset.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesetWire<'a> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Prefixed to default salts.
    #[serde(default)]
    pub salt: String,
    /// Where present, named subjects are listed by their hash under this salt.
    pub subject_salt: Option<String>,
    /// Reusable audiences.
    #[serde(borrow, default, deserialize_with = "unique")]
    pub segments: RawMembers<'a>,
    /// Sets of mutually exclusive flags.
    #[serde(borrow, default, deserialize_with = "unique")]
    pub layers: RawMembers<'a>,
    /// Shares of subjects kept out of experiments.
    #[serde(borrow, default, deserialize_with = "unique")]
    pub holdouts: RawMembers<'a>,
    /// Bandits that flags refer to.
    #[serde(borrow, default, deserialize_with = "unique")]
    pub bandits: RawMembers<'a>,
    /// Flags.
    #[serde(borrow, default, deserialize_with = "unique")]
    pub flags: RawMembers<'a>,
}

/// Only the version, to tell a future document from a broken one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionWire {
    /// The document's schema version.
    pub schema_version: u32,
}

/// A segment: excluded wins over included, included over the condition.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SegmentWire {
    /// For people.
    pub description: Option<String>,
    /// Targeting keys that are members.
    pub included: Vec<String>,
    /// Targeting keys that are not.
    pub excluded: Vec<String>,
    /// Who else is a member; nobody when absent.
    pub when: Option<ConditionWire>,
}

/// A layer: its flags share out its buckets.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LayerWire {
    /// For people.
    pub description: Option<String>,
    /// The layer's key when absent.
    pub salt: Option<String>,
    /// The targeting key when absent.
    pub bucket_by: Option<UnitWire>,
}

/// A holdout: a share of subjects that experiments leave alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HoldoutWire {
    /// For people.
    pub description: Option<String>,
    /// In 0..=100.
    pub percentage: f64,
    /// The holdout's key when absent.
    pub salt: Option<String>,
    /// The targeting key when absent.
    pub bucket_by: Option<UnitWire>,
}

/// A flag.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlagWire {
    /// The type of every variant's value.
    #[serde(rename = "type")]
    pub kind: FlagTypeWire,
    /// What decides after the rules.
    pub status: StatusWire,
    /// For people.
    pub description: Option<String>,
    /// For people.
    pub owner: Option<String>,
    /// For people.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: VisibilityWire,
    /// Configuration that variants override.
    pub config: Option<Value>,
    /// Answers, by name.
    #[serde(deserialize_with = "unique")]
    pub variants: BTreeMap<String, VariantWire>,
    /// Served when the flag is off.
    pub off_variant: Option<String>,
    /// Served when nothing else is.
    pub default_variant: Option<String>,
    /// Variants of named subjects.
    #[serde(default, deserialize_with = "unique")]
    pub overrides: BTreeMap<String, String>,
    /// Other flags that must serve certain variants.
    #[serde(default)]
    pub requires: Vec<RequirementWire>,
    /// Tried in order, whatever the status.
    #[serde(default)]
    pub rules: Vec<RuleWire>,
    /// Decides under `gradual_rollout`.
    pub rollout: Option<RolloutWire>,
    /// Decides under `ab_test`.
    pub experiment: Option<ExperimentWire>,
    /// Decides under `canary`.
    pub canary: Option<CanaryWire>,
    /// Its buckets of a layer.
    pub layer: Option<MembershipWire>,
    /// Holdouts that apply to its experiments.
    #[serde(default)]
    pub holdouts: Vec<String>,
    /// When it is on.
    pub schedule: Option<WindowWire>,
    /// When its life ends.
    pub expiry: Option<ExpiryWire>,
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
pub struct VariantWire {
    /// The flag's value when it is served.
    pub value: Value,
    /// For people.
    pub description: Option<String>,
    /// Merged over the flag's configuration.
    pub config: Option<Value>,
    /// For the caller.
    pub metadata: Option<Value>,
    /// What it changes about pages.
    pub page: Option<super::page::PageWire>,
    /// The name reported; its key when absent.
    pub name: Option<String>,
    /// Values for callers who ask for a certain type.
    pub views: Option<ViewsWire>,
    /// Chooses among the request's actions when the variant is served.
    pub policy: Option<ForeignWire>,
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
pub struct RequirementWire {
    /// Its key.
    pub flag: String,
    /// At least one.
    pub variants: Vec<String>,
}

/// A rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleWire {
    /// `rule-1` and so on when absent.
    pub id: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Everybody when absent.
    pub when: Option<ConditionWire>,
    /// When it takes part.
    pub schedule: Option<WindowWire>,
    /// Independent gates of chance.
    #[serde(default)]
    pub gates: Vec<GateWire>,
    /// What is served.
    pub serve: ServeWire,
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
pub struct GateWire {
    /// The first buckets, in 0..=100.
    pub percentage: Option<f64>,
    /// These buckets.
    pub ranges: Option<Vec<(u64, u64)>>,
    /// How subjects are spread.
    pub bucketing: Option<BucketingWire>,
}

/// Exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServeWire {
    /// This variant.
    pub variant: Option<String>,
    /// A split over variants.
    pub split: Option<SplitWire>,
    /// The choice of this bandit.
    pub bandit: Option<String>,
    /// The variant that an expression of another system names.
    pub expression: Option<ForeignWire>,
    /// Whether the value is left to the caller; only `true` means something.
    pub default: Option<bool>,
    /// An error instead of a variant.
    pub error: Option<ErrorWire>,
}

/// An error that a rule answers with.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorWire {
    /// OpenFeature's name of it.
    pub code: String,
    /// What exactly is wrong.
    pub message: String,
}

/// A split: ranges decide; weights are what an author writes before they are published.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SplitWire {
    /// Shares in any unit.
    pub weights: Option<BTreeMap<String, f64>>,
    /// Explicit buckets.
    pub ranges: Option<Vec<OwnedRangeWire>>,
    /// How subjects are spread.
    pub bucketing: Option<BucketingWire>,
    /// Probabilities to report, by variant.
    pub propensities: Option<BTreeMap<String, f64>>,
}

/// Buckets and the variant that owns them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedRangeWire {
    /// The owner.
    pub variant: String,
    /// First bucket inside.
    pub from: u64,
    /// First bucket after.
    pub to: u64,
}

/// A gradual rollout: the first buckets get the variant, the others the off variant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RolloutWire {
    /// What is rolled out.
    pub variant: String,
    /// In 0..=100; before the ramp's first step where there is a ramp.
    pub percentage: Option<f64>,
    /// A share that follows the time.
    pub ramp: Option<RampWire>,
    /// How subjects are spread.
    pub bucketing: Option<BucketingWire>,
}

/// Steps of a ramp.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RampWire {
    /// `step` (when absent) or `linear`.
    #[serde(default)]
    pub interpolation: InterpolationWire,
    /// In rising order of time.
    pub steps: Vec<RampStepWire>,
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
pub struct RampStepWire {
    /// RFC 3339.
    pub at: String,
    /// In 0..=100.
    pub percentage: f64,
}

/// An A/B test, or a bandit in its place.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExperimentWire {
    /// Served to those who take no part; the default variant when absent.
    pub control: Option<String>,
    /// Percentage of subjects that take part; 100 when absent.
    pub traffic: Option<f64>,
    /// Shares in any unit.
    pub weights: Option<BTreeMap<String, f64>>,
    /// Explicit buckets.
    pub ranges: Option<Vec<OwnedRangeWire>>,
    /// How subjects are spread.
    pub bucketing: Option<BucketingWire>,
    /// A bandit that allocates instead of weights.
    pub bandit: Option<String>,
}

/// A canary: named subjects and segments, plus a small share of the others.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryWire {
    /// What they get.
    pub variant: String,
    /// Targeting keys.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// Segments.
    #[serde(default)]
    pub segments: Vec<String>,
    /// Of the others, in 0..=100; none when absent.
    #[serde(default)]
    pub percentage: f64,
    /// How the others are spread.
    pub bucketing: Option<BucketingWire>,
}

/// A flag's buckets of a layer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MembershipWire {
    /// The layer.
    pub key: String,
    /// The flag's buckets.
    pub ranges: Vec<(u64, u64)>,
}

/// From (included) to (excluded), RFC 3339.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WindowWire {
    /// First moment inside.
    pub start_at: Option<String>,
    /// First moment after.
    pub end_at: Option<String>,
}

/// The planned end of a flag's life.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpiryWire {
    /// RFC 3339.
    pub at: String,
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
