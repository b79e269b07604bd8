//! Many documents at once: import as one transaction, also from other systems, and export.

use super::publications::draft;
use crate::app::{self, App, Call};
use crate::drafting::{Action, Change, prepare};
use crate::extract::{InPath, InQuery, JsonBody, RawBody};
use crate::fault::{Fault, FaultKind, Result};
use crate::kinds::Kind;
use crate::limits::IMPORT_DOCUMENTS_MAX;
use crate::ruleset;
use crate::store::documents::{self, DocumentRow, Id};
use crate::store::environments::{self, EnvironmentRow};
use axum::Json;
use bandera_import::{Fidelity, Note, PEERS, Peer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

type Members = BTreeMap<String, Value>;

/// A ruleset as it is authored; members that are absent are left alone.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RulesetInput {
    /// 1.
    schema_version: u32,
    /// If present, the environment's own.
    salt: Option<String>,
    /// If present, the environment's own.
    #[schema(value_type = Option<Vec<Object>>)]
    private_attributes: Option<Value>,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>, required = false)]
    flags: Members,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>, required = false)]
    lists: Members,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>, required = false)]
    segments: Members,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>, required = false)]
    layers: Members,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>, required = false)]
    holdouts: Members,
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>, required = false)]
    bandits: Members,
}

impl RulesetInput {
    fn check(&self, environment: &EnvironmentRow) -> Result<()> {
        let salt = &environment.salt;
        let invalid = |pointer: &str, detail: String| {
            Err(Fault::new(FaultKind::InvalidDocument, detail).at(pointer))
        };
        let known = bandera_shared::wire::ruleset::SCHEMA_VERSION;
        if self.schema_version != known {
            return invalid(
                "/schemaVersion",
                format!("{known} is the version known here"),
            );
        }
        if self.salt.as_ref().is_some_and(|own| own != salt) {
            return invalid("/salt", format!("the environment's salt is \"{salt}\""));
        }
        let private = ruleset::parse(&environment.private_attributes)?;
        if self
            .private_attributes
            .as_ref()
            .is_some_and(|own| *own != private)
        {
            let detail = format!("the environment's are {private}: change those first");
            return invalid("/privateAttributes", detail);
        }
        Ok(())
    }

    fn members(self) -> Vec<(Kind, String, Value)> {
        let members = [
            (Kind::List, self.lists),
            (Kind::Segment, self.segments),
            (Kind::Layer, self.layers),
            (Kind::Holdout, self.holdouts),
            (Kind::Bandit, self.bandits),
            (Kind::Flag, self.flags),
        ];
        let flat = members.into_iter().flat_map(|(kind, members)| {
            members
                .into_iter()
                .map(move |(key, document)| (kind, key, document))
        });
        flat.collect()
    }
}

/// What else an import does.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// Answer as if it had been done, and do nothing.
    dry_run: bool,
    /// Archive every document that the body does not have.
    archive_missing: bool,
}

/// What an import did.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportReport {
    created: u32,
    updated: u32,
    unchanged: u32,
    archived: u32,
    unarchived: u32,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(import))
        .routes(routes!(import_from))
        .routes(routes!(export))
}

/// Writes every document of a ruleset as drafts, all or none. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/import",
    tag = "documents",
    operation_id = "importRuleset",
    params(("environment" = String, Path), ImportQuery),
    request_body = RulesetInput,
    responses((status = 200, body = ImportReport)),
    security(("token" = ["editor"]))
)]
#[worker::send]
async fn import(
    call: Call,
    InPath(environment): InPath<String>,
    InQuery(query): InQuery<ImportQuery>,
    JsonBody(input): JsonBody<RulesetInput>,
) -> Result<Json<ImportReport>> {
    let store = call.app.store()?;
    input.check(&environments::get(&store, &environment).await?)?;
    write(&call, &environment, input.members(), query)
        .await
        .map(Json)
}

/// How an export of another system is taken over.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportFromQuery {
    /// Answer as if it had been done, and do nothing.
    dry_run: bool,
    /// Archive every document that the export does not have.
    archive_missing: bool,
    /// Refuse what is not exactly as it was there.
    strict: bool,
}

/// What became of another system's export.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportFromReport {
    #[serde(flatten)]
    documents: ImportReport,
    /// What is not exactly as it was, in the order of the export.
    notes: Vec<NoteOutput>,
    /// Names of members of the export that were left out because no answer depends on them.
    idle: Vec<String>,
}

/// What became of one part of an export.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoteOutput {
    /// `mapped`, `approximated` or `dropped`.
    fidelity: &'static str,
    /// Where in what was read.
    pub(super) pointer: String,
    /// What became of it.
    message: String,
}

impl From<Note> for NoteOutput {
    fn from(note: Note) -> Self {
        Self {
            fidelity: match note.fidelity {
                Fidelity::Mapped => "mapped",
                Fidelity::Approximated => "approximated",
                Fidelity::Dropped => "dropped",
            },
            pointer: note.pointer,
            message: note.message,
        }
    }
}

/// Writes the flags of another system as drafts, all or none, with that system's own bucketing, so
/// that no subject changes its bucket.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/import/{peer}",
    tag = "documents",
    operation_id = "importFromPeer",
    params(
        ("environment" = String, Path),
        ("peer" = String, Path, description = "The system the export comes from"),
        ImportFromQuery,
    ),
    request_body = Object,
    responses((status = 200, body = ImportFromReport)),
    security(("token" = ["editor"]))
)]
#[worker::send]
async fn import_from(
    call: Call,
    InPath((environment, peer)): InPath<(String, String)>,
    InQuery(query): InQuery<ImportFromQuery>,
    RawBody(export): RawBody,
) -> Result<Json<ImportFromReport>> {
    environments::get(&call.app.store()?, &environment).await?;
    let Some(peer) = Peer::named(&peer) else {
        let known = PEERS.map(|(name, _)| name).join(", ");
        let detail = format!("no system is known as \"{peer}\": one of {known}");
        return Err(Fault::new(FaultKind::NotFound, detail));
    };
    let imported = bandera_import::import(peer, &export).map_err(|error| {
        Fault::new(FaultKind::InvalidDocument, error.message).at(&error.pointer)
    })?;
    let idle = imported.report.idle;
    let mut notes = imported.report.notes.into_iter();
    if query.strict
        && let Some(note) = notes.clone().find(|note| note.fidelity != Fidelity::Mapped)
    {
        let detail = format!("not exactly as it was: {}", note.message);
        return Err(Fault::new(FaultKind::InvalidDocument, detail).at(&note.pointer));
    }
    let input: RulesetInput =
        serde_json::from_value(imported.ruleset).map_err(|error| Fault::internal(&error))?;
    let written = ImportQuery {
        dry_run: query.dry_run,
        archive_missing: query.archive_missing,
    };
    Ok(Json(ImportFromReport {
        documents: write(&call, &environment, input.members(), written).await?,
        notes: notes.by_ref().map(NoteOutput::from).collect(),
        idle,
    }))
}

/// Writes the documents as drafts, all or none.
async fn write(
    call: &Call,
    environment: &str,
    members: Vec<(Kind, String, Value)>,
    query: ImportQuery,
) -> Result<ImportReport> {
    let store = call.app.store()?;
    if members.len() > IMPORT_DOCUMENTS_MAX {
        let detail = format!("at most {IMPORT_DOCUMENTS_MAX} documents are taken at once");
        return Err(Fault::new(FaultKind::InvalidDocument, detail).at(""));
    }
    let rows = documents::every(&store, environment).await?;
    let mut present: HashMap<(Kind, String), DocumentRow> = rows
        .into_iter()
        .map(|row| ((row.kind, row.key.clone()), row))
        .collect();
    let now_ms = app::now_ms();
    let mut report = ImportReport::default();
    let mut steps = Vec::new();
    for (kind, key, document) in members {
        let row = present.remove(&(kind, key.clone()));
        let action = match &row {
            None => Action::Create,
            Some(row) if row.archived != 0 => Action::Unarchive,
            Some(_) => Action::Update,
        };
        kind.check_key(&key)?;
        let id = Id {
            environment,
            kind,
            key: &key,
        };
        let change = Change {
            id,
            present: row,
            action,
            document,
        };
        let prepared = prepare(&call.caller, now_ms, change)
            .map_err(|fault| fault.within(&format!("/{}/{key}", kind.collection())))?;
        *match action {
            Action::Create => &mut report.created,
            Action::Unarchive => &mut report.unarchived,
            _ if prepared.action.is_none() => &mut report.unchanged,
            _ => &mut report.updated,
        } += 1;
        steps.extend(prepared.action.map(|action| (action, prepared.row)));
    }
    let missing = present
        .into_values()
        .filter(|row| query.archive_missing && row.archived == 0);
    for row in missing {
        let (key, document) = (row.key.clone(), row.document()?);
        let id = Id {
            environment,
            kind: row.kind,
            key: &key,
        };
        let change = Change {
            id,
            present: Some(row),
            action: Action::Archive,
            document,
        };
        let prepared = prepare(&call.caller, now_ms, change)?;
        steps.extend(prepared.action.map(|action| (action, prepared.row)));
        report.archived += 1;
    }
    if !query.dry_run && !steps.is_empty() {
        store
            .commit(documents::write(&store, &call.caller, &steps)?)
            .await?;
    }
    Ok(report)
}

/// The drafts as one ruleset, which an import takes back.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/draft",
    tag = "documents",
    operation_id = "exportDraft",
    params(("environment" = String, Path)),
    responses((status = 200, body = Object)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn export(app: App, InPath(environment): InPath<String>) -> Result<Json<Value>> {
    Ok(Json(draft(&app.store()?, &environment).await?.to_value()))
}
