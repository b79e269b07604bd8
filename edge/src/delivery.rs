//! `GET /bandera/v1/ruleset`: the ruleset as browsers may read it, for people and SDKs as a JSON
//! document, for evaluation in the page in compact form. Both were made when it was published.

use crate::call::Call;
use crate::etag;
use bandera_platform::{Problem, make_response};
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

/// Browsers may keep it, and ask each time whether it is still the one.
const CACHE: &str = "public, no-cache";

/// Which form of the ruleset is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The JSON document.
    Document,
    /// The compact form, which the browser's engine reads.
    Compact,
}

impl Form {
    fn content_type(self) -> &'static str {
        match self {
            Self::Document => "application/json",
            Self::Compact => "application/vnd.bandera.ruleset",
        }
    }

    /// The hash is that of the whole publication: what the page evaluates is part of it.
    fn tag(self, publication: u64, hash: &str) -> String {
        match self {
            Self::Document => format!("\"{publication}-{hash}\""),
            Self::Compact => format!("\"{publication}-{hash}-compact\""),
        }
    }
}

/// Answers with what browsers may know of the ruleset, or 304.
///
/// # Errors
/// What the runtime threw.
pub(crate) async fn handle(call: &Call<'_>, form: Form) -> Result<Response, JsValue> {
    let Some(current) = call.ruleset().await else {
        return Problem::new(503, "provider_not_ready", "There is no ruleset yet").to_response();
    };
    let loaded = &current.loaded;
    let tag = form.tag(loaded.pointer.publication, &loaded.pointer.hash);
    let publication = loaded.pointer.publication.to_string();
    let headers = [
        ("content-type", form.content_type()),
        ("cache-control", CACHE),
        ("etag", &*tag),
        ("bandera-publication", &*publication),
    ];
    if etag::matches(call.head.header("if-none-match"), &tag) {
        return make_response(304, &headers[1..], None);
    }
    let sections = loaded.bundle.sections();
    let body = match form {
        Form::Document => sections.client_document,
        Form::Compact => sections.client,
    };
    make_response(200, &headers, Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_have_tags_of_their_own() {
        assert_eq!(Form::Document.tag(7, "00ff"), "\"7-00ff\"");
        assert_eq!(Form::Compact.tag(7, "00ff"), "\"7-00ff-compact\"");
    }
}
