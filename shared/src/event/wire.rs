//! The JSON of `POST /bandera/v1/events` and of its answer.
//!
//! ```json
//! {"events":[
//!   {"id":"e1","kind":"exposure","receipt":"AQEE..."},
//!   {"id":"e2","kind":"exposure","flag":"shop.buy_button","variant":"on","subject":"v-1"},
//!   {"id":"e3","kind":"reward","receipt":"AQEE...","metric":"purchase","value":1,"atMs":17700000}
//! ]}
//! ```
//!
//! The batch is read strictly, each event on its own: `kind` may take further values later
//! (`metric`), and an unknown member of an event is ignored.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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
struct BatchWire<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct IdWire {
    id: Option<String>,
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
}

/// Reads a batch.
///
/// # Errors
/// `InvalidBatch` when there is nothing to answer one by one.
pub fn parse(body: &[u8]) -> Result<Vec<Received>, InvalidBatch> {
    if body.len() > EVENT_BODY_BYTES_MAX {
        return Err(InvalidBatch::BodyTooLong);
    }
    let batch: BatchWire<'_> =
        serde_json::from_slice(body).map_err(|error| InvalidBatch::Malformed(error.to_string()))?;
    if batch.events.len() > EVENTS_PER_BATCH_MAX {
        return Err(InvalidBatch::TooManyEvents(batch.events.len()));
    }
    Ok(batch
        .events
        .into_iter()
        .map(|event| receive(event.get()))
        .collect())
}

fn receive(json: &str) -> Received {
    let id = serde_json::from_str::<IdWire>(json)
        .ok()
        .and_then(|wire| wire.id);
    let id = id.as_deref().and_then(EventId::new);
    let event = match &id {
        Some(id) => read(id, json),
        None => Err(Rejection::new(RejectionCode::Malformed, "/id")
            .detail("an id is 1 to 64 printable ASCII characters")),
    };
    Received { id, event }
}

fn read(id: &EventId, json: &str) -> Result<Event, Rejection> {
    let wire: EventWire = serde_json::from_str(json)
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
            metric: wire
                .metric
                .map(|metric| key("/metric", Some(metric)))
                .transpose()?,
            value: wire
                .value
                .ok_or_else(|| Rejection::new(RejectionCode::Malformed, "/value"))?,
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(json: &str) -> Received {
        parse(format!(r#"{{"events":[{json}]}}"#).as_bytes())
            .unwrap()
            .remove(0)
    }

    #[test]
    fn reads_each_kind() {
        let check =
            |json: &str, expected: Claim| assert_eq!(one(json).event.unwrap().claim, expected);
        check(
            r#"{"id":"e","kind":"exposure","receipt":"R","later":1}"#,
            Claim::DecisionExposed {
                receipt: "R".into(),
            },
        );
        check(
            r#"{"id":"e","kind":"exposure","flag":"f","variant":"v","subject":"s"}"#,
            Claim::FlagExposed {
                flag: "f".into(),
                variant: "v".into(),
                subject: Some("s".into()),
            },
        );
        check(
            r#"{"id":"e","kind":"reward","receipt":"R","metric":"m","value":2.5}"#,
            Claim::Rewarded {
                receipt: "R".into(),
                metric: Some("m".into()),
                value: 2.5,
            },
        );
        let timed = one(r#"{"id":"e","kind":"reward","receipt":"R","value":1,"atMs":5}"#);
        assert_eq!(timed.event.unwrap().at, Some(UnixMillis(5)));
    }

    #[test]
    fn faults_stay_with_their_event() {
        let check = |json: &str, code: &str, pointer: &str| {
            let fault = one(json).event.unwrap_err();
            assert_eq!(
                (fault.code.as_str(), fault.pointer),
                (code, pointer),
                "{json}"
            );
        };
        check("7", "event_malformed", "/id");
        check(r#"{"id":"two words"}"#, "event_malformed", "/id");
        check(r#"{"id":"e"}"#, "event_malformed", "/kind");
        check(
            r#"{"id":"e","kind":"metric"}"#,
            "event_kind_unknown",
            "/kind",
        );
        check(
            r#"{"id":"e","kind":"exposure"}"#,
            "event_malformed",
            "/flag",
        );
        check(
            r#"{"id":"e","kind":"exposure","flag":"f"}"#,
            "event_malformed",
            "/variant",
        );
        check(
            r#"{"id":"e","kind":"reward"}"#,
            "event_malformed",
            "/receipt",
        );
        check(
            r#"{"id":"e","kind":"reward","receipt":"R"}"#,
            "event_malformed",
            "/value",
        );
        check(
            r#"{"id":"e","kind":"reward","receipt":"R","value":"1"}"#,
            "event_malformed",
            "",
        );
        check(
            r#"{"id":"e","kind":"reward","receipt":"R","value":1,"atMs":-1}"#,
            "event_malformed",
            "/atMs",
        );
        let id = one(r#"{"id":"e","kind":7}"#).id;
        assert_eq!(id.as_ref().map(EventId::as_str), Some("e"));
    }

    #[test]
    fn limits_hold_at_and_one_past() {
        let batch = |n: usize| format!(r#"{{"events":[{}]}}"#, vec!["{}"; n].join(","));
        assert_eq!(
            parse(batch(EVENTS_PER_BATCH_MAX).as_bytes()).unwrap().len(),
            500
        );
        let past = parse(batch(EVENTS_PER_BATCH_MAX + 1).as_bytes());
        assert_eq!(past, Err(InvalidBatch::TooManyEvents(501)));
        let body = |n: usize| format!(r#"{{"events":[]{}}}"#, " ".repeat(n - 13));
        assert_eq!(parse(body(EVENT_BODY_BYTES_MAX).as_bytes()), Ok(vec![]));
        let past = parse(body(EVENT_BODY_BYTES_MAX + 1).as_bytes());
        assert_eq!(past, Err(InvalidBatch::BodyTooLong));
        let id = |n: usize| EventId::new(&"x".repeat(n)).is_some();
        assert_eq!((id(0), id(1), id(64), id(65)), (false, true, true, false));
    }

    #[test]
    fn answers_in_order_with_pointers() {
        let rejected = Verdict::Rejected(Rejection::new(RejectionCode::TooLate, "/receipt"));
        let verdicts = [(EventId::new("a"), Verdict::Committed), (None, rejected)];
        let expected = concat!(
            r#"{"verdicts":[{"id":"a","verdict":"committed"},"#,
            r#"{"id":null,"verdict":"rejected","problem":{"#,
            r#""type":"urn:bandera:problem:reward_too_late","code":"reward_too_late","#,
            r#""title":"The attribution window of the decision is over","#,
            r#""pointer":"/events/1/receipt"}}]}"#
        );
        assert_eq!(print_verdicts(&verdicts), expected);
    }

    proptest! {
        #[test]
        fn never_panics_on_any_body(body in ".{0,200}") {
            let _ = parse(body.as_bytes());
        }

        #[test]
        fn never_panics_on_any_event(id in ".{0,70}", kind in ".{0,10}", value: f64) {
            let event = serde_json::json!({"id": id, "kind": kind, "value": value});
            let body = serde_json::json!({"events": [event]}).to_string();
            prop_assert_eq!(parse(body.as_bytes()).unwrap().len(), 1);
        }
    }
}
