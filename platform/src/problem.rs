//! Problem documents (RFC 9457): what a caller did wrong, in a form that programs can act on.

use serde::Serialize;
use worker::wasm_bindgen::JsValue;
use worker::web_sys::Response;

/// A refused request.
///
/// `code` is stable and short; it also ends the `type` URI. `pointer` is a JSON pointer into the
/// request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable code such as `body_too_long`.
    pub code: &'static str,
    /// The kind of problem in words, the same for every occurrence.
    pub title: &'static str,
    /// What happened this time.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Where in the body the fault is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// A problem without detail.
    #[must_use]
    pub fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            detail: String::new(),
            pointer: None,
        }
    }

    /// The same problem, saying what happened this time.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// The same problem, pointing at the fault in the body.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            ..self
        }
    }

    /// The document.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'p> {
            r#type: String,
            #[serde(flatten)]
            problem: &'p Problem,
        }
        let r#type = format!("urn:bandera:problem:{}", self.code);
        serde_json::to_string(&Document {
            r#type,
            problem: self,
        })
        .unwrap_or_else(|_| r#"{"type":"about:blank"}"#.to_owned())
    }

    /// The answer that carries it; no cache keeps it.
    ///
    /// # Errors
    /// What the runtime threw.
    pub fn to_response(&self) -> Result<Response, JsValue> {
        let headers = [
            ("content-type", "application/problem+json"),
            ("cache-control", "no-store"),
        ];
        crate::make_response(self.status, &headers, Some(self.to_json().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_type_status_code_and_pointer() {
        let problem = Problem::new(400, "unknown_field", "The body has an unknown member")
            .detail("colour")
            .at("/variants/on/colour");
        assert_eq!(
            problem.to_json(),
            concat!(
                r#"{"type":"urn:bandera:problem:unknown_field","status":400,"#,
                r#""code":"unknown_field","title":"The body has an unknown member","#,
                r#""detail":"colour","pointer":"/variants/on/colour"}"#
            )
        );
    }
}
