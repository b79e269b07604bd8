//! The Workers that `npm run bench` loads, in two builds: empty, and evaluating all flags.
//!
//! They are no part of the product and are never deployed.

#[cfg(not(feature = "evaluation"))]
mod empty;
#[cfg(feature = "evaluation")]
mod engine;
#[cfg(feature = "evaluation")]
mod evaluation;
