//! A bandit as its author declared it: actions, reward, policy, window and stickiness.
//!
//! Every value here has been checked once, by [`wire`]; nothing downstream checks again. What the
//! bandit has learned is not here: see [`crate::snapshot`] and [`crate::ledger`].

mod distribution;
pub mod features;
mod forgetting;
mod kind;
mod reward;
pub mod wire;

pub use distribution::{Distribution, InvalidDistribution, PARTS, Propensity};
pub use features::{ContextVector, FeatureSpec};
pub use forgetting::{
    FORGETTING_MS_MAX, FORGETTING_MS_MIN, Forgetting, PERIODS, PERIODS_KEPT, Reach,
};
pub use kind::{POLICY_KINDS, PolicyKind};
pub use reward::{
    InvalidReward, REWARD_UNITS, Repeat, Reward, RewardKind, RewardRange, RewardSpec,
};

use crate::policy::index::AllocationRule;
use crate::policy::linear::Exploration;

/// Most actions of one bandit.
pub const ACTIONS_MAX: usize = 64;
/// Most actions that a request offers to a bandit that chooses among those.
pub const OFFERED_MAX: usize = 256;
/// Stands for whatever is offered, where one model is learned of all of it.
pub const OFFERED: &str = "*";
/// Most sums that a shard keeps for a contextual bandit, over all actions: half a megabyte. Of the
/// longest vectors 28 actions fit, of vectors of 41 numbers all [`ACTIONS_MAX`]; of a bandit that
/// forgets, [`PERIODS_KEPT`] times the sums are kept, so that 8 actions of 27 numbers fit.
pub const SUMS_MAX: usize = 65_536;
/// Most numbers that a snapshot tells of how sure a `linUcb` bandit is, over all actions: so that a
/// hundred snapshots, which edges read at once, stay below 25 MiB.
pub const SPREADS_MAX: usize = 16_384;
/// Longest key of a bandit, an action or a metric.
pub const KEY_BYTES_MAX: usize = 128;
/// Longest attribution window: 90 days.
pub const ATTRIBUTION_WINDOW_MS_MAX: u64 = 90 * 86_400_000;
/// Attribution window where none is declared: one day.
pub const ATTRIBUTION_WINDOW_MS_DEFAULT: u64 = 86_400_000;
/// A KV key takes one write a second, so no snapshot interval is shorter.
pub const SNAPSHOT_INTERVAL_MS_MIN: u64 = 1_000;
/// Longest snapshot interval: one day.
pub const SNAPSHOT_INTERVAL_MS_MAX: u64 = 86_400_000;
/// Snapshot interval where none is declared.
pub const SNAPSHOT_INTERVAL_MS_DEFAULT: u64 = 60_000;
/// Exploration floor where none is declared: every action keeps one decision in a hundred.
pub const FLOOR_PARTS_DEFAULT: u32 = 10_000;

/// Greatest share of decisions that `epsilonGreedy` leaves to chance: all.
pub const EPSILON_MAX: f64 = 1.0;
/// That share where none is declared: a tenth.
pub const EPSILON_DEFAULT: f64 = 0.1;
/// Greatest power of the number of decisions that the share is divided by: in proportion to it.
pub const DECAY_MAX: f64 = 1.0;
/// Least and greatest pseudo-count of a prior.
pub const PRIOR_MIN: f64 = 0.01;
/// Greatest pseudo-count of a prior.
pub const PRIOR_MAX: f64 = 1e9;

/// How long a decision stays with a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stickiness {
    /// The first decision is kept; a later snapshot does not move the visitor.
    #[default]
    Subject,
    /// Drawn again, by hash, for each policy revision.
    Revision,
    /// Drawn for each request from the random number of the request.
    Request,
}

/// Pseudo-observations that a Beta posterior starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaPrior {
    /// Pseudo-successes, > 0.
    pub successes: f64,
    /// Pseudo-failures, > 0.
    pub failures: f64,
}

impl BetaPrior {
    /// Jeffreys' prior: it learns faster than the uniform one where rewards are rare.
    pub const JEFFREYS: Self = Self {
        successes: 0.5,
        failures: 0.5,
    };
}

/// How allocation follows from what was learned.
#[derive(Debug, Clone, PartialEq)]
pub enum Policy {
    /// By what each action brought, whatever the context. The rule decides between two snapshots
    /// only: what is learned are sums that every rule reads, so another rule goes on from there.
    Plain {
        /// What is published of the sums; declarations never name [`AllocationRule::Automatic`].
        rule: AllocationRule,
    },
    /// A linear model of each action's reward, or one of all actions that requests offer; see
    /// [`crate::policy::linear`].
    Contextual {
        /// What it looks at.
        features: FeatureSpec,
        /// How it explores. What is learned are sums that every way reads.
        exploration: Exploration,
    },
}

impl Policy {
    /// How actions are judged by their rewards alone: what a plain policy publishes, and what
    /// people are told of the actions of a contextual one.
    #[must_use]
    pub fn rule(&self) -> AllocationRule {
        let prior = BetaPrior::JEFFREYS;
        match self {
            Self::Plain { rule } => *rule,
            Self::Contextual { .. } => AllocationRule::Thompson { prior },
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        match self {
            Self::Contextual { .. } => PolicyKind::Contextual,
            Self::Plain { rule } => match rule {
                // What a snapshot of it is.
                AllocationRule::Automatic | AllocationRule::Thompson { .. } => PolicyKind::Thompson,
                AllocationRule::ThompsonNormal => PolicyKind::ThompsonNormal,
                AllocationRule::Ucb1 => PolicyKind::Ucb1,
                AllocationRule::KlUcb => PolicyKind::KlUcb,
                AllocationRule::KlUcbPlus => PolicyKind::KlUcbPlus,
                AllocationRule::KlMoss => PolicyKind::KlMoss,
                AllocationRule::Imed => PolicyKind::Imed,
                AllocationRule::EpsilonGreedy { .. } => PolicyKind::EpsilonGreedy,
                AllocationRule::Greedy => PolicyKind::Greedy,
                AllocationRule::TopTwo { .. } => PolicyKind::TopTwo,
            },
        }
    }
}

/// A checked bandit.
#[derive(Debug, Clone, PartialEq)]
pub struct Bandit {
    key: Box<str>,
    actions: Box<[Box<str>]>,
    reward: RewardSpec,
    policy: Policy,
    forgetting: Option<Forgetting>,
    floor_parts: u32,
    attribution_window_ms: u64,
    stickiness: Stickiness,
    snapshot_interval_ms: u64,
}

impl Bandit {
    /// The key that rules and KV entries name it by.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Variant names it chooses among, distinct, in declared order; none where it
    /// [takes what requests offer](Self::takes_offers).
    #[must_use]
    pub fn actions(&self) -> &[Box<str>] {
        &self.actions
    }

    /// Whether it chooses among the actions that each request offers. What is learned of them is
    /// one model over their attributes, so to shards and coordinators all of them are one action,
    /// [`OFFERED`].
    #[must_use]
    pub fn takes_offers(&self) -> bool {
        self.actions.is_empty()
    }

    /// The bandit as shards and coordinators know it: with [`OFFERED`] as its one action where it
    /// takes what requests offer.
    #[must_use]
    pub fn learner(mut self) -> Self {
        if self.takes_offers() {
            self.actions = [OFFERED.into()].into();
        }
        self
    }

    /// The reward it maximises.
    #[must_use]
    pub fn reward(&self) -> &RewardSpec {
        &self.reward
    }

    /// How it learns.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How what it learned loses weight; `None` where everything counts for ever.
    #[must_use]
    pub fn forgetting(&self) -> Option<Forgetting> {
        self.forgetting
    }

    /// What its policy looks at; `None` for one that looks at no context.
    #[must_use]
    pub fn features(&self) -> Option<&FeatureSpec> {
        match &self.policy {
            Policy::Plain { .. } => None,
            Policy::Contextual { features, .. } => Some(features),
        }
    }

    /// A number that changes whenever what was learned no longer means the same: with the reward,
    /// with what a contextual policy looks at, and with how it forgets.
    ///
    /// # Determinism
    /// [`RewardSpec::definition`], mixed with the features' fingerprint and the forgetting where
    /// there are any; pinned by tests.
    #[must_use]
    pub fn definition(&self) -> u64 {
        let reward = self.reward.definition();
        let mut bytes = reward.to_le_bytes().to_vec();
        if let Some(features) = self.features() {
            bytes.extend(features.fingerprint().to_le_bytes());
        }
        if let Some(forgetting) = self.forgetting {
            bytes.extend(forgetting.identity());
        }
        if bytes.len() == size_of::<u64>() {
            return reward;
        }
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }

    /// Least probability of every action, in parts of [`PARTS`]; of offered ones that of all
    /// together, which have it in equal shares.
    #[must_use]
    pub fn floor_parts(&self) -> u32 {
        self.floor_parts
    }

    /// How long after a decision a reward still counts for it.
    #[must_use]
    pub fn attribution_window_ms(&self) -> u64 {
        self.attribution_window_ms
    }

    /// How long a decision stays with a subject.
    #[must_use]
    pub fn stickiness(&self) -> Stickiness {
        self.stickiness
    }

    /// Least time between two snapshots.
    #[must_use]
    pub fn snapshot_interval_ms(&self) -> u64 {
        self.snapshot_interval_ms
    }
}
