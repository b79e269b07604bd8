//! Why one event of a batch was refused.

use std::fmt;

use crate::bandit::InvalidReward;
use crate::signed::InvalidToken;

/// The kind of refusal; each has a stable code.
#[derive(Debug, Clone, PartialEq)]
pub enum RejectionCode {
    /// Not an event: a member is missing, of the wrong type or too long.
    Malformed,
    /// A kind of event that this version does not count.
    UnknownKind,
    /// The receipt is forged, altered, too old to verify, or no receipt.
    Receipt(InvalidToken),
    /// No bandit of the published ruleset has the receipt's key.
    UnknownBandit,
    /// The metric is not the bandit's reward.
    UnknownMetric,
    /// The value is no reward of this bandit.
    Reward(InvalidReward),
    /// The attribution window of the decision is over.
    TooLate,
    /// The decision has its full number of added rewards.
    TooMany,
    /// The subject reports too many rewards in a short time.
    TooManyOfSubject,
    /// What the event takes back was counted by a release that did not keep how much it was.
    Unremovable,
    /// A flag exposure without subject, neither in the event nor in the request.
    NoSubject,
    /// The visitor does not agree, or no longer agrees, to being remembered.
    NoConsent,
}

impl RejectionCode {
    /// The stable code.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed => "event_malformed",
            Self::UnknownKind => "event_kind_unknown",
            Self::Receipt(_) => "receipt_invalid",
            Self::UnknownBandit => "bandit_unknown",
            Self::UnknownMetric => "metric_unknown",
            Self::Reward(_) => "reward_invalid",
            Self::TooLate => "reward_too_late",
            Self::TooMany => "rewards_too_many",
            Self::TooManyOfSubject => "subject_rewards_too_many",
            Self::Unremovable => "reward_not_removable",
            Self::NoSubject => "subject_missing",
            Self::NoConsent => "consent_missing",
        }
    }

    /// The kind of refusal in words, the same for every occurrence.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Malformed => "The event is malformed",
            Self::UnknownKind => "The kind of event is unknown",
            Self::Receipt(_) => "The receipt is not valid",
            Self::UnknownBandit => "The bandit is not in the published ruleset",
            Self::UnknownMetric => "The metric is not the reward of the bandit",
            Self::Reward(_) => "The value is not a reward of the bandit",
            Self::TooLate => "The attribution window of the decision is over",
            Self::TooMany => "The decision has too many added rewards",
            Self::TooManyOfSubject => "The subject reports too many rewards at once",
            Self::Unremovable => "The reward was counted before rewards could be taken back",
            Self::NoSubject => "The exposure names no subject",
            Self::NoConsent => "The visitor has not agreed to being remembered",
        }
    }
}

/// A refusal: its kind, the member at fault, and what happened this time.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Kind.
    pub code: RejectionCode,
    /// JSON pointer below the event; empty for the whole.
    pub pointer: &'static str,
    /// For a person; may be empty.
    pub detail: String,
}

// The only floats inside are finite bounds of rewards, so equality is total.
impl Eq for Rejection {}

impl Rejection {
    /// A refusal that points at a member.
    #[must_use]
    pub fn new(code: RejectionCode, pointer: &'static str) -> Self {
        let detail = match &code {
            RejectionCode::Receipt(fault) => fault.to_string(),
            RejectionCode::Reward(fault) => fault.to_string(),
            _ => String::new(),
        };
        Self {
            code,
            pointer,
            detail,
        }
    }

    /// The same refusal, saying what happened this time.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {:?}: {}",
            self.code.as_str(),
            self.pointer,
            self.detail
        )
    }
}

impl std::error::Error for Rejection {}
