//! What is bound by name: KV, queues, rate limits. Each call is one crossing in and one back.

use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Array, Promise, Uint8Array};
use worker::wasm_bindgen::prelude::*;
use worker::{Env, Result};

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(js_name = sendMessage)]
    fn js_send_message(env: &JsValue, binding: &str, text: &str) -> Promise;
    #[wasm_bindgen(js_name = isOverLimit)]
    fn js_is_over_limit(env: &JsValue, binding: &str, key: &str) -> Promise;
    #[wasm_bindgen(js_name = readTexts)]
    fn js_read_texts(env: &JsValue, binding: &str, keys: &str, ttl: Option<u32>) -> Promise;
    #[wasm_bindgen(js_name = readBytes)]
    fn js_read_bytes(env: &JsValue, binding: &str, key: &str, ttl: Option<u32>) -> Promise;
}

/// Hands a text to the queue of that binding.
///
/// # Errors
/// What the runtime threw: there is no such binding, or the queue has not taken it.
pub async fn send_message(env: &Env, binding: &str, text: &str) -> Result<()> {
    JsFuture::from(js_send_message(env, binding, text)).await?;
    Ok(())
}

/// Counts one for the key and tells whether that is more than the rate limit of that binding
/// allows; never where there is no such binding.
///
/// # Errors
/// What the runtime threw: the limit cannot be asked.
pub async fn is_over_limit(env: &Env, binding: &str, key: &str) -> Result<bool> {
    let over = JsFuture::from(js_is_over_limit(env, binding, key)).await?;
    Ok(over.is_truthy())
}

/// Texts of the KV namespace of that binding, in the order of the keys; a read may be as old as
/// `ttl_s` says, in seconds.
///
/// # Errors
/// What the runtime threw: there is no such binding, or too many keys, or the read failed.
pub async fn read_texts(
    env: &Env,
    binding: &str,
    keys: &[String],
    ttl_s: Option<u32>,
) -> Result<Vec<Option<String>>> {
    let keys = serde_json::to_string(keys).unwrap_or_else(|_| "[]".to_owned());
    let found = JsFuture::from(js_read_texts(env, binding, &keys, ttl_s)).await?;
    let texts: Array = found.dyn_into()?;
    Ok(texts.iter().map(|text| text.as_string()).collect())
}

/// The bytes of one key, if it is there; otherwise as [`read_texts`].
///
/// # Errors
/// As of [`read_texts`].
pub async fn read_bytes(
    env: &Env,
    binding: &str,
    key: &str,
    ttl_s: Option<u32>,
) -> Result<Option<Vec<u8>>> {
    let found = JsFuture::from(js_read_bytes(env, binding, key, ttl_s)).await?;
    Ok(found
        .dyn_into::<Uint8Array>()
        .ok()
        .map(|bytes| bytes.to_vec()))
}
