//! What a replay is summed up to.

use super::log::{Log, Round};
use super::player::Player;
use bandera_shared::bandit::{Distribution, PARTS};
use serde::Serialize;

/// One policy over one log.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) dataset: String,
    pub(super) seed: u64,
    pub(super) rounds: usize,
    pub(super) policy: String,
    pub(super) mean_reward: f64,
    /// One less the mean reward.
    pub(super) progressive_loss: f64,
    /// Mean given away against the best action of each round, by true means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) regret: Option<f64>,
    /// Time of a decision and of learning from it.
    pub(super) micros_per_round: f64,
    /// Mean over actions of the distance between how often an action was chosen and how often it
    /// should have been, by the stated propensities; a share of all rounds.
    pub(super) mean_propensity_error: f64,
    /// How often the policy took the world for changed.
    pub(super) changes: u64,
}

/// Sums over rounds.
pub(super) struct Tally {
    reward: f64,
    /// `None` from the first round on whose means are not known.
    regret: Option<f64>,
    n_chosen: Vec<u64>,
    parts: Vec<u64>,
}

impl Tally {
    pub(super) fn new(log: &Log) -> Self {
        Self {
            reward: 0.0,
            regret: Some(0.0),
            n_chosen: vec![0; log.n_actions],
            parts: vec![0; log.n_actions],
        }
    }

    /// Counts a decision and says what it brought.
    pub(super) fn record(
        &mut self,
        round: &Round,
        action: usize,
        distribution: &Distribution,
    ) -> f64 {
        let share = round.rewards.get(action).copied().unwrap_or_default();
        self.reward += share;
        self.regret = self
            .regret
            .zip(round.means.as_ref())
            .map(|(regret, means)| {
                let best = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                regret + best - means.get(action).copied().unwrap_or_default()
            });
        if let Some(n_chosen) = self.n_chosen.get_mut(action) {
            *n_chosen += 1;
        }
        for (sum, parts) in self.parts.iter_mut().zip(distribution.parts()) {
            *sum += u64::from(*parts);
        }
        share
    }

    pub(super) fn report(self, log: &Log, player: &dyn Player, seed: u64, micros: f64) -> Report {
        let rounds = log.rounds.len();
        let n = rounds as f64;
        let errors = self
            .n_chosen
            .iter()
            .zip(&self.parts)
            .map(|(chosen, parts)| (*chosen as f64 - *parts as f64 / f64::from(PARTS)).abs() / n);
        Report {
            dataset: log.dataset.clone(),
            seed,
            rounds,
            policy: player.name().to_owned(),
            mean_reward: self.reward / n,
            progressive_loss: 1.0 - self.reward / n,
            regret: self.regret.map(|regret| regret / n),
            micros_per_round: micros / n,
            mean_propensity_error: errors.sum::<f64>() / log.n_actions as f64,
            changes: player.n_changes(),
        }
    }
}
