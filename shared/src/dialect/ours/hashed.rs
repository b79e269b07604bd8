//! Equality with values that the ruleset must not show: compared by salted hash.

use super::{Check, member, texts};
use crate::dialect::Unfit;
use crate::named::hash;
use crate::sorted::sort_by;
use crate::value::Value;

/// # Formula
/// The first 16 bytes of SHA-256(salt, 0x1F, text) in lower-case hexadecimal, as for named
/// subjects.
pub(super) fn check(operand: &Value) -> Result<Check, Unfit> {
    const FORM: &str = "{\"salt\": \"...\", \"hashes\": [\"...\"]}";
    let salt = member(operand, "salt", FORM)?.as_str();
    let salt: Box<str> = salt.ok_or("the salt is text")?.into();
    let mut hashes = texts(member(operand, "hashes", FORM)?)?.into_vec();
    sort_by(&mut hashes, Ord::cmp);
    Ok(Box::new(move |value, _| {
        let text = match value {
            Value::String(text) => hash(&salt, text),
            Value::Number(number) => hash(&salt, &number.to_string()),
            _ => return false,
        };
        hashes
            .binary_search_by(|other| (**other).cmp(&text))
            .is_ok()
    }))
}
