//! Changing drafts: checks, the next version, and the audit entry that goes with it.

use crate::auth::Caller;
use crate::diagnostics::DiagnosticView;
use crate::fault::{Fault, FaultKind, Result};
use crate::ruleset::check_document;
use crate::store::Store;
use crate::store::audit::{self, Entry};
use crate::store::documents::{self, DocumentRow, Id};
use serde_json::{Value, json};
use worker::D1PreparedStatement;

/// What is done to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    Archive,
    Unarchive,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Archive => "archive",
            Self::Unarchive => "unarchive",
        }
    }

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

/// A change ready to be committed.
pub(crate) struct Prepared {
    /// The document as it will be.
    pub(crate) row: DocumentRow,
    /// What writes it; empty when nothing would change.
    pub(crate) statements: Vec<D1PreparedStatement>,
    /// What is suspicious about it.
    pub(crate) warnings: Vec<DiagnosticView>,
}

/// Checks a change and prepares its statements. An update to the very same document is none.
///
/// # Errors
/// `Conflict`, `UnknownField` or `InvalidDocument`.
pub(crate) fn prepare(
    store: &Store,
    caller: &Caller,
    now_ms: u64,
    change: Change<'_>,
) -> Result<Prepared> {
    let Change {
        id,
        present,
        action,
        document,
    } = change;
    action.check(present.as_ref())?;
    let warnings = check_document(id.kind, id.key, &document)?;
    let before = present.as_ref().map(DocumentRow::document).transpose()?;
    if action == Action::Update
        && before.as_ref() == Some(&document)
        && let Some(row) = present
    {
        return Ok(Prepared {
            row,
            statements: Vec::new(),
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
    let state = |archived: bool, document: &Value| match action {
        Action::Create | Action::Update => document.clone(),
        Action::Archive | Action::Unarchive => json!({ "archived": archived }),
    };
    let before = before.map(|before| state(action == Action::Unarchive, &before));
    let after = state(action == Action::Archive, &document);
    let entry = Entry {
        action: action.as_str(),
        environment: Some(id.environment),
        kind: id.kind.as_str(),
        key: id.key,
        version: Some(row.version),
        before: before.as_ref(),
        after: Some(&after),
    };
    let mut statements = Vec::from(documents::write(store, &row)?);
    statements.push(audit::insert(store, caller, now_ms, &entry)?);
    Ok(Prepared {
        row,
        statements,
        warnings,
    })
}
