//! Batches of events on their way to the Durable Object that counts them.

use std::fmt;
use std::time::Duration;

use bandera_shared::ledger::{Batch, LedgerCommand, Outcome, wire};
use futures_util::future::{Either, select};
use worker::{Delay, Env};

use crate::{Answer, ask_object};

/// Binding of the ledgers.
const BINDING: &str = "LEDGER";
/// How long a ledger may take before its batch goes to the queue instead.
const COMMIT_MS_MAX: u64 = 3_000;

/// Why a batch could not be committed now. It may have been, and only the answer was lost: handing
/// it in again is safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// No answer in time.
    TimedOut,
    /// The object could not be called, or its answer is none.
    Failed(String),
    /// The object answered that it did not commit. What else it was handed in the same batch may be
    /// why.
    Refused(String),
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Failed(detail) | Self::Refused(detail) => f.write_str(detail),
        }
    }
}

/// Commits a batch to its shard, the object of that name; the outcomes are those of durable rows.
///
/// # Errors
/// `Unreachable`; the batch is handed back for the queue.
pub async fn commit_batch(
    env: &Env,
    name: &str,
    shard: u16,
    batch: Batch,
) -> Result<Vec<Outcome>, (Unreachable, Batch)> {
    let n_items = batch.items.len();
    let command = LedgerCommand::Commit { shard, batch };
    let text = wire::print_ledger_command(&command);
    let LedgerCommand::Commit { batch, .. } = command else {
        return Ok(Vec::new());
    };
    let calling = std::pin::pin!(ask_object(env, BINDING, name, &text));
    let patience = Delay::from(Duration::from_millis(COMMIT_MS_MAX));
    let answered = match select(calling, patience).await {
        Either::Left((answer, _)) => answer.map_err(|error| Unreachable::Failed(error.to_string())),
        Either::Right(((), _)) => Err(Unreachable::TimedOut),
    };
    let outcomes = answered.and_then(|Answer { status, text }| {
        if status != 200 {
            return Err(Unreachable::Refused(text));
        }
        let outcomes = wire::parse_outcomes(&text);
        outcomes.map_err(|fault| Unreachable::Failed(fault.to_string()))
    });
    match outcomes {
        Ok(outcomes) if outcomes.len() == n_items => Ok(outcomes),
        Ok(_) => Err((
            Unreachable::Failed("outcomes are missing".to_owned()),
            batch,
        )),
        Err(fault) => Err((fault, batch)),
    }
}
