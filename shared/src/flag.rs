//! Flags as they are evaluated: compiled, strict, every reference an index.
//!
//! The five statuses exist only in the wire form; compiling lowers each to rules and a fallback,
//! so evaluation knows a single mechanism.

use crate::bucketing::{BUCKETS, Bucketing};
use crate::condition::Condition;
use crate::dialect::{Foreign, ForeignPolicy, ForeignProgram};
use crate::evaluate::Plan;
use crate::evaluation::Failure;
use crate::page::PageChange;
use crate::split::{OwnedRange, Range};
use crate::texts::ShortText;
use crate::time::{UnixMillis, Window};
use crate::value::Value;
use std::sync::OnceLock;

/// The type that every variant's value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlagType {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A finite number.
    Number,
    /// Any JSON value.
    Json,
}

impl FlagType {
    /// Whether the value is of this type; every value is JSON.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match self {
            Self::Boolean => matches!(value, Value::Bool(_)),
            Self::String => matches!(value, Value::String(_)),
            Self::Number => matches!(value, Value::Number(_)),
            Self::Json => true,
        }
    }
}

/// Who may see a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Servers and the edge only.
    #[default]
    Server,
    /// Browsers too.
    Client,
}

/// One answer that a flag can give.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name, unique in the flag.
    pub key: ShortText,
    /// The flag's value when it is served.
    pub value: Value,
    /// The flag's configuration with this variant's overrides merged in.
    pub config: Option<Value>,
    /// Uninterpreted, for the caller.
    pub metadata: Option<Value>,
    /// What it changes about pages that pass the edge; few do, and none pays for it.
    pub page: Option<Box<PageChange>>,
    /// The name reported, where it differs from the key.
    pub name: Option<Box<str>>,
    /// Values for callers who ask for a certain type, where the value depends on that.
    pub views: Option<Box<Views>>,
    /// Chooses among the request's actions when the variant is served.
    pub policy: Option<Box<Foreign<dyn ForeignPolicy>>>,
}

impl Variant {
    /// The name that is reported.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.key)
    }

    /// The value for a caller who asks for that type.
    #[must_use]
    pub fn view(&self, kind: FlagType) -> Option<&Value> {
        let Some(views) = &self.views else {
            return Some(&self.value);
        };
        match kind {
            FlagType::Boolean => views.boolean.as_ref(),
            FlagType::String => views.string.as_ref(),
            FlagType::Number => views.number.as_ref(),
            FlagType::Json => views.json.as_ref(),
        }
    }
}

/// One answer in several types: on or off for one caller, a text or an object for another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Views {
    /// For those who ask for a boolean.
    pub boolean: Option<Value>,
    /// For those who ask for text.
    pub string: Option<Value>,
    /// For those who ask for a number.
    pub number: Option<Value>,
    /// For those who ask for an object.
    pub json: Option<Value>,
}

/// A flag ready to be evaluated.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Its key, such as `search.enhanced_algorithm`.
    pub key: ShortText,
    /// The type of its values.
    pub kind: FlagType,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether and how it can be evaluated.
    pub state: FlagState,
    /// Its variants; indices elsewhere in the flag point here.
    pub variants: Box<[Variant]>,
    /// Served when the flag is off; the caller's default when absent.
    pub off: Option<usize>,
    /// Served when no rule serves; the caller's default when absent.
    pub fallback: Option<usize>,
    /// Other flags that must serve certain variants.
    pub requires: Box<[Requirement]>,
    /// Named subjects and their variants, sorted by subject.
    pub overrides: Box<[(Box<str>, usize)]>,
    /// Tried in order.
    pub rules: Box<[Rule]>,
    /// Its place in a layer.
    pub layer: Option<LayerMembership>,
    /// Indices of the holdouts that keep subjects out of its experiments.
    pub holdouts: Box<[usize]>,
    /// When it is on at all.
    pub window: Window,
    /// When its planned life ends.
    pub expiry: Option<Expiry>,
    /// Whether first exposures are reported.
    pub tracked: bool,
    /// Its rules laid out for evaluation, where they can be, once it has been evaluated.
    pub(crate) plan: OnceLock<Option<Plan>>,
}

impl Flag {
    /// The index of the variant reported under that name, by key where no name is given.
    #[must_use]
    pub fn variant_named(&self, name: &str) -> Option<usize> {
        self.variants
            .iter()
            .position(|variant| variant.name() == name)
    }

    /// A flag that answers with an error; `why` says what is wrong with it.
    #[must_use]
    pub(crate) fn broken(key: &str, why: &str) -> Self {
        Self {
            key: key.into(),
            kind: FlagType::Json,
            visibility: Visibility::Server,
            state: FlagState::Broken(why.into()),
            variants: Box::default(),
            off: None,
            fallback: None,
            requires: Box::default(),
            overrides: Box::default(),
            rules: Box::default(),
            layer: None,
            holdouts: Box::default(),
            window: Window::default(),
            expiry: None,
            tracked: false,
            plan: OnceLock::new(),
        }
    }
}

/// Whether a flag can be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagState {
    /// Rules decide.
    Live,
    /// Switched off.
    Disabled,
    /// It, or something it refers to, did not compile; the text says what.
    Broken(Box<str>),
}

/// What happens when a flag's planned life is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The first moment after its life.
    pub at: UnixMillis,
    /// Whether it goes on serving.
    pub action: ExpiryAction,
}

/// What an expired flag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiryAction {
    /// It answers as if it were disabled.
    #[default]
    ServeOff,
    /// It goes on, and says in its metadata that it is expired.
    KeepServing,
}

/// Another flag that must serve one of certain variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Index of the other flag in the ruleset.
    pub flag: usize,
    /// Any of these, as indices into the other flag's variants.
    pub variants: Box<[usize]>,
}

/// The buckets of a layer that belong to a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerMembership {
    /// Index of the layer in the ruleset.
    pub layer: usize,
    /// The flag's buckets.
    pub ranges: Box<[Range]>,
}

/// A condition, gates of chance, and what is served to those who pass.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Unique in the flag; names the rule in metadata and explanations.
    pub id: ShortText,
    /// Who is meant.
    pub when: Condition,
    /// When the rule takes part.
    pub window: Window,
    /// Independent gates; all must open.
    pub gates: Box<[Gate]>,
    /// What is served.
    pub serve: Serve,
    /// What follows when the condition held but chance did not.
    pub on_miss: OnMiss,
}

impl Rule {
    /// Whether serving it takes part in an experiment or a bandit.
    #[must_use]
    pub fn is_experimental(&self) -> bool {
        matches!(self.serve, Serve::Split { .. } | Serve::Bandit { .. })
    }
}

/// What follows a rule whose condition held and whose chance did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMiss {
    /// The next rule is tried.
    #[default]
    Next,
    /// The fallback is served.
    End,
}

/// A gate of chance: the subject's bucket must lie in a share of all buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// How subjects are spread.
    pub bucketing: Bucketing,
    /// Which buckets pass.
    pub share: Share,
}

/// The buckets that pass a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Share {
    /// These, whenever.
    Ranges(Box<[Range]>),
    /// The first ones, more as time goes on.
    Ramp(Ramp),
}

/// A share of buckets that follows the time of evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ramp {
    /// Buckets that pass before the first step.
    pub initial: u64,
    /// Moments in rising order, and the number of buckets that pass from then on.
    pub steps: Box<[(UnixMillis, u64)]>,
    /// Whether the share moves evenly between two steps.
    pub interpolation: Interpolation,
}

/// How a ramp gets from one step to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// At once, when the next step is reached.
    #[default]
    Step,
    /// Evenly, in whole buckets.
    Linear,
}

impl Ramp {
    /// Buckets `0..n` that pass at that moment.
    ///
    /// # Formula
    /// Linear: `a + floor((b - a) * (at - t_a) / (t_b - t_a))` in 128-bit integers; rising steps
    /// therefore never lose a bucket.
    #[must_use]
    pub fn buckets_at(&self, at: UnixMillis) -> u64 {
        let reached = self.steps.partition_point(|(time, _)| *time <= at);
        let before = reached
            .checked_sub(1)
            .and_then(|index| self.steps.get(index));
        let Some((from_time, from)) = before else {
            return self.initial.min(BUCKETS);
        };
        let value = match (self.interpolation, self.steps.get(reached)) {
            (Interpolation::Linear, Some((to_time, to))) => {
                let passed = i128::from(at.0) - i128::from(from_time.0);
                let whole = (i128::from(to_time.0) - i128::from(from_time.0)).max(1);
                let gained = (i128::from(*to) - i128::from(*from)).saturating_mul(passed) / whole;
                (i128::from(*from) + gained) as u64
            }
            _ => *from,
        };
        value.min(BUCKETS)
    }
}

/// What a rule serves.
#[derive(Debug, Clone)]
pub enum Serve {
    /// Always this variant.
    Variant(usize),
    /// The variant that owns the subject's bucket; buckets without owner miss.
    Split {
        /// How subjects are spread.
        bucketing: Bucketing,
        /// Sorted, disjoint; owners are variants.
        ranges: Box<[OwnedRange]>,
        /// Probabilities to report, by variant, where the split is a policy's.
        propensities: Option<Box<[f64]>>,
    },
    /// The variant that a bandit chooses.
    Bandit {
        /// Index of the bandit in the ruleset.
        bandit: usize,
        /// The variant of each of the bandit's actions, in their order.
        variants: Box<[usize]>,
    },
    /// The variant that an expression of another system names; the fallback where it names none.
    Program(Foreign<dyn ForeignProgram>),
    /// The caller's default.
    Nothing,
    /// An error: how some systems answer what they cannot make sense of.
    Failure(Failure),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(interpolation: Interpolation) -> Ramp {
        let steps = [(UnixMillis(1_000), 100), (UnixMillis(2_000), 200)].into();
        Ramp {
            initial: 7,
            steps,
            interpolation,
        }
    }

    #[test]
    fn a_stepped_ramp_jumps_at_its_steps() {
        let at = |ms| ramp(Interpolation::Step).buckets_at(UnixMillis(ms));
        assert_eq!(
            [999, 1_000, 1_999, 2_000, 9_000].map(at),
            [7, 100, 100, 200, 200]
        );
    }

    #[test]
    fn a_linear_ramp_moves_evenly_and_stays_at_its_end() {
        let at = |ms| ramp(Interpolation::Linear).buckets_at(UnixMillis(ms));
        assert_eq!(
            [999, 1_000, 1_500, 1_999, 2_000, 9_000].map(at),
            [7, 100, 150, 199, 200, 200]
        );
        assert_eq!(at(i64::MIN), 7);
        assert_eq!(at(i64::MAX), 200);
    }
}
