//! Requests and responses as handles, read and made whole in one crossing each.

use serde::Serialize;
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Promise, Uint8Array};
use worker::wasm_bindgen::prelude::*;
use worker::web_sys::{Request, Response};

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = describeRequest)]
    fn js_describe_request(request: &Request) -> Result<String, JsValue>;
    #[wasm_bindgen(catch, js_name = buildRequest)]
    fn js_build_request(request: &Request, url: &str, changes: &str) -> Result<Request, JsValue>;
    #[wasm_bindgen(catch, js_name = send)]
    fn js_send(
        incoming: &Request,
        service: &JsValue,
        request: &Request,
        fresh: bool,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = wasAsked)]
    fn js_was_asked(incoming: &Request) -> bool;
    #[wasm_bindgen(catch, js_name = amendResponse)]
    fn js_amend_response(response: &Response, changes: &str) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = makeResponse)]
    fn js_make_response(
        status: u16,
        headers: &str,
        body: Option<Uint8Array>,
    ) -> Result<Response, JsValue>;
    #[wasm_bindgen(catch, js_name = readBody)]
    fn js_read_body(request: &Request, bytes_max: u32) -> Result<Promise, JsValue>;
}

/// Header names to drop, then pairs to set, then pairs to add beside what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HeaderChanges {
    /// Names to drop.
    pub remove: Vec<String>,
    /// Names and values that replace what was there.
    pub set: Vec<(String, String)>,
    /// Names and values that join what was there, such as `Set-Cookie`.
    pub append: Vec<(String, String)>,
}

impl HeaderChanges {
    /// Drops every value of the name.
    pub fn remove(&mut self, name: impl Into<String>) {
        self.remove.push(name.into());
    }

    /// Replaces every value of the name by this one.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.set.push((name.into(), value.into()));
    }

    /// Adds a value beside those that are there.
    pub fn append(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.append.push((name.into(), value.into()));
    }

    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.append.is_empty()
    }

    /// Names and values are plain text, so this cannot fail; an empty list of changes if it did.
    fn to_json(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|_| r#"{"remove":[],"set":[],"append":[]}"#.to_owned())
    }
}

/// A request's body, read whole within a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// It is longer than allowed; what was left was not read.
    TooLong,
}

/// Method, URL parts, headers, geography and time of the request, as JSON text.
///
/// Members: `method`, `origin`, `path`, `query` (with its `?`), `headers` (pairs, names in lower
/// case), `place` (texts of `request.cf`), `bot` (`score`, `verified`; where the zone has bot
/// management) and `nowMs`.
///
/// # Errors
/// What the runtime threw, for instance on an invalid URL.
pub fn describe_request(request: &Request) -> Result<String, JsValue> {
    js_describe_request(request)
}

/// The same request to another URL and with other headers; it takes the body along.
///
/// # Errors
/// What the runtime threw, for instance on an invalid URL.
pub fn build_request(
    request: &Request,
    url: &str,
    changes: &HeaderChanges,
) -> Result<Request, JsValue> {
    js_build_request(request, url, &changes.to_json())
}

/// The answer of a service binding, or of the network when `service` is `undefined`.
///
/// `incoming` is the request that is being answered, and is marked; see [`was_asked`]. `fresh`
/// keeps every cache between the Worker and the origin out of the exchange. Redirects are handed
/// back instead of followed, as incoming requests ask for.
///
/// # Errors
/// What the runtime threw: the other side cannot be reached.
pub async fn send(
    incoming: &Request,
    service: &JsValue,
    request: &Request,
    fresh: bool,
) -> Result<Response, JsValue> {
    JsFuture::from(js_send(incoming, service, request, fresh)?)
        .await?
        .dyn_into()
}

/// Whether [`send`] was called for this incoming request: what may change something is not sent
/// twice.
#[must_use]
pub fn was_asked(incoming: &Request) -> bool {
    js_was_asked(incoming)
}

/// The same response with other headers; its body goes on streaming.
///
/// # Errors
/// What the runtime threw, for instance on an invalid header value.
pub fn amend_response(response: Response, changes: &HeaderChanges) -> Result<Response, JsValue> {
    if changes.is_empty() {
        return Ok(response);
    }
    js_amend_response(&response, &changes.to_json())
}

/// A response of our own.
///
/// # Errors
/// What the runtime threw, for instance on an invalid header value.
pub fn make_response(
    status: u16,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Result<Response, JsValue> {
    let headers = serde_json::to_string(headers).unwrap_or_else(|_| "[]".to_owned());
    js_make_response(status, &headers, body.map(Uint8Array::from))
}

/// A JSON response that no cache keeps.
///
/// # Errors
/// What the runtime threw.
pub fn json_response(status: u16, json: &str) -> Result<Response, JsValue> {
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
    ];
    make_response(status, &headers, Some(json.as_bytes()))
}

/// The body of a request, unless it is longer than `bytes_max`.
///
/// # Errors
/// What the runtime threw: the client went away, or the body was read before.
pub async fn read_body(request: &Request, bytes_max: u32) -> Result<Body, JsValue> {
    let body = JsFuture::from(js_read_body(request, bytes_max)?).await?;
    Ok(match body.dyn_into::<Uint8Array>() {
        Ok(bytes) => Body::Whole(bytes.to_vec()),
        Err(_) => Body::TooLong,
    })
}
