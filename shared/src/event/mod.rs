//! What pages and servers report: that a variant was seen, or what came of it.
//!
//! An event is a claim by a client. [`admit`](crate::ledger::admit) checks it against its receipt
//! and the ruleset before anything is counted; one bad event never sinks its batch.

mod rejection;
pub mod wire;

pub use rejection::{Rejection, RejectionCode};

use crate::time::UnixMillis;

/// Most events in one request.
pub const EVENTS_PER_BATCH_MAX: usize = 500;
/// Longest body of one request.
pub const EVENT_BODY_BYTES_MAX: usize = 512 * 1_024;
/// Longest event id.
pub const EVENT_ID_CHARS_MAX: usize = 64;
/// Longest subject id in an event.
pub const SUBJECT_BYTES_MAX: usize = 256;

/// Names one event for its verdict; a client sends the same id however often it sends the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Box<str>);

impl EventId {
    /// The id with this text: 1 to [`EVENT_ID_CHARS_MAX`] printable ASCII characters, no space.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let valid = (1..=EVENT_ID_CHARS_MAX).contains(&text.len()) && printable;
        valid.then(|| Self(text.into()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An event, well formed but not yet believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Names it for its verdict.
    pub id: EventId,
    /// When it happened by the client's clock, where the client says so.
    pub at: Option<UnixMillis>,
    /// What happened.
    pub claim: Claim,
}

/// What an event claims.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The decision of a receipt was seen by its subject.
    DecisionExposed {
        /// Text of the receipt.
        receipt: Box<str>,
    },
    /// A subject saw a variant of a flag that no bandit decided.
    FlagExposed {
        /// Flag key.
        flag: Box<str>,
        /// Variant name.
        variant: Box<str>,
        /// The subject; that of the request where absent.
        subject: Option<Box<str>>,
    },
    /// The decision of a receipt was rewarded.
    Rewarded {
        /// Text of the receipt.
        receipt: Box<str>,
        /// Key of the metric; the bandit's own where absent.
        metric: Option<Box<str>>,
        /// The reward, in the metric's unit.
        value: f64,
    },
    /// A reward that was reported is taken back.
    Removed {
        /// Text of the receipt.
        receipt: Box<str>,
        /// Key of the metric; the bandit's own where absent.
        metric: Option<Box<str>>,
        /// The event that gave it, where rewards add up.
        of: Option<EventId>,
    },
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Counted, and durably so.
    Committed,
    /// Durably counted before; it changed nothing.
    Duplicate,
    /// Accepted for later, because the ledger was out of reach: do not resend.
    Queued,
    /// Refused: do not resend.
    Rejected(Rejection),
}

impl Verdict {
    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Duplicate => "duplicate",
            Self::Queued => "queued",
            Self::Rejected(_) => "rejected",
        }
    }
}
