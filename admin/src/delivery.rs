//! From the database to where edges read: immutable bytes first, then the pointer.
//!
//! Three steps make a publication: (1) the bytes go to KV under their hash, which changes nothing
//! for any edge and may be repeated; (2) one database transaction takes the next number, which
//! decides; (3) the pointer is written. A crash after (1) leaves unused bytes, a crash after (2)
//! leaves a pointer that is one publication late, which the scheduled repair or a call of `sync`
//! brings up to date. The pointer is always written from the database's latest number and looked
//! at again afterwards, so that two publishers who overtake each other end at the higher number.

use crate::app::{self, App};
use crate::fault::{Fault, Result};
use crate::limits::{POINTER_WRITE_PAUSE_MS, POINTER_WRITES_MAX};
use crate::store::publications::{self, PublicationRow};
use bandera_shared::names;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use worker::Delay;

/// Version of the pointer's own form.
const POINTER_FORMAT: u32 = 1;

/// What edges read first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pointer {
    /// The publication's number.
    pub(crate) publication: u64,
    /// Lower-case hex SHA-256 of the bundle.
    pub(crate) hash: String,
    /// When it was published, in Unix milliseconds.
    pub(crate) published_at_ms: u64,
    /// [`POINTER_FORMAT`].
    pub(crate) format_version: u32,
}

impl From<&PublicationRow> for Pointer {
    fn from(row: &PublicationRow) -> Self {
        Self {
            publication: row.number,
            hash: row.hash.clone(),
            published_at_ms: row.at_ms,
            format_version: POINTER_FORMAT,
        }
    }
}

/// Puts a bundle where edges look for it.
pub(crate) async fn put_bytes(
    app: &App,
    environment: &str,
    hash: &str,
    bytes: &[u8],
) -> Result<()> {
    let key = names::ruleset_bytes(environment, hash);
    app.rulesets()?.put_bytes(&key, bytes)?.execute().await?;
    Ok(())
}

/// Makes the pointer name the latest publication of the environment.
///
/// # Returns
/// The publication that it names now; `None` when there is none yet.
pub(crate) async fn put_pointer(app: &App, environment: &str) -> Result<Option<PublicationRow>> {
    let store = app.store()?;
    let kv = app.rulesets()?;
    let key = names::ruleset_pointer(environment);
    let mut latest = publications::latest(&store, environment).await?;
    for attempt in 0..POINTER_WRITES_MAX {
        let Some(row) = latest else { return Ok(None) };
        if attempt > 0 {
            // KV takes one write a second for a key.
            Delay::from(Duration::from_millis(POINTER_WRITE_PAUSE_MS)).await;
        }
        let pointer =
            serde_json::to_string(&Pointer::from(&row)).map_err(|error| Fault::internal(&error))?;
        let written = kv.put(&key, pointer)?.execute().await;
        latest = publications::latest(&store, environment).await?;
        let overtaken = latest
            .as_ref()
            .is_some_and(|later| later.number != row.number);
        match written {
            Ok(()) if !overtaken => {
                let delivered_at_ms = row.delivered_at_ms.or(Some(app::now_ms()));
                let row = PublicationRow {
                    delivered_at_ms,
                    ..row
                };
                publications::mark_delivered(&store, &row).await?;
                return Ok(Some(row));
            }
            Err(error) if attempt + 1 == POINTER_WRITES_MAX => return Err(error.into()),
            _ => {}
        }
    }
    Err(Fault::internal(
        &"others published each time the pointer was written",
    ))
}

/// Brings every pointer up to date that names another publication than the latest, and restores
/// bytes that are missing. Scheduled.
pub(crate) async fn repair(app: &App) -> Result<()> {
    let store = app.store()?;
    let kv = app.rulesets()?;
    for row in publications::latest_of_all(&store).await? {
        let key = names::ruleset_pointer(&row.environment);
        let text = kv.get(&key).text().await?;
        let pointer = text.and_then(|text| serde_json::from_str::<Pointer>(&text).ok());
        if pointer.as_ref() == Some(&Pointer::from(&row)) {
            continue;
        }
        worker::console_warn!("repairing the pointer of environment {}", row.environment);
        restore(app, &row).await?;
    }
    Ok(())
}

/// Writes bytes and pointer of the latest publication again.
pub(crate) async fn restore(app: &App, row: &PublicationRow) -> Result<Option<PublicationRow>> {
    let bytes = publications::bundle(&app.store()?, &row.hash).await?;
    put_bytes(app, &row.environment, &row.hash, &bytes).await?;
    put_pointer(app, &row.environment).await
}
