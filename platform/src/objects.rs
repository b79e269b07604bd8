//! Durable Objects by name: a command goes out as text, an answer comes back as text.

use worker::js_sys::Promise;
use worker::js_sys::futures::JsFuture;
use worker::wasm_bindgen::prelude::*;
use worker::{Env, Result};

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(js_name = askObject)]
    fn js_ask_object(env: &JsValue, binding: &str, name: &str, command: &str) -> Promise;
}

/// What an object answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

/// Posts a command to the object of that name in that binding and reads its answer.
///
/// # Errors
/// What the runtime threw: there is no such binding, or the object cannot be reached.
pub async fn ask_object(env: &Env, binding: &str, name: &str, command: &str) -> Result<Answer> {
    let answer = JsFuture::from(js_ask_object(env, binding, name, command)).await?;
    let answer = answer.as_string().unwrap_or_default();
    let (status, text) = answer.split_at_checked(3).unwrap_or_default();
    Ok(Answer {
        // Whatever is no status is no success.
        status: status.parse().unwrap_or_default(),
        text: text.to_owned(),
    })
}

/// Posts a command to the named object and reads the answer of one that carried it out.
///
/// # Errors
/// As [`ask_object`], and where the object answers anything but 200.
pub async fn tell_object(env: &Env, binding: &str, name: &str, command: &str) -> Result<String> {
    let Answer { status, text } = ask_object(env, binding, name, command).await?;
    if status == 200 {
        Ok(text)
    } else {
        Err(format!("status {status}: {text}").into())
    }
}
