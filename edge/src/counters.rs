//! What this isolate has counted since it started. Not totals: there are many isolates, and each
//! starts again from zero. Totals are the Ledger's.

use serde::Serialize;
use std::cell::Cell;

/// Counts of requests and exposures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// Requests for pages and other things of the origin.
    pub(crate) requests: u64,
    /// Of these, those passed on without evaluation.
    pub(crate) passed_through: u64,
    /// Of these, those that met a fault of ours.
    pub(crate) failed: u64,
    /// First exposures of the middleware.
    pub(crate) exposures: ExposureCounts,
    /// Events refused by the events endpoint.
    pub(crate) events_rejected: u64,
}

/// What became of first exposures. In the end `attempted = committed + dropped`; what the queue has
/// taken is then waiting, counted, or a dead letter (`docs/events.md`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ExposureCounts {
    /// That were to be sent.
    pub(crate) attempted: u64,
    /// That the queue took over.
    pub(crate) committed: u64,
    /// Further attempts to hand them over.
    pub(crate) retried: u64,
    /// That were given up.
    pub(crate) dropped: u64,
}

/// The isolate's counters.
#[derive(Debug, Default)]
pub(crate) struct Counters(Cell<Counts>);

impl Counters {
    /// The counts now.
    #[must_use]
    pub(crate) fn counts(&self) -> Counts {
        self.0.get()
    }

    /// Changes the counts.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.0.get();
        change(&mut counts);
        self.0.set(counts);
    }
}
