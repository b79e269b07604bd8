//! Values between JavaScript and the engine.
//!
//! They cross as objects and not as text: a page has a reader and a printer of JSON, and an engine
//! that brings a second one is downloaded a fifth longer.

use bandera_shared::value::{Number, Value};
use bandera_shared::wire::context::{DEPTH_MAX, too_deep};
use js_sys::{Array, Object};
use wasm_bindgen::{JsCast, JsValue};

/// Whole numbers below this are told apart by a double, and print all their digits.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// The members of an object, as they would be read from its JSON.
///
/// # Errors
/// Something is nested in more than [`DEPTH_MAX`] levels, as an object that holds itself is.
pub(crate) fn members_of(object: &Object) -> Result<Vec<(String, Value)>, String> {
    members(object, DEPTH_MAX)
}

/// `levels`: how many objects and lists may be inside each other, this one among them.
fn members<N: From<String>>(object: &Object, levels: usize) -> Result<Vec<(N, Value)>, String> {
    let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
    let mut members = Vec::new();
    for entry in Object::entries(object) {
        let entry: Array = entry.unchecked_into();
        let name = entry.get(0).as_string().unwrap_or_default();
        members.push((name.into(), value_of(&entry.get(1), levels)?));
    }
    Ok(members)
}

/// What JSON does not know, a function perhaps, is null.
fn value_of(value: &JsValue, levels: usize) -> Result<Value, String> {
    if let Some(text) = value.as_string() {
        return Ok(text.into());
    }
    if let Some(number) = value.as_f64() {
        return Ok(number_of(number));
    }
    if let Some(truth) = value.as_bool() {
        return Ok(truth.into());
    }
    if Array::is_array(value) {
        let levels = levels.checked_sub(1).ok_or_else(too_deep)?;
        let items: &Array = value.unchecked_ref();
        let items = items.iter().map(|item| value_of(&item, levels));
        return items.collect::<Result<_, _>>().map(Value::List);
    }
    if value.is_object() {
        let members = members::<Box<str>>(value.unchecked_ref(), levels)?;
        return Ok(Value::Object(members.into()));
    }
    Ok(Value::Null)
}

/// The number that its JSON would be read as: the edge gets contexts so, and hashes their digits.
pub(crate) fn number_of(number: f64) -> Value {
    let is_whole = number.fract().to_bits() << 1 == 0;
    if is_whole && number.abs() < EXACT_MAX {
        return Value::from(number as i64);
    }
    let printed = match Value::from(number) {
        Value::Number(float) if is_whole => float.to_string(),
        float => return float,
    };
    let signed = printed.parse().map(Number::Integer);
    let whole = signed.or_else(|_| printed.parse().map(Number::Unsigned));
    Value::Number(whole.unwrap_or(Number::Float(number)))
}

/// A value as a script has it.
pub(crate) fn to_js(value: &Value) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => number.as_f64().into(),
        Value::String(text) => (&**text).into(),
        Value::List(items) => items.iter().map(to_js).collect::<Array>().into(),
        Value::Object(members) => object(
            members
                .iter()
                .map(|(name, member)| (&**name, to_js(member))),
        )
        .into(),
    }
}

/// An object of these members; of repeated names the last one counts.
pub(crate) fn object<'n>(members: impl Iterator<Item = (&'n str, JsValue)>) -> Object {
    let entries: Array = members
        .map(|(name, member)| Array::of2(&name.into(), &member))
        .collect();
    // It fails for what is no list of pairs.
    Object::from_entries(&entries).unwrap_or_default()
}
