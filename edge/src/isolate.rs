//! What one isolate keeps between requests: settings, secrets, the ruleset store, counters.
//!
//! Made at the first request, because nothing may run at global scope that can wait. Bindings and
//! variables never change within an isolate.

use crate::counters::Counters;
use crate::keys::{CallerSecrets, Keys};
use crate::queue::Queues;
use crate::settings::Settings;
use crate::store::{Current, Due, Refreshed, Store, refresh};
use bandera_platform::{binding_text, environment, random_bytes};
use bandera_shared::ledger::Report;
use futures_util::future::{Either, LocalBoxFuture, select};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use worker::{Delay, Env, console_error};

/// State of the isolate.
#[derive(Debug)]
pub(crate) struct Isolate {
    /// Name of the environment whose ruleset is served.
    pub(crate) environment: String,
    /// Ledger shards of the environment.
    pub(crate) shards: u16,
    /// Queues of events, as many as are bound.
    pub(crate) queues: Queues,
    /// Settings; the defaults where they are faulty.
    pub(crate) settings: Settings,
    /// What is wrong with settings or secrets. While there is anything, requests pass through.
    pub(crate) fault: Option<String>,
    /// Signing and hashing keys; without them there are no receipts and nothing is recorded.
    pub(crate) keys: Option<Keys>,
    /// Why there are no keys.
    pub(crate) keys_fault: Option<String>,
    /// Secrets shared with callers.
    pub(crate) secrets: CallerSecrets,
    /// Rulesets.
    pub(crate) store: RefCell<Store>,
    /// Counters.
    pub(crate) counters: Counters,
    /// Names this isolate in reports, at random.
    pub(crate) sender: u64,
    /// When the first request came, in Unix milliseconds.
    pub(crate) started_at_ms: i64,
    draws: Cell<u64>,
}

thread_local! {
    static ISOLATE: OnceCell<Rc<Isolate>> = const { OnceCell::new() };
}

impl Isolate {
    /// This isolate's state, made from the variables and secrets at the first call.
    pub(crate) fn of(env: &Env, now_ms: i64) -> Rc<Self> {
        ISOLATE.with(|isolate| {
            isolate
                .get_or_init(|| Rc::new(Self::new(env, now_ms)))
                .clone()
        })
    }

    fn new(env: &Env, now_ms: i64) -> Self {
        let text = |name| binding_text(env, name);
        let settings = Settings::parse(text("BANDERA_SETTINGS").as_deref().unwrap_or("{}"));
        let secrets = CallerSecrets::parse(
            text("BANDERA_SUBJECT_HEADER_KEY").as_deref(),
            text("BANDERA_SERVER_TOKENS").as_deref(),
        );
        let environment = environment(env);
        let keys = Keys::parse(
            text("BANDERA_SIGNING_KEYS").as_deref(),
            text("BANDERA_SUBJECT_KEY").as_deref(),
            &environment,
        );
        let shards = parse_shards(text("BANDERA_SHARDS").as_deref());
        let faults = [
            settings.as_ref().err(),
            secrets.as_ref().err(),
            shards.as_ref().err(),
        ];
        let fault = faults.into_iter().flatten().next().cloned();
        for fault in fault.iter().chain(keys.as_ref().err()) {
            console_error!("bandera: {fault}");
        }
        let keys_fault = keys.as_ref().err().cloned();
        Self {
            environment,
            shards: shards.unwrap_or(1),
            queues: Queues::bound(env),
            settings: settings.unwrap_or_default(),
            fault,
            keys: keys.ok(),
            keys_fault,
            secrets: secrets.unwrap_or_default(),
            store: RefCell::default(),
            counters: Counters::default(),
            sender: u64::from_le_bytes(random_bytes()),
            started_at_ms: now_ms,
            draws: Cell::new(u64::from_le_bytes(random_bytes())),
        }
    }

    /// A number for one request: unpredictable between isolates, never repeated within one.
    ///
    /// # Source
    /// Steele, Lea, Flood 2014, `SplitMix64`, from a random start.
    pub(crate) fn draw(&self) -> u64 {
        let state = self.draws.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.draws.set(state);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The ruleset to serve from. A stale one is served while the next is loaded after the
    /// response; only an isolate without any waits, and not for long.
    pub(crate) async fn ruleset(
        self: &Rc<Self>,
        env: &Env,
        ctx: &worker::Context,
        now_ms: i64,
    ) -> Option<Current> {
        let due = self.store.borrow_mut().claim(now_ms);
        match due {
            Due::No => {}
            Due::Later => ctx.wait_until(self.refreshing(env)),
            Due::First => {
                let patience = Duration::from_millis(u64::from(self.settings.cold_wait_ms));
                if let Either::Right(((), unfinished)) =
                    select(self.refreshing(env), Delay::from(patience)).await
                {
                    let failed = Refreshed::Failed("KV does not answer in time".into());
                    let late_ms = now_ms + i64::from(self.settings.cold_wait_ms);
                    let mut store = self.store.borrow_mut();
                    store.settle(failed, late_ms, self.settings.refresh_ms);
                    ctx.wait_until(unfinished);
                }
            }
        }
        self.store.borrow().current()
    }

    /// A refresh that outlives its request. Of one type with all that does: what the runtime needs
    /// to await it is two kilobytes for each.
    fn refreshing(self: &Rc<Self>, env: &Env) -> LocalBoxFuture<'static, ()> {
        let (isolate, env) = (Rc::clone(self), env.clone());
        Box::pin(async move { isolate.refresh(&env).await })
    }

    /// Whether the ruleset is older than the settings allow.
    pub(crate) fn is_stale(&self, current: &Current, now_ms: i64) -> bool {
        let bound_ms = self.settings.stale_after_ms.map(i64::from);
        bound_ms.is_some_and(|bound_ms| current.age_ms(now_ms) > bound_ms)
    }

    /// What this isolate has counted, for the one shard that keeps its counts.
    pub(crate) fn reports_for(&self, shard: u16) -> Vec<Report> {
        let counts = self.counters.counts();
        let report = Report {
            sender: self.sender,
            n_attempted: counts.exposures.attempted,
            n_dropped: counts.exposures.dropped,
            n_rejected: counts.events_rejected,
        };
        if report.home(self.shards) == shard {
            vec![report]
        } else {
            Vec::new()
        }
    }

    async fn refresh(&self, env: &Env) {
        let place = refresh::Place {
            env: env.clone(),
            environment: self.environment.clone(),
            cache_ttl_s: self.settings.kv_cache_ttl_s,
        };
        let current = self.store.borrow().current();
        let refreshed = refresh::refresh(&place, current).await;
        let now_ms = worker::Date::now().as_millis() as i64;
        self.store
            .borrow_mut()
            .settle(refreshed, now_ms, self.settings.refresh_ms);
    }
}

/// The number of shards; one where it is not set.
fn parse_shards(text: Option<&str>) -> Result<u16, String> {
    let Some(text) = text else { return Ok(1) };
    let shards = text
        .trim()
        .parse()
        .ok()
        .filter(|shards| (1..u16::MAX).contains(shards));
    shards.ok_or_else(|| "BANDERA_SHARDS: a number from 1 to 65534".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_a_small_number() {
        let check = |text, expected: Option<u16>| assert_eq!(parse_shards(text).ok(), expected);
        check(None, Some(1));
        check(Some("4"), Some(4));
        check(Some("0"), None);
        check(Some("65535"), None);
        check(Some("four"), None);
    }
}
