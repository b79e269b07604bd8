//! Tests that span crates: properties, parity, tidiness; the workload that benchmarks share, and
//! reports of events for those that count.

pub mod reports;
pub mod workload;
