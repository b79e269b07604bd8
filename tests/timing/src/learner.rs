//! Learners of replays: a decision alone, and with learning from it.

use crate::works::{Operation, number};
use bandera_shared::policy::contextual::{
    ContextualPolicy, ContextualSpec, Exploration, Features, LearnerSpec, Link, Observation, Spread,
};
use std::hint::black_box;

/// Enough that scales have settled.
const N_ROUNDS: u32 = 2_000;
const N_CONTEXTS: usize = 64;

/// One linear learner.
pub(super) fn linear() -> ContextualSpec {
    let learner = LearnerSpec {
        features: Features::Linear,
        link: Link::Identity,
        spread: Spread::Each(1.0),
    };
    ContextualSpec::single("linucb", learner, Exploration::Optimism { scale: 0.5 })
}

/// The policy for everybody.
pub(super) fn default() -> ContextualSpec {
    ContextualSpec::default()
}

struct Learned {
    policy: ContextualPolicy,
    contexts: Vec<Vec<f64>>,
    n_actions: usize,
}

impl Learned {
    fn new(spec: ContextualSpec, n_actions: usize, d: usize) -> Option<Self> {
        let row = |row: usize| (0..d).map(|column| number(row * d + column)).collect();
        let mut learned = Self {
            policy: ContextualPolicy::new(spec, d, n_actions).ok()?,
            contexts: (0..N_CONTEXTS).map(row).collect(),
            n_actions,
        };
        (0..N_ROUNDS).for_each(|round| learned.observe(round));
        Some(learned)
    }

    fn decide(&self, round: u32) {
        if let Some(context) = self.contexts.get(round as usize % N_CONTEXTS) {
            black_box(self.policy.decide(black_box(context)));
        }
    }

    fn observe(&mut self, round: u32) {
        let action = round as usize * 7 % self.n_actions;
        let Some(context) = self.contexts.get(round as usize % N_CONTEXTS) else {
            return;
        };
        let is_positive = context.first().is_some_and(|first| *first > 0.0);
        self.policy.observe(Observation {
            context,
            action,
            share: f64::from(u8::from(is_positive == (action == 0))),
        });
    }
}

pub(super) fn decision(spec: ContextualSpec, n_actions: usize, d: usize) -> Option<Operation> {
    let learned = Learned::new(spec, n_actions, d)?;
    Some(Box::new(move |round| learned.decide(round)))
}

pub(super) fn round(spec: ContextualSpec, n_actions: usize, d: usize) -> Option<Operation> {
    let mut learned = Learned::new(spec, n_actions, d)?;
    Some(Box::new(move |round| {
        learned.decide(round);
        learned.observe(round);
    }))
}
