//! Tests that span crates: properties, parity, tidiness; and the workload that benchmarks share.

pub mod workload;
