//! The edge Worker: middleware, events, ledger.
