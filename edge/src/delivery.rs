//! `GET /bandera/v1/ruleset`: the ruleset as browsers may read it, for evaluation in the page.

use crate::call::Call;
use crate::etag;
use bandera_platform::{Problem, make_response};
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

/// Browsers may keep it, and ask each time whether it is still the one.
const CACHE: &str = "public, no-cache";

/// Answers with the redacted ruleset, or 304.
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn handle(call: &Call<'_>) -> Result<Response, JsValue> {
    let Some(current) = call.ruleset().await else {
        return Problem::new(503, "provider_not_ready", "There is no ruleset yet").to_response();
    };
    let loaded = &current.loaded;
    let redacted = loaded
        .redacted
        .get_or_init(|| bandera_shared::redact(loaded.text.as_bytes()).ok());
    let Some(redacted) = redacted else {
        return Problem::new(500, "internal", "The ruleset cannot be redacted").to_response();
    };
    // The hash is that of the whole ruleset: what the page evaluates is part of it.
    let tag = format!("\"{}-{}\"", loaded.pointer.publication, loaded.pointer.hash);
    let publication = loaded.pointer.publication.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", CACHE),
        ("etag", &*tag),
        ("bandera-publication", &*publication),
    ];
    if etag::matches(call.head.header("if-none-match"), &tag) {
        return make_response(304, &headers[1..], None);
    }
    make_response(200, &headers, Some(redacted))
}
