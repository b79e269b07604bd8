//! A contextual policy: several learners, trusted as far as their predictions deserve.

use super::bootstrap::Replicas;
use super::drift::Watch;
use super::explore::Exploration;
use super::learner::{Learner, LearnerSpec, Link, Outlook, Shape};
use super::recent::{Recent, Round};
use super::scale::Scale;
use super::spec::ContextualSpec;
use super::state::Walk;
use super::triangle::Triangle;
use super::{CONTEXT_FEATURES_MAX, COVARIANCES_MAX, Features, LEARNERS_MAX, Spread, TERMS_MAX};
use crate::bandit::{ACTIONS_MAX, Distribution, PARTS};
use std::fmt;

/// Why a declaration makes no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidContextual {
    /// There are no actions, or too many.
    Actions,
    /// A context has too many features.
    Features,
    /// There are no learners, or too many.
    Learners,
    /// Every learner would be too large for the contexts and actions.
    Size,
    /// The floor of every action together exceeds one.
    Floor,
}

impl fmt::Display for InvalidContextual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Actions => write!(f, "a bandit has 1 to {ACTIONS_MAX} actions"),
            Self::Features => write!(f, "a context has at most {CONTEXT_FEATURES_MAX} features"),
            Self::Learners => write!(f, "a policy has 1 to {LEARNERS_MAX} learners"),
            Self::Size => write!(
                f,
                "every learner has over {TERMS_MAX} terms, or over {COVARIANCES_MAX} numbers for \
                 all actions"
            ),
            Self::Floor => f.write_str("the floor times the number of actions exceeds one"),
        }
    }
}

impl std::error::Error for InvalidContextual {}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation<'a> {
    /// The context it was made in.
    pub context: &'a [f64],
    /// The index of the action.
    pub action: usize,
    /// The reward, as a share of its range: in [0, 1].
    pub share: f64,
}

/// A policy and what it has learned.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextualPolicy {
    spec: ContextualSpec,
    shape: Shape,
    /// What is chosen from where learners give no number at all.
    even: Distribution,
    learners: Vec<Learner>,
    /// Where the policy explores by their votes.
    replicas: Option<Replicas>,
    /// Logarithm of how much each learner is trusted, the most trusted at 0.
    log_trusts: Vec<f64>,
    watch: Option<Watch>,
    recent: Recent,
    n_rounds: u64,
    n_changes: u64,
}

impl ContextualPolicy {
    /// A policy that has seen nothing.
    ///
    /// # Arguments
    /// `d`: features of a context; `n_actions`: at least one.
    /// # Errors
    /// `InvalidContextual` says which limit is exceeded.
    pub fn new(
        mut spec: ContextualSpec,
        d: usize,
        n_actions: usize,
    ) -> Result<Self, InvalidContextual> {
        if n_actions > ACTIONS_MAX {
            return Err(InvalidContextual::Actions);
        }
        let even = Distribution::uniform(n_actions).map_err(|_| InvalidContextual::Actions)?;
        if d > CONTEXT_FEATURES_MAX {
            return Err(InvalidContextual::Features);
        }
        if spec.learners.is_empty() || spec.learners.len() > LEARNERS_MAX {
            return Err(InvalidContextual::Learners);
        }
        if u64::from(spec.floor_parts) * n_actions as u64 > u64::from(PARTS) {
            return Err(InvalidContextual::Floor);
        }
        let fits = |learner: &LearnerSpec| {
            let n_terms = learner.features.n_terms(d);
            n_terms <= TERMS_MAX && Triangle::n_values(n_terms) * n_actions <= COVARIANCES_MAX
        };
        spec.learners.retain(fits);
        if spec.learners.is_empty() {
            return Err(InvalidContextual::Size);
        }
        let shape = Shape {
            d,
            n_actions,
            memory: spec.memory,
        };
        let mut policy = Self {
            log_trusts: vec![0.0; spec.learners.len()],
            spec,
            shape,
            even,
            learners: Vec::new(),
            replicas: None,
            watch: None,
            recent: Recent::default(),
            n_rounds: 0,
            n_changes: 0,
        };
        policy.start(&Scale::of(d, std::iter::empty()));
        Ok(policy)
    }

    /// Learns the kept rounds, and nothing else, at a scale.
    fn start(&mut self, scale: &Scale) {
        let base = self.recent.base(self.shape.n_actions);
        let learner = |spec: &LearnerSpec, shape| Learner::new(*spec, shape, scale.clone(), base);
        self.learners = self
            .spec
            .learners
            .iter()
            .map(|spec| learner(spec, self.shape))
            .collect();
        self.watch = self.spec.drift.map(|drift| {
            let shape = Shape {
                memory: drift.memory,
                ..self.shape
            };
            Watch::new(drift, learner(&watching(&self.spec), shape))
        });
        let watching = self.watch.iter_mut().map(|watch| &mut watch.learner);
        for learner in self.learners.iter_mut().chain(watching) {
            for round in self.recent.rounds() {
                learner.observe(&round.context, round.action, round.share);
            }
        }
        self.replicas = self.replicas_of_kept(scale, base);
    }

    /// The replicas, where there are any, after the kept rounds.
    fn replicas_of_kept(&self, scale: &Scale, base: f64) -> Option<Replicas> {
        let Exploration::Bootstrap(spec) = self.spec.exploration else {
            return None;
        };
        let mut replicas = Replicas::new(spec, &self.spec.learners, (self.shape, scale, base));
        let n_before = self
            .n_rounds
            .saturating_sub(self.recent.rounds().len() as u64);
        for (n_round, round) in (n_before + 1..).zip(self.recent.rounds()) {
            let terms = self.terms(&round.context);
            replicas.observe(n_round, &terms, (round.action, round.share));
        }
        Some(replicas)
    }

    /// What each learner makes of a context.
    fn terms(&self, context: &[f64]) -> Vec<Vec<f64>> {
        let learners = self.learners.iter();
        learners.map(|learner| learner.terms(context)).collect()
    }

    /// What it was declared as, learners that are too large left out.
    pub(crate) fn declaration(&self) -> (&ContextualSpec, usize, usize) {
        (&self.spec, self.shape.d, self.shape.n_actions)
    }

    pub(crate) fn walk(&mut self, walk: &mut impl Walk) {
        walk.whole(&mut self.n_rounds, u64::MAX);
        walk.whole(&mut self.n_changes, u64::MAX);
        walk.numbers(&mut self.log_trusts);
        let Shape { d, n_actions, .. } = self.shape;
        self.recent.walk(walk, (d, n_actions));
        for learner in &mut self.learners {
            learner.walk(walk);
        }
        if let Some(replicas) = &mut self.replicas {
            replicas.walk(walk);
        }
        if let Some(watch) = &mut self.watch {
            watch.walk(walk);
        }
    }

    /// How to choose in a context.
    ///
    /// # Formula
    /// With trusts `w_l = exp(log_trust_l) / sum`: mean and optimistic reward of an action are the
    /// learners' on average; its variance is that of the mixture, `sum w_l (s_l^2 + m_l^2) - m^2`.
    ///
    /// # Arguments
    /// `context`: (`d`,); what is missing, not finite or beyond `d` counts as unknown.
    #[must_use]
    pub fn decide(&self, context: &[f64]) -> Distribution {
        let probabilities = if let Some(replicas) = &self.replicas {
            replicas.votes(&self.terms(context), &self.trusts(), self.shape.n_actions)
        } else {
            let outlooks = self.outlooks(context);
            let exploration = self.spec.exploration;
            exploration.probabilities(&outlooks, self.n_rounds + 1)
        };
        Distribution::from_probabilities(&probabilities, self.spec.floor_parts)
            .unwrap_or_else(|_| self.even.clone())
    }

    fn outlooks(&self, context: &[f64]) -> Vec<Outlook> {
        let optimism = self.spec.exploration.optimism(self.n_rounds);
        let trusts = self.trusts();
        let mut mixed = vec![Outlook::default(); self.shape.n_actions];
        for (learner, trust) in self.learners.iter().zip(trusts) {
            if trust <= TRUST_MIN {
                continue;
            }
            for (mixed, own) in mixed.iter_mut().zip(learner.outlooks(context, optimism)) {
                mixed.mean += trust * own.mean;
                mixed.deviation += trust * (own.deviation * own.deviation + own.mean * own.mean);
                mixed.optimistic += trust * own.optimistic;
            }
        }
        for mixed in &mut mixed {
            let variance = mixed.deviation - mixed.mean * mixed.mean;
            mixed.deviation = libm::sqrt(f64::max(variance, 0.0));
        }
        mixed
    }

    /// How much each learner is trusted, summing to one; those too large for the bandit are not
    /// among them.
    #[must_use]
    pub fn trusts(&self) -> Vec<f64> {
        let trusts: Vec<f64> = self
            .log_trusts
            .iter()
            .map(|log_trust| libm::exp(*log_trust))
            .collect();
        let total: f64 = trusts.iter().sum();
        trusts.iter().map(|trust| trust / total).collect()
    }

    /// The name it was declared by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Rounds it has learned from.
    #[must_use]
    pub fn n_rounds(&self) -> u64 {
        self.n_rounds
    }

    /// How often it took the world for changed and started again.
    #[must_use]
    pub fn n_changes(&self) -> u64 {
        self.n_changes
    }

    /// Learns from what came of a decision. An action that does not exist, or a share outside
    /// [0, 1], teaches nothing.
    ///
    /// # Formula
    /// Each learner's log-likelihood of the reward, predicted before it is learned, is added to its
    /// log-trust: `r ln p + (1 - r) ln (1 - p)`, `p` within 0.01 ..= 0.99. That is Bayes' rule over
    /// learners, and its regret against the best of `L` is at most `ln L`.
    /// # Source
    /// Vovk 1990, "Aggregating strategies", for the logarithmic loss.
    pub fn observe(&mut self, observation: Observation<'_>) {
        let Observation {
            context,
            action,
            share,
        } = observation;
        if action >= self.shape.n_actions || !(0.0..=1.0).contains(&share) {
            return;
        }
        self.n_rounds += 1;
        let mut trusted = f64::NEG_INFINITY;
        let mut trusted_likelihood = 0.0;
        for (learner, log_trust) in self.learners.iter_mut().zip(&mut self.log_trusts) {
            let predicted = learner.observe(context, action, share);
            let likelihood = log_likelihood(share, predicted.unwrap_or(0.5));
            *log_trust += likelihood;
            if *log_trust > trusted {
                (trusted, trusted_likelihood) = (*log_trust, likelihood);
            }
        }
        for log_trust in &mut self.log_trusts {
            *log_trust -= trusted;
        }
        if self.replicas.is_some() {
            let terms = self.terms(context);
            if let Some(replicas) = &mut self.replicas {
                replicas.observe(self.n_rounds, &terms, (action, share));
            }
        }
        let changed = self.watch.as_mut().and_then(|watch| {
            let predicted = watch.learner.observe(context, action, share)?;
            watch.observe(log_likelihood(share, predicted), trusted_likelihood)
        });
        self.recent.push(Round {
            context: context.get(..self.shape.d).unwrap_or(context).into(),
            action,
            share,
        });
        if let Some(n_rounds) = changed {
            let scale = self.recent.scale(self.shape.d);
            self.recent.keep(n_rounds);
            self.n_changes += 1;
            self.log_trusts.fill(0.0);
            self.start(&scale);
        } else if self.recent.scale_is_due() {
            self.start(&self.recent.scale(self.shape.d));
        }
    }
}

/// What one policy learned that does not add up with another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAlike;

impl fmt::Display for NotAlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these policies were declared otherwise, or began from another snapshot")
    }
}

impl std::error::Error for NotAlike {}

impl ContextualPolicy {
    /// Adds what a shard learned since both were `start`, from rounds that nobody else learned.
    ///
    /// Shards hand over their whole state and the coordinator adds differences to one snapshot, so
    /// a report that is repeated or comes late does no harm. Ridge learners then equal one that
    /// learned every round; for logistic ones see `Posterior::merge`. The watch for change, and the
    /// rounds that are kept, stay this policy's own.
    ///
    /// # Errors
    /// `NotAlike` when a shard started again meanwhile (the scale was taken anew, or the world had
    /// changed): its state then takes the place of the snapshot, and cannot be added to it.
    pub fn merge(&mut self, other: &Self, start: &Self) -> Result<(), NotAlike> {
        let alike = |a: &Self, b: &Self| {
            a.learners.len() == b.learners.len()
                && a.learners
                    .iter()
                    .zip(&b.learners)
                    .all(|(a, b)| a.is_alike(b))
        };
        if !alike(self, start) || !alike(other, start) {
            return Err(NotAlike);
        }
        let others = other.learners.iter().zip(&start.learners);
        for (learner, (other, start)) in self.learners.iter_mut().zip(others) {
            learner.merge(other, start);
        }
        let others = other.log_trusts.iter().zip(&start.log_trusts);
        for (trust, (other, start)) in self.log_trusts.iter_mut().zip(others) {
            *trust += other - start;
        }
        let most = self
            .log_trusts
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        for trust in &mut self.log_trusts {
            *trust -= most;
        }
        self.n_rounds += other.n_rounds.saturating_sub(start.n_rounds);
        Ok(())
    }
}

/// A learner that is trusted less changes no decision.
const TRUST_MIN: f64 = 1e-6;

/// The learner with the short memory: as plain as can be, so that it learns fast.
fn watching(spec: &ContextualSpec) -> LearnerSpec {
    let plain = LearnerSpec {
        features: Features::Linear,
        link: Link::Logistic,
        spread: Spread::Shared(super::PRIOR_VARIANCE),
    };
    let first = spec.learners.first().copied().unwrap_or(plain);
    match first.features {
        Features::Trees => LearnerSpec {
            features: Features::Linear,
            ..first
        },
        _ => first,
    }
}

/// Log-likelihood of a Bernoulli (or fractional) reward.
fn log_likelihood(share: f64, predicted: f64) -> f64 {
    let p = predicted.clamp(0.01, 0.99);
    share * libm::log(p) + (1.0 - share) * libm::log(1.0 - p)
}

#[cfg(test)]
mod tests;
