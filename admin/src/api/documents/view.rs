//! Documents as the API shows them, and the parameters that name them.

use crate::app::Call;
use crate::diagnostics::DiagnosticView;
use crate::fault::{Fault, Result};
use crate::kinds::{Collection, Kind};
use crate::precondition::{self, etag};
use crate::store::documents::{self, DocumentRow, Id, VersionRow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A draft document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Document)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct DocumentView {
    environment: String,
    kind: Kind,
    key: String,
    /// Rises by one with each change; the `ETag` is `"v<version>"`.
    version: u64,
    /// Archived documents are kept out of the ruleset.
    archived: bool,
    /// Unix milliseconds.
    updated_at_ms: u64,
    /// Name of the token that wrote it.
    updated_by: String,
    /// As it stands in the ruleset.
    #[schema(value_type = Object)]
    document: Value,
    /// What is suspicious about it; only in answers to writes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<DiagnosticView>,
}

impl DocumentView {
    pub(super) fn new(row: DocumentRow, warnings: Vec<DiagnosticView>) -> Result<Self> {
        Ok(Self {
            document: row.document()?,
            environment: row.environment,
            kind: row.kind,
            key: row.key,
            version: row.version,
            archived: row.archived != 0,
            updated_at_ms: row.updated_at_ms,
            updated_by: row.updated_by,
            warnings,
        })
    }
}

/// A version of a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DocumentVersion)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct VersionView {
    version: u64,
    archived: bool,
    /// Name of the token that wrote it.
    author: String,
    /// Unix milliseconds.
    at_ms: u64,
    #[schema(value_type = Object)]
    document: Value,
}

impl TryFrom<VersionRow> for VersionView {
    type Error = Fault;

    fn try_from(row: VersionRow) -> Result<Self> {
        Ok(Self {
            version: row.version,
            archived: row.archived != 0,
            author: row.author,
            at_ms: row.at_ms,
            document: serde_json::from_str(&row.body).map_err(|error| Fault::internal(&error))?,
        })
    }
}

/// Which documents to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct ListQuery {
    /// `next` of the page before.
    pub(super) cursor: Option<String>,
    /// Items of a page, from 1 to 200; 50 when absent.
    pub(super) limit: Option<u32>,
    /// Archived ones instead of the others.
    #[serde(default)]
    pub(super) archived: bool,
    /// Only keys that contain this text, without regard to case.
    pub(super) search: Option<String>,
    /// Only flags with this status.
    pub(super) status: Option<String>,
    /// Only documents with this tag.
    pub(super) tag: Option<String>,
}

/// Path of a collection.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::api) struct CollectionPath {
    pub(super) environment: String,
    pub(super) collection: Collection,
}

/// Path of a document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::api) struct DocumentPath {
    pub(super) environment: String,
    pub(super) collection: Collection,
    pub(super) key: String,
}

impl DocumentPath {
    pub(super) fn id(&self) -> Id<'_> {
        Id {
            environment: &self.environment,
            kind: self.collection.into(),
            key: &self.key,
        }
    }

    pub(super) fn absent(&self) -> Fault {
        Fault::not_found(self.id().kind.as_str(), &self.key)
    }

    /// The document, which `If-Match` must name.
    pub(super) async fn present(&self, call: &Call) -> Result<DocumentRow> {
        let row = documents::find(&call.app.store()?, self.id()).await?;
        let row = row.ok_or_else(|| self.absent())?;
        precondition::require(&call.headers, &etag(row.version))?;
        Ok(row)
    }
}

/// Path of a version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::api) struct VersionPath {
    pub(super) environment: String,
    pub(super) collection: Collection,
    pub(super) key: String,
    pub(super) version: u64,
}
