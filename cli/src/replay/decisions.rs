//! What a policy decided, as a log that knows the reward of what was chosen and no other.

use super::log::{Log, Round};
use bandera_shared::bandit::{Distribution, PARTS};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::io::Write;

/// A log in the making, gzip.
pub(super) struct Decisions(GzEncoder<Vec<u8>>);

#[derive(Serialize)]
struct HeadWire<'a> {
    meta: MetaWire<'a>,
}

#[derive(Serialize)]
struct MetaWire<'a> {
    dataset: &'a str,
    d: usize,
    arms: usize,
}

#[derive(Serialize)]
struct DecisionWire<'a> {
    x: &'a [f64],
    action: usize,
    propensity: f64,
    reward: f64,
    distribution: Vec<f64>,
}

impl Decisions {
    /// A log of decisions in these contexts.
    pub(super) fn of(log: &Log) -> anyhow::Result<Self> {
        let mut decisions = Self(GzEncoder::new(Vec::new(), Compression::default()));
        decisions.line(&HeadWire {
            meta: MetaWire {
                dataset: &log.dataset,
                d: log.d,
                arms: log.n_actions,
            },
        })?;
        Ok(decisions)
    }

    pub(super) fn record(
        &mut self,
        round: &Round,
        action: usize,
        distribution: &Distribution,
    ) -> anyhow::Result<()> {
        let share = |parts: &u32| f64::from(*parts) / f64::from(PARTS);
        let shares: Vec<f64> = distribution.parts().iter().map(share).collect();
        self.line(&DecisionWire {
            x: &round.context,
            action,
            propensity: shares.get(action).copied().unwrap_or_default(),
            reward: round.rewards.get(action).copied().unwrap_or_default(),
            distribution: shares,
        })
    }

    fn line(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.0, value)?;
        Ok(self.0.write_all(b"\n")?)
    }

    /// The bytes of the file.
    pub(super) fn finish(self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.finish()?)
    }
}
