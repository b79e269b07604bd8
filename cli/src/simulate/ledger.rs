//! What the Ledger has counted, through the admin API.

use crate::fault::Fault;
use crate::http::Server;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The admin API's view of one bandit.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    admin: Server,
    path: String,
}

/// Counts of one action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ArmCounts {
    /// Decisions whose exposure was reported.
    pub(super) n_exposed: u64,
    /// Decisions that have a reward.
    pub(super) n_rewarded: u64,
}

/// Counts by action.
pub(super) type Counts = BTreeMap<String, ArmCounts>;

#[derive(Deserialize)]
struct StateWire {
    arms: Vec<ArmWire>,
}

#[derive(Deserialize)]
struct ArmWire {
    action: String,
    exposed: u64,
    rewarded: u64,
}

impl Ledger {
    pub(super) fn new(admin: Server, environment: &str, bandit: &str) -> Self {
        Self {
            admin,
            path: format!("/api/v1/environments/{environment}/bandits/{bandit}/state"),
        }
    }

    /// The counts now.
    pub(super) fn counts(&self) -> Result<Counts, Fault> {
        let place = self.admin.address(&self.path);
        let reply = self
            .admin
            .get(&self.path)
            .map_err(|error| Fault::unreachable(&place, error).fix("is --admin right?"))?;
        match reply.status {
            200 => {}
            401 | 403 => {
                return Err(Fault::unreachable(place, "the token is not accepted")
                    .fix("give --token, or --token @FILE; npm start prints a local one"));
            }
            status => {
                let cause = format!("answers {status}: {}", reply.body.trim());
                return Err(Fault::unreachable(place, cause).fix("is --environment right?"));
            }
        }
        let state: StateWire = serde_json::from_str(&reply.body)
            .map_err(|error| Fault::unreachable(place, format!("no state of a bandit: {error}")))?;
        let counts = state.arms.into_iter().map(|arm| {
            let counts = ArmCounts {
                n_exposed: arm.exposed,
                n_rewarded: arm.rewarded,
            };
            (arm.action, counts)
        });
        Ok(counts.collect())
    }
}
