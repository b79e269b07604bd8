//! Lists whose elements have to be like something.

use super::{Check, member};
use crate::compile::condition::{knows_case, matcher_of};
use crate::condition::Matcher;
use crate::dialect::{Unfit, unfit};
use crate::time::UnixMillis;
use crate::value::Value;

/// Levels of elements inside elements.
pub(super) const DEPTH_MAX: usize = 4;

/// `{"op", "value", "ignoreCase"?, "member"?}`, or a list of such, all of which one element has to
/// pass; `member` is a name, or a list of names that lead into the element.
pub(super) fn check(op: &str, operand: &Value) -> Result<Check, Unfit> {
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
    fn new(operand: &Value, depth: usize) -> Result<Self, Unfit> {
        if depth > DEPTH_MAX {
            return Err(unfit!(
                "elements inside elements, deeper than {DEPTH_MAX} levels"
            ));
        }
        let parts = match operand {
            Value::List(parts) => &**parts,
            single => std::slice::from_ref(single),
        };
        let parts = parts.iter().map(|part| Part::new(part, depth));
        parts.collect::<Result<_, Unfit>>().map(Self)
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
    fn new(part: &Value, depth: usize) -> Result<Self, Unfit> {
        const FORM: &str = "{\"member\": \"price\", \"op\": \"greaterThan\", \"value\": 10}";
        let op = member(part, "op", FORM)?
            .as_str()
            .ok_or("the \"op\" is text")?;
        only_known(part)?;
        let (negated, op) = crate::compile::condition::positive_form(op);
        let fold_case = match part.member("ignoreCase") {
            None => false,
            Some(Value::Bool(truth)) => *truth,
            Some(_) => return Err("\"ignoreCase\" is true or false".into()),
        };
        if fold_case && !knows_case(&op) {
            return Err(unfit!(
                "\"{op}\" knows no case; texts and expressions do: leave \"ignoreCase\" out"
            ));
        }
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
                None => Wanted::Everyday(matcher_of(op, operand, fold_case)?),
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

/// What is written and not looked at would be taken for a condition.
fn only_known(part: &Value) -> Result<(), Unfit> {
    const KNOWN: [&str; 4] = ["member", "op", "value", "ignoreCase"];
    let Value::Object(members) = part else {
        return Ok(());
    };
    match members.iter().find(|(name, _)| !KNOWN.contains(&&**name)) {
        Some((name, _)) if **name == *"list" => {
            Err("the values of a named list have to be written out here".into())
        }
        Some((name, _)) => Err(unfit!(
            "nobody knows \"{name}\" here: an element's test has \"member\", \"op\", \"value\" \
             and \"ignoreCase\""
        )),
        None => Ok(()),
    }
}
