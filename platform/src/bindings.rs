//! Variables, secrets and service bindings by name, and random bytes.

use worker::Env;
use worker::js_sys::Object;
use worker::wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(js_name = bindingText)]
    fn js_binding_text(env: &JsValue, name: &str) -> Option<String>;
    #[wasm_bindgen(js_name = bindingObject)]
    fn js_binding_object(env: &JsValue, name: &str) -> JsValue;
    #[wasm_bindgen(js_name = randomBytes)]
    fn js_random_bytes(length: u32) -> Vec<u8>;
}

/// A variable or secret: its text, or the JSON text of a structured variable.
#[must_use]
pub fn binding_text(env: &Env, name: &str) -> Option<String> {
    js_binding_text(env, name)
}

/// The names of all bindings, variables and secrets included.
#[must_use]
pub fn binding_names(env: &Env) -> Vec<String> {
    let names = Object::keys(env.unchecked_ref::<Object>());
    names.iter().filter_map(|name| name.as_string()).collect()
}

/// Name of the environment whose ruleset is served and whose events are counted.
#[must_use]
pub fn environment(env: &Env) -> String {
    binding_text(env, "BANDERA_ENVIRONMENT").unwrap_or_else(|| "production".to_owned())
}

/// A service binding to hand to [`crate::send`]; `undefined` where there is none.
#[must_use]
pub fn service_binding(env: &Env, name: &str) -> JsValue {
    js_binding_object(env, name)
}

/// Bytes from the runtime's cryptographic source.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let bytes = js_random_bytes(N as u32);
    let mut array = [0; N];
    array
        .iter_mut()
        .zip(bytes)
        .for_each(|(to, from)| *to = from);
    array
}
