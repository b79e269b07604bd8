//! What a request can reach: the database, KV, variables and the clock; and who makes it.

use crate::auth::Caller;
use crate::fault::{Fault, Result};
use crate::store::Store;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use worker::Env;
use worker::kv::KvStore;

/// Now, in Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    worker::Date::now().as_millis()
}

/// The Worker's bindings, carried by each request.
#[derive(Clone)]
pub(crate) struct App {
    env: Env,
}

impl App {
    /// The bindings of one invocation.
    pub(crate) fn new(env: Env) -> Self {
        Self { env }
    }

    /// The database.
    pub(crate) fn store(&self) -> Result<Store> {
        Ok(Store::new(self.env.d1("DB")?))
    }

    /// Where edges read rulesets.
    pub(crate) fn rulesets(&self) -> Result<KvStore> {
        Ok(self.env.kv("RULESETS")?)
    }

    /// The bindings themselves, for Durable Objects and variables.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }
}

impl<S: Sync> FromRequestParts<S> for App {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let missing = || Fault::internal(&"the request carries no bindings");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}

/// A request that changes something: what it can reach, who makes it, and its headers.
pub(crate) struct Call {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    pub(crate) headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Ok(Self {
            app: App::from_request_parts(parts, state).await?,
            caller: Caller::from_request_parts(parts, state).await?,
            headers: parts.headers.clone(),
        })
    }
}
