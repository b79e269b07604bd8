//! `GET /bandera/v1/health`: what this isolate serves, since when, and what it has counted.

use crate::call::Call;
use crate::counters::Counts;
use crate::isolate::Isolate;
use crate::store::{Current, RefreshCounts};
use bandera_platform::json_response;
use serde::Serialize;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthWire<'h> {
    /// `ready`, `stale`, `notReady`, or `misconfigured`.
    status: &'static str,
    environment: &'h str,
    publication: Option<u64>,
    hash: Option<&'h str>,
    published_at_ms: Option<i64>,
    ruleset_age_ms: Option<i64>,
    faults: Vec<FaultWire<'h>>,
    /// Counters are those of one isolate: there are many, and each starts from zero.
    counters_of: &'static str,
    isolate: String,
    isolate_age_ms: i64,
    /// How many queues of events are bound.
    queues: usize,
    refreshes: RefreshCounts,
    #[serde(flatten)]
    counts: Counts,
}

/// Something that is wrong: `code` is stable, `detail` is for people.
#[derive(Serialize)]
struct FaultWire<'h> {
    code: &'h str,
    detail: &'h str,
}

/// Answers with the isolate's health; 200 as long as the Worker runs, whatever it has to say.
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn handle(call: &Call<'_>) -> Result<Response, JsValue> {
    let current = call.ruleset().await;
    json_response(
        200,
        &report(call.isolate, current.as_ref(), call.head.now_ms),
    )
}

fn report(isolate: &Isolate, current: Option<&Current>, now_ms: i64) -> String {
    let store = isolate.store.borrow();
    let pointer = current.map(|current| &current.loaded.pointer);
    let age_ms = current.map(|current| current.age_ms(now_ms));
    let fault = |code, detail| FaultWire { code, detail };
    let (settings, keys) = (isolate.fault.as_deref(), isolate.keys_fault.as_deref());
    let faults = [
        settings.map(|detail| fault("invalid_settings", detail)),
        keys.map(|detail| fault("invalid_keys", detail)),
        store.last_failure().map(|why| fault(why.code, &why.detail)),
    ];
    let health = HealthWire {
        status: match current {
            _ if isolate.fault.is_some() => "misconfigured",
            None => "notReady",
            Some(current) if isolate.is_stale(current, now_ms) => "stale",
            Some(_) => "ready",
        },
        environment: &isolate.environment,
        publication: pointer.map(|pointer| pointer.publication),
        hash: pointer.map(|pointer| &*pointer.hash),
        published_at_ms: pointer.and_then(|pointer| pointer.published_at_ms),
        ruleset_age_ms: age_ms,
        faults: faults.into_iter().flatten().collect(),
        counters_of: "this isolate, since it started",
        isolate: format!("{:016x}", isolate.sender),
        isolate_age_ms: now_ms - isolate.started_at_ms,
        queues: isolate.queues.count(),
        refreshes: store.counts(),
        counts: isolate.counters.counts(),
    };
    // Plain data always has a JSON form.
    serde_json::to_string(&health).unwrap_or_default()
}
