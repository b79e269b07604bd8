//! The Worker that `npm run bench` loads, in two builds: empty, and evaluating 100 flags a request.
//!
//! It is no part of the product and is never deployed.

#[cfg(feature = "evaluation")]
mod evaluation;

use worker::{Context, Env, Request, Response, Result, event};

/// Answers with one number.
///
/// # Errors
/// When the runtime cannot make a response.
#[event(fetch)]
pub async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    #[cfg(feature = "evaluation")]
    return Response::ok(evaluation::answer());
    #[cfg(not(feature = "evaluation"))]
    Response::ok("0")
}
