//! Policies that know an action by its rewards alone: indices, and how they become a distribution.
//!
//! Pure: what each action brought in, a [`Distribution`](crate::bandit::Distribution) out. Thompson
//! sampling with its prior is in [`super::probability_best`]; here it is one rule among others.

mod arm;
mod divergence;
mod rule;
mod slate;
mod student;

pub use arm::IndexArm;
pub use rule::{AllocationRule, MeasuredShare, Plan, RULES, rule_named};
pub use slate::{Placed, learn_cascade, slate, slate_of_parts};
pub use student::Student;
