//! Statistics and learning at the origin; pure.
//!
//! [`interval`] says how sure an estimate is, [`mod@sample_ratio`] whether subjects were split as
//! declared, [`regret`] what a policy gave away in a simulation whose truth is known, [`bernoulli`]
//! runs such simulations. [`off_policy`] says what another policy would have earned, from one
//! policy's log, [`adaptive`] what a bandit's actions are worth after it ran, [`fixed`] what the
//! best of them alone would have earned. [`optimise`] finds the best setting of continuous
//! parameters from few noisy trials. [`lists`] does both for ranked lists.
//!
//! Nothing here does I/O or reads a clock, a random number or the environment; nothing panics.

pub mod adaptive;
pub mod bernoulli;
pub mod fixed;
pub mod interval;
pub mod lists;
pub mod off_policy;
pub mod optimise;
pub mod regret;
pub mod sample_ratio;

pub use bernoulli::{BernoulliTrial, MeanRegret, N_PARTS, Played, ROUND_MS};
pub use interval::{Confidence, Interval, InvalidConfidence};
pub use regret::{InvalidMeans, Regret};
pub use sample_ratio::{InvalidSampleRatio, SampleRatio, sample_ratio};
