//! Values as text and numbers, as most other systems read what a context holds.

use crate::value::Value;
use crate::wire::number;
use std::borrow::Cow;

/// The value as text: strings as they are, numbers and booleans as `JavaScript` prints them.
/// Lists, objects and null have no text.
#[must_use]
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

/// A finite number written in decimal, white space around it ignored.
#[must_use]
pub fn number_in(text: &str) -> Option<f64> {
    let number = number::from_text(text.trim())?;
    number.is_finite().then_some(number)
}

/// The texts of a list, or of one value that stands for a list of one.
#[must_use]
pub fn texts_of(value: &Value) -> Vec<Box<str>> {
    let items = match value {
        Value::List(items) => items,
        single => std::slice::from_ref(single),
    };
    let texts = items.iter().filter_map(text_of);
    texts.map(|text| text.into_owned().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_text() {
        let check = |value: Value, text: Option<&str>| assert_eq!(text_of(&value).as_deref(), text);
        check("a".into(), Some("a"));
        check(1.0.into(), Some("1"));
        check(false.into(), Some("false"));
        check(Value::Null, None);
        check(Value::List(["a".into()].into()), None);
    }

    #[test]
    fn numbers_in_text() {
        let check = |text, number: Option<f64>| assert_eq!(number_in(text), number);
        check(" 12.0 ", Some(12.0));
        check("-1e3", Some(-1000.0));
        check("inf", None);
        check("nan", None);
        check("", None);
        check("12a", None);
    }

    #[test]
    fn lists_of_texts() {
        let list = Value::List(["a".into(), 1.into(), Value::Null].into());
        assert_eq!(texts_of(&list), ["a".into(), Box::from("1")]);
        assert_eq!(texts_of(&"b".into()), [Box::from("b")]);
        assert!(texts_of(&Value::Null).is_empty());
    }
}
