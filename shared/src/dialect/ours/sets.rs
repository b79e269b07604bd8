//! Lists as sets: order and repetition do not count.

use super::{Check, list};
use crate::value::Value;

pub(super) fn check(op: &str, operand: &Value) -> Result<Check, String> {
    let wanted: Box<[Value]> = list(operand)?.into();
    Ok(match op {
        "containsAny" => {
            Box::new(move |value, _| elements(value).iter().any(|element| has(&wanted, element)))
        }
        "setEquals" => Box::new(move |value, _| {
            let found = elements(value);
            all(found, &wanted) && all(&wanted, found)
        }),
        "subsetOf" => Box::new(move |value, _| all(elements(value), &wanted)),
        // Having all of them and being a superset of them are one thing in two words.
        _ => Box::new(move |value, _| all(&wanted, elements(value))),
    })
}

/// The elements of a list; any other value is a list of one, null one of none.
fn elements(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        Value::Null => &[],
        single => std::slice::from_ref(single),
    }
}

fn has(set: &[Value], value: &Value) -> bool {
    set.iter().any(|other| other.same(value))
}

/// Whether each of `these` is among `those`.
fn all(these: &[Value], those: &[Value]) -> bool {
    these.iter().all(|value| has(those, value))
}
