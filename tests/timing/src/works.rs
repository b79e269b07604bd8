//! Everything that can be timed, by name.

use crate::bandit::{BY_BOUNDS, BY_GAPS};
use crate::{bandit, learner, study};

/// One operation; its argument is the number of the repetition.
pub(crate) type Operation = Box<dyn FnMut(u32)>;

/// A piece of work that was made ready.
pub(crate) type Work = (&'static str, fn() -> Option<Operation>);

pub(crate) const WORKS: [Work; 15] = [
    ("a Worker's decision, 5 actions, 24 features", || {
        bandit::decision(5, 24, BY_GAPS)
    }),
    ("a Worker's decision, 10 actions, 30 features", || {
        bandit::decision(10, 30, BY_GAPS)
    }),
    ("a Worker's decision, 10 actions, 32 features", || {
        bandit::decision(10, 32, BY_GAPS)
    }),
    ("a Worker's decision, 50 actions, 32 features", || {
        bandit::decision(50, 32, BY_GAPS)
    }),
    ("a Worker's linUcb decision, 5 actions, 24 features", || {
        bandit::decision(5, 24, BY_BOUNDS)
    }),
    (
        "a Worker's linUcb decision, 10 actions, 32 features",
        || bandit::decision(10, 32, BY_BOUNDS),
    ),
    // As many features as may be declared of so many actions.
    (
        "a Worker's linUcb decision, 50 actions, 24 features",
        || bandit::decision(50, 24, BY_BOUNDS),
    ),
    (
        "a linear learner's decision, 5 actions, 24 features",
        || learner::decision(learner::linear(), 5, 24),
    ),
    (
        "a linear learner's decision, 50 actions, 32 features",
        || learner::decision(learner::linear(), 50, 32),
    ),
    ("the default's decision, 5 actions, 24 features", || {
        learner::decision(learner::default(), 5, 24)
    }),
    ("the default's decision, 10 actions, 32 features", || {
        learner::decision(learner::default(), 10, 32)
    }),
    ("the default's decision, 50 actions, 32 features", || {
        learner::decision(learner::default(), 50, 32)
    }),
    ("the default's round, 10 actions, 30 features", || {
        learner::round(learner::default(), 10, 30)
    }),
    ("a coordinator's snapshot, 10 actions, 30 features", || {
        bandit::snapshot(10, 30)
    }),
    ("5 points to try next, 6 parameters, 50 trials", study::ask),
];

/// Any numbers in -1..1 that are not alike: a low-discrepancy walk.
pub(crate) fn number(place: usize) -> f64 {
    (place as f64 * 0.754_877_666_246_692_7).fract() * 2.0 - 1.0
}
