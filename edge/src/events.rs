//! `POST /bandera/v1/events`: what pages and servers saw, and what came of it.
//!
//! Each event is admitted or refused on its own. Admitted ones go straight to their shards, all
//! shards at once, and the answer waits for the commits. A shard that cannot be reached in time
//! gets its events through the queue, and their verdict says so. Where not even the queue takes
//! them, the whole request is answered 503 and changes nothing that a second try would not.

mod desk;

use crate::call::Call;
use crate::isolate::Isolate;
use crate::subject;
use bandera_platform::{
    Body, Problem, commit_batch, is_over_limit, json_response, read_body, together,
};
use bandera_shared::UnixMillis;
use bandera_shared::event::wire::{self as event_wire, InvalidBatch, Received};
use bandera_shared::event::{
    EVENT_BODY_BYTES_MAX, EVENTS_PER_BATCH_MAX, EventId, Rejection, RejectionCode, Verdict,
};
use bandera_shared::ledger::{Admitted, Batch, Outcome, admit, routed};
use desk::Counter;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;
use worker::{Env, console_error, console_warn};

/// The binding of the rate limit by address; without it there is no limit.
const EVENT_LIMIT: &str = "EVENT_LIMIT";
/// The same by subject: rewards, whatever addresses they come from.
const SUBJECT_LIMIT: &str = "SUBJECT_LIMIT";

/// Answers with a verdict for each event.
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn handle(call: &Call<'_>) -> Result<Response, JsValue> {
    if is_flooding(call).await {
        return later(
            429,
            "too_many_requests",
            "Too many events from this address",
        );
    }
    let body = match read_body(call.request, EVENT_BODY_BYTES_MAX as u32).await? {
        Body::Whole(body) => body,
        Body::TooLong => return refuse(&InvalidBatch::BodyTooLong),
    };
    let received = match event_wire::parse(&body) {
        Ok(received) => received,
        Err(fault) => return refuse(&fault),
    };
    let current = if call.isolate.fault.is_some() {
        None
    } else {
        call.ruleset().await
    };
    let Some((current, keys)) = current.zip(call.isolate.keys.as_ref()) else {
        return later(503, "provider_not_ready", "There is no ruleset yet");
    };
    let desk = Counter {
        loaded: &current.loaded,
        keys,
        subject: call.head.cookie(&call.isolate.settings.subject.cookie),
        n_shards: call.isolate.shards,
    };
    let publication = current.loaded.pointer.publication;
    let received = if may_record(call) {
        received
    } else {
        without_consent(received)
    };
    match judge(call, received, &desk, publication).await {
        Ok(verdicts) => json_response(200, &event_wire::print_verdicts(&verdicts)),
        Err(Lost) => later(
            503,
            "events_not_recorded",
            "The events could not be recorded",
        ),
    }
}

/// Whether what a browser tells may be recorded. A server that presents its token, or calls by
/// service binding, speaks for its visitors.
fn may_record(call: &Call<'_>) -> bool {
    call.is_server() || subject::may_remember(call.head, &call.isolate.settings)
}

/// The same events, each refused.
fn without_consent(received: Vec<Received>) -> Vec<Received> {
    let refused = |Received { id, .. }| Received {
        id,
        event: Err(Rejection::new(RejectionCode::NoConsent, "")),
    };
    received.into_iter().map(refused).collect()
}

/// Neither the ledger nor the queue took an event.
struct Lost;

/// Admits, commits, and says what became of each event.
async fn judge(
    call: &Call<'_>,
    received: Vec<Received>,
    desk: &Counter<'_>,
    publication: u64,
) -> Result<Vec<(Option<EventId>, Verdict)>, Lost> {
    let at = UnixMillis(call.head.now_ms);
    let mut verdicts = Vec::with_capacity(received.len());
    let mut admitted = Vec::new();
    let judging = received
        .into_iter()
        .map(|Received { id, event }| async move {
            let admitted = event.and_then(|event| admit(&event, desk, at));
            (id, within_limit(call, admitted).await)
        });
    for (place, (id, event)) in together(judging).await.into_iter().enumerate() {
        let verdict = match event {
            Ok(event) => {
                admitted.push((place, event));
                // Stands until the outcome is known; see below.
                Verdict::Queued
            }
            Err(rejection) => {
                call.isolate
                    .counters
                    .count(|counts| counts.events_rejected += 1);
                Verdict::Rejected(rejection)
            }
        };
        verdicts.push((id, verdict));
    }
    let committing = routed(publication, admitted)
        .into_iter()
        .map(|(shard, (places, batch))| {
            let batch = Batch {
                reports: call.isolate.reports_for(shard),
                ..batch
            };
            async move {
                (
                    places,
                    commit_or_queue(call.isolate, call.env, shard, batch).await,
                )
            }
        });
    for (places, outcomes) in together(committing).await {
        let Some(outcomes) = outcomes? else { continue };
        for (place, outcome) in places.into_iter().zip(outcomes) {
            if let Some((_, verdict)) = verdicts.get_mut(place) {
                *verdict = verdict_of(outcome);
            }
        }
    }
    Ok(verdicts)
}

/// The outcomes of a commit; `None` when the queue took the batch instead.
async fn commit_or_queue(
    isolate: &Isolate,
    env: &Env,
    shard: u16,
    batch: Batch,
) -> Result<Option<Vec<Outcome>>, Lost> {
    let name = bandera_shared::names::ledger(&isolate.environment, shard);
    match commit_batch(env, &name, shard, batch).await {
        Ok(outcomes) => Ok(Some(outcomes)),
        Err((fault, batch)) => {
            console_warn!("bandera: {name}: {fault}; to the queue");
            match isolate.queues.offer(env, shard, batch).await {
                Ok(()) => Ok(None),
                Err(error) => {
                    console_error!("bandera: queue: {error}");
                    Err(Lost)
                }
            }
        }
    }
}

fn verdict_of(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Committed => Verdict::Committed,
        Outcome::Duplicate => Verdict::Duplicate,
        Outcome::TooMany => Verdict::Rejected(Rejection::new(RejectionCode::TooMany, "/receipt")),
        Outcome::Unremovable => {
            Verdict::Rejected(Rejection::new(RejectionCode::Unremovable, "/of"))
        }
    }
}

/// Asks the rate limit. A limit that cannot be asked is no reason to lose events.
async fn is_flooding(call: &Call<'_>) -> bool {
    let client = call.head.header("cf-connecting-ip").unwrap_or("unknown");
    let over = is_over_limit(call.env, EVENT_LIMIT, client).await;
    over.unwrap_or(false)
}

/// Refuses a reward when its subject has reported too many, from whatever addresses: the subject is
/// the receipt's, which nobody can change afterwards. A server speaks for its visitors, and may
/// report at once what they did over days.
async fn within_limit(
    call: &Call<'_>,
    admitted: Result<Admitted, Rejection>,
) -> Result<Admitted, Rejection> {
    let admitted = admitted?;
    if admitted.is_reward() && !call.is_server() {
        let subject = admitted.subject.to_text();
        let over = is_over_limit(call.env, SUBJECT_LIMIT, &subject).await;
        if over.unwrap_or(false) {
            let code = RejectionCode::TooManyOfSubject;
            return Err(Rejection::new(code, "/receipt"));
        }
    }
    Ok(admitted)
}

fn later(status: u16, code: &'static str, title: &'static str) -> Result<Response, JsValue> {
    let response = Problem::new(status, code, title).to_response()?;
    response.headers().set("retry-after", "1")?;
    Ok(response)
}

fn refuse(fault: &InvalidBatch) -> Result<Response, JsValue> {
    let problem = match fault {
        InvalidBatch::BodyTooLong => Problem::new(413, "body_too_long", "The body is too long")
            .detail(format!("at most {EVENT_BODY_BYTES_MAX} bytes")),
        InvalidBatch::TooManyEvents(n) => Problem::new(413, "too_many_events", "Too many events")
            .detail(format!("{n}, at most {EVENTS_PER_BATCH_MAX}"))
            .at("/events"),
        InvalidBatch::Malformed(detail) => {
            Problem::new(400, "body_malformed", "The body is no batch of events").detail(detail)
        }
    };
    problem.to_response()
}
