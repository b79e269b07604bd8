//! What the environment's events have come to: the counts of all shards, and the dead letters.

mod dead;

use crate::app::App;
use crate::extract::InPath;
use crate::fault::{Fault, Result};
use crate::limits::{SHARDS_ASKED_AT_ONCE, SHARDS_MAX};
use crate::objects::{LEDGER, Object};
use crate::store::environments;
use axum::Json;
use bandera_platform::binding_text;
use bandera_shared::ledger::{LedgerCommand, ShardTotals, wire};
use bandera_shared::names;
use dead::DeadLetterCounts;
use futures_util::future::join_all;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Counts of an environment's events since its ledger began.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventTotals {
    /// Ledger shards asked.
    shards: u16,
    /// Of these, those that did not answer: what they count is missing here.
    silent_shards: u16,
    /// First exposures of bandits' decisions.
    exposures: u64,
    /// First exposures of flags without a bandit.
    flag_exposures: u64,
    /// Decisions that were rewarded.
    rewards: u64,
    /// Rewards that replaced or raised an earlier one of the same decision.
    reward_updates: u64,
    /// Events that had been counted before and changed nothing.
    duplicates: u64,
    /// Rewards beyond what one decision may have.
    refused: u64,
    /// What edges reported of themselves.
    edges: EdgeReports,
    /// What no retry could deliver, and what became of it; absent when their keeper did not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letters: Option<DeadLetterCounts>,
    /// First exposures of each variant of flags without a bandit, by flag and variant.
    variants: Vec<VariantExposures>,
    /// Decisions and exposures that are told apart from their repeats.
    rows: u64,
    /// Bytes of all shards' databases.
    database_bytes: u64,
}

/// Sums over the isolates that have reported; each report is cumulative and comes with events.
#[derive(Debug, Default, Serialize, ToSchema)]
struct EdgeReports {
    /// First exposures that middleware was to send.
    attempted: u64,
    /// Of these, those given up before the queue took them.
    dropped: u64,
    /// Events refused by the events endpoint.
    rejected: u64,
}

/// First exposures of a variant.
#[derive(Debug, Serialize, ToSchema)]
struct VariantExposures {
    flag: String,
    variant: String,
    exposures: u64,
}

/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
        .routes(routes!(totals))
        .merge(dead::routes())
}

/// The counts of an environment's events: all shards of its ledger, and its dead letters.
///
/// What edges attempted and did not drop is counted here, waits in the queue, is a dead letter, or
/// was lost with one. A part that does not answer is left out, and the answer says so.
#[utoipa::path(
    get,
    path = "/api/v1/environments/{environment}/events/totals",
    tag = "events",
    operation_id = "readEventTotals",
    params(("environment" = String, Path)),
    responses((status = 200, body = EventTotals)),
    security(("token" = ["viewer"]))
)]
#[worker::send]
async fn totals(app: App, InPath(environment): InPath<String>) -> Result<Json<EventTotals>> {
    environments::get(&app.store()?, &environment).await?;
    let shards: Vec<u16> = (0..n_shards(&app)?).collect();
    let mut found = Vec::with_capacity(shards.len());
    for wave in shards.chunks(SHARDS_ASKED_AT_ONCE) {
        let asking = wave
            .iter()
            .map(|shard| shard_totals(&app, &environment, *shard));
        found.extend(join_all(asking).await.into_iter().flatten());
    }
    let silent_shards = (shards.len() - found.len()) as u16;
    let dead_letters = dead::counts(&app, &environment).await.ok();
    Ok(Json(EventTotals {
        shards: shards.len() as u16,
        silent_shards,
        dead_letters,
        ..sum(&found)
    }))
}

/// The number of shards, as the edge has it.
pub(super) fn n_shards(app: &App) -> Result<u16> {
    let Some(text) = binding_text(app.env(), "BANDERA_SHARDS") else {
        return Ok(1);
    };
    let shards = text.trim().parse().ok();
    let shards = shards.filter(|shards| (1..=SHARDS_MAX).contains(shards));
    shards.ok_or_else(|| Fault::internal(&format!("BANDERA_SHARDS: 1 to {SHARDS_MAX}")))
}

async fn shard_totals(app: &App, environment: &str, shard: u16) -> Result<ShardTotals> {
    let name = names::ledger(environment, shard);
    let ledger = Object {
        binding: LEDGER,
        name: &name,
        title: "a shard of the ledger",
    };
    let command = wire::print_ledger_command(&LedgerCommand::Totals);
    let totals = ledger.ask(app, &command, wire::parse_totals).await?;
    totals.ok_or_else(|| ledger.silent())
}

/// The shards' counts together.
fn sum(shards: &[ShardTotals]) -> EventTotals {
    let mut sums = EventTotals::default();
    let mut variants: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for shard in shards {
        let totals = &shard.totals;
        sums.exposures += totals.n_exposures;
        sums.flag_exposures += totals.n_flag_exposures;
        sums.rewards += totals.n_rewards;
        sums.reward_updates += totals.n_reward_updates;
        sums.duplicates += totals.n_duplicates;
        sums.refused += totals.n_refused;
        sums.edges.attempted += shard.reported.n_attempted;
        sums.edges.dropped += shard.reported.n_dropped;
        sums.edges.rejected += shard.reported.n_rejected;
        sums.rows += shard.n_rows;
        sums.database_bytes += shard.database_bytes;
        for (flag, variant, exposures) in &shard.flags {
            *variants.entry((flag, variant)).or_default() += exposures;
        }
    }
    let variant = |((flag, variant), exposures): ((&str, &str), u64)| VariantExposures {
        flag: flag.to_owned(),
        variant: variant.to_owned(),
        exposures,
    };
    sums.variants = variants.into_iter().map(variant).collect();
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::ledger::{Report, Totals};

    #[test]
    fn shards_add_up() {
        let shard = |n: u64, variant: &str| ShardTotals {
            totals: Totals {
                n_exposures: n,
                n_flag_exposures: 2 * n,
                n_rewards: 3 * n,
                n_reward_updates: 4 * n,
                n_duplicates: 5 * n,
                n_refused: 6 * n,
            },
            flags: vec![
                ("banner".into(), "on".into(), n),
                ("banner".into(), variant.into(), 1),
            ],
            reported: Report {
                sender: 9,
                n_attempted: 7 * n,
                n_dropped: 8 * n,
                n_rejected: 9 * n,
            },
            n_rows: 10 * n,
            database_bytes: 11 * n,
        };
        let sums = serde_json::to_value(sum(&[shard(1, "off"), shard(2, "low")])).unwrap();
        let expected = serde_json::json!({
            "shards": 0, "silentShards": 0, "exposures": 3,
            "flagExposures": 6, "rewards": 9, "rewardUpdates": 12,
            "duplicates": 15, "refused": 18,
            "edges": {"attempted": 21, "dropped": 24, "rejected": 27},
            "variants": [
                {"flag": "banner", "variant": "low", "exposures": 1},
                {"flag": "banner", "variant": "off", "exposures": 1},
                {"flag": "banner", "variant": "on", "exposures": 3},
            ],
            "rows": 30, "databaseBytes": 33,
        });
        assert_eq!(sums, expected);
    }
}
