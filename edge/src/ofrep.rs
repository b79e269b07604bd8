//! OpenFeature Remote Evaluation Protocol: evaluations for whoever speaks HTTP.
//!
//! Without a token callers are treated as browsers: they see client-visible flags, others do not
//! exist for them. Servers present one of `BANDERA_SERVER_TOKENS` as bearer token or `X-API-Key`,
//! or come by service binding, and see all. The evaluation context is the body's alone; nothing of
//! the request is mixed in, so that an answer can be reproduced from what was asked.
//!
//! # Source
//! OFREP OpenAPI 0.3.0, <https://github.com/open-feature/protocol>.

mod slate;
mod wire;

use crate::call::Call;
use crate::etag;
use crate::store::Current;
use crate::subject::{may_remember, opts_out};
use bandera_platform::{Body, make_response, read_body};
use bandera_shared::bandit::Bandit;
use bandera_shared::decision::{Choice, Decision};
use bandera_shared::evaluate::Participation;
use bandera_shared::receipt::Receipt;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{
    ErrorCode, Evaluation, EvaluationContext, Evaluator, Flag, UnixMillis, Value, Visibility,
};
use percent_encoding::percent_decode_str;
use wire::{Answered, Fault};
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

/// Longest body of a request.
const BODY_BYTES_MAX: u32 = 64 * 1024;

/// Which flags a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    Browser,
    Server,
}

impl Audience {
    fn sees(self, flag: &Flag) -> bool {
        self == Self::Server || flag.visibility == Visibility::Client
    }
}

/// `POST /ofrep/v1/evaluate/flags/{key}`; the key as it stands in the path.
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn evaluate_one(call: &Call<'_>, key: &str) -> Result<Response, JsValue> {
    about_one(call, key, false).await
}

/// `POST /bandera/v1/slate/{flag}`: a ranked list of the flag's variants; see [`slate`].
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn rank(call: &Call<'_>, key: &str) -> Result<Response, JsValue> {
    about_one(call, key, true).await
}

async fn about_one(call: &Call<'_>, key: &str, ranks: bool) -> Result<Response, JsValue> {
    let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
    let fault = |fault: &Fault| respond(fault.status, &wire::fault(Some(&key), fault), None);
    let prepared = match prepare(call).await? {
        Ok(prepared) => prepared,
        Err(refused) => return fault(&refused),
    };
    let flag = prepared.current.loaded.ruleset.flag(&key);
    let Some(flag) = flag.filter(|flag| prepared.audience.sees(flag)) else {
        return fault(&Fault::new(
            404,
            ErrorCode::FlagNotFound,
            "no flag of that key",
        ));
    };
    let evaluation = prepared.evaluator(call).evaluate_flag(flag);
    if let Some(failed) = wire::failure(&evaluation) {
        return fault(&failed);
    }
    let mut answered = prepared.lasting(call, flag, &evaluation);
    if ranks {
        return match slate::answer(&prepared, call, &answered) {
            Ok(list) => respond(200, &list, None),
            Err(refused) => fault(&refused),
        };
    }
    prepared.complete(call, &mut answered);
    respond(200, &wire::answer(&answered), None)
}

/// `POST /ofrep/v1/evaluate/flags`.
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn evaluate_all(call: &Call<'_>) -> Result<Response, JsValue> {
    let prepared = match prepare(call).await? {
        Ok(prepared) => prepared,
        Err(refused) => return respond(refused.status, &wire::fault(None, &refused), None),
    };
    let sweep = prepared.evaluator(call).sweep();
    let flags = prepared.current.loaded.ruleset.flags();
    let visible = flags.filter(|flag| prepared.audience.sees(flag));
    let evaluated: Vec<(&Flag, Evaluation<'_>)> = visible
        .map(|flag| (flag, sweep.evaluate_flag(flag)))
        .collect();
    let mut answered: Vec<Answered<'_>> = evaluated
        .iter()
        .map(|(flag, evaluation)| prepared.lasting(call, flag, evaluation))
        .collect();
    let tag = wire::etag(&prepared.current, &prepared.context, &answered);
    if etag::matches(call.head.header("if-none-match"), &tag) {
        return make_response(
            304,
            &[("etag", &tag), ("cache-control", "private, no-cache")],
            None,
        );
    }
    for answer in &mut answered {
        prepared.complete(call, answer);
    }
    respond(
        200,
        &wire::answers(&prepared.current, &answered),
        Some(&tag),
    )
}

fn respond(status: u16, json: &str, tag: Option<&str>) -> Result<Response, JsValue> {
    let mut headers = vec![
        ("content-type", "application/json"),
        ("cache-control", "private, no-cache"),
    ];
    headers.extend(tag.map(|tag| ("etag", tag)));
    if status == 503 {
        headers.push(("retry-after", "1"));
    }
    make_response(status, &headers, Some(json.as_bytes()))
}

/// For fuzzers: the answers to a body, short of what the runtime adds.
#[cfg(fuzzing)]
pub(crate) fn answers_to(body: &[u8], current: &Current) -> String {
    let (context, asked) = match wire::question(body) {
        Ok(question) => question,
        Err(refused) => return wire::fault(None, &refused),
    };
    let evaluator = Evaluator {
        ruleset: &current.loaded.ruleset,
        context: &context,
        at: UnixMillis(current.confirmed_at_ms),
        draw: 1,
        policies: &current.policies,
        sticky: &StickyDecisions::default(),
        participation: Participation::Full,
    };
    let (flags, sweep) = (current.loaded.ruleset.flags(), evaluator.sweep());
    let evaluated: Vec<(&Flag, Evaluation<'_>)> = flags
        .map(|flag| (flag, sweep.evaluate_flag(flag)))
        .collect();
    let answered: Vec<Answered<'_>> = evaluated
        .iter()
        .map(|(flag, evaluation)| Answered {
            flag,
            evaluation,
            publication: current.loaded.pointer.publication,
            ruleset_age_ms: 0,
            is_stale: false,
            metric: None,
            distribution: None,
            receipt: None,
        })
        .collect();
    let positions = slate::positions(&asked);
    assert!(
        positions.is_err()
            || positions.is_ok_and(|n| (1..=bandera_shared::slate::POSITIONS_MAX).contains(&n))
    );
    let tag = wire::etag(current, &context, &answered);
    assert!(etag::matches(Some(&tag), &tag));
    wire::answers(current, &answered)
}

/// Everything that evaluations of one request share.
struct Prepared {
    current: Current,
    audience: Audience,
    context: EvaluationContext,
    /// The whole body.
    asked: Value,
    sticky: StickyDecisions,
    participation: Participation,
    draw: u64,
}

/// Who asks, what they ask, and from what they are answered.
async fn prepare(call: &Call<'_>) -> Result<Result<Prepared, Fault>, JsValue> {
    let audience = match audience(call) {
        Ok(audience) => audience,
        Err(refused) => return Ok(Err(refused)),
    };
    let body = match read_body(call.request, BODY_BYTES_MAX).await? {
        Body::Whole(body) => body,
        Body::TooLong => {
            let detail = format!("the body is longer than {BODY_BYTES_MAX} bytes");
            return Ok(Err(Fault::new(413, ErrorCode::InvalidContext, detail)));
        }
    };
    let (context, asked) = match wire::question(&body) {
        Ok(question) => question,
        Err(refused) => return Ok(Err(refused)),
    };
    let current = if call.isolate.fault.is_some() {
        None
    } else {
        call.ruleset().await
    };
    let Some(current) = current else {
        let detail = "there is no ruleset yet";
        return Ok(Err(Fault::new(503, ErrorCode::ProviderNotReady, detail)));
    };
    let agreed = match audience {
        Audience::Server => !opts_out(call.head),
        Audience::Browser => may_remember(call.head, &call.isolate.settings),
    };
    let takes_part = call.isolate.keys.is_some() && agreed;
    Ok(Ok(Prepared {
        sticky: kept(call, &context),
        participation: if takes_part {
            Participation::Full
        } else {
            Participation::Excluded
        },
        draw: call.isolate.draw(),
        current,
        audience,
        context,
        asked,
    }))
}

/// A token that is presented must be right; none at all makes a browser.
fn audience(call: &Call<'_>) -> Result<Audience, Fault> {
    if call.is_server() {
        return Ok(Audience::Server);
    }
    if call.presented_token().is_none() {
        return Ok(Audience::Browser);
    }
    Err(Fault::new(
        401,
        ErrorCode::General,
        "the token is not one of this environment",
    ))
}

/// A browser that calls brings its cookie of kept decisions along; a server has none.
fn kept(call: &Call<'_>, context: &EvaluationContext) -> StickyDecisions {
    let read = || {
        let keys = call.isolate.keys.as_ref()?;
        let token = call.head.cookie(&call.isolate.settings.cookies.sticky)?;
        let subject = keys.subject.hash(context.targeting_key()?);
        StickyDecisions::from_token(token, &keys.sticky, &subject).ok()
    };
    read().unwrap_or_default()
}

impl Prepared {
    fn evaluator(&self, call: &Call<'_>) -> Evaluator<'_> {
        Evaluator {
            ruleset: &self.current.loaded.ruleset,
            context: &self.context,
            at: UnixMillis(call.head.now_ms),
            draw: self.draw,
            policies: &self.current.policies,
            sticky: &self.sticky,
            participation: self.participation,
        }
    }

    /// An answer without what differs each time it is given: age and receipt.
    fn lasting<'e>(
        &'e self,
        call: &Call<'_>,
        flag: &'e Flag,
        evaluation: &'e Evaluation<'e>,
    ) -> Answered<'e> {
        let bandit = self.bandit_of(evaluation);
        Answered {
            flag,
            evaluation,
            publication: self.current.loaded.pointer.publication,
            ruleset_age_ms: 0,
            is_stale: call.isolate.is_stale(&self.current, call.head.now_ms),
            metric: bandit.map(|bandit| &*bandit.reward().metric),
            distribution: None,
            receipt: None,
        }
    }

    /// The bandit of ours that decided.
    fn bandit_of(&self, evaluation: &Evaluation<'_>) -> Option<&Bandit> {
        let decision = evaluation.details.decision.as_deref()?;
        let mut bandits = self.current.loaded.ruleset.bandits().iter();
        bandits.find(|bandit| *bandit.key() == *decision.bandit)
    }

    /// What a bandit is asked for the request's subject; `None` where it has none.
    fn choice<'p>(&'p self, call: &Call<'_>, bandit: &'p Bandit) -> Option<Choice<'p>> {
        Some(Choice {
            bandit,
            snapshot: self.current.policies.get(bandit.key()),
            sticky: &self.sticky,
            context: &self.context,
            unit: self.context.targeting_key()?,
            draw: self.draw,
            at: UnixMillis(call.head.now_ms),
        })
    }

    /// Adds the ruleset's age, and of a decision what it was drawn from and the receipt: what its
    /// id in the entity tag stands for.
    fn complete(&self, call: &Call<'_>, answered: &mut Answered<'_>) {
        answered.ruleset_age_ms = self.current.age_ms(call.head.now_ms);
        let bandit = self.bandit_of(answered.evaluation);
        let choice = bandit.and_then(|bandit| self.choice(call, bandit));
        answered.distribution = choice.and_then(|choice| slate::distribution(&choice));
        let decision = answered.evaluation.details.decision.as_deref();
        answered.receipt = decision.and_then(|decision| self.receipt(call, decision));
    }

    fn receipt(&self, call: &Call<'_>, decision: &Decision) -> Option<String> {
        let keys = call.isolate.keys.as_ref()?;
        let subject = keys.subject.hash(self.context.targeting_key()?);
        let receipt = Receipt::new(decision.clone(), subject, call.isolate.shards);
        receipt.to_token(&keys.receipt)
    }
}
