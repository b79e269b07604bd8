//! Tests that span crates: properties, parity, tidiness.
