//! Conditions as `JSONLogic`.
//!
//! Our operators look into lists: one matching element is enough. `some` says so there.

use super::{clock, elements};
use crate::draft::below;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A condition, or why it cannot be said.
pub(super) type Said = Result<Json, Unsaid>;

/// The part of a condition that flagd has no words for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsaid {
    pub(super) pointer: String,
    pub(super) message: String,
}

/// Says conditions of one ruleset.
#[derive(Debug)]
pub(super) struct Speaker<'r> {
    ruleset: &'r Json,
    /// Where what is said is not exactly what is meant.
    pub(super) near: Vec<Unsaid>,
}

/// What differs where flagd's own operators on texts are used.
const NOT_IN_LISTS: &str = "flagd does not look for this into lists of texts";
/// What differs where numbers are compared.
const NOT_AS_NUMERIC: &str = "flagd takes booleans, and texts that look like a number, for numbers";
/// What differs where versions are compared.
const NOT_AS_STRICT: &str = "flagd reads v1.2.0 and 1.2 as versions too, and not into lists";
/// The moment of evaluation as an attribute.
const NOW: &str = "$now";
/// Segments within segments at most; compiling refuses circles before.
const NESTING_MAX: usize = 64;

impl<'r> Speaker<'r> {
    pub(super) fn new(ruleset: &'r Json) -> Self {
        Self {
            ruleset,
            near: Vec::new(),
        }
    }

    /// The condition at `pointer`.
    pub(super) fn say(&mut self, condition: &Json, pointer: &str) -> Said {
        self.nested(condition, pointer, 0)
    }

    /// Membership of a segment.
    pub(super) fn segment(&mut self, key: &str, pointer: &str) -> Said {
        self.member(key, pointer, 0)
    }

    fn nested(&mut self, condition: &Json, pointer: &str, depth: usize) -> Said {
        let parts = |name: &str| condition.get(name).and_then(Json::as_array);
        if let Some(all) = parts("all") {
            return self.joined("and", all, &below(pointer, "all"), depth);
        }
        if let Some(any) = parts("any") {
            return self.joined("or", any, &below(pointer, "any"), depth);
        }
        if let Some(not) = condition.get("not") {
            let inner = self.nested(not, &below(pointer, "not"), depth)?;
            return Ok(json!({"!": [inner]}));
        }
        if let Some(key) = condition.get("segment").and_then(Json::as_str) {
            return self.member(key, &below(pointer, "segment"), depth);
        }
        let ours = condition.get("dialect").is_none();
        match (
            condition.get("attribute"),
            condition.get("op").and_then(Json::as_str),
        ) {
            (Some(attribute), Some(op)) if ours => self.tested(condition, attribute, op, pointer),
            _ => Err(unsaid(pointer, "flagd has no such condition")),
        }
    }

    fn joined(&mut self, word: &str, parts: &[Json], pointer: &str, depth: usize) -> Said {
        let each = parts.iter().enumerate();
        let said =
            each.map(|(at, part)| self.nested(part, &below(pointer, &at.to_string()), depth));
        let said: Vec<Json> = said.collect::<Result<_, _>>()?;
        // Of nothing, `and` is true for us; flagd gives null.
        Ok(match (said.is_empty(), word) {
            (true, "and") => json!(true),
            (true, _) => json!(false),
            _ => json!({word: said}),
        })
    }

    fn member(&mut self, key: &str, pointer: &str, depth: usize) -> Said {
        let segment = self
            .ruleset
            .get("segments")
            .and_then(|segments| segments.get(key));
        let Some(segment) = segment.filter(|_| depth < NESTING_MAX) else {
            return Err(unsaid(
                pointer,
                "the segment cannot be written into the flag",
            ));
        };
        let place = below("/segments", key);
        let when = match segment.get("when") {
            Some(when) => self.nested(when, &below(&place, "when"), depth + 1)?,
            None => json!(false),
        };
        Ok(json!({"and": [
            {"!": [named(segment.get("excluded"))]},
            {"or": [named(segment.get("included")), when]},
        ]}))
    }

    /// The values of a named list, and of the lists in it.
    fn listed(&self, key: &str) -> Vec<Json> {
        let (mut values, mut seen) = (Vec::new(), BTreeSet::new());
        let mut open = vec![key];
        while let Some(key) = open.pop() {
            let list = self.ruleset.get("lists").and_then(|lists| lists.get(key));
            let items = |name: &str| list?.get(name)?.as_array();
            if !seen.insert(key) {
                continue;
            }
            values.extend(items("values").into_iter().flatten().cloned());
            open.extend(
                items("lists")
                    .into_iter()
                    .flatten()
                    .filter_map(Json::as_str),
            );
        }
        values
    }

    fn tested(&mut self, condition: &Json, attribute: &Json, op: &str, pointer: &str) -> Said {
        if condition.get("ignoreCase").and_then(Json::as_bool) == Some(true) {
            return Err(unsaid(pointer, "flagd cannot leave case out of account"));
        }
        let (op, negated) = positive(op);
        let value = match condition.get("list").and_then(Json::as_str) {
            Some(list) => Json::Array(self.listed(list)),
            None => condition.get("value").cloned().unwrap_or(Json::Null),
        };
        let near = &mut |message: &str| self.near.push(unsaid(pointer, message));
        let said = if *attribute == json!(NOW) || *attribute == json!([NOW]) {
            clock::now(&op, &value, near)
        } else {
            let attribute = variable(attribute).map_err(|message| unsaid(pointer, message))?;
            self::said(&op, &attribute, value, near)
        };
        let said = said.ok_or_else(|| {
            let message = format!("flagd has no operator for \"{op}\" with such a value");
            unsaid(pointer, &message)
        })?;
        Ok(if negated { json!({"!": [said]}) } else { said })
    }
}

/// The attribute passes, if flagd can say so.
fn said(op: &str, attribute: &Json, value: Json, near: &mut dyn FnMut(&str)) -> Option<Json> {
    let element = json!({"var": ""});
    // `merge` makes a list of one value, so that both kinds are looked into alike.
    let elements = json!({"merge": [attribute]});
    if let Some(said) = elements::said(op, attribute, &value) {
        near(match op {
            "everyElement" => "in flagd every element of what is no list passes",
            _ => "flagd looks for no element in lists of lists",
        });
        if elements::compares(&value) {
            near(NOT_AS_NUMERIC);
        }
        return Some(said);
    }
    if let Some(said) = measured(op, attribute, &value, near) {
        return Some(said);
    }
    let values = match value {
        Json::Array(values) => values,
        one => vec![one],
    };
    if let Some(said) = sets(op, &elements, &values) {
        near("null is a list of one null in flagd, and not of nothing");
        return Some(said);
    }
    let each = |test: &dyn Fn(&Json) -> Json| {
        let one: Vec<Json> = values.iter().map(test).collect();
        json!({"some": [elements, {"or": one}]})
    };
    // flagd's own words do not work inside `some`.
    let whole = |test: &dyn Fn(&Json) -> Json| {
        let one: Vec<Json> = values.iter().map(test).collect();
        json!({"or": one})
    };
    Some(match op {
        "equals" | "in" => json!({"some": [elements, {"in": [element, values]}]}),
        "exists" => {
            near("an attribute that is null is missing in flagd");
            json!({"!==": [attribute, null]})
        }
        "contains" => each(&|text| json!({"in": [text, element]})),
        "startsWith" => {
            near(NOT_IN_LISTS);
            whole(&|text| json!({"starts_with": [attribute, text]}))
        }
        "endsWith" => {
            near(NOT_IN_LISTS);
            whole(&|text| json!({"ends_with": [attribute, text]}))
        }
        "greaterThan" | "greaterOrEqual" | "lessThan" | "lessOrEqual" => {
            near(NOT_AS_NUMERIC);
            each(&|bound| compared(&element, op, bound))
        }
        op if op.starts_with("version") => {
            let said = versions(op, attribute, &values)?;
            near(NOT_AS_STRICT);
            said
        }
        _ => return None,
    })
}

/// Versions compared; they are plain texts.
fn versions(op: &str, attribute: &Json, values: &[Json]) -> Option<Json> {
    if op == "versionMatches" || !values.iter().all(Json::is_string) {
        return None;
    }
    if let ("versionBetween", [low, high]) = (op, values) {
        return Some(json!({"and": [
            {"sem_ver": [attribute, ">=", low]}, {"sem_ver": [attribute, "<=", high]},
        ]}));
    }
    let sign = sign(op);
    let one = |version| json!({"sem_ver": [attribute, sign, version]});
    Some(json!({"or": values.iter().map(one).collect::<Vec<Json>>()}))
}

/// What looks at the value as a whole: what it is, and between what.
fn measured(op: &str, attribute: &Json, value: &Json, near: &mut dyn FnMut(&str)) -> Option<Json> {
    let number = |name: &str| value.get(name).and_then(Json::as_i64);
    Some(match op {
        "isNull" => {
            near("an attribute that is missing is null in flagd");
            json!({"===": [attribute, null]})
        }
        "isEmpty" => {
            near("of what is empty flagd knows texts alone");
            json!({"===": [attribute, ""]})
        }
        "between" => {
            near(NOT_AS_NUMERIC);
            json!({"and": [
                compared(attribute, "greaterOrEqual", value.get(0)?),
                compared(attribute, "lessOrEqual", value.get(1)?),
            ]})
        }
        "modulo" => {
            let (divisor, remainder) = (number("divisor")?, number("remainder")?);
            near(NOT_AS_NUMERIC);
            // The remainder of a negative number is negative in flagd.
            let remainders = [remainder, remainder - divisor];
            json!({"and": [
                {"!==": [attribute, null]}, {"in": [{"%": [attribute, divisor]}, remainders]},
            ]})
        }
        "before" | "after" | "timeBetween" => {
            let said = clock::compared(op, attribute, value, 1)?;
            near("flagd reads moments from numbers alone");
            said
        }
        _ => return None,
    })
}

/// Lists as sets, whose elements are given.
fn sets(op: &str, elements: &Json, values: &[Json]) -> Option<Json> {
    let element = json!({"var": ""});
    let any = json!({"some": [elements, {"in": [element, values]}]});
    let all = || {
        let each = values.iter();
        let one = |value| json!({"some": [elements, {"in": [element, [value]]}]});
        json!({"and": each.map(one).collect::<Vec<Json>>()})
    };
    // `all` is not true of an empty list.
    let no_other = || json!({"!": [{"some": [elements, {"!": [{"in": [element, values]}]}]}]});
    Some(match op {
        "containsAny" => any,
        // What is missing has all of nothing.
        "containsAll" | "supersetOf" | "setEquals" if values.is_empty() => return None,
        "containsAll" | "supersetOf" => all(),
        "subsetOf" => no_other(),
        "setEquals" => json!({"and": [all(), no_other()]}),
        _ => return None,
    })
}

/// A number compared with a bound; what is missing would count as 0.
fn compared(number: &Json, op: &str, bound: &Json) -> Json {
    let sign = sign(op);
    json!({"and": [{"!==": [number, null]}, {sign: [number, bound]}]})
}

fn unsaid(pointer: &str, message: &str) -> Unsaid {
    Unsaid {
        pointer: pointer.to_owned(),
        message: message.to_owned(),
    }
}

/// Whether the subject is one of those listed.
pub(super) fn named(keys: Option<&Json>) -> Json {
    let none = json!([]);
    json!({"in": [{"var": "targetingKey"}, keys.unwrap_or(&none)]})
}

/// An attribute as `JSONLogic` asks for it.
pub(super) fn variable(attribute: &Json) -> Result<Json, &'static str> {
    let whole = |name: &str| !name.is_empty() && !name.contains('.') && !name.starts_with('$');
    let path = match attribute {
        Json::String(name) => vec![name.as_str()],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => return Err("flagd knows no kinds of entities"),
    };
    match path.as_slice() {
        _ if path.iter().all(|name| whole(name)) => Ok(json!({"var": path.join(".")})),
        _ => Err("flagd reads a dot in a name as a way into a member"),
    }
}

/// The operator of which this one is the contrary, and whether it is one.
fn positive(op: &str) -> (String, bool) {
    let rest = op.strip_prefix("not");
    match rest.and_then(|rest| Some((rest.get(..1)?, rest.get(1..)?))) {
        Some((first, rest)) => ([&first.to_ascii_lowercase(), rest].concat(), true),
        None => (op.to_owned(), false),
    }
}

fn sign(op: &str) -> &'static str {
    match op {
        "greaterThan" | "versionGreaterThan" => ">",
        "greaterOrEqual" | "versionGreaterOrEqual" => ">=",
        "lessThan" | "versionLessThan" => "<",
        "lessOrEqual" | "versionLessOrEqual" => "<=",
        _ => "=",
    }
}
