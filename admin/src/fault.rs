//! Every way a request can fail, as one problem document (RFC 9457) each.

use crate::diagnostics::DiagnosticView;
use axum::response::{IntoResponse, Response};
use bandera_platform::Problem;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// The kinds of failure: status, stable code and title belong together and are written once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    InvalidJson,
    InvalidParameter,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    NothingToPublish,
    PreconditionFailed,
    BodyTooLong,
    UnsupportedMediaType,
    UnknownField,
    InvalidDocument,
    InvalidRuleset,
    PreconditionRequired,
    Internal,
    Unavailable,
}

impl FaultKind {
    /// All of them, for the documentation and its test.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 17] = [
        Self::InvalidJson,
        Self::InvalidParameter,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::NothingToPublish,
        Self::PreconditionFailed,
        Self::BodyTooLong,
        Self::UnsupportedMediaType,
        Self::UnknownField,
        Self::InvalidDocument,
        Self::InvalidRuleset,
        Self::PreconditionRequired,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Status, code and title.
    pub(crate) const fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidJson => (400, "invalid_json", "The body is not the expected JSON"),
            Self::InvalidParameter => (400, "invalid_parameter", "A parameter is not valid"),
            Self::Unauthenticated => (401, "unauthenticated", "A valid API token is needed"),
            Self::Forbidden => (403, "forbidden", "The token's role does not allow this"),
            Self::NotFound => (404, "not_found", "There is no such thing"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "The method is not allowed here"),
            Self::Conflict => (409, "conflict", "The present state does not allow this"),
            Self::NothingToPublish => (
                409,
                "nothing_to_publish",
                "The draft equals the last publication",
            ),
            Self::PreconditionFailed => {
                (412, "precondition_failed", "Somebody else changed it first")
            }
            Self::BodyTooLong => (413, "body_too_long", "The body is too long"),
            Self::UnsupportedMediaType => (
                415,
                "unsupported_media_type",
                "The body has another media type than expected",
            ),
            Self::UnknownField => (422, "unknown_field", "The document has an unknown member"),
            Self::InvalidDocument => (422, "invalid_document", "The document is not valid"),
            Self::InvalidRuleset => (
                422,
                "invalid_ruleset",
                "The ruleset has errors and cannot be published",
            ),
            Self::PreconditionRequired => (
                428,
                "precondition_required",
                "Say which version the request is meant for",
            ),
            Self::Internal => (500, "internal", "The request failed on our side"),
            Self::Unavailable => (503, "unavailable", "A part of the service does not answer"),
        }
    }
}

/// A failed request, on its way to the caller. Boxed, so that every `Result` stays small.
#[derive(Debug)]
pub(crate) struct Fault(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    diagnostics: Vec<DiagnosticView>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// What handlers return.
pub(crate) type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    /// A failure of that kind, saying what happened this time.
    pub(crate) fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        let (status, code, title) = kind.parts();
        let problem = Problem::new(status, code, title).detail(detail);
        Self(Box::new(Inner {
            problem,
            diagnostics: Vec::new(),
            header: None,
        }))
    }

    /// The same failure, pointing at the fault in the body.
    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.0.problem.pointer = Some(pointer.into());
        self
    }

    /// The same failure, its pointer led from a document to the body that holds it.
    pub(crate) fn within(mut self, place: &str) -> Self {
        if let Some(pointer) = &mut self.0.problem.pointer {
            pointer.insert_str(0, place);
        }
        self
    }

    /// The same failure, with all that compiling had to say.
    pub(crate) fn with_diagnostics(mut self, diagnostics: Vec<DiagnosticView>) -> Self {
        self.0.diagnostics = diagnostics;
        self
    }

    /// The same failure, with a header such as the `ETag` of what is there instead.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.0.header = HeaderValue::from_str(value).ok().map(|value| (name, value));
        self
    }

    /// Nothing by that name.
    pub(crate) fn not_found(what: &str, key: &str) -> Self {
        Self::new(FaultKind::NotFound, format!("no {what} \"{key}\""))
    }

    /// Our fault: logged here, where it is born; the caller learns no detail.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        worker::console_error!("internal error: {cause}");
        Self::new(FaultKind::Internal, "")
    }

    #[cfg(test)]
    pub(crate) fn problem(&self) -> &Problem {
        &self.0.problem
    }
}

impl From<worker::Error> for Fault {
    fn from(error: worker::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<worker::kv::KvError> for Fault {
    fn from(error: worker::kv::KvError) -> Self {
        worker::console_error!("KV does not answer: {error}");
        Self::new(
            FaultKind::Unavailable,
            "the store that edges read from does not answer",
        )
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Extended<'p> {
            r#type: String,
            #[serde(flatten)]
            problem: &'p Problem,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            diagnostics: &'p [DiagnosticView],
        }
        let Inner {
            problem,
            diagnostics,
            header,
        } = *self.0;
        let r#type = format!("urn:bandera:problem:{}", problem.code);
        let body = serde_json::to_vec(&Extended {
            r#type,
            problem: &problem,
            diagnostics: &diagnostics,
        })
        .unwrap_or_else(|_| problem.to_json().into_bytes());
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (status, headers, body).into_response();
        if problem.status == 401 {
            let challenge = HeaderValue::from_static("Bearer realm=\"bandera\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_errors() {
        let mut codes: Vec<_> = FaultKind::ALL.iter().map(|kind| kind.parts().1).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), FaultKind::ALL.len());
        assert!(
            FaultKind::ALL
                .iter()
                .all(|kind| (400..600).contains(&kind.parts().0))
        );
    }

    #[test]
    fn every_code_is_in_the_documentation() {
        let documentation = include_str!("../../docs/api.md");
        for (status, code, _) in FaultKind::ALL.map(FaultKind::parts) {
            let row = format!("| {status} | `{code}` |");
            assert!(documentation.contains(&row), "docs/api.md lacks {row}");
        }
    }

    #[test]
    fn answers_as_a_problem_document_with_pointer_and_challenge() {
        let fault = Fault::new(FaultKind::UnknownField, "colour").at("/colour");
        let response = fault.into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let response = Fault::new(FaultKind::Unauthenticated, "").into_response();
        assert_eq!(
            response.headers()["www-authenticate"],
            "Bearer realm=\"bandera\""
        );
    }
}
