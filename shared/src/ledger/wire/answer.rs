//! What ledgers and coordinators answer to those who watch: the admin Worker shows it as it is.

use crate::wire::tree;
use serde::{Deserialize, Serialize};

use super::super::command::{ArmView, BanditView, ShardTotals, SnapshotView};
use super::super::state::Totals;
use super::batch::ReportWire;
use super::coordinator::ArmWire;
use super::{InvalidMessage, print};
use crate::time::UnixMillis;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TotalsWire {
    exposures: u64,
    flag_exposures: u64,
    rewards: u64,
    reward_updates: u64,
    duplicates: u64,
    refused: u64,
    flags: Vec<(String, String, u64)>,
    reported: ReportWire,
    rows: u64,
    database_bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ViewWire {
    bandit: String,
    publication: u64,
    snapshot: Option<SnapshotWire>,
    shards: usize,
    arms: Vec<ArmViewWire>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotWire {
    revision: u64,
    at_ms: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArmViewWire {
    #[serde(flatten)]
    arm: ArmWire,
    mean_reward: f64,
    interval95: (f64, f64),
    probability_best: f64,
    parts: u32,
}

/// Writes a shard's counts.
#[must_use]
pub fn print_totals(shard: &ShardTotals) -> String {
    let Totals {
        n_exposures,
        n_flag_exposures,
        n_rewards,
        n_reward_updates,
        n_duplicates,
        n_refused,
    } = shard.totals;
    print(&TotalsWire {
        exposures: n_exposures,
        flag_exposures: n_flag_exposures,
        rewards: n_rewards,
        reward_updates: n_reward_updates,
        duplicates: n_duplicates,
        refused: n_refused,
        flags: shard
            .flags
            .iter()
            .map(|(flag, variant, n)| (flag.to_string(), variant.to_string(), *n))
            .collect(),
        reported: ReportWire::new(&shard.reported),
        rows: shard.n_rows,
        database_bytes: shard.database_bytes,
    })
}

/// Reads a shard's counts.
///
/// # Errors
/// `InvalidMessage`, for any text that [`print_totals`] did not write.
pub fn parse_totals(json: &str) -> Result<ShardTotals, InvalidMessage> {
    let wire: TotalsWire = tree::from_str(json)?;
    Ok(ShardTotals {
        totals: Totals {
            n_exposures: wire.exposures,
            n_flag_exposures: wire.flag_exposures,
            n_rewards: wire.rewards,
            n_reward_updates: wire.reward_updates,
            n_duplicates: wire.duplicates,
            n_refused: wire.refused,
        },
        flags: wire
            .flags
            .into_iter()
            .map(|(flag, v, n)| (flag.into(), v.into(), n))
            .collect(),
        reported: wire.reported.check()?,
        n_rows: wire.rows,
        database_bytes: wire.database_bytes,
    })
}

/// Writes what a coordinator knows.
#[must_use]
pub fn print_view(view: &BanditView) -> String {
    print(&ViewWire {
        bandit: view.bandit.to_string(),
        publication: view.publication,
        snapshot: view.snapshot.as_ref().map(|snapshot| SnapshotWire {
            revision: snapshot.revision,
            at_ms: snapshot.at.0,
        }),
        shards: view.n_shards,
        arms: view
            .arms
            .iter()
            .map(|arm| ArmViewWire {
                arm: ArmWire::new(&arm.action, &arm.arm),
                mean_reward: arm.mean_reward,
                interval95: arm.interval_95,
                probability_best: arm.p_best,
                parts: arm.parts,
            })
            .collect(),
    })
}

/// Reads what a coordinator knows.
///
/// # Errors
/// `InvalidMessage`, for any text that [`print_view`] did not write.
pub fn parse_view(json: &str) -> Result<BanditView, InvalidMessage> {
    let wire: ViewWire = tree::from_str(json)?;
    let arm = |wire: ArmViewWire| {
        let (action, arm) = wire.arm.check()?;
        Ok(ArmView {
            action,
            arm,
            mean_reward: wire.mean_reward,
            interval_95: wire.interval95,
            p_best: wire.probability_best,
            parts: wire.parts,
        })
    };
    let arms: Result<Vec<ArmView>, InvalidMessage> = wire.arms.into_iter().map(arm).collect();
    Ok(BanditView {
        bandit: wire.bandit.into(),
        publication: wire.publication,
        snapshot: wire.snapshot.map(|wire| SnapshotView {
            revision: wire.revision,
            at: UnixMillis(wire.at_ms),
        }),
        n_shards: wire.shards,
        arms: arms?,
    })
}
