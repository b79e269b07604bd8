//! The least a Worker of the `worker` crate can do.

use worker::{Context, Env, Request, Response, Result, event};

/// Answers with one number.
#[event(fetch)]
pub(crate) async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    Response::ok("0")
}
