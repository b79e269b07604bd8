//! Parts of an export, each with its place: reading that says what is wrong, and where.

use crate::ImportError;
use crate::draft::{below, malformed};
use serde_json::Value as Json;

/// What stands for a member that is absent.
static NULL: Json = Json::Null;

/// A part of an export.
#[derive(Debug, Clone)]
pub(crate) struct Part<'e> {
    pub(crate) json: &'e Json,
    /// RFC 6901 pointer to it.
    pub(crate) pointer: String,
}

type Read<T> = Result<T, ImportError>;

impl<'e> Part<'e> {
    /// The whole export.
    pub(crate) fn root(json: &'e Json) -> Self {
        let pointer = String::new();
        Self { json, pointer }
    }

    /// A member; null where there is none.
    pub(crate) fn member(&self, name: &str) -> Self {
        Self {
            json: self.json.get(name).unwrap_or(&NULL),
            pointer: below(&self.pointer, name),
        }
    }

    /// Whether it is absent, or null.
    pub(crate) fn is_null(&self) -> bool {
        self.json.is_null()
    }

    /// The fault that it is not what it should be.
    pub(crate) fn unfit<T>(&self, wanted: &str) -> Read<T> {
        Err(malformed(&self.pointer, &format!("{wanted} was expected")))
    }

    /// Elements of a list; none where it is null.
    pub(crate) fn items(&self) -> Read<Vec<Self>> {
        let list = match self.json {
            Json::Null => return Ok(Vec::new()),
            Json::Array(list) => list.iter().enumerate(),
            _ => return self.unfit("a list"),
        };
        let item = |(index, json): (usize, &'e Json)| Self {
            json,
            pointer: below(&self.pointer, &index.to_string()),
        };
        Ok(list.map(item).collect())
    }

    /// Members of an object; none where it is null.
    pub(crate) fn members(&self) -> Read<Vec<(&'e str, Self)>> {
        let members = match self.json {
            Json::Null => return Ok(Vec::new()),
            Json::Object(members) => members.iter(),
            _ => return self.unfit("an object"),
        };
        let member = |(name, json): (&'e String, &'e Json)| {
            let pointer = below(&self.pointer, name);
            (name.as_str(), Self { json, pointer })
        };
        Ok(members.map(member).collect())
    }

    /// Refuses what is no object.
    pub(crate) fn object(&self) -> Read<()> {
        if self.json.is_object() {
            Ok(())
        } else {
            self.unfit("an object")
        }
    }

    /// Text; empty where it is null.
    pub(crate) fn text(&self) -> Read<&'e str> {
        match self.json {
            Json::Null => Ok(""),
            Json::String(text) => Ok(text),
            _ => self.unfit("text"),
        }
    }

    /// A list of texts; empty where it is null.
    pub(crate) fn texts(&self) -> Read<Vec<&'e str>> {
        self.items()?.iter().map(Part::text).collect()
    }

    /// `true` or `false`; `false` where it is null.
    pub(crate) fn truth(&self) -> Read<bool> {
        match self.json {
            Json::Null => Ok(false),
            Json::Bool(truth) => Ok(*truth),
            _ => self.unfit("true or false"),
        }
    }

    /// A whole number; what is behind a decimal point is cut off.
    pub(crate) fn whole(&self) -> Read<Option<i64>> {
        match self.json {
            Json::Null => Ok(None),
            Json::Number(number) => {
                let cut = || number.as_f64().map(|float| float as i64);
                Ok(number.as_i64().or_else(cut))
            }
            _ => self.unfit("a number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn says_where_it_is_not_what_it_should_be() {
        let export = json!({"a/b": [{"n": 1.9}, 7], "t": "x", "none": null});
        let root = Part::root(&export);
        let items = root.member("a/b").items().expect("a list");
        assert_eq!(items[0].member("n").whole(), Ok(Some(1)));
        assert_eq!(items[1].pointer, "/a~1b/1");
        let error = items[1].text().expect_err("no text");
        assert_eq!(error.to_string(), "/a~1b/1: text was expected");
        assert_eq!(root.member("none").text(), Ok(""));
        assert_eq!(root.member("absent").truth(), Ok(false));
        assert_eq!(root.member("absent").items().map(|list| list.len()), Ok(0));
        assert!(root.member("t").members().is_err());
        assert!(root.member("t").object().is_err());
        assert!(root.member("a/b").texts().is_err());
    }
}
