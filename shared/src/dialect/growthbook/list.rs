//! Lists of values that an attribute may be among; long ones are the rule, so they are sorted.

use crate::dialect::ecma_pattern::Letters;
use crate::letters::lowercase;
use crate::sorted::sort_by;
use crate::value::Value;
use std::borrow::Cow;

/// Values of a list by type; lists and objects in it are never found.
#[derive(Debug)]
pub(super) struct List {
    letters: Letters,
    texts: Box<[Box<str>]>,
    numbers: Box<[f64]>,
    others: Box<[Value]>,
}

impl List {
    pub(super) fn new(items: &[Value], letters: Letters) -> Self {
        let (mut texts, mut numbers, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for item in items {
            match item {
                Value::String(text) => texts.push(folded(text, letters).into_owned().into()),
                Value::Number(number) => numbers.push(unsigned_zero(number.as_f64())),
                Value::Bool(_) | Value::Null => others.push(item.clone()),
                Value::List(_) | Value::Object(_) => {}
            }
        }
        texts.sort_unstable();
        sort_by(&mut numbers, f64::total_cmp);
        Self {
            letters,
            texts: texts.into(),
            numbers: numbers.into(),
            others: others.into(),
        }
    }

    /// Whether the value, or one item of it where it is a list, is there.
    pub(super) fn has(&self, actual: &Value) -> bool {
        match actual {
            Value::List(items) => items.iter().any(|item| self.has_scalar(item)),
            scalar => self.has_scalar(scalar),
        }
    }

    fn has_scalar(&self, actual: &Value) -> bool {
        match actual {
            Value::String(text) => {
                let text = folded(text, self.letters);
                let found = self.texts.binary_search_by(|other| (**other).cmp(&*text));
                found.is_ok()
            }
            Value::Number(number) => {
                let number = unsigned_zero(number.as_f64());
                let found = self
                    .numbers
                    .binary_search_by(|other| other.total_cmp(&number));
                found.is_ok()
            }
            Value::Bool(_) | Value::Null => self.others.contains(actual),
            Value::List(_) | Value::Object(_) => false,
        }
    }
}

fn folded(text: &str, letters: Letters) -> Cow<'_, str> {
    match letters {
        Letters::Exact => Cow::Borrowed(text),
        Letters::AnyCase => Cow::Owned(lowercase(text)),
    }
}

/// Both zeros are one number.
fn unsigned_zero(number: f64) -> f64 {
    number + 0.0
}
