//! From what was learned to the next allocation.
//!
//! Pure: statistics in, a [`Distribution`](crate::bandit::Distribution) out. Sampling from it and
//! deciding when to publish it are elsewhere.

mod allocate;
mod cadence;
pub mod contextual;
#[cfg(test)]
mod draws;
pub mod index;
pub mod linear;
mod quadrature;
mod thompson;

pub use allocate::{
    ArmOutlook, MATERIAL_PARTS, allocate, is_material, next_snapshot, outlook, snapshot,
};
pub use cadence::{is_early, next_write};
pub use thompson::{Beta, probability_best};
