//! All flags for one context a request, a different one each time, in a Worker that is all Rust, as
//! the edge is: handles of the runtime, and a crossing for whatever is asked of it.

use crate::engine::Engine;
use bandera_platform::{binding_text, make_response, service_binding};
use std::cell::{Cell, OnceCell};
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen::{JsError, JsValue};
use worker::web_sys::{Request, Response};
use worker::{Context, Env, event};

/// What lasts between requests.
struct Isolate {
    engine: Engine,
    contexts: Vec<String>,
    number: Cell<usize>,
}

thread_local! {
    static ISOLATE: OnceCell<Isolate> = const { OnceCell::new() };
}

fn load(env: &Env) -> Result<Isolate, JsError> {
    let flags = Uint8Array::new(&service_binding(env, "FLAGS"));
    let contexts = binding_text(env, "CONTEXTS").unwrap_or_default();
    Ok(Isolate {
        engine: Engine::new(flags.to_vec())?,
        contexts: contexts.lines().map(str::to_owned).collect(),
        number: Cell::default(),
    })
}

impl Isolate {
    fn answer(&self, is_check: bool) -> Result<String, JsError> {
        let number = self.number.replace(self.number.get() + 1);
        let place = number % self.contexts.len().max(1);
        let context = self.contexts.get(place).map_or("", String::as_str);
        if is_check {
            return self.engine.answers(context);
        }
        self.engine.served(context).map(|count| count.to_string())
    }
}

fn answer(env: &Env, is_check: bool) -> Result<String, JsError> {
    ISOLATE.with(|cell| {
        if cell.get().is_none() {
            let _ = cell.set(load(env)?);
        }
        let isolate = cell.get().ok_or_else(|| JsError::new("it was just set"))?;
        isolate.answer(is_check)
    })
}

/// GET answers with the number of flags that are not off, POST with the answers.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _ctx: Context) -> worker::Result<Response> {
    let text = answer(&env, request.method() == "POST").map_err(JsValue::from)?;
    Ok(make_response(200, &[], Some(text.as_bytes()))?)
}
