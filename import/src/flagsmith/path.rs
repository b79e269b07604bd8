//! Properties that begin with `$.`: paths into the context of an evaluation.
//!
//! The subject's part of that context is known only when a flag is asked for; all the rest is in
//! the export and the same for everybody.

use serde_json::{Value as Json, json};

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

/// What a path is.
#[derive(Debug, PartialEq, Eq)]
enum Path {
    Steps(Vec<Step>),
    /// A query for more than one place.
    Query,
    /// No path, by the grammar.
    None,
}

/// Where to look for a property behind a trait of its name: members for the condition's value, and
/// whether that is all that the path means.
pub(super) fn place(property: &str, export: &Json, environment: &str) -> (Json, bool) {
    let nowhere = || json!({});
    let Some(rest) = property
        .strip_prefix('$')
        .filter(|rest| rest.starts_with('.'))
    else {
        return (nowhere(), true);
    };
    let steps = match parse(rest) {
        Path::Steps(steps) => steps,
        Path::Query => return (nowhere(), false),
        Path::None => return (nowhere(), true),
    };
    match &*steps {
        [Step::Member(root), rest @ ..] if root == "identity" => of_subject(rest, environment),
        steps => {
            let found = steps.iter().try_fold(export, |json, step| match step {
                Step::Member(name) => json.as_object()?.get(name),
                Step::Element(index) => json.as_array()?.get(*index),
            });
            let plain = found.filter(|json| !json.is_object() && !json.is_array());
            (
                plain.map_or_else(nowhere, |json| json!({ "constant": json })),
                true,
            )
        }
    }
}

/// The feature and the field of its answer that a path leads to: `$.flags.NAME.FIELD`.
pub(super) fn flag(property: &str) -> Option<(String, String)> {
    let rest = property.strip_prefix('$')?;
    let Path::Steps(steps) = parse(rest.starts_with('.').then_some(rest)?) else {
        return None;
    };
    match <[Step; 3]>::try_from(steps) {
        Ok([Step::Member(root), Step::Member(name), Step::Member(field)]) if root == "flags" => {
            Some((name, field))
        }
        _ => None,
    }
}

fn of_subject(steps: &[Step], environment: &str) -> (Json, bool) {
    let mut names = Vec::new();
    for step in steps {
        match step {
            Step::Member(name) => names.push(name.as_str()),
            Step::Element(_) => return (json!({}), false),
        }
    }
    let place = match &*names {
        ["identifier"] => json!({ "path": ["targetingKey"] }),
        ["key"] => identity_key(environment),
        ["traits", first, rest @ ..] => {
            let names: Vec<&str> = std::iter::once(*first)
                .chain(rest.iter().copied())
                .collect();
            json!({ "path": names })
        }
        _ => json!({}),
    };
    (place, true)
}

/// Where the key by which subjects are hashed is.
fn identity_key(environment: &str) -> Json {
    json!({ "path": ["identity", "key"], "joined": format!("{environment}_") })
}

/// Reads what follows `$`.
///
/// # Source
/// RFC 9535, section 2.5: member names, and names and indices in brackets.
fn parse(text: &str) -> Path {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let step = match rest.strip_prefix('.') {
            Some(after) if after.starts_with(['.', '*']) => return Path::Query,
            Some(after) => shorthand(after),
            None => match rest.strip_prefix('[') {
                Some(after) => match bracketed(after.trim_start()) {
                    Some(step) => Some(step),
                    None if is_query(after) => return Path::Query,
                    None => None,
                },
                None => None,
            },
        };
        let Some((step, after)) = step else {
            return Path::None;
        };
        steps.push(step);
        rest = after;
    }
    Path::Steps(steps)
}

/// Whether brackets hold what may be more than one place: a wildcard, a filter, a slice, a list.
fn is_query(after: &str) -> bool {
    after.contains(']') && after.contains(['*', '?', ':', ',', '-'])
}

/// A member's name as it may follow a point.
fn shorthand(text: &str) -> Option<(Step, &str)> {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    let end = text
        .find(|c: char| !is_letter(c) && !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end)?;
    name.starts_with(is_letter)
        .then(|| (Step::Member(name.to_owned()), after))
}

/// A name in quotes or an index, up to the closing bracket.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    let (step, after) = if let quote @ ('\'' | '"') = text.chars().next()? {
        quoted(text.get(1..)?, quote)?
    } else {
        let end = text.find(|c: char| !c.is_ascii_digit())?;
        let (digits, after) = text.split_at_checked(end)?;
        (Step::Element(digits.parse().ok()?), after)
    };
    Some((step, after.trim_start().strip_prefix(']')?))
}

fn quoted(text: &str, quote: char) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next()?.1 {
                'n' => name.push('\n'),
                't' => name.push('\t'),
                'r' => name.push('\r'),
                'b' => name.push('\u{8}'),
                'f' => name.push('\u{c}'),
                other @ ('\\' | '/' | '\'' | '"') => name.push(other),
                _ => return None,
            },
            c if c == quote => return Some((Step::Member(name), text.get(at + 1..)?)),
            c => name.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_the_subject_or_the_export() {
        let export = json!({ "environment": { "name": "QA", "list": [1] }, "features": {} });
        let check = |property: &str, expected: Json| {
            let found = place(property, &export, "env");
            assert_eq!(found, (expected, true), "{property}");
        };
        check("plan", json!({}));
        check("$plan", json!({}));
        check("$.identity.identifier", json!({ "path": ["targetingKey"] }));
        check("$.identity.traits.tamaño", json!({ "path": ["tamaño"] }));
        check(
            "$.identity.traits['[$the.size$]']",
            json!({ "path": ["[$the.size$]"] }),
        );
        check(
            r#"$.identity.traits[ "a\"b" ].c"#,
            json!({ "path": ["a\"b", "c"] }),
        );
        let key = json!({ "path": ["identity", "key"], "joined": "env_" });
        check("$.identity.key", key);
        check("$.identity", json!({}));
        check("$.identity.traits", json!({}));
        check("$.environment.name", json!({ "constant": "QA" }));
        check("$.environment['list'][0]", json!({ "constant": 1 }));
        check("$.environment", json!({}));
        check("$.leads.to.nowhere", json!({}));
        check("$.  i am not\" a valid jsonpath", json!({}));
        check("$.a-b", json!({}));
        check("$.", json!({}));
        check("$.a['b", json!({}));
    }

    #[test]
    fn flags_are_told_by_name_and_field() {
        let check = |property: &str, expected: Option<(&str, &str)>| {
            let found = flag(property);
            let found = found.as_ref().map(|(name, field)| (&**name, &**field));
            assert_eq!(found, expected, "{property}");
        };
        check("$.flags.a.enabled", Some(("a", "enabled")));
        check("$.flags['my flag'].value", Some(("my flag", "value")));
        check("$.flags.a", None);
        check("$.flags.a.b.c", None);
        check("$.features.a.enabled", None);
        check("flags.a.enabled", None);
        check("$['flags'].a.enabled", None);
    }

    #[test]
    fn queries_are_not_followed() {
        for query in [
            "$..name",
            "$.features.*",
            "$.features[*]",
            "$.a[?@.b == 1]",
            "$.a[1:2]",
        ] {
            assert_eq!(
                place(query, &json!({}), "env"),
                (json!({}), false),
                "{query}"
            );
        }
    }
}
