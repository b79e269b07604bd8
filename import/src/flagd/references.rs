//! Parts of expressions that several flags share, by `$ref`.

use serde_json::{Map, Value as Json};

/// Parts that an expression may have when everything it refers to is written into it.
const PARTS_MAX: usize = 10_000;

/// Lists and objects inside each other: a reader of JSON gives up at 128, and a ruleset puts an
/// expression a few levels down.
const DEPTH_MAX: usize = 100;

/// The file's shared expressions.
pub(super) struct Shared<'e>(Option<&'e Map<String, Json>>);

impl<'e> Shared<'e> {
    pub(super) fn new(written: Option<&'e Json>) -> Self {
        Self(written.and_then(Json::as_object))
    }

    /// The expression with every reference replaced by what it refers to.
    ///
    /// # Errors
    /// For people: a reference to nothing or to itself, or an expression too large in the end.
    pub(super) fn written_into(&self, expression: &Json) -> Result<Json, String> {
        let mut left = PARTS_MAX;
        self.resolve(expression, DEPTH_MAX, &mut left)
    }

    fn resolve(&self, part: &Json, depth: usize, left: &mut usize) -> Result<Json, String> {
        *left = left
            .checked_sub(1)
            .ok_or_else(|| format!("the expression has more than {PARTS_MAX} parts"))?;
        let depth = depth.checked_sub(1).ok_or_else(|| {
            format!("the expression is nested deeper than {DEPTH_MAX}, or refers to itself")
        })?;
        match part {
            Json::Array(items) => {
                let items = items.iter().map(|item| self.resolve(item, depth, left));
                items.collect()
            }
            Json::Object(members) => {
                if let (Some(Json::String(name)), 1) = (members.get("$ref"), members.len()) {
                    let shared = self.0.and_then(|shared| shared.get(name));
                    let shared = shared
                        .ok_or_else(|| format!("\"$ref\" names \"{name}\", which is not there"))?;
                    return self.resolve(shared, depth, left);
                }
                let members = members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.resolve(member, depth, left)?)));
                members.collect::<Result<_, _>>().map(Json::Object)
            }
            other => Ok(other.clone()),
        }
    }
}
