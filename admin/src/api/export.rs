//! Flags in another system's form, so that nobody is locked in.

use super::evaluation::ruleset_bytes;
use super::import::NoteOutput;
use crate::app::App;
use crate::extract::{InPath, InQuery};
use crate::fault::{Fault, FaultKind, Result};
use crate::store::environments;
use axum::Json;
use bandera_import::{Exported, Fidelity, export_flagd};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// What is exported, and how faithfully it has to be.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// `live` (when absent), `draft`, or a publication's number.
    against: Option<String>,
    /// Refuse what is not exactly as it was.
    strict: bool,
}

/// A ruleset written for another system.
#[derive(Debug, Serialize, ToSchema)]
struct ExportReply {
    /// `live`, `draft` or a publication's number, as asked.
    against: String,
    /// The file as that system reads it.
    #[schema(value_type = Object)]
    file: Value,
    /// What is not exactly as it was, in the order of the ruleset.
    notes: Vec<NoteOutput>,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default().routes(routes!(export_to))
}

/// Writes the flags of a publication, or of the draft, for another system.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/export/{system}",
    tag = "documents",
    operation_id = "exportToSystem",
    params(
        ("environment" = String, Path),
        ("system" = String, Path, description = "The system to write for: `flagd`"),
        ExportQuery,
    ),
    responses((status = 200, body = ExportReply)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn export_to(
    app: App,
    InPath((environment, system)): InPath<(String, String)>,
    InQuery(query): InQuery<ExportQuery>,
) -> Result<Json<ExportReply>> {
    let store = app.store()?;
    environments::get(&store, &environment).await?;
    if system != "flagd" {
        let detail = format!("nothing is written for \"{system}\": one of flagd");
        return Err(Fault::new(FaultKind::NotFound, detail));
    }
    let against = query.against.unwrap_or_else(|| "live".to_owned());
    let bytes = ruleset_bytes(&store, &environment, &against).await?;
    let exported = export_flagd(&bytes)
        .map_err(|error| Fault::new(FaultKind::InvalidRuleset, error.message).at(&error.pointer))?;
    reply(against, exported, query.strict).map(Json)
}

/// The reply, unless it has to be exact and is not.
fn reply(against: String, exported: Exported, strict: bool) -> Result<ExportReply> {
    let Exported { file, report } = exported;
    let mut inexact = report.notes.iter();
    let inexact = inexact.find(|note| strict && note.fidelity != Fidelity::Mapped);
    if let Some(note) = inexact {
        let detail = format!("not exactly as it was: {}", note.message);
        return Err(Fault::new(FaultKind::InvalidDocument, detail).at(&note.pointer));
    }
    Ok(ExportReply {
        against,
        file,
        notes: report.notes.into_iter().map(NoteOutput::from).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exported(rollout: &str) -> Exported {
        let ruleset = format!(
            r#"{{"schemaVersion":1,"flags":{{"f":{{"type":"boolean","status":"enabled",
                "variants":{{"on":{{"value":true}},"off":{{"value":false}}}},
                "defaultVariant":"off",
                "rules":[{{"id":"r"{rollout},"serve":{{"variant":"on"}}}}]}}}}}}"#
        );
        export_flagd(ruleset.as_bytes()).unwrap()
    }

    #[test]
    fn only_what_is_exact_passes_when_it_has_to_be() {
        let exact = exported(r#","when":{"attribute":"plan","op":"equals","value":"pro"}"#);
        let answer = reply("live".into(), exact, true).unwrap();
        assert!(answer.notes.is_empty());
        assert!(answer.file["flags"]["f"]["variants"]["on"] == true);
        let spread = r#","gates":[{"percentage":50}]"#;
        let answer = reply("draft".into(), exported(spread), false).unwrap();
        assert_eq!(answer.notes.len(), 1);
        assert_eq!(answer.notes[0].pointer, "/flags/f/rules/0/gates/0");
        assert!(reply("live".into(), exported(spread), true).is_err());
    }
}
