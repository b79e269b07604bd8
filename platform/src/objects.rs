//! Durable Objects by name: a command goes out as text, an answer comes back as text.

use worker::wasm_bindgen::JsValue;
use worker::{Env, Method, Request, RequestInit, Result};

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
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(JsValue::from_str(command)));
    // The host is never looked up: the object asked decides where it goes.
    let request = Request::new_with_init("https://object/", &init)?;
    let object = env.durable_object(binding)?.get_by_name(name)?;
    let mut response = object.fetch_with_request(request).await?;
    let status = response.status_code();
    let text = response.text().await?;
    Ok(Answer { status, text })
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
