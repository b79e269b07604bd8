//! The JSON form of a bandit inside a ruleset, and the checks that make it a [`Bandit`].

mod actions;
mod exploration;
mod forgetting;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::features::{FeatureSpec, wire::FeatureWire};
use super::{
    ACTIONS_MAX, ATTRIBUTION_WINDOW_MS_DEFAULT, ATTRIBUTION_WINDOW_MS_MAX, Bandit, BetaPrior,
    FLOOR_PARTS_DEFAULT, Forgetting, KEY_BYTES_MAX, PARTS, PERIODS_KEPT, PRIOR_MAX, PRIOR_MIN,
    Policy, PolicyKind, Repeat, RewardKind, RewardRange, RewardSpec, SNAPSHOT_INTERVAL_MS_DEFAULT,
    SNAPSHOT_INTERVAL_MS_MAX, SNAPSHOT_INTERVAL_MS_MIN, SUMS_MAX, Stickiness, features,
};
use crate::policy::index::AllocationRule;
use crate::policy::linear::{Block, Exploration, ExplorationKind};
pub(crate) use actions::is_key;
use actions::{check_actions, check_key};

/// A bandit as written, with features in the form `F`: authors write them out, and what has been
/// checked goes on as what it needs to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BanditWire<F = Vec<FeatureWire>> {
    /// Variant names to choose among; none where each request offers its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// What it maximises.
    pub reward: RewardWire,
    /// How it learns; Thompson sampling where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyWire<F>>,
    /// How long a reward counts for its decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution_window_ms: Option<u64>,
    /// How long a decision is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stickiness: Option<StickinessWire>,
    /// Least time between two snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_interval_ms: Option<u64>,
}

/// A reward as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RewardWire {
    /// Key of the metric.
    pub metric: String,
    /// Shape.
    pub kind: RewardKindWire,
    /// Least value; numeric rewards only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest value; numeric rewards only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Meaning of a second reward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<RepeatWire>,
}

/// Shape of a reward as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RewardKindWire {
    /// 0 or 1.
    Binary,
    /// A number in a range.
    Numeric,
}

/// Meaning of a second reward as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepeatWire {
    /// The latest counts.
    Replace,
    /// They add up.
    Add,
}

/// Stickiness as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StickinessWire {
    /// Kept for the subject.
    Subject,
    /// Kept for a policy revision.
    Revision,
    /// Never kept.
    Request,
}

/// A policy as written; which members it has depends on its kind. Not an enum with a tag, whose
/// reading through a copy of every value is as much code again as all of this module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyWire<F> {
    /// How it learns.
    pub kind: PolicyKind,
    /// What it looks at; contextual policies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<F>,
    /// How it explores, by inverse gaps where absent; contextual policies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploration: Option<ExplorationKind>,
    /// Deviations above expectation; `linUcb` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Least probability of each action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// Start of the posteriors; Jeffreys' where absent. Thompson sampling and `topTwo` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<BetaPriorWire>,
    /// Share of decisions that is left to chance; `epsilonGreedy` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// Power of the number of decisions that the share is divided by; `epsilonGreedy` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay: Option<f64>,
    /// What is so much older counts for half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life_ms: Option<u64>,
    /// A window of at most so long, as long as what is in it predicts best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive_window_ms: Option<u64>,
    /// What is older does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ms: Option<u64>,
}

/// A Beta prior as written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BetaPriorWire {
    /// Pseudo-successes.
    pub successes: f64,
    /// Pseudo-failures.
    pub failures: f64,
}

/// What is wrong with a bandit, and where: the JSON pointer is relative to the bandit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanditFault {
    /// JSON pointer below the bandit; empty for the whole.
    pub pointer: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl fmt::Display for BanditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

impl std::error::Error for BanditFault {}

pub(super) fn fault(pointer: impl Into<String>, message: impl Into<String>) -> BanditFault {
    BanditFault {
        pointer: pointer.into(),
        message: message.into(),
    }
}

/// Parses and checks the JSON of one bandit.
///
/// # Errors
/// The first `BanditFault`: no such JSON shape, or a value outside its bounds.
pub fn parse(key: &str, json: &str) -> Result<Bandit, BanditFault> {
    from_wire(key, read(json)?)
}

/// Without the feature `pointers`, a fault of shape points at the bandit as a whole.
fn read(json: &str) -> Result<BanditWire, BanditFault> {
    match crate::wire::read(json) {
        Ok(read) => Ok(read.value),
        Err(error) => Err(fault(error.pointer, error.message)),
    }
}

impl<F> BanditWire<F> {
    /// The same with features in another form.
    ///
    /// # Errors
    /// That of `form`.
    pub fn with_features<G, E>(
        self,
        form: impl FnOnce(F) -> Result<G, E>,
    ) -> Result<BanditWire<G>, E> {
        let policy = match self.policy {
            None => None,
            Some(policy) => Some(PolicyWire {
                kind: policy.kind,
                features: policy.features.map(form).transpose()?,
                exploration: policy.exploration,
                alpha: policy.alpha,
                floor: policy.floor,
                prior: policy.prior,
                epsilon: policy.epsilon,
                decay: policy.decay,
                half_life_ms: policy.half_life_ms,
                window_ms: policy.window_ms,
                adaptive_window_ms: policy.adaptive_window_ms,
            }),
        };
        Ok(BanditWire {
            actions: self.actions,
            reward: self.reward,
            policy,
            attribution_window_ms: self.attribution_window_ms,
            stickiness: self.stickiness,
            snapshot_interval_ms: self.snapshot_interval_ms,
        })
    }
}

/// Checks a parsed bandit.
///
/// # Errors
/// The first `BanditFault`: of its features, then of its members in their order.
pub fn from_wire(key: &str, wire: BanditWire) -> Result<Bandit, BanditFault> {
    checked(
        key,
        wire.with_features(|features| features::wire::from_wire(&features))?,
    )
}

/// Checks a bandit whose features have been checked.
///
/// # Errors
/// The first `BanditFault` in the order of the members.
pub fn checked(key: &str, wire: BanditWire<FeatureSpec>) -> Result<Bandit, BanditFault> {
    check_key("", key)?;
    let features = wire.policy.as_ref().and_then(|it| it.features.as_ref());
    check_actions(&wire.actions, features)?;
    let reward = reward_from_wire(wire.reward)?;
    let forgetting = match &wire.policy {
        None => None,
        Some(policy) => forgetting::declared(policy)?,
    };
    let (policy, floor_parts) =
        policy_from_wire(wire.policy, wire.actions.len().max(1), forgetting)?;
    let attribution_window_ms = within(
        "/attributionWindowMs",
        wire.attribution_window_ms
            .unwrap_or(ATTRIBUTION_WINDOW_MS_DEFAULT),
        1..=ATTRIBUTION_WINDOW_MS_MAX,
    )?;
    let snapshot_interval_ms = within(
        "/snapshotIntervalMs",
        wire.snapshot_interval_ms
            .unwrap_or(SNAPSHOT_INTERVAL_MS_DEFAULT),
        SNAPSHOT_INTERVAL_MS_MIN..=SNAPSHOT_INTERVAL_MS_MAX,
    )?;
    Ok(Bandit {
        key: key.into(),
        actions: wire
            .actions
            .into_iter()
            .map(String::into_boxed_str)
            .collect(),
        reward,
        policy,
        forgetting,
        floor_parts,
        attribution_window_ms,
        stickiness: stickiness_from_wire(wire.stickiness),
        snapshot_interval_ms,
    })
}

/// The bandit as an engine knows it that only asks what it would choose before it has learned:
/// [`crate::decision::start`]. The other members are those of any bandit.
pub(crate) fn unlearned<F>(key: &str, wire: BanditWire<F>) -> Bandit {
    let actions = wire.actions.into_iter().map(String::into_boxed_str);
    Bandit {
        key: key.into(),
        actions: actions.collect(),
        reward: RewardSpec {
            metric: wire.reward.metric.into(),
            kind: RewardKind::Binary,
            repeat: Repeat::Replace,
        },
        policy: Policy::Plain {
            rule: AllocationRule::Thompson {
                prior: BetaPrior::JEFFREYS,
            },
        },
        forgetting: None,
        floor_parts: 0,
        attribution_window_ms: ATTRIBUTION_WINDOW_MS_DEFAULT,
        stickiness: stickiness_from_wire(wire.stickiness),
        snapshot_interval_ms: SNAPSHOT_INTERVAL_MS_DEFAULT,
    }
}

fn stickiness_from_wire(stickiness: Option<StickinessWire>) -> Stickiness {
    match stickiness {
        None | Some(StickinessWire::Subject) => Stickiness::Subject,
        Some(StickinessWire::Revision) => Stickiness::Revision,
        Some(StickinessWire::Request) => Stickiness::Request,
    }
}

/// The written form of a bandit; [`checked`] takes it back to the same bandit.
#[must_use]
pub fn to_wire(bandit: &Bandit) -> BanditWire<FeatureSpec> {
    let reward = &bandit.reward;
    let (kind, bounds) = match reward.kind {
        RewardKind::Binary => (RewardKindWire::Binary, None),
        RewardKind::Numeric(range) => (RewardKindWire::Numeric, Some(range)),
    };
    let floor = Some(f64::from(bandit.floor_parts) / f64::from(PARTS));
    let rule = bandit.policy.rule();
    let features = bandit.features().cloned();
    let prior = rule.prior().filter(|_| features.is_none());
    let prior = prior.map(|prior| BetaPriorWire {
        successes: prior.successes,
        failures: prior.failures,
    });
    let exploration = match &bandit.policy {
        Policy::Contextual { exploration, .. } => *exploration,
        Policy::Plain { .. } => Exploration::InverseGap,
    };
    let (epsilon, decay) = match (rule, exploration) {
        (AllocationRule::EpsilonGreedy { epsilon, decay }, _)
        | (_, Exploration::EpsilonGreedy { epsilon, decay }) => (Some(epsilon), Some(decay)),
        _ => (None, None),
    };
    let [half_life_ms, window_ms, adaptive_window_ms] = forgetting::members(bandit.forgetting);
    let policy = PolicyWire {
        kind: bandit.policy.kind(),
        features,
        // What is meant without it is written without it, as ever.
        exploration: (exploration != Exploration::InverseGap).then(|| exploration.kind()),
        alpha: match exploration {
            Exploration::LinUcb { alpha } => Some(alpha),
            _ => None,
        },
        floor,
        prior,
        epsilon,
        decay,
        half_life_ms,
        window_ms,
        adaptive_window_ms,
    };
    BanditWire {
        actions: bandit.actions.iter().map(ToString::to_string).collect(),
        reward: RewardWire {
            metric: reward.metric.to_string(),
            kind,
            min: bounds.map(RewardRange::min),
            max: bounds.map(RewardRange::max),
            repeat: Some(match reward.repeat {
                Repeat::Replace => RepeatWire::Replace,
                Repeat::Add => RepeatWire::Add,
            }),
        },
        policy: Some(policy),
        attribution_window_ms: Some(bandit.attribution_window_ms),
        stickiness: Some(match bandit.stickiness {
            Stickiness::Subject => StickinessWire::Subject,
            Stickiness::Revision => StickinessWire::Revision,
            Stickiness::Request => StickinessWire::Request,
        }),
        snapshot_interval_ms: Some(bandit.snapshot_interval_ms),
    }
}

fn within(
    pointer: &str,
    value: u64,
    bounds: std::ops::RangeInclusive<u64>,
) -> Result<u64, BanditFault> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    Err(fault(
        pointer,
        format!("must be between {} and {}", bounds.start(), bounds.end()),
    ))
}

fn reward_from_wire(wire: RewardWire) -> Result<RewardSpec, BanditFault> {
    check_key("/reward/metric", &wire.metric)?;
    let kind = match wire.kind {
        RewardKindWire::Binary => {
            if wire.min.is_some_and(|min| min.abs() > 0.0)
                || wire.max.is_some_and(|max| (max - 1.0).abs() > 0.0)
            {
                return Err(fault("/reward", "a binary reward ranges from 0 to 1"));
            }
            RewardKind::Binary
        }
        RewardKindWire::Numeric => {
            let (min, max) = wire
                .min
                .zip(wire.max)
                .ok_or_else(|| fault("/reward", "a numeric reward declares min and max"))?;
            let range = RewardRange::new(min, max)
                .ok_or_else(|| fault("/reward", "min must be below max, both finite"))?;
            RewardKind::Numeric(range)
        }
    };
    let repeat = match wire.repeat {
        None | Some(RepeatWire::Replace) => Repeat::Replace,
        Some(RepeatWire::Add) => Repeat::Add,
    };
    Ok(RewardSpec {
        metric: wire.metric.into(),
        kind,
        repeat,
    })
}

fn policy_from_wire(
    wire: Option<PolicyWire<FeatureSpec>>,
    n_actions: usize,
    forgetting: Option<Forgetting>,
) -> Result<(Policy, u32), BanditFault> {
    let floor = wire.as_ref().and_then(|wire| wire.floor);
    let n_periods = forgetting.map_or(1, |_| PERIODS_KEPT);
    let policy = match wire {
        None => Policy::Plain {
            rule: AllocationRule::Thompson {
                prior: BetaPrior::JEFFREYS,
            },
        },
        Some(wire) => policy_of_kind(wire, n_actions, n_periods)?,
    };
    let n_actions = n_actions as u32;
    let floor_parts = match floor {
        // A declared floor must fit; the default one gives way to many actions.
        None => FLOOR_PARTS_DEFAULT.min(PARTS / n_actions.max(1)),
        Some(floor) if floor.is_finite() && (0.0..=1.0).contains(&floor) => {
            libm::rint(floor * f64::from(PARTS)) as u32
        }
        Some(_) => return Err(fault("/policy/floor", "a probability is between 0 and 1")),
    };
    if u64::from(floor_parts) * u64::from(n_actions) > u64::from(PARTS) {
        return Err(fault(
            "/policy/floor",
            "floor times the number of actions exceeds 1",
        ));
    }
    Ok((policy, floor_parts))
}

fn policy_of_kind(
    wire: PolicyWire<FeatureSpec>,
    n_actions: usize,
    n_periods: usize,
) -> Result<Policy, BanditFault> {
    let kind = wire.kind;
    let is_contextual = kind == PolicyKind::Contextual;
    let explores = wire.exploration.unwrap_or(ExplorationKind::InverseGap);
    let is_random = kind == PolicyKind::EpsilonGreedy
        || is_contextual && explores == ExplorationKind::EpsilonGreedy;
    let has_bound = is_contextual && explores == ExplorationKind::LinUcb;
    let has_prior = matches!(kind, PolicyKind::Thompson | PolicyKind::TopTwo);
    let members = [
        ("features", wire.features.is_some(), is_contextual),
        ("exploration", wire.exploration.is_some(), is_contextual),
        ("alpha", wire.alpha.is_some(), has_bound),
        ("prior", wire.prior.is_some(), has_prior),
        ("epsilon", wire.epsilon.is_some(), is_random),
        ("decay", wire.decay.is_some(), is_random),
    ];
    if let Some((member, ..)) = members.iter().find(|(_, is_there, may)| *is_there && !may) {
        let name = kind.name();
        let message = if is_contextual && *member != "prior" {
            "it belongs to another exploration: leave it out, or declare that one".to_owned()
        } else {
            format!("the kind \"{name}\" has no such member: leave it out")
        };
        return Err(fault(format!("/policy/{member}"), message));
    }
    let rule = match kind {
        PolicyKind::Contextual => {
            let exploration = exploration::declared(&wire)?;
            let features = wire.features.ok_or_else(features::wire::no_feature)?;
            check_sums(&features, n_actions, n_periods)?;
            exploration::check_spreads(exploration, &features, n_actions)?;
            return Ok(Policy::Contextual {
                features,
                exploration,
            });
        }
        PolicyKind::Thompson => AllocationRule::Thompson {
            prior: prior(wire.prior)?,
        },
        PolicyKind::TopTwo => AllocationRule::TopTwo {
            prior: prior(wire.prior)?,
        },
        PolicyKind::EpsilonGreedy => {
            let (epsilon, decay) = exploration::chance(&wire)?;
            AllocationRule::EpsilonGreedy { epsilon, decay }
        }
        PolicyKind::ThompsonNormal => AllocationRule::ThompsonNormal,
        PolicyKind::Ucb1 => AllocationRule::Ucb1,
        PolicyKind::KlUcb => AllocationRule::KlUcb,
        PolicyKind::KlUcbPlus => AllocationRule::KlUcbPlus,
        PolicyKind::KlMoss => AllocationRule::KlMoss,
        PolicyKind::Imed => AllocationRule::Imed,
        PolicyKind::Greedy => AllocationRule::Greedy,
    };
    Ok(Policy::Plain { rule })
}

fn prior(written: Option<BetaPriorWire>) -> Result<BetaPrior, BanditFault> {
    let prior = written.map_or(BetaPrior::JEFFREYS, |prior| BetaPrior {
        successes: prior.successes,
        failures: prior.failures,
    });
    let sound = |count: f64| (PRIOR_MIN..=PRIOR_MAX).contains(&count);
    if !sound(prior.successes) || !sound(prior.failures) {
        return Err(fault(
            "/policy/prior",
            "both counts are between 0.01 and 1e9",
        ));
    }
    Ok(prior)
}

fn check_sums(
    features: &FeatureSpec,
    n_actions: usize,
    n_periods: usize,
) -> Result<(), BanditFault> {
    let n_sums = n_actions * n_periods * Block::n_sums(features.n_features());
    if n_sums > SUMS_MAX {
        let periods = match n_periods {
            1 => String::new(),
            n => format!(" in each of {n} periods"),
        };
        let message = format!(
            "{n_actions} actions with {} numbers each keep {n_sums} sums{periods}; at most \
             {SUMS_MAX} are allowed: declare fewer features or actions",
            features.n_features()
        );
        return Err(fault("/policy/features", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
