//! Conditions: on attributes, on segments and on other settings.

use super::Config;
use crate::draft::{Draft, not};
use crate::part::Part;
use bandera_shared::Value;
use bandera_shared::context::{Attribute, TARGETING_KEY};
use bandera_shared::dialect::{Source, test};
use serde_json::{Value as Json, json};

/// Comparators by their numbers, and how their comparands are written.
const COMPARATORS: [(&str, Comparand); 36] = [
    ("IS ONE OF", Comparand::Texts),
    ("IS NOT ONE OF", Comparand::Texts),
    ("CONTAINS ANY OF", Comparand::Texts),
    ("NOT CONTAINS ANY OF", Comparand::Texts),
    ("IS ONE OF (semver)", Comparand::Texts),
    ("IS NOT ONE OF (semver)", Comparand::Texts),
    ("< (semver)", Comparand::Text),
    ("<= (semver)", Comparand::Text),
    ("> (semver)", Comparand::Text),
    (">= (semver)", Comparand::Text),
    ("= (number)", Comparand::Number),
    ("!= (number)", Comparand::Number),
    ("< (number)", Comparand::Number),
    ("<= (number)", Comparand::Number),
    ("> (number)", Comparand::Number),
    (">= (number)", Comparand::Number),
    ("IS ONE OF (hashed)", Comparand::Hashes),
    ("IS NOT ONE OF (hashed)", Comparand::Hashes),
    ("BEFORE", Comparand::Number),
    ("AFTER", Comparand::Number),
    ("EQUALS (hashed)", Comparand::Hash),
    ("NOT EQUALS (hashed)", Comparand::Hash),
    ("STARTS WITH ANY OF (hashed)", Comparand::Hashes),
    ("NOT STARTS WITH ANY OF (hashed)", Comparand::Hashes),
    ("ENDS WITH ANY OF (hashed)", Comparand::Hashes),
    ("NOT ENDS WITH ANY OF (hashed)", Comparand::Hashes),
    ("ARRAY CONTAINS ANY OF (hashed)", Comparand::Hashes),
    ("ARRAY NOT CONTAINS ANY OF (hashed)", Comparand::Hashes),
    ("EQUALS", Comparand::Text),
    ("NOT EQUALS", Comparand::Text),
    ("STARTS WITH ANY OF", Comparand::Texts),
    ("NOT STARTS WITH ANY OF", Comparand::Texts),
    ("ENDS WITH ANY OF", Comparand::Texts),
    ("NOT ENDS WITH ANY OF", Comparand::Texts),
    ("ARRAY CONTAINS ANY OF", Comparand::Texts),
    ("ARRAY NOT CONTAINS ANY OF", Comparand::Texts),
];

/// How a comparand is written.
#[derive(Debug, Clone, Copy)]
enum Comparand {
    Text,
    Texts,
    Number,
    Hash,
    Hashes,
}

/// The attribute that is the subject's key.
const IDENTIFIER: &str = "Identifier";

/// The attribute under the name that it has here.
pub(super) fn attribute(name: &str) -> &str {
    if name == IDENTIFIER {
        TARGETING_KEY
    } else {
        name
    }
}

impl Config<'_> {
    /// A condition of a targeting rule of the setting `key`.
    pub(super) fn condition(&self, condition: &Part<'_>, key: &str, draft: &mut Draft) -> Json {
        let [subject, segment, flag] = ["u", "s", "p"].map(|name| condition.member(name));
        if !subject.is_null() {
            self.attribute_condition(&subject, key, draft)
        } else if !segment.is_null() {
            self.segment_condition(&segment, draft)
        } else if !flag.is_null() {
            self.flag_condition(&flag, draft)
        } else {
            fails(
                condition,
                None,
                "a condition is on an attribute, a segment or a flag",
                draft,
            )
        }
    }

    /// A condition on an attribute; `context` is what its hashes were made for, the setting's key
    /// or the segment's name.
    pub(super) fn attribute_condition(
        &self,
        condition: &Part<'_>,
        context: &str,
        draft: &mut Draft,
    ) -> Json {
        let name = condition.member("a").json.as_str();
        let attribute = name.map(attribute);
        let comparator = condition.member("c").json.as_u64();
        let comparator =
            comparator.and_then(|number| COMPARATORS.get(usize::try_from(number).ok()?));
        let (Some(attribute), Some((op, comparand))) = (attribute, comparator) else {
            let message = "no attribute, or no comparator that is known";
            return fails(condition, attribute, message, draft);
        };
        let value = match self.comparand(*comparand, condition, context) {
            Ok(value) => value,
            Err(message) => return fails(condition, Some(attribute), message, draft),
        };
        let source = Source {
            dialect: "configcat".into(),
            op: (*op).into(),
            attribute: Some(Attribute::named(attribute)),
            value: serde_json::from_value(value.clone()).unwrap_or(Value::Null),
        };
        match test(&source) {
            Ok(_) => json!({
                "dialect": "configcat", "op": op, "attribute": attribute, "value": value,
            }),
            Err(unfit) => fails(condition, Some(attribute), &unfit.to_string(), draft),
        }
    }

    fn comparand(
        &self,
        comparand: Comparand,
        condition: &Part<'_>,
        context: &str,
    ) -> Result<Json, &'static str> {
        let member = |name| condition.member(name).json.clone();
        let hashes = match comparand {
            Comparand::Text => return Ok(member("s")),
            Comparand::Texts => return Ok(member("l")),
            Comparand::Number => return Ok(member("d")),
            Comparand::Hash => json!([member("s")]),
            Comparand::Hashes => member("l"),
        };
        let salt = self.salt.ok_or("hashes need the configuration's salt")?;
        Ok(json!({ "salt": format!("{salt}{context}"), "hashes": hashes }))
    }

    fn segment_condition(&self, condition: &Part<'_>, draft: &mut Draft) -> Json {
        let index = condition.member("s").json.as_u64();
        let segment = index.and_then(|index| self.segments.get(usize::try_from(index).ok()?));
        match (segment, condition.member("c").json.as_u64()) {
            (Some(Some(key)), Some(0)) => json!({ "segment": key }),
            (Some(Some(key)), Some(1)) => not(json!({ "segment": key })),
            _ => fails(
                condition,
                None,
                "no segment, or no comparator that is known",
                draft,
            ),
        }
    }

    /// A condition on another setting's value; that one is asked for the same subject.
    fn flag_condition(&self, condition: &Part<'_>, draft: &mut Draft) -> Json {
        let key = condition.member("f").json.as_str();
        let kind = key.and_then(|key| Some((key, *self.types.get(key)?)));
        let Some((key, kind)) = kind else {
            return fails(condition, None, "the prerequisite flag is missing", draft);
        };
        let Some(value) = kind.value(condition.member("v").json) else {
            let message = "the comparison value is not of the prerequisite flag's type";
            return fails(condition, None, message, draft);
        };
        let holds = json!({ "flag": key, "equals": value, "onFailure": "fails" });
        match condition.member("c").json.as_u64() {
            Some(0) => holds,
            Some(1) => not(holds),
            _ => fails(condition, None, "no comparator that is known", draft),
        }
    }
}

/// A condition that makes no sense: who is asked about it gets an error.
fn fails(condition: &Part<'_>, attribute: Option<&str>, message: &str, draft: &mut Draft) -> Json {
    let note = format!("{message}; who is asked about it gets an error");
    draft.mapped(&*condition.pointer, note);
    match attribute {
        Some(attribute) => json!({
            "dialect": "configcat", "op": "fails", "attribute": attribute, "value": message,
        }),
        None => json!({ "dialect": "configcat", "op": "fails", "value": message }),
    }
}
