//! Paths, queries and bodies, read strictly: what is not understood is refused, never ignored.

use crate::fault::{Fault, FaultKind, Result};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

/// Parameters in the path. What does not fit is a thing that does not exist.
pub(crate) struct InPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(error) => {
                let detail = error.body_text();
                let detail = detail.strip_prefix("Invalid URL: ").unwrap_or(&detail);
                Err(Fault::new(FaultKind::NotFound, detail))
            }
        }
    }
}

/// Parameters in the query.
pub(crate) struct InQuery<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(Fault::new(FaultKind::InvalidParameter, error.body_text())),
        }
    }
}

/// A body of `application/json`.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        require_media_type(request.headers(), &["application/json"])?;
        parse(&bytes(request, state).await?).map(Self)
    }
}

/// A body of `application/json`, as it is written.
pub(crate) struct RawBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        require_media_type(request.headers(), &["application/json"])?;
        bytes(request, state).await.map(Self)
    }
}

/// A body of `application/merge-patch+json` (RFC 7396); `application/json` is taken as well.
pub(crate) struct PatchBody(pub(crate) serde_json::Value);

impl<S: Send + Sync> FromRequest<S> for PatchBody {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let accepted = ["application/merge-patch+json", "application/json"];
        require_media_type(request.headers(), &accepted)?;
        parse(&bytes(request, state).await?).map(Self)
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state)
        .await
        .map_err(|error| Fault::new(FaultKind::InvalidJson, error.body_text()))
}

/// Requires one of the media types; parameters such as `charset` are ignored.
fn require_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<()> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if accepted
        .iter()
        .any(|media_type| essence.eq_ignore_ascii_case(media_type))
    {
        return Ok(());
    }
    let detail = format!("send Content-Type: {}", accepted.join(" or "));
    Err(Fault::new(FaultKind::UnsupportedMediaType, detail))
}

/// Parses JSON; a fault names its place.
///
/// # Errors
/// `UnknownField` for a member that the type does not have, else `InvalidJson`.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        let message = error.into_inner().to_string();
        let unknown = message.starts_with("unknown field");
        let kind = if unknown {
            FaultKind::UnknownField
        } else {
            FaultKind::InvalidJson
        };
        Fault::new(kind, message).at(pointer)
    })?;
    let rest = deserializer.end();
    rest.map_err(|error| Fault::new(FaultKind::InvalidJson, error.to_string()).at(""))?;
    Ok(value)
}

/// The JSON pointer of a path.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let step = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&step);
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        n: u8,
    }

    #[track_caller]
    fn check(body: &str, code: &str, pointer: &str) {
        let fault = parse::<Sample>(body.as_bytes()).unwrap_err();
        let problem = fault.problem();
        assert_eq!(
            (problem.code, problem.pointer.as_deref()),
            (code, Some(pointer)),
            "{body}"
        );
    }

    #[test]
    fn faults_name_their_place() {
        check(
            r#"{"inner":[{"n":1},{"n":"x"}]}"#,
            "invalid_json",
            "/inner/1/n",
        );
        check(
            r#"{"inner":[{"n":1,"m":2}]}"#,
            "unknown_field",
            "/inner/0/m",
        );
        check(r#"{"inner":[]} x"#, "invalid_json", "");
        check(r#"{"inner":"#, "invalid_json", "/inner");
        assert_eq!(
            parse::<Sample>(br#"{"inner":[{"n":1}]}"#).unwrap().inner,
            [Inner { n: 1 }]
        );
    }

    #[test]
    fn media_types_are_compared_without_case_and_parameters() {
        let check = |value: Option<&'static str>, fine: bool| {
            let headers: HeaderMap = value
                .map(|value| (header::CONTENT_TYPE, http::HeaderValue::from_static(value)))
                .into_iter()
                .collect();
            assert_eq!(
                require_media_type(&headers, &["application/json"]).is_ok(),
                fine
            );
        };
        check(Some("application/json"), true);
        check(Some("Application/JSON; charset=utf-8"), true);
        check(Some("application/jsonp"), false);
        check(Some("text/plain"), false);
        check(None, false);
    }
}
