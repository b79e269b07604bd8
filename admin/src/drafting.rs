//! Changing drafts: checks, and the next version.

use crate::auth::Caller;
use crate::diagnostics::DiagnosticView;
use crate::fault::{Fault, FaultKind, Result};
use crate::ruleset::check_document;
use crate::store::documents::{DocumentRow, Id};
use serde::Serialize;
use serde_json::Value;

/// What is done to a document, by its name in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Create,
    Update,
    Archive,
    Unarchive,
}

impl Action {
    /// Refuses what the present state does not allow.
    fn check(self, present: Option<&DocumentRow>) -> Result<()> {
        let archived = present.is_some_and(|row| row.archived != 0);
        let detail = match self {
            Self::Update if archived => "it is archived; unarchive it first",
            Self::Archive if archived => "it is archived already",
            Self::Unarchive if !archived => "it is not archived",
            _ => return Ok(()),
        };
        Err(Fault::new(FaultKind::Conflict, detail))
    }
}

/// A change asked for, with what is there now.
pub(crate) struct Change<'a> {
    pub(crate) id: Id<'a>,
    pub(crate) present: Option<DocumentRow>,
    pub(crate) action: Action,
    pub(crate) document: Value,
}

/// A change ready to be written.
pub(crate) struct Prepared {
    /// The document as it will be.
    pub(crate) row: DocumentRow,
    /// What is done; `None` when nothing would change.
    pub(crate) action: Option<Action>,
    /// What is suspicious about it.
    pub(crate) warnings: Vec<DiagnosticView>,
}

/// Checks a change. An update to the very same document is none.
///
/// # Errors
/// `Conflict`, `UnknownField` or `InvalidDocument`.
pub(crate) fn prepare(caller: &Caller, now_ms: u64, change: Change<'_>) -> Result<Prepared> {
    let Change {
        id,
        present,
        action,
        document,
    } = change;
    action.check(present.as_ref())?;
    let warnings = check_document(id.kind, id.key, &document)?;
    if action == Action::Update
        && let Some(row) = &present
        && row.document()? == document
    {
        return Ok(Prepared {
            row: row.clone(),
            action: None,
            warnings,
        });
    }
    let row = DocumentRow {
        environment: id.environment.to_owned(),
        kind: id.kind,
        key: id.key.to_owned(),
        version: present.map_or(1, |row| row.version + 1),
        archived: (action == Action::Archive).into(),
        body: document.to_string(),
        updated_at_ms: now_ms,
        updated_by: caller.name.clone(),
    };
    Ok(Prepared {
        row,
        action: Some(action),
        warnings,
    })
}
