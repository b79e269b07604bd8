//! Streaming HTML edits by the runtime's `HTMLRewriter`.
//!
//! Edits are handed over as data and applied by handlers in `glue.js`: no closure of ours has to
//! outlive the request, and the page is never buffered.

use serde::Serialize;
use worker::wasm_bindgen::prelude::*;
use worker::web_sys::Response;

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = rewriteHtml)]
    fn js_rewrite_html(
        response: &Response,
        edits: &str,
        insertion: Option<&str>,
    ) -> Result<Response, JsValue>;
}

/// One edit of every element that a selector finds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HtmlEdit<'e> {
    /// A CSS selector as `HTMLRewriter` takes it.
    pub selector: &'e str,
    /// `setContent`, `setAttribute`, `removeAttribute`, `before`, `prepend`, `append`, `after`,
    /// `replace` or `remove`.
    pub action: &'static str,
    /// The attribute's name, for the two actions that need one.
    pub name: &'e str,
    /// Content or attribute value.
    pub value: &'e str,
    /// Whether the content is markup; text is escaped.
    pub html: bool,
}

/// The response with its HTML edited as it streams by, and `insertion` (markup) put before the
/// first script of the head. An edit that the page refuses is left out and logged.
///
/// # Errors
/// What the runtime threw.
pub fn rewrite_html(
    response: &Response,
    edits: &[HtmlEdit<'_>],
    insertion: Option<&str>,
) -> Result<Response, JsValue> {
    let edits = serde_json::to_string(edits).unwrap_or_else(|_| "[]".to_owned());
    js_rewrite_html(response, &edits, insertion)
}
