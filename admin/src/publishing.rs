//! Publishing and rolling back: what would be published, and the transaction that does it.

use crate::app::{self, App};
use crate::auth::Caller;
use crate::delivery;
use crate::diagnostics::DiagnosticView;
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::RULESET_BYTES_MAX;
use crate::ruleset::{self, Draft};
use crate::store::Store;
use crate::store::audit::{self, Entry};
use crate::store::publications::{self, PublicationRow};
use bandera_shared::{PublishError, publish};
use serde_json::{Value, json};

/// The publication in force.
pub(crate) struct Former {
    pub(crate) row: PublicationRow,
    pub(crate) bytes: String,
}

impl Former {
    /// The environment's latest publication; `None` before the first.
    pub(crate) async fn load(store: &Store, environment: &str) -> Result<Option<Self>> {
        let Some(row) = publications::latest(store, environment).await? else {
            return Ok(None);
        };
        let bytes = publications::ruleset(store, &row.hash).await?;
        Ok(Some(Self { row, bytes }))
    }

    /// What is in force; before the first publication, a ruleset without documents.
    pub(crate) fn value(former: Option<&Self>) -> Result<Value> {
        former.map_or_else(
            || Ok(ruleset::nothing()),
            |former| ruleset::parse(&former.bytes),
        )
    }
}

/// What publishing a draft comes to.
pub(crate) enum Assessment {
    /// This document, and the bundle of it that edges would read; the hash is the bundle's.
    Publishable {
        bytes: String,
        bundle: Vec<u8>,
        hash: String,
        warnings: Vec<DiagnosticView>,
    },
    /// Errors stand in the way.
    Refused(Vec<DiagnosticView>),
}

/// What publishing `draft` after `former` comes to; nothing is written.
pub(crate) fn assess(former: Option<&Former>, draft: &Draft) -> Result<Assessment> {
    let former = former.map(|former| former.bytes.as_bytes());
    let views = |list: &[bandera_shared::Diagnostic]| list.iter().map(Into::into).collect();
    match publish(former, &draft.to_bytes()) {
        Ok(published) => {
            let bytes =
                String::from_utf8(published.bytes).map_err(|error| Fault::internal(&error))?;
            if bytes.len() > RULESET_BYTES_MAX {
                return Err(too_long(bytes.len()));
            }
            let warnings = views(&published.compiled.diagnostics);
            Ok(Assessment::Publishable {
                bytes,
                bundle: published.bundle,
                hash: published.hash,
                warnings,
            })
        }
        Err(PublishError::Refused(diagnostics)) => Ok(Assessment::Refused(views(&diagnostics))),
        Err(PublishError::Unreadable(error)) => {
            Err(Fault::new(FaultKind::InvalidRuleset, error.to_string()).at(""))
        }
        Err(error @ PublishError::PreviousUnreadable(_)) => Err(Fault::internal(&error)),
    }
}

/// The refusal that lists every diagnostic and points at the first error.
pub(crate) fn refusal(diagnostics: Vec<DiagnosticView>) -> Fault {
    let errors = diagnostics.iter().filter(|view| view.is_error()).count();
    let first = diagnostics.iter().find(|view| view.is_error());
    let pointer = first.map_or_else(String::new, |view| view.pointer.clone());
    let message = first.map_or("", |view| &view.message);
    let detail = match errors {
        1 => message.to_owned(),
        n => format!("{message} (and {} more)", n.saturating_sub(1)),
    };
    Fault::new(FaultKind::InvalidRuleset, detail)
        .at(pointer)
        .with_diagnostics(diagnostics)
}

/// A publication to be made.
pub(crate) struct Plan<'a> {
    pub(crate) environment: &'a str,
    /// The publication that the caller has seen, which it must follow.
    pub(crate) former: Option<&'a PublicationRow>,
    pub(crate) hash: &'a str,
    pub(crate) bytes: &'a str,
    /// What edges read.
    pub(crate) bundle: &'a [u8],
    pub(crate) note: String,
    /// The publication whose bytes are repeated.
    pub(crate) rollback_of: Option<u64>,
}

/// Publishes: bytes to KV, then one transaction that takes the next number, then the pointer.
///
/// # Returns
/// The publication. Its `delivered_at_ms` is `None` when the pointer could not be written: it is
/// published nevertheless, and the pointer follows by repair or `sync`.
/// # Errors
/// `PreconditionFailed` when somebody else took the number.
pub(crate) async fn commit(app: &App, caller: &Caller, plan: Plan<'_>) -> Result<PublicationRow> {
    let store = app.store()?;
    let now_ms = app::now_ms();
    delivery::put_bytes(app, plan.environment, plan.hash, plan.bundle).await?;
    let row = PublicationRow {
        environment: plan.environment.to_owned(),
        number: plan.former.map_or(1, |former| former.number + 1),
        hash: plan.hash.to_owned(),
        author: caller.name.clone(),
        at_ms: now_ms,
        note: plan.note,
        rollback_of: plan.rollback_of,
        delivered_at_ms: None,
    };
    let before = plan.former.map(facts);
    let after = facts(&row);
    let key = row.number.to_string();
    let entry = Entry {
        action: if row.rollback_of.is_some() {
            "rollback"
        } else {
            "publish"
        },
        environment: Some(plan.environment),
        kind: "publication",
        key: &key,
        version: Some(row.number),
        before: before.as_ref(),
        after: Some(&after),
    };
    let mut statements = vec![
        publications::insert_ruleset(&store, plan.hash, plan.bytes, now_ms)?,
        publications::insert(&store, &row)?,
        audit::insert(&store, caller, now_ms, &entry)?,
    ];
    statements.extend(publications::insert_bundle(&store, plan.hash, plan.bundle)?);
    store.commit(statements).await?;
    match delivery::put_pointer(app, plan.environment).await {
        Ok(Some(named)) if named.number == row.number => Ok(named),
        // Somebody has published since and overtook ours, or the pointer is late: both are told
        // by the absent time.
        Ok(_) | Err(_) => Ok(row),
    }
}

fn facts(row: &PublicationRow) -> Value {
    json!({
        "number": row.number,
        "hash": row.hash,
        "note": row.note,
        "rollbackOf": row.rollback_of,
    })
}

fn too_long(bytes: usize) -> Fault {
    let detail = format!("the ruleset has {bytes} bytes, at most {RULESET_BYTES_MAX} are allowed");
    Fault::new(FaultKind::InvalidRuleset, detail).at("")
}
