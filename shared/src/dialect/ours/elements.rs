//! Lists whose elements have to be like something.

use super::{Check, member};
use crate::compile::condition::matcher_of;
use crate::condition::Matcher;
use crate::time::UnixMillis;
use crate::value::Value;

/// Levels of elements inside elements.
pub(super) const DEPTH_MAX: usize = 4;

/// `{"op", "value", "member"?}`, or a list of such, all of which one element has to pass; `member`
/// is a name, or a list of names that lead into the element.
pub(super) fn check(op: &str, operand: &Value) -> Result<Check, String> {
    let element = Element::new(operand, 1)?;
    let is_any = op == "anyElement";
    Ok(Box::new(move |value, at| {
        element.passes_in(value, is_any, at)
    }))
}

/// What an element has to be like.
struct Element(Vec<Part>);

struct Part {
    path: Vec<Box<str>>,
    negated: bool,
    wanted: Wanted,
}

enum Wanted {
    Everyday(Matcher),
    Ours(Check),
    Elements { is_any: bool, element: Element },
}

impl Element {
    fn new(operand: &Value, depth: usize) -> Result<Self, String> {
        if depth > DEPTH_MAX {
            return Err(format!(
                "elements inside elements, deeper than {DEPTH_MAX} levels"
            ));
        }
        let parts = match operand {
            Value::List(parts) => &**parts,
            single => std::slice::from_ref(single),
        };
        let parts = parts.iter().map(|part| Part::new(part, depth));
        parts.collect::<Result<_, String>>().map(Self)
    }

    fn passes_in(&self, list: &Value, is_any: bool, at: UnixMillis) -> bool {
        let Value::List(elements) = list else {
            return false;
        };
        let passes = |element: &Value| self.0.iter().all(|part| part.passes(element, at));
        if is_any {
            elements.iter().any(passes)
        } else {
            elements.iter().all(passes)
        }
    }
}

impl Part {
    fn new(part: &Value, depth: usize) -> Result<Self, String> {
        const FORM: &str = "{\"member\": \"price\", \"op\": \"greaterThan\", \"value\": 10}";
        let op = member(part, "op", FORM)?
            .as_str()
            .ok_or("the \"op\" is text")?;
        let (negated, op) = crate::compile::condition::positive_form(op);
        let operand = part.member("value").cloned().unwrap_or(Value::Null);
        let path = match part.member("member") {
            None => Vec::new(),
            Some(path) => super::texts(path)?.into_vec(),
        };
        let wanted = match &*op {
            "anyElement" | "everyElement" => Wanted::Elements {
                is_any: &*op == "anyElement",
                element: Element::new(&operand, depth + 1)?,
            },
            op => match super::check(op, &operand)? {
                Some(check) => Wanted::Ours(check),
                None => Wanted::Everyday(matcher_of(op, operand)?),
            },
        };
        Ok(Self {
            path,
            negated,
            wanted,
        })
    }

    fn passes(&self, element: &Value, at: UnixMillis) -> bool {
        let names = self.path.iter();
        let value = names
            .clone()
            .try_fold(element, |value, name| value.member(name));
        let passes = value.is_some_and(|value| match &self.wanted {
            Wanted::Everyday(matcher) => matcher.accepts(value.into()),
            Wanted::Ours(check) => check(value, at),
            Wanted::Elements { is_any, element } => element.passes_in(value, *is_any, at),
        });
        passes != self.negated
    }
}
