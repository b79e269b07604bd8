//! The JSON of `POST /bandera/v1/events` and of its answer.
//!
//! ```json
//! {"events":[
//!   {"id":"e1","kind":"exposure","receipt":"AQEE..."},
//!   {"id":"e2","kind":"exposure","flag":"shop.buy_button","variant":"on","subject":"v-1"},
//!   {"id":"e3","kind":"reward","receipt":"AQEE...","metric":"purchase","value":1,"atMs":17700000},
//!   {"id":"e4","kind":"removal","receipt":"AQEE...","of":"e3"}
//! ]}
//! ```
//!
//! The batch is read strictly, each event on its own: `kind` may take further values later
//! (`metric`), and an unknown member of an event is ignored.

use crate::wire::tree;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Claim, EVENT_BODY_BYTES_MAX, EVENTS_PER_BATCH_MAX, Event, EventId, Rejection, RejectionCode,
    SUBJECT_BYTES_MAX, Verdict,
};
use crate::bandit::KEY_BYTES_MAX;
use crate::time::UnixMillis;

/// Why a whole batch was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidBatch {
    /// Longer than [`EVENT_BODY_BYTES_MAX`].
    BodyTooLong,
    /// More events than [`EVENTS_PER_BATCH_MAX`].
    TooManyEvents(usize),
    /// Not an object with a list `events`.
    Malformed(String),
}

/// One event of a batch as it was received: the id where there is one, and the event or its fault.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Names the event in the answer, also when the rest of it is malformed.
    pub id: Option<EventId>,
    /// The event.
    pub event: Result<Event, Rejection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BatchWire {
    events: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventWire {
    kind: Option<String>,
    at_ms: Option<i64>,
    receipt: Option<String>,
    flag: Option<String>,
    variant: Option<String>,
    subject: Option<String>,
    metric: Option<String>,
    value: Option<f64>,
    of: Option<String>,
}

/// Reads a batch.
///
/// # Errors
/// `InvalidBatch` when there is nothing to answer one by one.
pub fn parse(body: &[u8]) -> Result<Vec<Received>, InvalidBatch> {
    if body.len() > EVENT_BODY_BYTES_MAX {
        return Err(InvalidBatch::BodyTooLong);
    }
    let batch: BatchWire =
        tree::from_slice(body).map_err(|error| InvalidBatch::Malformed(error.to_string()))?;
    if batch.events.len() > EVENTS_PER_BATCH_MAX {
        return Err(InvalidBatch::TooManyEvents(batch.events.len()));
    }
    Ok(batch.events.into_iter().map(receive).collect())
}

fn receive(event: Value) -> Received {
    let id = event
        .get("id")
        .and_then(Value::as_str)
        .and_then(EventId::new);
    let event = match &id {
        Some(id) => read(id, event),
        None => Err(Rejection::new(RejectionCode::Malformed, "/id")
            .detail("an id is 1 to 64 printable ASCII characters")),
    };
    Received { id, event }
}

fn read(id: &EventId, event: Value) -> Result<Event, Rejection> {
    let wire: EventWire = tree::from_value(event)
        .map_err(|error| Rejection::new(RejectionCode::Malformed, "").detail(error.to_string()))?;
    let claim = match wire.kind.as_deref() {
        Some("exposure") if wire.receipt.is_none() => Claim::FlagExposed {
            flag: key("/flag", wire.flag)?,
            variant: key("/variant", wire.variant)?,
            subject: match wire.subject {
                None => None,
                Some(subject) => Some(text("/subject", Some(subject), SUBJECT_BYTES_MAX)?),
            },
        },
        Some("exposure") => Claim::DecisionExposed {
            receipt: receipt(wire.receipt)?,
        },
        Some("reward") => Claim::Rewarded {
            receipt: receipt(wire.receipt)?,
            metric: metric(wire.metric)?,
            value: wire
                .value
                .ok_or_else(|| Rejection::new(RejectionCode::Malformed, "/value"))?,
        },
        Some("removal") => Claim::Removed {
            receipt: receipt(wire.receipt)?,
            metric: metric(wire.metric)?,
            of: match wire.of.as_deref().map(EventId::new) {
                None => None,
                Some(Some(of)) => Some(of),
                Some(None) => return Err(Rejection::new(RejectionCode::Malformed, "/of")),
            },
        },
        Some(_) => return Err(Rejection::new(RejectionCode::UnknownKind, "/kind")),
        None => return Err(Rejection::new(RejectionCode::Malformed, "/kind")),
    };
    let at = match wire.at_ms {
        // Beyond 2^53 it is no time, and would not survive JavaScript.
        Some(at) if !(0..1 << 53).contains(&at) => {
            return Err(Rejection::new(RejectionCode::Malformed, "/atMs"));
        }
        at => at.map(UnixMillis),
    };
    Ok(Event {
        id: id.clone(),
        at,
        claim,
    })
}

fn key(pointer: &'static str, value: Option<String>) -> Result<Box<str>, Rejection> {
    text(pointer, value, KEY_BYTES_MAX)
}

fn metric(value: Option<String>) -> Result<Option<Box<str>>, Rejection> {
    value.map(|metric| key("/metric", Some(metric))).transpose()
}

/// The token itself is judged later; here only that there is one.
fn receipt(value: Option<String>) -> Result<Box<str>, Rejection> {
    text("/receipt", value, EVENT_BODY_BYTES_MAX)
}

fn text(
    pointer: &'static str,
    value: Option<String>,
    bytes_max: usize,
) -> Result<Box<str>, Rejection> {
    match value {
        Some(value) if !value.is_empty() && value.len() <= bytes_max => Ok(value.into()),
        _ => Err(Rejection::new(RejectionCode::Malformed, pointer)),
    }
}

#[derive(Serialize)]
struct AnswerWire<'a> {
    verdicts: Vec<VerdictWire<'a>>,
}

#[derive(Serialize)]
struct VerdictWire<'a> {
    id: Option<&'a str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemWire<'a>>,
}

#[derive(Serialize)]
struct ProblemWire<'a> {
    r#type: String,
    code: &'static str,
    title: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    pointer: String,
}

/// Writes the answer: one verdict for each event, in the order they were received.
#[must_use]
pub fn print_verdicts(verdicts: &[(Option<EventId>, Verdict)]) -> String {
    let verdicts = verdicts
        .iter()
        .enumerate()
        .map(|(i, (id, verdict))| VerdictWire {
            id: id.as_ref().map(EventId::as_str),
            verdict: verdict.name(),
            problem: match verdict {
                Verdict::Rejected(rejection) => Some(problem(i, rejection)),
                Verdict::Committed | Verdict::Duplicate | Verdict::Queued => None,
            },
        })
        .collect();
    // Strings only: there is no map whose keys could fail, and no failing writer.
    serde_json::to_string(&AnswerWire { verdicts }).unwrap_or_default()
}

fn problem(i: usize, rejection: &Rejection) -> ProblemWire<'_> {
    let code = rejection.code.as_str();
    ProblemWire {
        r#type: format!("urn:bandera:problem:{code}"),
        code,
        title: rejection.code.title(),
        detail: &rejection.detail,
        pointer: format!("/events/{i}{}", rejection.pointer),
    }
}

#[cfg(test)]
mod tests;
