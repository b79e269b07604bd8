//! From a JSON pointer to the line and column where its value starts.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Where the value that the pointer names begins.
///
/// Where a member is missing, the value that misses it is named. `None` when the text is no JSON.
///
/// The parser borrows every value from the text, so the place of a value in the text is the
/// difference of two addresses, and nothing but the way to the value is parsed.
pub(crate) fn locate(text: &str, pointer: &str) -> Option<Position> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match child(value, &token) {
            Some(found) => value = found,
            None => break,
        }
    }
    let offset = (value.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let before = text.get(..offset)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Some(Position {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..)?.chars().count() + 1,
    })
}

fn child<'t>(value: &'t RawValue, token: &str) -> Option<&'t RawValue> {
    if value.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        items.get(token.parse::<usize>().ok()?).copied()
    } else {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
        members.get(token).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"a/b\": [1,\n    {\"é\": 2, \"x\": 3}],\n  \"c\": {}\n}";

    #[track_caller]
    fn check(pointer: &str, expected: (usize, usize)) {
        let found = locate(TEXT, pointer).map(|at| (at.line, at.column));
        assert_eq!(found, Some(expected), "{pointer}");
    }

    #[test]
    fn finds_values_where_they_start() {
        check("", (1, 1));
        check("/a~1b", (2, 10));
        check("/a~1b/0", (2, 11));
        check("/a~1b/1/x", (3, 19));
        check("/c", (4, 8));
    }

    #[test]
    fn names_the_nearest_value_for_what_is_missing() {
        check("/c/gone/deeper", (4, 8));
        check("/a~1b/7", (2, 10));
        check("/a~1b/0/x", (2, 11));
    }

    #[test]
    fn has_no_answer_for_what_is_no_json() {
        assert_eq!(locate("{", "/a"), None);
    }
}
