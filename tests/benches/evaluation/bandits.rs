//! Decisions of bandits with contexts, and learning from them.

use super::Workload;
use bandera_shared::policy::contextual::{
    ContextualPolicy, ContextualSpec, Exploration, Features, LearnerSpec, Link, Observation, Spread,
};
use std::cell::RefCell;
use std::hint::black_box;

/// A policy that has seen some rounds, and contexts to come.
struct Learned {
    policy: ContextualPolicy,
    contexts: Vec<Vec<f64>>,
    n_actions: usize,
}

/// Enough that scales have settled.
const N_ROUNDS: usize = 2_000;
const N_CONTEXTS: usize = 64;

impl Learned {
    fn new(spec: ContextualSpec, d: usize, n_actions: usize) -> Self {
        let policy =
            ContextualPolicy::new(spec, d, n_actions).expect("the sizes are within bounds");
        // Any numbers that are not alike: a low-discrepancy walk, in -1..1.
        let number = |place: usize| (place as f64 * 0.754_877_666).fract().mul_add(2.0, -1.0);
        let contexts = (0..N_CONTEXTS)
            .map(|row| (0..d).map(|column| number(row * d + column)).collect())
            .collect();
        let mut learned = Self {
            policy,
            contexts,
            n_actions,
        };
        for round in 0..N_ROUNDS {
            learned.observe(round);
        }
        learned
    }

    fn context(&self, round: usize) -> &[f64] {
        self.contexts
            .get(round % N_CONTEXTS)
            .map_or(&[], Vec::as_slice)
    }

    fn decide(&self, round: usize) {
        black_box(self.policy.decide(black_box(self.context(round))));
    }

    fn observe(&mut self, round: usize) {
        let action = round * 7 % self.n_actions;
        let context = self
            .contexts
            .get(round % N_CONTEXTS)
            .cloned()
            .unwrap_or_default();
        let first = context.first().copied().unwrap_or_default();
        let right = (first > 0.0) == (action == 0);
        self.policy.observe(Observation {
            context: &context,
            action,
            share: f64::from(u8::from(right)),
        });
    }
}

fn linear() -> ContextualSpec {
    let learner = LearnerSpec {
        features: Features::Linear,
        link: Link::Identity,
        spread: Spread::Each(1.0),
    };
    ContextualSpec::single("linucb", learner, Exploration::Optimism { scale: 0.5 })
}

fn decision(
    name: &'static str,
    spec: ContextualSpec,
    d: usize,
    n_actions: usize,
) -> Workload<'static> {
    let learned = Learned::new(spec, d, n_actions);
    Workload {
        name,
        operation: Box::new(move |n| learned.decide(n as usize)),
    }
}

fn round(
    name: &'static str,
    spec: ContextualSpec,
    d: usize,
    n_actions: usize,
) -> Workload<'static> {
    let learned = RefCell::new(Learned::new(spec, d, n_actions));
    Workload {
        name,
        operation: Box::new(move |n| {
            let mut learned = learned.borrow_mut();
            learned.decide(n as usize);
            learned.observe(n as usize);
        }),
    }
}

/// One linear learner and the default, deciding alone and learning from each decision.
pub(super) fn workloads() -> [Workload<'static>; 4] {
    [
        decision("linear decision, 5 actions, 24 features", linear(), 24, 5),
        decision(
            "default decision, 5 actions, 24 features",
            ContextualSpec::default(),
            24,
            5,
        ),
        round("linear round, 10 actions, 30 features", linear(), 30, 10),
        round(
            "default round, 10 actions, 30 features",
            ContextualSpec::default(),
            30,
            10,
        ),
    ]
}
