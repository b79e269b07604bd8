//! The Worker's events: a request becomes an `http` request, and its answer a runtime response.

use crate::api;
use crate::app::App;
use crate::delivery;
use crate::fault::{Fault, FaultKind};
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bandera_platform::{Body as RequestBody, describe_request, make_response, read_body};
use http_body_util::BodyExt;
use serde::Deserialize;
use std::cell::OnceCell;
use tower_service::Service;
use worker::wasm_bindgen::JsValue;
use worker::web_sys;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

thread_local! {
    // Routes and the OpenAPI document are made once, by the isolate's first request.
    static SERVICE: OnceCell<Router> = const { OnceCell::new() };
}

/// Answers a request.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    _context: Context,
) -> worker::Result<web_sys::Response> {
    let response = match to_http(&request).await {
        Ok(mut request) => {
            request.extensions_mut().insert(App::new(env));
            let mut service = SERVICE.with(|cell| cell.get_or_init(api::service).clone());
            match service.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
        Err(fault) => api::guard(fault.into_response()).await,
    };
    Ok(to_runtime(response).await?)
}

/// Repairs pointers that a crash may have left behind; see [`delivery`].
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    if delivery::repair(&App::new(env)).await.is_err() {
        worker::console_error!("the pointers could not be repaired; the next run tries again");
    }
}

/// What is needed of a described request.
#[derive(Deserialize)]
struct Description {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

async fn to_http(request: &web_sys::Request) -> crate::fault::Result<http::Request<Body>> {
    let thrown = |error: JsValue| Fault::internal(&format!("{error:?}"));
    let description = describe_request(request).map_err(thrown)?;
    let description: Description =
        serde_json::from_str(&description).map_err(|error| Fault::internal(&error))?;
    let bytes_max = api::body_bytes_max(&description.path);
    let body = match read_body(request, bytes_max).await.map_err(thrown)? {
        RequestBody::Whole(bytes) => bytes,
        RequestBody::TooLong => {
            let detail = format!("at most {bytes_max} bytes are allowed");
            return Err(Fault::new(FaultKind::BodyTooLong, detail));
        }
    };
    let mut builder = http::Request::builder()
        .method(description.method.as_str())
        .uri(format!("{}{}", description.path, description.query));
    for (name, value) in &description.headers {
        builder = builder.header(name, value);
    }
    let malformed = |error: http::Error| Fault::new(FaultKind::InvalidParameter, error.to_string());
    builder.body(Body::from(body)).map_err(malformed)
}

async fn to_runtime(response: Response) -> Result<web_sys::Response, JsValue> {
    let (parts, body) = response.into_parts();
    let bytes = body
        .collect()
        .await
        .map_err(|error| JsValue::from_str(&error.to_string()))?
        .to_bytes();
    let headers: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    // 204 and 304 have no body, not an empty one.
    let body = (!bytes.is_empty()).then_some(&*bytes);
    make_response(parts.status.as_u16(), &headers, body)
}
