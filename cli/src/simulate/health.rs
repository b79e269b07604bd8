//! The edge's own account of first exposures.

use crate::http::Server;
use serde::{Deserialize, Serialize};

/// What became of first exposures; in the end `attempted = committed + dropped`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Exposures {
    pub(super) attempted: u64,
    pub(super) committed: u64,
    pub(super) retried: u64,
    pub(super) dropped: u64,
}

/// The counters of one isolate of the edge.
#[derive(Debug, Deserialize)]
pub(super) struct Health {
    isolate: String,
    exposures: Exposures,
}

/// The edge's health; `None` where it gives none.
pub(super) fn read(edge: &Server) -> Option<Health> {
    let reply = edge.get("/bandera/v1/health").ok()?;
    serde_json::from_str(&reply.body).ok()
}

/// What was counted in between; `None` unless the same isolate answered both times.
pub(super) fn since(before: Option<Health>, after: Option<Health>) -> Option<Exposures> {
    let (before, after) = before.zip(after)?;
    let same = before.isolate == after.isolate;
    let (then, now) = (before.exposures, after.exposures);
    same.then(|| Exposures {
        attempted: now.attempted.saturating_sub(then.attempted),
        committed: now.committed.saturating_sub(then.committed),
        retried: now.retried.saturating_sub(then.retried),
        dropped: now.dropped.saturating_sub(then.dropped),
    })
}
