//! The answers of a flag, as they are collected from its rules.

use crate::member::{Taken, text};
use serde_json::{Map, Value as Json};

/// Answers by key, each once.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    written: Map<String, Json>,
    taken: Taken,
}

impl Answers {
    /// The key of an answer that is reported under that name; answers of one name that differ are
    /// told apart by a number.
    ///
    /// # Arguments
    /// `answer`: as `VariantWire` is written, without a name.
    pub(crate) fn add(&mut self, name: &str, mut answer: Json) -> String {
        let same = |written: &Json| {
            let mut parts = ["value", "views"].iter();
            parts.all(|part| written.get(part) == answer.get(part))
        };
        let is_named = |key: &str, written: &Json| key == name || text(written, "name") == name;
        let mut written = self.written.iter();
        let known = written.find(|(key, written)| is_named(key, written) && same(written));
        if let Some((key, _)) = known {
            return key.clone();
        }
        let key = self.taken.unique(name);
        if let Some(members) = answer.as_object_mut().filter(|_| key != name) {
            members.insert("name".to_owned(), name.into());
        }
        self.written.insert(key.clone(), answer);
        key
    }

    /// As the variants of a flag are written.
    pub(crate) fn into_json(self) -> Map<String, Json> {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_of_one_name_are_told_apart() {
        let mut answers = Answers::default();
        let keys = [1, 2, 1, 2].map(|value| answers.add("a", json!({ "value": value })));
        assert_eq!(keys, ["a", "a-2", "a", "a-2"]);
        let written = answers.into_json();
        assert_eq!(written["a"], json!({ "value": 1 }));
        assert_eq!(written["a-2"], json!({ "value": 2, "name": "a" }));
    }
}
