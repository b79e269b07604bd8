//! The signed proof of a decision that a reward must present.
//!
//! A receipt carries everything a reward needs to be counted, so the join needs no database: the
//! decision, its propensity, the shard where it is counted, and the subject's hash. Nobody can
//! forge one, and one that was copied is worth no more than the original (see [`crate::ledger`]).
//! It is not encrypted: whoever holds it can read it.

mod token;

pub use token::RECEIPT_CHARS_MAX;

use crate::decision::Decision;
use crate::names;
use crate::subject::SubjectHash;

/// What a receipt states.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The decision; its shard is settled.
    decision: Decision,
    /// Where it is counted.
    shard: u16,
    /// Whom it was made for.
    subject: SubjectHash,
}

impl Receipt {
    /// The receipt of a decision.
    ///
    /// # Arguments
    /// `n_shards`: shards of the environment now; a kept decision stays in the shard it names.
    #[must_use]
    pub fn new(mut decision: Decision, subject: SubjectHash, n_shards: u16) -> Self {
        let shard = decision
            .shard
            .unwrap_or_else(|| names::shard_of(&subject, n_shards));
        decision.shard = Some(shard);
        Self {
            decision,
            shard,
            subject,
        }
    }

    /// The decision, with its shard.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Where the decision is counted.
    #[must_use]
    pub fn shard(&self) -> u16 {
        self.shard
    }

    /// Whom it was made for.
    #[must_use]
    pub fn subject(&self) -> &SubjectHash {
        &self.subject
    }
}
