//! The JSON of the protocol.

use crate::store::Current;
use bandera_shared::evaluation::Outcome;
use bandera_shared::publish::content_hash;
use bandera_shared::sorted::Sorted;
use bandera_shared::wire::context::{is_recursion, offer, too_deep};
use bandera_shared::wire::evaluation::{EvaluationWire, MetadataWire};
use bandera_shared::wire::{ReadError, context_from};
use bandera_shared::{ErrorCode, Evaluation, EvaluationContext, Flag, Value};
use serde::Serialize;
use std::borrow::Cow;

/// Why a request, or one flag of it, has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) status: u16,
    code: ErrorCode,
    detail: String,
}

impl Fault {
    pub(super) fn new(status: u16, code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
        }
    }
}

/// One flag with its answer and what the caller is told besides.
#[derive(Debug)]
pub(super) struct Answered<'e> {
    pub(super) flag: &'e Flag,
    pub(super) evaluation: &'e Evaluation<'e>,
    pub(super) publication: u64,
    pub(super) ruleset_age_ms: i64,
    pub(super) is_stale: bool,
    pub(super) metric: Option<&'e str>,
    /// What a decision was drawn from, as JSON text.
    pub(super) distribution: Option<String>,
    pub(super) receipt: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FaultWire<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'e str>,
    error_code: &'static str,
    error_details: &'e str,
}

#[derive(Serialize)]
struct AnswerWire<'e> {
    key: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'e Value>,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'e str>,
    metadata: AnswerMetadataWire<'e>,
}

/// Metadata as the protocol allows it: booleans, texts and numbers; the rest as JSON text.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerMetadataWire<'e> {
    publication: u64,
    ruleset_age_ms: i64,
    #[serde(flatten)]
    facts: MetadataWire<'e>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "config")]
    config_json: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "variantMetadata")]
    variant_metadata_json: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'e str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EntryWire<'e> {
    Answer(Box<AnswerWire<'e>>),
    Fault(FaultWire<'e>),
}

#[derive(Serialize)]
struct BulkWire<'e> {
    flags: Vec<EntryWire<'e>>,
    metadata: BulkMetadataWire<'e>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BulkMetadataWire<'e> {
    publication: u64,
    hash: &'e str,
}

/// The context of a request's body, with the actions that it offers, and the body; an empty body is
/// an empty context.
///
/// # Errors
/// `PARSE_ERROR` when it is no JSON object, `INVALID_CONTEXT` when the context is none.
pub(super) fn question(body: &[u8]) -> Result<(EvaluationContext, Value), Fault> {
    if body.is_empty() {
        return Ok((EvaluationContext::new(), Value::Null));
    }
    let invalid = |detail: String| Fault::new(400, ErrorCode::InvalidContext, detail);
    let body: Value = serde_json::from_slice(body).map_err(|error| match error.to_string() {
        message if is_recursion(&message) => invalid(format!("/context: {}", too_deep())),
        message => Fault::new(400, ErrorCode::ParseError, message),
    })?;
    let Value::Object(_) = body else {
        return Err(invalid("the body is no object".to_owned()));
    };
    let wrong = |place: &str, ReadError { pointer, message }: ReadError| {
        invalid(format!("{place}{pointer}: {message}"))
    };
    let mut context = match body.member("context") {
        None | Some(Value::Null) => EvaluationContext::new(),
        Some(Value::Object(attributes)) => {
            let context = context_from(attributes.iter().cloned());
            context.map_err(|fault| wrong("/context", fault))?
        }
        Some(_) => return Err(invalid("/context: the context is no object".to_owned())),
    };
    match body.member("actions") {
        None | Some(Value::Null) => {}
        Some(Value::Object(actions)) => {
            let offered = offer(&mut context, actions.iter().cloned());
            offered.map_err(|fault| wrong("", fault))?;
        }
        Some(_) => {
            let detail = "/actions: write an object of names, each with an object of attributes";
            return Err(invalid(detail.to_owned()));
        }
    }
    Ok((context, body))
}

/// The fault of an evaluation that failed.
pub(super) fn failure(evaluation: &Evaluation<'_>) -> Option<Fault> {
    match &evaluation.outcome {
        Outcome::Failed {
            code: ErrorCode::FlagNotFound,
            detail,
        } => Some(Fault::new(404, ErrorCode::FlagNotFound, &**detail)),
        Outcome::Failed { code, detail } => Some(Fault::new(400, *code, &**detail)),
        Outcome::Resolved { .. } | Outcome::CallerDefault { .. } => None,
    }
}

/// A fault's JSON.
pub(super) fn fault(key: Option<&str>, fault: &Fault) -> String {
    print(&fault_wire(key, fault))
}

/// An answer's JSON.
pub(super) fn answer(answered: &Answered<'_>) -> String {
    print(&answer_wire(answered))
}

/// The JSON of all answers; flags that failed are faults among them.
pub(super) fn answers(current: &Current, answered: &[Answered<'_>]) -> String {
    let faults: Vec<Option<Fault>> = answered
        .iter()
        .map(|answered| failure(answered.evaluation))
        .collect();
    let flags = answered
        .iter()
        .zip(&faults)
        .map(|(answered, failed)| match failed {
            Some(failed) => EntryWire::Fault(fault_wire(Some(&answered.flag.key), failed)),
            None => EntryWire::Answer(Box::new(answer_wire(answered))),
        });
    let pointer = &current.loaded.pointer;
    let metadata = BulkMetadataWire {
        publication: pointer.publication,
        hash: &pointer.hash,
    };
    print(&BulkWire {
        flags: flags.collect(),
        metadata,
    })
}

/// A weak entity tag over all that is said, short of ages and receipts, which differ between
/// answers that mean the same; a receipt is stood for by its decision and the context that it is
/// for. `answered` is without both.
pub(super) fn etag(
    current: &Current,
    context: &EvaluationContext,
    answered: &[Answered<'_>],
) -> String {
    // Whoever reads a tag may guess what it is the hash of: what is private is not part of it, and
    // changes it through the answers alone.
    let private = current.loaded.ruleset.private();
    let attributes: Sorted<&str, Cow<'_, Value>> = private.shown(context).collect();
    let mut said = answers(current, answered) + &print(&attributes);
    for answered in answered {
        if let Some(decision) = &answered.evaluation.details.decision {
            said.push_str(&decision.decision_id.to_string());
        }
    }
    let hash = content_hash(said.as_bytes());
    format!("W/\"{}\"", hash.get(..32).unwrap_or(&hash))
}

fn fault_wire<'e>(key: Option<&'e str>, fault: &'e Fault) -> FaultWire<'e> {
    FaultWire {
        key,
        error_code: fault.code.as_str(),
        error_details: &fault.detail,
    }
}

fn answer_wire<'e>(answered: &'e Answered<'_>) -> AnswerWire<'e> {
    let EvaluationWire {
        key,
        value,
        variant,
        reason,
        mut metadata,
        ..
    } = answered.evaluation.into();
    let config_json = metadata.config.take().map(print);
    let variant_metadata_json = metadata.variant_metadata.take().map(print);
    AnswerWire {
        key,
        value,
        variant,
        reason: if answered.is_stale { "STALE" } else { reason },
        metadata: AnswerMetadataWire {
            publication: answered.publication,
            ruleset_age_ms: answered.ruleset_age_ms,
            facts: metadata,
            config_json,
            variant_metadata_json,
            metric: answered.metric,
            distribution: answered.distribution.as_deref(),
            receipt: answered.receipt.as_deref(),
        },
    }
}

/// Plain data with text keys always has a JSON form.
pub(super) fn print(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Loaded;
    use bandera_shared::sticky::StickyDecisions;
    use bandera_shared::wire::context as limits;
    use bandera_shared::{Evaluator, Participation, UnixMillis};
    use std::rc::Rc;

    fn context(body: &[u8]) -> Result<EvaluationContext, Fault> {
        question(body).map(|(context, _)| context)
    }

    #[test]
    fn reads_contexts() {
        let key = |body: &str| {
            context(body.as_bytes()).map(|context| context.targeting_key().map(str::to_owned))
        };
        assert_eq!(
            key(r#"{"context":{"targetingKey":"ana"}}"#),
            Ok(Some("ana".to_owned()))
        );
        assert_eq!(key("{}"), Ok(None));
        assert_eq!(key(""), Ok(None));
        let check = |body: &str, code: ErrorCode| {
            let fault = key(body).unwrap_err();
            assert_eq!((fault.status, fault.code), (400, code), "{body}");
        };
        check("{", ErrorCode::ParseError);
        check("[]", ErrorCode::InvalidContext);
        check(r#"{"context":7}"#, ErrorCode::InvalidContext);
        check(
            r#"{"context":{"targetingKey":7}}"#,
            ErrorCode::InvalidContext,
        );
    }

    #[test]
    fn reads_what_is_offered() {
        let read = |actions: &str| context(format!(r#"{{"actions":{actions}}}"#).as_bytes());
        let names = |actions: &str| {
            let context = read(actions).unwrap();
            let names = context.actions().iter().map(|it| it.name.to_string());
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(r#"{"a":{"price":1},"b":{}}"#), ["a", "b"]);
        assert_eq!(names("null"), [""; 0]);
        let numbered = |n: usize| {
            let all = (0..n).map(|i| format!(r#""a{i}":{{}}"#));
            format!("{{{}}}", all.collect::<Vec<_>>().join(","))
        };
        assert_eq!(
            names(&numbered(limits::ACTIONS_MAX)).len(),
            limits::ACTIONS_MAX
        );
        let check = |actions: &str, place: &str, why: &str| {
            let fault = read(actions).unwrap_err();
            assert_eq!((fault.status, fault.code), (400, ErrorCode::InvalidContext));
            assert!(
                fault.detail.starts_with(&format!("{place}: ")) && fault.detail.contains(why),
                "{}",
                fault.detail
            );
        };
        check(
            &numbered(limits::ACTIONS_MAX + 1),
            "/actions",
            "offer fewer",
        );
        check("[]", "/actions", "an object of names");
        check(r#"{"a":7}"#, "/actions/a", "an object");
        check(r#"{"a":{},"a":{}}"#, "/actions/a", "twice");
        let long = "v".repeat(limits::TEXT_BYTES_MAX + 1);
        check(
            &format!(r#"{{"a":{{"b":"{long}"}}}}"#),
            "/actions/a/b",
            "bytes",
        );
    }

    #[test]
    fn contexts_past_a_limit_are_refused_with_their_place() {
        let check = |context: &str, pointer: Option<&str>| {
            let body = format!(r#"{{"context":{context}}}"#);
            let refused = question(body.as_bytes()).err();
            let Some(pointer) = pointer else {
                assert_eq!(refused, None);
                return;
            };
            let fault = refused.expect("a fault");
            assert_eq!((fault.status, fault.code), (400, ErrorCode::InvalidContext));
            let place = fault.detail.split(": ").next();
            assert_eq!(place, Some(pointer), "{}", fault.detail);
        };
        let attributes = |n: usize| {
            let members: Vec<String> = (0..n).map(|i| format!(r#""a{i}":1"#)).collect();
            format!("{{{}}}", members.join(","))
        };
        check(&attributes(limits::ATTRIBUTES_MAX), None);
        check(&attributes(limits::ATTRIBUTES_MAX + 1), Some("/context"));
        let text = |bytes: usize| format!(r#"{{"a":{{"b/c":"{}"}}}}"#, "x".repeat(bytes));
        check(&text(limits::TEXT_BYTES_MAX), None);
        check(&text(limits::TEXT_BYTES_MAX + 1), Some("/context/a/b~1c"));
        let nested = |levels: usize| {
            let (open, close) = (r#"{"a":"#.repeat(levels), "}".repeat(levels));
            format!("{open}1{close}")
        };
        check(&nested(limits::DEPTH_MAX), None);
        let inside = format!("/context{}", "/a".repeat(limits::DEPTH_MAX));
        check(&nested(limits::DEPTH_MAX + 1), Some(&inside));
        check(&nested(10_000), Some("/context"));
        let whole = |bytes: usize| {
            let full = "x".repeat(limits::TEXT_BYTES_MAX);
            let rest = "x".repeat(bytes - 3 * limits::TEXT_BYTES_MAX - 4);
            format!(r#"{{"a":"{full}","b":"{full}","c":"{full}","d":"{rest}"}}"#)
        };
        check(&whole(limits::CONTEXT_BYTES_MAX), None);
        check(&whole(limits::CONTEXT_BYTES_MAX + 1), Some("/context/d"));
    }

    /// Faults are told to whoever asked, and perhaps to their logs.
    #[test]
    fn faults_do_not_repeat_what_was_sent() {
        for body in [
            r#"{"context":["secret"]}"#,
            r#"{"context":{"targetingKey":["secret"]}}"#,
        ] {
            let refused = context(body.as_bytes()).unwrap_err();
            assert!(!refused.detail.contains("secret"), "{}", refused.detail);
        }
    }

    #[test]
    fn an_entity_tag_is_no_hash_of_what_is_private() {
        const RULESET: &str = r#"{"schemaVersion":1,"privateAttributes":["email"],"flags":{
            "staff":{"type":"boolean","status":"enabled",
                "variants":{"on":{"value":true},"off":{"value":false}},"defaultVariant":"off",
                "rules":[{"when":{"attribute":"email","op":"endsWith","value":"@acme.test"},
                          "serve":{"variant":"on"}}]}}}"#;
        let current = Current {
            loaded: Rc::new(Loaded::of(7, RULESET)),
            policies: Rc::default(),
            confirmed_at_ms: 0,
        };
        let tag = |attributes: &str| {
            let body = format!(r#"{{"context":{{{attributes}}}}}"#);
            let context = context(body.as_bytes()).unwrap();
            let evaluator = Evaluator {
                ruleset: &current.loaded.ruleset,
                context: &context,
                at: UnixMillis(0),
                draw: 0,
                policies: &current.policies,
                sticky: &StickyDecisions::default(),
                participation: Participation::Full,
            };
            let flag = current.loaded.ruleset.flag("staff").unwrap();
            let evaluation = evaluator.evaluate_flag(flag);
            let answered = Answered {
                flag,
                evaluation: &evaluation,
                publication: 7,
                ruleset_age_ms: 0,
                is_stale: false,
                metric: None,
                distribution: None,
                receipt: None,
            };
            etag(&current, &context, &[answered])
        };
        let nobody = tag(r#""email":"ana@example.com""#);
        assert_eq!(nobody, tag(r#""email":"eva@example.com""#));
        assert_ne!(nobody, tag(r#""email":"ana@acme.test""#), "another answer");
        assert_ne!(nobody, tag(r#""email":"ana@example.com","plan":"pro""#));
    }

    #[test]
    fn faults_name_the_flag() {
        let not_found = Fault::new(404, ErrorCode::FlagNotFound, "no flag of that key");
        assert_eq!(
            fault(Some("hero"), &not_found),
            concat!(
                r#"{"key":"hero","errorCode":"FLAG_NOT_FOUND","#,
                r#""errorDetails":"no flag of that key"}"#
            )
        );
    }
}
