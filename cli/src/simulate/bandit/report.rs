//! The figures of a simulated bandit.

use super::BanditArgs;
use super::course::Outcome;
use super::world::World;
use crate::shares::BestShares;
use bandera_lab::MeanRegret;
use serde::Serialize;

/// A mean over runs.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mean {
    pub(super) mean: f64,
    pub(super) standard_error: f64,
}

impl Mean {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.collect();
        let MeanRegret {
            mean,
            standard_error,
        } = MeanRegret::of(&values);
        Self {
            mean,
            standard_error,
        }
    }
}

/// Everything that was simulated.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) bandit: String,
    pub(super) policy: &'static str,
    pub(super) actions: Vec<String>,
    pub(super) decisions: u32,
    /// Actions of each list.
    pub(super) positions: usize,
    pub(super) traffic: f64,
    pub(super) delay_seconds: f64,
    pub(super) shards: u16,
    pub(super) runs: u32,
    pub(super) seed: u64,
    /// The decision from which on the truth is turned around.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) swap_at: Option<u32>,
    /// Rewards that the best list for each audience would have brought, in expectation.
    pub(super) possible: f64,
    /// What an even split would have given away.
    pub(super) regret_of_even_split: f64,
    pub(super) windows: Vec<WindowReport>,
}

/// What became of snapshots so far apart.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WindowReport {
    /// 0 for learning at once.
    pub(super) seconds: f64,
    /// Snapshots of a run, on average.
    pub(super) snapshots: f64,
    /// What was given away against the best list of each audience, in expectation.
    pub(super) regret: Mean,
    /// The same as a share of what was possible.
    pub(super) regret_share: f64,
    /// How much more that is than what learning at once gave away with the same visitors.
    pub(super) loss: Mean,
    /// The same as a share of what was possible.
    pub(super) loss_share: f64,
    /// Rewards that were drawn.
    pub(super) rewards: Mean,
    /// Share of the best list in each tenth of a run, in any order.
    pub(super) best_shares: Vec<f64>,
    /// Decisions after the swap until the best action had 80 % of a hundredth of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recovered_after: Option<u32>,
}

impl Report {
    /// # Arguments
    /// `outcomes`: of each window, of each run.
    pub(super) fn new(
        args: &BanditArgs,
        world: &World,
        windows_ms: &[i64],
        outcomes: &[Vec<Outcome>],
    ) -> Self {
        let at_once = outcomes.first().map_or(&[][..], Vec::as_slice);
        let windows = windows_ms.iter().zip(outcomes);
        let bandit = &world.bandit;
        Self {
            bandit: bandit.key().to_owned(),
            policy: bandit.policy().kind().name(),
            actions: bandit.actions().iter().map(ToString::to_string).collect(),
            decisions: world.n_decisions,
            positions: world.n_positions,
            traffic: world.traffic,
            delay_seconds: args.delay,
            shards: world.n_shards,
            runs: args.runs,
            seed: args.seed,
            swap_at: world.swap_at,
            possible: possible(at_once),
            regret_of_even_split: even_split(world),
            windows: windows
                .map(|(ms, runs)| WindowReport::new(world, *ms, runs, at_once))
                .collect(),
        }
    }
}

impl WindowReport {
    fn new(world: &World, window_ms: i64, runs: &[Outcome], at_once: &[Outcome]) -> Self {
        let possible = possible(at_once);
        let regret = Mean::of(runs.iter().map(|run| run.regret));
        // Run by run, since both met the same visitors.
        let pairs = runs.iter().zip(at_once);
        let loss = Mean::of(pairs.map(|(run, at_once)| run.regret - at_once.regret));
        let mut shares = BestShares::of(world.n_decisions);
        for run in runs {
            shares.add(&run.best);
        }
        Self {
            seconds: window_ms as f64 / 1e3,
            snapshots: Mean::of(runs.iter().map(|run| run.n_snapshots.into())).mean,
            regret,
            regret_share: regret.mean / possible,
            loss,
            loss_share: loss.mean / possible,
            rewards: Mean::of(runs.iter().map(|run| run.rewards)),
            best_shares: shares.tenths(),
            recovered_after: world.swap_at.and_then(|from| shares.recovered_after(from)),
        }
    }
}

/// What the best actions would have brought a run, in expectation.
fn possible(runs: &[Outcome]) -> f64 {
    Mean::of(runs.iter().map(|run| run.possible)).mean
}

fn even_split(world: &World) -> f64 {
    let audiences = world.truth.audiences();
    let whole: f64 = audiences.iter().map(|audience| audience.share).sum();
    let given_away = audiences
        .iter()
        .enumerate()
        .map(|(place, audience)| audience.share / whole * (world.best(place) - world.even(place)));
    f64::from(world.n_decisions) * given_away.sum::<f64>()
}
