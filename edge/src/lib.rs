//! The edge Worker: middleware in front of an origin, evaluation for pages and servers, events.
//!
//! [`router`] tells requests apart. [`middleware`] answers for the origin: it reads the request
//! ([`request`]), finds its [`subject`], builds the [`context`], evaluates ([`visit`]), asks the
//! [`origin`] and changes what comes back ([`page`], [`caching`], [`state`]). [`ofrep`],
//! [`delivery`] and [`health`] are the API. What lasts between requests is in [`isolate`]:
//! settings, keys and the ruleset [`store`]. What is counted is counted by another engine, the
//! ledger; events reach it by name or by its [`queue`].
//!
//! Modules that touch the runtime say `worker`; all others are pure and tested natively.

mod caching;
mod call;
mod context;
mod cors;
mod counters;
mod delivery;
mod etag;
mod events;
mod exposures;
#[cfg(fuzzing)]
pub mod fuzzing;
mod health;
mod isolate;
mod keys;
mod middleware;
mod ofrep;
mod origin;
mod page;
mod previews;
mod queue;
mod request;
mod router;
mod settings;
mod state;
mod store;
mod subject;
mod timing;
mod variants;
mod visit;

use bandera_platform::{binding_text, describe_request};

use call::Call;
use isolate::Isolate;
use request::RequestHead;
use worker::web_sys::{Request, Response};
use worker::{Context, Env, Error, event};

/// Set by the entry point that only service bindings reach; see `entry.ts`.
const BY_BINDING: &str = "BANDERA_BY_BINDING";

/// Answers a request.
#[event(fetch)]
async fn fetch(request: Request, env: Env, ctx: Context) -> worker::Result<Response> {
    let described = describe_request(&request)?;
    let head = RequestHead::parse(&described).map_err(|e| Error::RustError(e.to_string()))?;
    let isolate = Isolate::of(&env, head.now_ms);
    let by_binding = binding_text(&env, BY_BINDING).is_some();
    let call = Call {
        request: &request,
        head: &head,
        isolate: &isolate,
        env: &env,
        ctx: &ctx,
        by_binding,
    };
    Ok(router::route(&call).await?)
}
