//! What a variant changes about pages that pass the edge: edits, a redirect, another path.
//!
//! This says what to do, in data; the edge Worker does it.

use crate::value::Value;

/// The changes one variant makes, and the paths on which it makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageChange {
    /// Paths concerned; a trailing `*` stands for any rest. Empty: every path.
    pub paths: Box<[Box<str>]>,
    /// Edits of the HTML, in order.
    pub edits: Box<[Edit]>,
    /// Where to send the browser instead.
    pub redirect: Option<Redirect>,
    /// The path to ask the origin for instead.
    pub rewrite: Option<Box<str>>,
}

impl PageChange {
    /// Whether the path, without query, is concerned.
    #[must_use]
    pub fn concerns(&self, path: &str) -> bool {
        self.paths.is_empty()
            || self
                .paths
                .iter()
                .any(|pattern| match pattern.strip_suffix('*') {
                    Some(prefix) => path.starts_with(prefix),
                    None => path == &**pattern,
                })
    }
}

/// One edit of every element that a selector finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// A CSS selector.
    pub selector: Box<str>,
    /// What is done to each element.
    pub action: EditAction,
}

/// What is done to an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditAction {
    /// Its content becomes this.
    SetContent(Content),
    /// Its attribute gets this value.
    SetAttribute {
        /// The attribute's name.
        name: Box<str>,
        /// Its value.
        value: Box<str>,
    },
    /// Its attribute of this name goes.
    RemoveAttribute(Box<str>),
    /// This is put at a place beside or inside it.
    Insert(InsertAt, Content),
    /// It becomes this.
    Replace(Content),
    /// It goes, with its content.
    Remove,
}

/// Where content is put in relation to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertAt {
    /// Before its start tag.
    Before,
    /// Right after its start tag.
    Prepend,
    /// Right before its end tag.
    Append,
    /// After its end tag.
    After,
}

/// Text, or markup taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Escaped where it is inserted.
    Text(Box<str>),
    /// Inserted as it is: whoever may publish a ruleset may publish markup.
    Html(Box<str>),
}

/// Sends the browser elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// An absolute URL, or a path of the same site.
    pub to: Box<str>,
    /// 302, 303 or 307: never a permanent one, which browsers would keep for ever.
    pub status: u16,
}

/// `base` with `patch` merged in, as RFC 7396: objects are merged, null removes, all else replaces.
#[must_use]
pub fn merge_patch(base: &Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else {
        return patch.clone();
    };
    let mut members = match base {
        Value::Object(members) => members.to_vec(),
        _ => Vec::new(),
    };
    for (name, change) in changes {
        let position = members.iter().position(|(key, _)| key == name);
        match (change, position) {
            (Value::Null, Some(index)) => drop(members.remove(index)),
            (Value::Null, None) => {}
            (_, Some(index)) => {
                if let Some((_, old)) = members.get_mut(index) {
                    *old = merge_patch(old, change);
                }
            }
            (_, None) => members.push((name.clone(), merge_patch(&Value::Null, change))),
        }
    }
    Value::Object(members.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_exact_or_prefixes() {
        let change = PageChange {
            paths: ["/".into(), "/p/*".into()].into(),
            edits: [].into(),
            redirect: None,
            rewrite: None,
        };
        let concerned: Vec<&str> = ["/", "/p", "/p/", "/p/9", "/q"]
            .into_iter()
            .filter(|p| change.concerns(p))
            .collect();
        assert_eq!(concerned, ["/", "/p/", "/p/9"]);
    }

    #[test]
    fn a_patch_merges_objects_and_removes_by_null() {
        let object = |members: &[(&str, Value)]| {
            Value::Object(
                members
                    .iter()
                    .map(|(k, v)| ((*k).into(), v.clone()))
                    .collect(),
            )
        };
        let base = object(&[("a", 1.into()), ("b", object(&[("c", 2.into())]))]);
        let patch = object(&[("a", Value::Null), ("b", object(&[("d", 3.into())]))]);
        let expected = object(&[("b", object(&[("c", 2.into()), ("d", 3.into())]))]);
        assert_eq!(merge_patch(&base, &patch), expected);
    }
}
