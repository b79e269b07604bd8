//! Dead letters: events that the queue gave up, listed and sent again.

use crate::api::PageQuery;
use crate::app::{self, App, Call};
use crate::extract::{InPath, InQuery, JsonBody};
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::DEAD_REPLAYS_MAX;
use crate::objects::{DEAD_LETTERS, Object};
use crate::paging::{self, Page};
use crate::store::audit::{self, Entry};
use crate::store::environments;
use axum::Json;
use bandera_shared::names;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What the keeper of dead letters is asked; see `edge/dead-letters.ts`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Command<'c> {
    Count,
    List { after: u64, limit: u32 },
    Replay(&'c [u64]),
}

/// Dead letters that are kept, and what became of the others.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeadLetterCounts {
    /// Letters kept.
    letters: u64,
    /// Events in them.
    events: u64,
    /// Their size.
    bytes: u64,
    /// Letters that the queue has taken again.
    replayed_letters: u64,
    /// Events in those.
    replayed_events: u64,
    /// Letters that were dropped, the oldest first, to make room.
    lost_letters: u64,
    /// Events in those.
    lost_events: u64,
}

/// A message that the queue gave up.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeadLetter {
    id: u64,
    /// The queue's own name of the message.
    message: String,
    /// When it was kept, in Unix milliseconds.
    at_ms: u64,
    /// Why it died.
    reason: String,
    /// Events in it; 0 when it cannot be read.
    events: u64,
    /// Its size.
    bytes: u64,
}

/// Which letters to send again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayInput {
    /// At most 100; the oldest when absent.
    ids: Option<Vec<u64>>,
}

/// What the keeper answers to a replay.
#[derive(Debug, Deserialize)]
struct Replayed {
    replayed: Vec<u64>,
    refused: bool,
}

/// What was sent again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReplayView {
    /// Letters that the queue has taken; those that were gone already are not among them.
    replayed: Vec<u64>,
    /// Whether the queue refused one; it and those after it are still kept.
    refused: bool,
    /// What is kept now.
    dead_letters: DeadLetterCounts,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(replay))
}

/// Lists dead letters, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/events/dead-letters",
    tag = "events",
    operation_id = "listDeadLetters",
    params(("environment" = String, Path), PageQuery),
    responses((status = 200, body = Page<DeadLetter>)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn list(
    app: App,
    InPath(environment): InPath<String>,
    InQuery(query): InQuery<PageQuery>,
) -> Result<Json<Page<DeadLetter>>> {
    let limit = paging::limit(query.limit)?;
    let after = paging::number(query.cursor.as_deref())?.unwrap_or_default();
    environments::get(&app.store()?, &environment).await?;
    let letters = letters(&app, &environment, after, limit + 1).await?;
    Page::new(letters, limit, |letter| letter.id.to_string(), Ok).map(Json)
}

/// Sends dead letters to the queue again. Repeating it is harmless: a letter goes only once the
/// queue has taken it, one that is gone is passed over, and events count once however often they
/// come.
#[utoipa::path(
    post,
    path = "/api/v1/environments/{environment}/events/dead-letters/replay",
    tag = "events",
    operation_id = "replayDeadLetters",
    params(("environment" = String, Path)),
    request_body = ReplayInput,
    responses((status = 200, body = ReplayView)),
    security(("token" = ["publisher"]))
)]
#[worker::send]
async fn replay(
    call: Call,
    InPath(environment): InPath<String>,
    JsonBody(input): JsonBody<ReplayInput>,
) -> Result<Json<ReplayView>> {
    let store = call.app.store()?;
    environments::get(&store, &environment).await?;
    let ids = match input.ids {
        Some(ids) => ids,
        None => oldest(&call.app, &environment).await?,
    };
    if ids.len() > DEAD_REPLAYS_MAX {
        let detail = format!("{} letters, at most {DEAD_REPLAYS_MAX}", ids.len());
        return Err(Fault::new(FaultKind::InvalidParameter, detail).at("/ids"));
    }
    let mut replayed = Vec::new();
    let mut refused = false;
    if !ids.is_empty() {
        // Before the deed, which no transaction can hold together with its entry.
        let asked = json!({ "ids": &ids });
        let entry = Entry {
            action: "replay",
            environment: Some(&environment),
            kind: "deadLetters",
            key: "replay",
            version: None,
            before: None,
            after: Some(&asked),
        };
        audit::write(&store, &call.caller, app::now_ms(), &entry).await?;
        let answer: Replayed = ask(&call.app, &environment, &Command::Replay(&ids)).await?;
        (replayed, refused) = (answer.replayed, answer.refused);
    }
    if refused && replayed.is_empty() {
        let detail = "the queue takes no letters now; all are still kept";
        return Err(Fault::new(FaultKind::Unavailable, detail));
    }
    Ok(Json(ReplayView {
        replayed,
        refused,
        dead_letters: counts(&call.app, &environment).await?,
    }))
}

/// How many letters there are, and what became of the others.
pub(super) async fn counts(app: &App, environment: &str) -> Result<DeadLetterCounts> {
    ask(app, environment, &Command::Count).await
}

async fn oldest(app: &App, environment: &str) -> Result<Vec<u64>> {
    let letters = letters(app, environment, 0, DEAD_REPLAYS_MAX as u32).await?;
    Ok(letters.into_iter().map(|letter| letter.id).collect())
}

async fn letters(app: &App, environment: &str, after: u64, limit: u32) -> Result<Vec<DeadLetter>> {
    ask(app, environment, &Command::List { after, limit }).await
}

async fn ask<T: DeserializeOwned>(
    app: &App,
    environment: &str,
    command: &Command<'_>,
) -> Result<T> {
    let name = names::dead_letters(environment);
    let keeper = Object {
        binding: DEAD_LETTERS,
        name: &name,
        title: "the keeper of dead letters",
    };
    let command = serde_json::to_string(command).map_err(|error| Fault::internal(&error))?;
    let answer = keeper
        .ask(app, &command, |text| serde_json::from_str(text))
        .await?;
    answer.ok_or_else(|| keeper.silent())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_that_the_keeper_reads() {
        let check = |command: Command<'_>, expected: &str| {
            assert_eq!(serde_json::to_string(&command).unwrap(), expected);
        };
        check(Command::Count, r#""count""#);
        check(
            Command::List {
                after: 3,
                limit: 51,
            },
            r#"{"list":{"after":3,"limit":51}}"#,
        );
        check(Command::Replay(&[4, 2]), r#"{"replay":[4,2]}"#);
    }
}
