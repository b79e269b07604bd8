//! Members of an export, read leniently: what is absent or of another type counts as nothing.

use serde_json::{Map, Value as Json};

/// The text of a member; empty where there is none.
pub(crate) fn text<'j>(json: &'j Json, name: &str) -> &'j str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// The items of a member that is a list.
pub(crate) fn items<'j>(json: &'j Json, name: &str) -> &'j [Json] {
    match json.get(name) {
        Some(Json::Array(items)) => items,
        _ => &[],
    }
}

/// The members of a member that is an object.
pub(crate) fn members<'j>(
    json: &'j Json,
    name: &str,
) -> impl Iterator<Item = (&'j String, &'j Json)> + use<'j> {
    let object = json.get(name).and_then(Json::as_object);
    object.into_iter().flat_map(Map::iter)
}

/// Whether a member is `true`.
pub(crate) fn is_true(json: &Json, name: &str) -> bool {
    json.get(name) == Some(&Json::Bool(true))
}

/// A finite number, written as one or as text.
pub(crate) fn number(json: &Json, name: &str) -> Option<f64> {
    let number = match json.get(name)? {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A text, or a number or boolean as text.
pub(crate) fn plain(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(json.to_string()),
        _ => None,
    }
}

/// Names that are taken, each once.
#[derive(Debug, Default)]
pub(crate) struct Taken(std::collections::BTreeSet<String>);

impl Taken {
    /// The name, or with a number behind it where it is taken already.
    pub(crate) fn unique(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number: u32| format!("{name}-{number}"));
        let mut candidates = std::iter::once(name.to_owned()).chain(numbered);
        let free = candidates.find(|candidate| !self.0.contains(candidate));
        let free = free.unwrap_or_default();
        self.0.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_there_is_nothing() {
        let json = json!({"a": 1, "b": "2.5", "c": "x", "d": [1], "e": {"f": 1}, "g": true});
        assert_eq!(text(&json, "a"), "");
        assert_eq!(text(&json, "c"), "x");
        assert_eq!(number(&json, "a"), Some(1.0));
        assert_eq!(number(&json, "b"), Some(2.5));
        assert_eq!(number(&json, "c"), None);
        assert_eq!(items(&json, "d").len(), 1);
        assert!(items(&json, "e").is_empty());
        assert_eq!(members(&json, "e").count(), 1);
        assert_eq!(members(&json, "d").count(), 0);
        assert!(is_true(&json, "g") && !is_true(&json, "a"));
        assert_eq!(plain(&json!(1.5)), Some("1.5".to_owned()));
        assert_eq!(plain(&json!(null)), None);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut taken = Taken::default();
        let names: Vec<String> = (0..3).map(|_| taken.unique("default")).collect();
        assert_eq!(names, ["default", "default-2", "default-3"]);
    }
}
