//! Glue that Workers share; no logic.
//!
//! Everything here is a thin, typed door to the runtime: requests and responses as handles, HTML
//! rewriting, bindings, KV and queues, Durable Objects by name, the way of a batch to its ledger,
//! random bytes, and the problem documents that Workers answer with. Decisions are made elsewhere,
//! in code that can be tested without a runtime.

mod bindings;
mod commit;
mod exchange;
mod html;
mod objects;
mod problem;
mod services;
mod together;

pub use bindings::{binding_names, binding_text, environment, random_bytes, service_binding};
pub use commit::{Unreachable, commit_batch};
pub use exchange::{
    Body, HeaderChanges, amend_response, build_request, describe_request, json_response,
    make_response, read_body, send, was_asked,
};
pub use html::{HtmlEdit, rewrite_html};
pub use objects::{Answer, ask_object, tell_object};
pub use problem::Problem;
pub use services::{is_over_limit, read_bytes, read_texts, send_message};
pub use together::together;
