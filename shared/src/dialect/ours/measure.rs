//! What a value is: its type, its size, the number it is.

use super::{Check, member};
use crate::dialect::{Unfit, unfit};
use crate::value::Value;

pub(super) fn check(op: &str, operand: &Value) -> Result<Check, Unfit> {
    Ok(match op {
        "isEmpty" => Box::new(|value, _| size(value) == Some(0)),
        "hasType" => {
            let kind = operand.as_str().filter(|kind| TYPES.contains(kind));
            let kind: Box<str> = kind
                .ok_or_else(|| unfit!("the operator needs one of {}", TYPES.join(", ")))?
                .into();
            Box::new(move |value, _| type_of(value) == &*kind)
        }
        "between" => {
            let (low, high) = bounds(operand)?;
            Box::new(move |value, _| value.as_f64().is_some_and(|n| low <= n && n <= high))
        }
        "modulo" => modulo(operand)?,
        _ => {
            let wanted = operand.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0);
            let wanted = wanted.ok_or("the operator needs a whole number, not negative")? as usize;
            match op {
                "sizeEquals" => Box::new(move |value, _| size(value) == Some(wanted)),
                "sizeAtLeast" => Box::new(move |value, _| size(value).is_some_and(|n| n >= wanted)),
                _ => Box::new(move |value, _| size(value).is_some_and(|n| n <= wanted)),
            }
        }
    })
}

const TYPES: [&str; 6] = ["null", "boolean", "number", "string", "list", "object"];

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Characters of a text, elements of a list, members of an object.
fn size(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::List(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn bounds(operand: &Value) -> Result<(f64, f64), Unfit> {
    let wrong = || unfit!("the operator needs two numbers: [lowest, highest], both included");
    let Value::List(items) = operand else {
        return Err(wrong());
    };
    match &**items {
        [low, high] => match (low.as_f64(), high.as_f64()) {
            (Some(low), Some(high)) if low <= high => Ok((low, high)),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// Whole numbers with that remainder; the remainder of a negative number is not negative.
fn modulo(operand: &Value) -> Result<Check, Unfit> {
    const FORM: &str = "{\"divisor\": 10, \"remainder\": 3}";
    let part = |name| {
        member(operand, name, FORM).and_then(|value| {
            value
                .as_f64()
                .ok_or_else(|| unfit!("the operator needs a value such as {FORM}"))
        })
    };
    let (divisor, remainder) = (part("divisor")?, part("remainder")?);
    if divisor < 1.0 || divisor.fract() != 0.0 || !(0.0..divisor).contains(&remainder) {
        return Err("the divisor is a whole number from 1, the remainder smaller".into());
    }
    Ok(Box::new(move |value, _| {
        value.as_f64().is_some_and(|n| {
            n.fract() == 0.0 && n.rem_euclid(divisor).total_cmp(&remainder).is_eq()
        })
    }))
}
