//! What a replay is summed up to.

use super::log::{Log, Round};
use super::player::Player;
use crate::shares::BestShares;
use bandera_lab::N_PARTS;
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
    /// Share of decisions for the best action of their round in each tenth of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) best_shares: Option<Vec<f64>>,
    /// Rounds after the world changed until the best action had 80 % of a hundredth of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recovered_after: Option<u32>,
    /// The round from which on the world is another, where that is known.
    #[serde(skip)]
    pub(super) changed_from: Option<u32>,
}

/// Sums over rounds.
pub(super) struct Tally {
    reward: f64,
    /// `None` from the first round on whose means are not known.
    regret: Option<f64>,
    n_rounds: usize,
    n_recorded: usize,
    /// Of each hundredth of the log, how many decisions were for the best action of their round.
    best: Vec<u32>,
    n_chosen: Vec<u64>,
    parts: Vec<u64>,
}

impl Tally {
    pub(super) fn new(log: &Log) -> Self {
        Self {
            reward: 0.0,
            regret: Some(0.0),
            n_rounds: log.rounds.len(),
            n_recorded: 0,
            best: vec![0; N_PARTS as usize],
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
                let missed = best - means.get(action).copied().unwrap_or_default();
                let part = self.n_recorded * N_PARTS as usize / self.n_rounds.max(1);
                if let Some(n_best) = self.best.get_mut(part) {
                    *n_best += u32::from(missed <= 0.0);
                }
                regret + missed
            });
        self.n_recorded += 1;
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
        let mut shares = BestShares::of(rounds as u32);
        shares.add(&self.best);
        let changed_from = log.changed_from.filter(|_| self.regret.is_some());
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
            best_shares: self.regret.map(|_| shares.tenths()),
            recovered_after: changed_from.and_then(|from| shares.recovered_after(from)),
            changed_from,
        }
    }
}
