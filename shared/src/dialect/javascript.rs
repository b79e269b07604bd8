//! What `JavaScript` makes of values of other types than it asked for: rules that several systems
//! inherited with their first evaluator.

use crate::value::Value;
use crate::wire::number;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The number a value stands for; `NaN` where it stands for none.
///
/// # Source
/// ECMA-262, `ToNumber` after `ToPrimitive` with the hint "number".
pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number_of_text(text),
        Value::List(_) | Value::Object(_) => number_of_text(&text(value)),
    }
}

/// Like [`number()`], of text: empty text is zero, and words are no number.
pub(super) fn number_of_text(text: &str) -> f64 {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let radix = |prefix: [&str; 2], radix| {
        let digits = prefix.iter().find_map(|prefix| text.strip_prefix(prefix))?;
        Some(u64::from_str_radix(digits, radix).map_or(f64::NAN, |integer| integer as f64))
    };
    match unsigned.bytes().next() {
        None if text.is_empty() => 0.0,
        Some(b'0'..=b'9' | b'.') => radix(["0x", "0X"], 16)
            .or_else(|| radix(["0o", "0O"], 8))
            .or_else(|| radix(["0b", "0B"], 2))
            .unwrap_or_else(|| number::from_text(text).unwrap_or(f64::NAN)),
        Some(b'I') if unsigned == "Infinity" => number::from_text(text).unwrap_or(f64::NAN),
        // Rust would read "inf" and "nan" too.
        _ => f64::NAN,
    }
}

/// The number a text begins with, as `parseFloat` reads it.
pub(super) fn leading_number(value: &Value) -> f64 {
    let written = match value {
        Value::Number(number) => return number.as_f64(),
        other => text(other),
    };
    let written = written.trim_start();
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let mut end = written.find(|c| !is_part(c)).unwrap_or(written.len());
    // Shorter and shorter, until what is left is a number: "1e" is one, "1.2.3" is 1.2.
    while let Some(number) = written.get(..end).filter(|head| !head.is_empty()) {
        if let Some(number) = number::from_text(number) {
            return number;
        }
        end -= 1;
    }
    f64::NAN
}

/// The text a value is written as: lists without brackets, null as `null`.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "null".into(),
        Value::Bool(truth) => truth.to_string().into(),
        Value::Number(number) => number.to_string().into(),
        Value::String(text) => Cow::Borrowed(text),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(text_in_list).collect();
            items.join(",").into()
        }
        Value::Object(_) => "[object Object]".into(),
    }
}

/// The same as an item of a list: null is nothing.
pub(super) fn text_in_list(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        other => text(other),
    }
}

/// Whether `JavaScript` takes the value for true: empty lists and objects, too.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().abs() > 0.0,
        Value::String(text) => !text.is_empty(),
        Value::List(_) | Value::Object(_) => true,
    }
}

/// The operator `==`.
///
/// DIFFERENCE: two lists or two objects of equal content are equal, where `JavaScript` would ask
/// whether they are the same one.
pub(super) fn loosely_equal(a: &Value, b: &Value) -> bool {
    let is_structured = |value: &Value| matches!(value, Value::List(_) | Value::Object(_));
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        _ if is_structured(a) && is_structured(b) => a.same(b),
        (Value::String(written), other) | (other, Value::String(written))
            if is_structured(other) =>
        {
            **written == *text(other)
        }
        // Numbers compare as doubles there; whole ones are kept whole here.
        (Value::Number(a), Value::Number(b)) => a.same(*b),
        _ => number(a).partial_cmp(&number(b)) == Some(Ordering::Equal),
    }
}

/// How two values are ordered by `<` and `>`: text as text, everything else as numbers; `None`
/// where neither is smaller and they are not equal.
pub(super) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    let primitive = |value: &Value| match value {
        Value::List(_) | Value::Object(_) => Value::from(&*text(value)),
        other => other.clone(),
    };
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        (Value::List(_) | Value::Object(_), _) | (_, Value::List(_) | Value::Object(_)) => {
            match (primitive(a), primitive(b)) {
                (Value::String(a), Value::String(b)) => {
                    Some(a.encode_utf16().cmp(b.encode_utf16()))
                }
                (a, b) => number(&a).partial_cmp(&number(&b)),
            }
        }
        _ => number(a).partial_cmp(&number(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[i64]) -> Value {
        Value::List(items.iter().map(|item| Value::from(*item)).collect())
    }

    #[test]
    fn numbers_as_in_javascript() {
        let check = |value: Value, expected: f64| {
            let found = number(&value);
            assert!(
                found.total_cmp(&expected).is_eq(),
                "{value}: {found} instead of {expected}"
            );
        };
        check(Value::Null, 0.0);
        check(true.into(), 1.0);
        check("".into(), 0.0);
        check(" 12.5 ".into(), 12.5);
        check("-3".into(), -3.0);
        check(".5".into(), 0.5);
        check("0x10".into(), 16.0);
        check("Infinity".into(), f64::INFINITY);
        check("-Infinity".into(), f64::NEG_INFINITY);
        check(list(&[7]), 7.0);
        check(list(&[]), 0.0);
        for no_number in ["inf", "nan", "1a", "-", "0xg", "1 2"] {
            assert!(number(&no_number.into()).is_nan(), "{no_number}");
        }
        assert!(number(&list(&[1, 2])).is_nan());
        assert!(number(&Value::Object(Box::default())).is_nan());
    }

    #[test]
    fn equality_as_in_javascript() {
        let check = |a: Value, b: Value, expected| {
            assert_eq!(loosely_equal(&a, &b), expected, "{a} == {b}");
            assert_eq!(loosely_equal(&b, &a), expected, "{b} == {a}");
        };
        check(1.into(), "1".into(), true);
        check(1.into(), 1.0.into(), true);
        check(1.into(), true.into(), true);
        check("1".into(), true.into(), true);
        check("true".into(), true.into(), false);
        check("".into(), 0.into(), true);
        check(Value::Null, Value::Null, true);
        check(Value::Null, 0.into(), false);
        check(Value::Null, false.into(), false);
        check(list(&[1, 2]), "1,2".into(), true);
        check("a".into(), "b".into(), false);
        check("a".into(), 0.into(), false);
        check(
            9_007_199_254_740_993_i64.into(),
            9_007_199_254_740_992_i64.into(),
            false,
        );
    }

    #[test]
    fn order_as_in_javascript() {
        let check =
            |a: Value, b: Value, expected| assert_eq!(order(&a, &b), expected, "{a} and {b}");
        check("10".into(), "9".into(), Some(Ordering::Less));
        check("10".into(), 9.into(), Some(Ordering::Greater));
        check(Value::Null, 1.into(), Some(Ordering::Less));
        check("x".into(), 1.into(), None);
        check(list(&[2]), 1.into(), Some(Ordering::Greater));
        check(list(&[2]), "10".into(), Some(Ordering::Greater));
    }
}
