//! Who calls, and what that caller may do.
//!
//! Roles are ordered: each may do what the one before may. Which role an operation needs is
//! written once, in the operation's `security` of the OpenAPI document, and enforced from there;
//! an operation that names none is closed to everybody unless it is listed as public.

use crate::app::{self, App};
use crate::fault::{Fault, FaultKind, Result};
use crate::store::tokens;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::request::Parts;
use http::{Method, header};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use worker::send::SendFuture;

/// Name of the security scheme in the OpenAPI document.
pub(crate) const SCHEME: &str = "token";

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;

/// Operations that need no token: readiness, and the description of the API.
const PUBLIC: [(&str, &str); 2] = [("GET", "/api/v1/health"), ("GET", "/openapi.json")];

/// What a token may do; each role may do what the one before may.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Reads everything but tokens.
    Viewer,
    /// Writes drafts.
    Editor,
    /// Publishes and rolls back.
    Publisher,
    /// Environments and tokens.
    Admin,
}

impl Role {
    /// The role of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "viewer" => Some(Self::Viewer),
            "editor" => Some(Self::Editor),
            "publisher" => Some(Self::Publisher),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }

    /// Whether a token with this role may do what needs `needed`.
    pub(crate) fn allows(self, needed: Self) -> bool {
        self >= needed
    }
}

/// The token behind a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The token's id.
    pub(crate) id: String,
    /// The token's name: the author of whatever it changes.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let missing = || Fault::new(FaultKind::Unauthenticated, "");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// A token as it is shown once, and the hash that is kept.
pub(crate) struct NewToken {
    pub(crate) secret: String,
    pub(crate) sha256: String,
}

/// A fresh token.
pub(crate) fn new_token() -> NewToken {
    let bytes: [u8; TOKEN_BYTES] = bandera_platform::random_bytes();
    let secret = format!("bdr_{}", URL_SAFE_NO_PAD.encode(bytes));
    let sha256 = token_sha256(&secret);
    NewToken { secret, sha256 }
}

/// Lower-case hex SHA-256 of a token. Tokens are 256 random bits, so a plain hash cannot be
/// reversed by guessing.
pub(crate) fn token_sha256(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The role each operation needs, by method and path template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access(Arc<HashMap<(Method, String), Need>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    Role(Role),
    /// Nobody: the operation names no role and is not public.
    Closed,
}

impl Access {
    /// What the document says.
    pub(crate) fn from_document(document: &OpenApi) -> Self {
        let mut needs = HashMap::new();
        for (path, item) in &document.paths.paths {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                let security = serde_json::to_value(&operation.security).unwrap_or_default();
                let role = security
                    .pointer(&format!("/0/{SCHEME}/0"))
                    .and_then(serde_json::Value::as_str)
                    .and_then(Role::parse);
                let public = PUBLIC.contains(&(method.as_str(), path));
                let need = match role {
                    Some(role) => Need::Role(role),
                    None if public => Need::Nothing,
                    None => Need::Closed,
                };
                needs.insert((method, path.clone()), need);
            }
        }
        Self(Arc::new(needs))
    }

    /// `None` when the document has no such operation, which the router then refuses itself.
    fn need(&self, method: &Method, path: &str) -> Option<Need> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.0.get(&(method.clone(), path.to_owned())).copied()
    }
}

/// Lets a request through to its handler only if its token has the role that is needed.
pub(crate) async fn authorise(
    axum::Extension(access): axum::Extension<Access>,
    app: App,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let checked = match access.need(request.method(), path.as_str()) {
        None | Some(Need::Nothing) => Ok(None),
        Some(Need::Closed) => Err(Fault::new(FaultKind::Forbidden, "this operation is closed")),
        Some(Need::Role(role)) => SendFuture::new(authenticate(&app, request.headers(), role))
            .await
            .map(Some),
    };
    match checked {
        Err(fault) => fault.into_response(),
        Ok(caller) => {
            caller.map(|caller| request.extensions_mut().insert(caller));
            next.run(request).await
        }
    }
}

async fn authenticate(app: &App, headers: &http::HeaderMap, needed: Role) -> Result<Caller> {
    let unauthenticated = |detail: &str| Fault::new(FaultKind::Unauthenticated, detail);
    let token = bearer(headers).ok_or_else(|| unauthenticated("send Authorization: Bearer"))?;
    let row = tokens::by_hash(&app.store()?, &token_sha256(token)).await?;
    let row = row.ok_or_else(|| unauthenticated("the token is unknown"))?;
    if row.revoked_at_ms.is_some() {
        return Err(unauthenticated("the token was revoked"));
    }
    if row.expires_at_ms.is_some_and(|at| at <= app::now_ms()) {
        return Err(unauthenticated("the token has expired"));
    }
    let role = Role::parse(&row.role).ok_or_else(|| unauthenticated("the token has no role"))?;
    if !role.allows(needed) {
        let detail = format!("needs role {}, the token has {}", needed.as_str(), row.role);
        return Err(Fault::new(FaultKind::Forbidden, detail));
    }
    Ok(Caller {
        id: row.id,
        name: row.name,
        role,
    })
}

/// The token of an `Authorization: Bearer` header.
fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    const ROLES: [Role; 4] = [Role::Viewer, Role::Editor, Role::Publisher, Role::Admin];

    #[test]
    fn each_role_may_do_what_those_before_it_may() {
        for (i, role) in ROLES.iter().enumerate() {
            for (j, needed) in ROLES.iter().enumerate() {
                assert_eq!(role.allows(*needed), i >= j, "{role:?} {needed:?}");
            }
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        assert_eq!(Role::parse("Admin"), None);
    }

    #[test]
    fn reads_bearer_tokens_only() {
        let check = |value: &'static str, token: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, http::HeaderValue::from_static(value));
            assert_eq!(bearer(&headers), token, "{value}");
        };
        check("Bearer abc", Some("abc"));
        check("bearer  abc ", Some("abc"));
        check("Basic abc", None);
        check("Bearer", None);
        check("Bearer  ", None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[test]
    fn hashes_like_sha256sum() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(token_sha256("abc"), abc);
    }

    #[test]
    fn every_operation_is_public_by_name_or_has_a_role() {
        let (_, document) = crate::api::router().split_for_parts();
        let access = Access::from_document(&document);
        assert!(access.0.len() > 20, "{}", access.0.len());
        for ((method, path), need) in access.0.iter() {
            assert_ne!(*need, Need::Closed, "{method} {path} names no role");
        }
        let public = access
            .0
            .values()
            .filter(|need| **need == Need::Nothing)
            .count();
        assert_eq!(public, PUBLIC.len());
    }

    #[test]
    fn an_operation_without_role_is_closed() {
        #[utoipa::path(get, path = "/api/v1/forgotten", responses((status = 200)))]
        async fn forgotten() {}
        use utoipa_axum::{router::OpenApiRouter, routes};
        let (_, document) = OpenApiRouter::<()>::default()
            .routes(routes!(forgotten))
            .split_for_parts();
        let need = Access::from_document(&document).need(&Method::GET, "/api/v1/forgotten");
        assert_eq!(need, Some(Need::Closed));
    }
}
