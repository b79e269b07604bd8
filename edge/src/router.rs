//! Which request goes where: the API on its reserved paths, everything else to the origin.

use crate::call::Call;
use crate::delivery::Form;
use crate::{cors, delivery, events, health, middleware, ofrep};
use bandera_platform::{Problem, amend_response, make_response, was_asked};
use worker::console_error;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

const OFREP: &str = "/ofrep/v1/evaluate/flags";
const API: &str = "/bandera/v1/";
const RULESET: &str = "/bandera/v1/ruleset";
const SLATE: &str = "/bandera/v1/slate/";
const COMPACT_RULESET: &str = "/bandera/v1/ruleset/compact";

/// Answers a request, whatever happens.
///
/// # Errors
/// What the runtime threw when even passing the request on failed.
pub(crate) async fn route(call: &Call<'_>) -> Result<Response, JsValue> {
    if is_ours(&call.head.path) {
        return api(call).await;
    }
    match middleware::handle(call).await {
        Ok(response) => Ok(response),
        Err(fault) => {
            call.isolate.counters.count(|counts| counts.failed += 1);
            console_error!("bandera: {fault:?}");
            let asks_twice = was_asked(call.request) && !call.head.is_safe();
            if call.request.body_used() || asks_twice {
                return Problem::new(502, "origin_unreachable", "The origin did not answer")
                    .to_response();
            }
            middleware::pass_through(call).await
        }
    }
}

fn is_ours(path: &str) -> bool {
    path.starts_with(API) || path == OFREP || path.starts_with(&format!("{OFREP}/"))
}

async fn api(call: &Call<'_>) -> Result<Response, JsValue> {
    let listed = &call.isolate.settings.cors.origins;
    let origin = call.head.header("origin");
    if call.head.method == "OPTIONS" {
        let response = make_response(204, &[("cache-control", "no-store")], None)?;
        return amend_response(response, &cors::preflight(listed, origin));
    }
    let response = answer(call).await?;
    amend_response(response, &cors::answer(listed, origin))
}

async fn answer(call: &Call<'_>) -> Result<Response, JsValue> {
    let path = &*call.head.path;
    match (&*call.head.method, path) {
        ("GET" | "HEAD", "/bandera/v1/health") => health::handle(call).await,
        ("GET" | "HEAD", RULESET) => delivery::handle(call, Form::Document).await,
        ("GET" | "HEAD", COMPACT_RULESET) => delivery::handle(call, Form::Compact).await,
        ("POST", "/bandera/v1/events") => events::handle(call).await,
        ("POST", OFREP) => ofrep::evaluate_all(call).await,
        ("POST", _) if path.starts_with(OFREP) => {
            let key = path
                .strip_prefix(OFREP)
                .and_then(|rest| rest.strip_prefix('/'));
            ofrep::evaluate_one(call, key.unwrap_or_default()).await
        }
        ("POST", _) if path.starts_with(SLATE) => {
            let key = path.strip_prefix(SLATE);
            ofrep::rank(call, key.unwrap_or_default()).await
        }
        (_, "/bandera/v1/health" | RULESET | COMPACT_RULESET) => method_not_allowed("GET"),
        (_, "/bandera/v1/events") => method_not_allowed("POST"),
        _ if path.starts_with(OFREP) || path.starts_with(SLATE) => method_not_allowed("POST"),
        _ => Problem::new(404, "not_found", "There is nothing at this path").to_response(),
    }
}

fn method_not_allowed(allowed: &'static str) -> Result<Response, JsValue> {
    let problem = Problem::new(405, "method_not_allowed", "The method is not allowed here");
    let response = problem.to_response()?;
    response.headers().set("allow", allowed)?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_paths_are_ours_and_no_others() {
        for path in [
            "/bandera/v1/health",
            "/bandera/v1/x",
            OFREP,
            "/ofrep/v1/evaluate/flags/a.b",
        ] {
            assert!(is_ours(path), "{path}");
        }
        for path in [
            "/",
            "/bandera",
            "/ofrep/v1/evaluate/flagsx",
            "/ofrep/v1/configuration",
        ] {
            assert!(!is_ours(path), "{path}");
        }
    }
}
