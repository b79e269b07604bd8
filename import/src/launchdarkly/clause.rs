//! Clauses, targets and references to attributes.

use super::{DEFAULT_KIND, DIALECT, Reader, fails};
use crate::ImportError;
use crate::draft::{any, below, not};
use crate::part::Part;
use bandera_shared::Value;
use bandera_shared::context::Attribute;
use bandera_shared::dialect::{Source, test};
use serde_json::{Value as Json, json};

/// Operators of clauses, except the one over segments.
const OPERATORS: [&str; 14] = [
    "in",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "lessThan",
    "lessThanOrEqual",
    "greaterThan",
    "greaterThanOrEqual",
    "before",
    "after",
    "semVerEqual",
    "semVerLessThan",
    "semVerGreaterThan",
];

/// The names that a reference to an attribute leads through, ours for the key.
///
/// # Errors
/// What is wrong with the reference, for people.
pub(super) fn reference(text: &str, is_literal: bool) -> Result<Vec<String>, String> {
    let mut names = match text.strip_prefix('/') {
        Some(path) if !is_literal => path.split('/').map(unescaped).collect::<Result<_, _>>(),
        _ => named(text).map(|name| vec![name]),
    }
    .map_err(|why| format!("\"{text}\" is no reference to an attribute: {why}"))?;
    if let [name] = &mut *names
        && name == "key"
    {
        "targetingKey".clone_into(name);
    }
    Ok(names)
}

fn named(name: &str) -> Result<String, &'static str> {
    if name.is_empty() {
        return Err("it has an empty name");
    }
    Ok(name.to_owned())
}

/// A name between slashes: `~1` stands for a slash, `~0` for a tilde, and a tilde for nothing else.
fn unescaped(name: &str) -> Result<String, &'static str> {
    let mut parts = name.split('~');
    let mut text = named(name)?;
    text.truncate(parts.next().map_or(0, str::len));
    for part in parts {
        let (letter, rest) = match (part.strip_prefix('0'), part.strip_prefix('1')) {
            (Some(rest), _) => ('~', rest),
            (_, Some(rest)) => ('/', rest),
            _ => return Err("a tilde is followed by 0 or 1"),
        };
        text.push(letter);
        text.push_str(rest);
    }
    Ok(text)
}

/// The kind of context that is meant, and whether names of attributes are taken literally.
pub(super) fn kind<'e>(part: &Part<'e>, member: &str) -> Result<(&'e str, bool), ImportError> {
    let kind = part.member(member).text()?;
    let is_old = kind.is_empty();
    Ok((if is_old { DEFAULT_KIND } else { kind }, is_old))
}

/// An attribute of a kind of context, as the ruleset writes it.
pub(super) fn attribute(kind: &str, path: &[String]) -> Json {
    json!({ "of": kind, "path": path })
}

/// Contexts of that kind whose keys are listed.
pub(super) fn listed(kind: &str, keys: &[&str]) -> Json {
    let key = attribute(kind, &["targetingKey".to_owned()]);
    json!({ "dialect": DIALECT, "attribute": key, "op": "in", "value": keys })
}

impl<'e> Reader<'e> {
    /// Conditions for a list of clauses.
    pub(super) fn clauses(
        &mut self,
        clauses: &Part<'e>,
        inside: &mut Vec<&'e str>,
    ) -> Result<Vec<Json>, ImportError> {
        let clauses = clauses.items()?.into_iter();
        clauses.map(|clause| self.clause(&clause, inside)).collect()
    }

    fn clause(
        &mut self,
        clause: &Part<'e>,
        inside: &mut Vec<&'e str>,
    ) -> Result<Json, ImportError> {
        clause.object()?;
        let op = clause.member("op").text()?;
        let values = clause.member("values");
        let is_negated = clause.member("negate").truth()?;
        if op == "segmentMatch" {
            let members = any(self.any_segment(&values, inside)?);
            return Ok(if is_negated { not(members) } else { members });
        }
        let (kind, is_literal) = kind(clause, "contextKind")?;
        let name = clause.member("attribute").text()?;
        let attribute = if name == "kind" {
            // Whatever kinds the context is of: the clause's own kind does not matter.
            json!("kind")
        } else {
            match reference(name, is_literal) {
                Ok(path) => attribute(kind, &path),
                Err(why) => return Ok(self.bad_reference(&clause.member("attribute"), &why)),
            }
        };
        let mut usable: Vec<&Json> = Vec::new();
        for value in values.items()? {
            match unusable(op, value.json) {
                Some(why) => self.draft.approximated(value.pointer, why),
                None => usable.push(value.json),
            }
        }
        let op = if OPERATORS.contains(&op) {
            op
        } else {
            let message = format!("\"{op}\" is no operator: it matches nothing, here as there");
            self.draft.mapped(below(&clause.pointer, "op"), message);
            "none"
        };
        let op = if is_negated {
            format!("not {op}")
        } else {
            op.to_owned()
        };
        Ok(json!({ "dialect": DIALECT, "attribute": attribute, "op": op, "value": usable }))
    }

    /// A condition that fails, and a note that it does so there too.
    pub(super) fn bad_reference(&mut self, part: &Part<'_>, why: &str) -> Json {
        let message = format!("{why}; looking at it is an error, here as there");
        self.draft.mapped(part.pointer.clone(), message);
        fails(why)
    }
}

/// Why a value of a clause cannot be used here, where it could be there.
fn unusable(op: &str, value: &Json) -> Option<String> {
    if op != "matches" {
        return None;
    }
    let source = Source {
        dialect: DIALECT.into(),
        op: op.into(),
        attribute: Some(Attribute::targeting_key()),
        value: Value::List([Value::from(value.as_str()?)].into()),
    };
    let why = test(&source).err()?;
    Some(format!("the expression matches nothing: {why}"))
}
