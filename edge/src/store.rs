//! The isolate's ruleset: looked up once per refresh period, served meanwhile, kept when what
//! arrives is not better.
//!
//! The state and its transitions are here and pure; [`refresh`] reads KV. Requests of one isolate
//! cannot wait for each other's I/O, so a request either serves what is here or reads by itself.

pub(crate) mod pointer;
pub(crate) mod refresh;

use bandera_shared::{Bundle, Policies, Ruleset};
use pointer::Pointer;
use serde::Serialize;
use std::rc::Rc;

/// A refresh that has not come back by then is taken for lost: its request ended.
const REFRESH_MS_MAX: i64 = 10_000;
/// How soon after a failure the next attempt is made, at the soonest.
const RETRY_MS: i64 = 1_000;

/// A ruleset ready to serve. What belongs to one publication never changes.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Publication number and hash.
    pub(crate) pointer: Pointer,
    /// The published bytes, of which browsers get their part.
    pub(crate) bundle: Bundle,
    /// The edge's part of them; each flag is read when it is first evaluated.
    pub(crate) ruleset: Ruleset,
    /// Variants that change pages.
    pub(crate) pages: crate::page::PageIndex,
}

/// What a request evaluates from.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    /// The ruleset.
    pub(crate) loaded: Rc<Loaded>,
    /// Snapshots of its bandits.
    pub(crate) policies: Rc<Policies>,
    /// When KV last confirmed it.
    pub(crate) confirmed_at_ms: i64,
}

impl Current {
    /// Time since KV last confirmed it.
    #[must_use]
    pub(crate) fn age_ms(&self, now_ms: i64) -> i64 {
        (now_ms - self.confirmed_at_ms).max(0)
    }
}

/// Why a refresh brought nothing: for programs, and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Stable: [`REFRESH_FAILED`] or [`UNKNOWN_FORM`].
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) detail: String,
}

/// The code of a failure that may pass by itself, or that an operator has to look into.
pub(crate) const REFRESH_FAILED: &str = "refresh_failed";

/// The code of what another version published: publishing anew is the remedy.
pub(crate) const UNKNOWN_FORM: &str = "unknown_form";

impl From<String> for Failure {
    fn from(detail: String) -> Self {
        let code = REFRESH_FAILED;
        Self { code, detail }
    }
}

impl From<&str> for Failure {
    fn from(detail: &str) -> Self {
        detail.to_owned().into()
    }
}

/// What a refresh brought.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// What KV holds now.
    Confirmed {
        /// The ruleset: the one that was here, or a new one.
        loaded: Rc<Loaded>,
        /// The snapshots of its bandits.
        policies: Rc<Policies>,
    },
    /// Nothing better than what is here; why.
    Failed(Failure),
}

/// What a request should do about the ruleset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing.
    No,
    /// Refresh after the response.
    Later,
    /// Refresh first: there is none.
    First,
}

/// Counts of refreshes of this isolate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RefreshCounts {
    /// That were begun.
    pub(crate) attempts: u64,
    /// That brought nothing usable.
    pub(crate) failures: u64,
}

/// The isolate's store.
#[derive(Debug, Default)]
pub(crate) struct Store {
    current: Option<Current>,
    refreshing_since_ms: Option<i64>,
    next_at_ms: i64,
    last_failure: Option<Failure>,
    counts: RefreshCounts,
}

impl Store {
    /// What requests evaluate from; `None` before the first ruleset.
    #[must_use]
    pub(crate) fn current(&self) -> Option<Current> {
        self.current.clone()
    }

    /// Why the latest refresh failed, when it did.
    #[must_use]
    pub(crate) fn last_failure(&self) -> Option<&Failure> {
        self.last_failure.as_ref()
    }

    /// Counts of refreshes.
    #[must_use]
    pub(crate) fn counts(&self) -> RefreshCounts {
        self.counts
    }

    /// What the request should do. Where something is due it is the caller's from now on; others
    /// serve what is here meanwhile, and requests without a ruleset each read for themselves.
    pub(crate) fn claim(&mut self, now_ms: i64) -> Due {
        if now_ms < self.next_at_ms {
            return Due::No;
        }
        let running = self
            .refreshing_since_ms
            .is_some_and(|since| now_ms < since + REFRESH_MS_MAX);
        if running && self.current.is_some() {
            return Due::No;
        }
        self.refreshing_since_ms = Some(now_ms);
        self.counts.attempts += 1;
        if self.current.is_some() {
            Due::Later
        } else {
            Due::First
        }
    }

    /// Takes in what a refresh brought, `period_ms` before the next one is due.
    pub(crate) fn settle(&mut self, refreshed: Refreshed, now_ms: i64, period_ms: u32) {
        self.refreshing_since_ms = None;
        match refreshed {
            Refreshed::Confirmed { loaded, policies } => {
                self.next_at_ms = now_ms + i64::from(period_ms);
                self.last_failure = None;
                // A slower refresh must not undo a later one.
                let outdated = self.current.as_ref().is_some_and(|current| {
                    current.loaded.pointer.publication > loaded.pointer.publication
                });
                if !outdated {
                    self.current = Some(Current {
                        loaded,
                        policies,
                        confirmed_at_ms: now_ms,
                    });
                }
            }
            Refreshed::Failed(why) => {
                self.next_at_ms = now_ms + RETRY_MS.min(i64::from(period_ms));
                self.counts.failures += 1;
                self.last_failure = Some(why);
            }
        }
    }
}

#[cfg(test)]
mod tests;
