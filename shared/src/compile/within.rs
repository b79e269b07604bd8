//! Lists that are named inside an operand: by tests of elements, and beside the salt of hashes.

use super::condition::positive_form;
use super::lists::{OPERATORS, takes_list};
use crate::value::Value;
use std::collections::BTreeMap;

/// Whether the operator's operand names a list somewhere.
pub(super) fn names_list(op: &str, operand: &Value) -> bool {
    let mut found = Vec::new();
    keys(op, operand, &mut found);
    !found.is_empty()
}

/// Keys of the lists that the operator's operand names, in the order in which they are written.
pub(super) fn keys<'o>(op: &str, operand: &'o Value, found: &mut Vec<&'o str>) {
    match op {
        "equalsHashed" => found.extend(operand.member("list").and_then(Value::as_str)),
        "anyElement" | "everyElement" => {
            for part in parts(operand) {
                match part.member("list").and_then(Value::as_str) {
                    Some(key) => found.push(key),
                    None => {
                        if let (Some(op), Some(value)) = (op_of(part), part.member("value")) {
                            keys(&op, value, found);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// The operand with the values of its lists written out.
///
/// # Errors
/// What is wrong, for a person: a test with a value and a list, or an operator that takes no list.
pub(super) fn filled(
    op: &str,
    operand: &Value,
    lists: &BTreeMap<&str, Value>,
) -> Result<Value, String> {
    match op {
        "equalsHashed" => written_out(operand, "hashes", lists),
        "anyElement" | "everyElement" => match operand {
            Value::List(parts) => {
                let parts = parts.iter().map(|part| part_of(part, lists));
                parts.collect::<Result<_, String>>().map(Value::List)
            }
            single => part_of(single, lists),
        },
        _ => Ok(operand.clone()),
    }
}

/// One test of an element.
fn part_of(part: &Value, lists: &BTreeMap<&str, Value>) -> Result<Value, String> {
    let Some(op) = op_of(part) else {
        return Ok(part.clone());
    };
    if part.member("list").is_some() {
        if !takes_list(&op) {
            return Err(format!("\"{op}\" takes no list; these do: {OPERATORS}"));
        }
        return written_out(part, "value", lists);
    }
    let Value::Object(members) = part else {
        return Ok(part.clone());
    };
    let members = members.iter().map(|(name, member)| {
        let member = match &**name {
            "value" => filled(&op, member, lists)?,
            _ => member.clone(),
        };
        Ok((name.clone(), member))
    });
    members.collect::<Result<_, String>>().map(Value::Object)
}

/// The object with a list's values under that name in place of the list's key.
fn written_out(object: &Value, name: &str, lists: &BTreeMap<&str, Value>) -> Result<Value, String> {
    let Value::Object(members) = object else {
        return Ok(object.clone());
    };
    if object.member(name).is_some() && object.member("list").is_some() {
        return Err(format!("it has \"{name}\" or a \"list\""));
    }
    let members = members.iter().map(|(own, member)| match &**own {
        "list" => {
            let values = member.as_str().and_then(|key| lists.get(key));
            let values = values.ok_or("a list is named by its key")?;
            Ok((name.into(), values.clone()))
        }
        _ => Ok((own.clone(), member.clone())),
    });
    members.collect::<Result<_, String>>().map(Value::Object)
}

fn parts(operand: &Value) -> &[Value] {
    match operand {
        Value::List(parts) => parts,
        single => std::slice::from_ref(single),
    }
}

/// The operator of a test, without what negates it.
fn op_of(part: &Value) -> Option<Box<str>> {
    let op = part.member("op").and_then(Value::as_str)?;
    Some(positive_form(op).1.into())
}
