//! Policies that look at the context: learners that predict each action's reward, trusted as far as
//! their predictions deserve, and a rule that turns what they expect into a distribution.
//!
//! Pure: a decision is a [`Distribution`](crate::bandit::Distribution) and draws nothing; sampling
//! is the caller's. A policy's state follows from its declaration and the observations in order,
//! bit for bit on every platform.

mod aggregate;
mod bootstrap;
mod drift;
mod explore;
mod features;
mod learner;
mod normal;
mod posterior;
mod recent;
mod scale;
mod spec;
mod state;
mod tree;
pub(super) mod triangle;
pub mod wire;

pub use aggregate::{ContextualPolicy, InvalidContextual, NotAlike, Observation};
pub use bootstrap::BootstrapSpec;
pub use drift::DriftSpec;
pub use explore::Exploration;
pub use features::Features;
pub use learner::{LearnerSpec, Link, Spread};
pub use spec::{ContextualSpec, OPTIMISM, PRIOR_VARIANCE};
pub use state::InvalidState;

/// Most features of a context.
pub const CONTEXT_FEATURES_MAX: usize = 128;
/// Most learners of a policy.
pub const LEARNERS_MAX: usize = 8;
/// Most replicas of a bootstrapped policy.
pub const REPLICAS_MAX: u32 = 64;
/// Most terms of a learner: an update costs their square.
pub const TERMS_MAX: usize = 160;
/// Most numbers in the covariances of a learner, over all actions: bounds a snapshot.
pub const COVARIANCES_MAX: usize = 200_000;
/// Rounds that are kept as they were: learners start from them again while the scale of contexts
/// settles, and after a change.
pub const RECENT_ROUNDS: usize = 256;
