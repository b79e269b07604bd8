//! The answer to "what does this flag serve here?", in OpenFeature's words.

use crate::bucketing::Bucket;
use crate::decision::Decision;
use crate::dialect::Chosen;
use crate::flag::{FlagType, Variant};
use crate::value::Value;

/// Why a value was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The flag has no rules: everybody gets this.
    Static,
    /// No rule served.
    Default,
    /// A condition held, or the subject is named.
    TargetingMatch,
    /// Chance decided: a rollout, a split or a bandit.
    Split,
    /// The flag is off, or something it requires is not met.
    Disabled,
}

impl Reason {
    /// OpenFeature's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Disabled => "DISABLED",
        }
    }
}

/// Why nothing could be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// There is no ruleset yet.
    ProviderNotReady,
    /// The ruleset has no such flag.
    FlagNotFound,
    /// The flag did not compile.
    ParseError,
    /// The flag has another type than was asked for.
    TypeMismatch,
    /// The flag needs a targeting key and the context has none.
    TargetingKeyMissing,
    /// The flag needs another attribute that the context lacks.
    InvalidContext,
    /// Anything else.
    General,
}

impl ErrorCode {
    /// The code of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [
            Self::ProviderNotReady,
            Self::FlagNotFound,
            Self::ParseError,
            Self::TypeMismatch,
            Self::TargetingKeyMissing,
            Self::InvalidContext,
            Self::General,
        ];
        all.into_iter().find(|code| code.as_str() == name)
    }

    /// OpenFeature's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProviderNotReady => "PROVIDER_NOT_READY",
            Self::FlagNotFound => "FLAG_NOT_FOUND",
            Self::ParseError => "PARSE_ERROR",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::TargetingKeyMissing => "TARGETING_KEY_MISSING",
            Self::InvalidContext => "INVALID_CONTEXT",
            Self::General => "GENERAL",
        }
    }
}

/// Why an evaluation was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of error.
    pub code: ErrorCode,
    /// What exactly.
    pub detail: Box<str>,
}

impl Failure {
    /// A failure of that kind.
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<Box<str>>) -> Box<Self> {
        Box::new(Self {
            code,
            detail: detail.into(),
        })
    }
}

/// What came of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'a> {
    /// A variant of the flag.
    Resolved {
        /// Which one.
        variant: &'a Variant,
        /// Its index in the flag.
        index: usize,
        /// Why.
        reason: Reason,
    },
    /// The flag leaves the value to the caller.
    CallerDefault {
        /// Why.
        reason: Reason,
    },
    /// The flag could not be evaluated: the caller's default, and an error.
    Failed {
        /// What kind of error.
        code: ErrorCode,
        /// What exactly.
        detail: Box<str>,
    },
}

/// Why a subject takes no part in experiments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptOut<'a> {
    /// The caller said so: a bot, or a visitor who has not consented.
    NotParticipating,
    /// The subject is in this holdout.
    Holdout(&'a str),
    /// The subject's bucket of this layer belongs to another flag, or to none.
    Layer(&'a str),
}

/// Facts behind an outcome.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details<'a> {
    /// The rule that served.
    pub rule: Option<&'a str>,
    /// The bucket that decided.
    pub bucket: Option<Bucket>,
    /// Whether a first exposure should be reported.
    pub tracked: bool,
    /// The bandit's decision; apart, so that answers without one stay small.
    pub decision: Option<Box<Decision>>,
    /// The name of the action that the bandit decided for, where the request offers those: what is
    /// served in place of a text.
    pub offered: Option<&'a Value>,
    /// What a policy taken over from another system chose.
    pub chosen: Option<Chosen>,
    /// The required flag that was not met.
    pub unmet: Option<&'a str>,
    /// Why an experiment was passed over.
    pub kept_out: Option<KeptOut<'a>>,
    /// Whether the flag's planned life is over.
    pub expired: bool,
}

/// The whole answer for one flag.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation<'a> {
    /// The flag that was asked for.
    pub flag_key: &'a str,
    /// What came of it.
    pub outcome: Outcome<'a>,
    /// Facts behind it.
    pub details: Details<'a>,
    /// The type the caller asked for, where the variant has a value for that type.
    pub view: Option<FlagType>,
}

impl<'a> Evaluation<'a> {
    /// The variant served, if one was.
    #[must_use]
    pub fn variant(&self) -> Option<&'a Variant> {
        match &self.outcome {
            Outcome::Resolved { variant, .. } => Some(variant),
            Outcome::CallerDefault { .. } | Outcome::Failed { .. } => None,
        }
    }

    /// The value served, if one was: the one for the type that was asked for. Of an action that the
    /// request offered it is the name, where the flag serves texts.
    #[must_use]
    pub fn value(&self) -> Option<&'a Value> {
        let variant = self.variant()?;
        let value = match self.view {
            Some(view) => variant.view(view),
            None => Some(&variant.value),
        };
        match (value, self.details.offered) {
            (Some(Value::String(_)), Some(offered)) => Some(offered),
            (value, _) => value,
        }
    }

    /// The same answer for a caller who wants that type, or `TYPE_MISMATCH` when a value is
    /// served that is not of it.
    #[must_use]
    pub fn expect_type(mut self, wanted: FlagType) -> Self {
        let Some(variant) = self.variant() else {
            return self;
        };
        if variant.views.is_some() {
            self.view = Some(wanted);
        }
        if !self.value().is_some_and(|value| wanted.admits(value)) {
            let detail = format!("the flag's value is not of the requested type {wanted:?}").into();
            self.outcome = Outcome::Failed {
                code: ErrorCode::TypeMismatch,
                detail,
            };
            self.details = Details::default();
            self.view = None;
        }
        self
    }

    pub(crate) fn failed(flag_key: &'a str, code: ErrorCode, detail: impl Into<Box<str>>) -> Self {
        let outcome = Outcome::Failed {
            code,
            detail: detail.into(),
        };
        Self {
            flag_key,
            outcome,
            details: Details::default(),
            view: None,
        }
    }
}
