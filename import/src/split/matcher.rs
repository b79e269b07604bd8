//! Matchers, and what each compares with.

use super::{DIALECT, Reader};
use crate::ImportError;
use crate::draft::{all, any, not};
use crate::part::Part;
use bandera_shared::Value;
use bandera_shared::context::{Attribute, TARGETING_KEY};
use bandera_shared::dialect::{Source, test};
use serde_json::{Value as Json, json};

/// Matchers, and the member that says what each compares with.
const MATCHERS: [(&str, &str); 24] = [
    ("ALL_KEYS", ""),
    ("BETWEEN", "betweenMatcherData"),
    ("BETWEEN_SEMVER", "betweenStringMatcherData"),
    ("CONTAINS_ALL_OF_SET", LIST),
    ("CONTAINS_ANY_OF_SET", LIST),
    ("CONTAINS_STRING", LIST),
    ("ENDS_WITH", LIST),
    ("EQUAL_TO", NUMBER),
    ("EQUAL_TO_BOOLEAN", "booleanMatcherData"),
    ("EQUAL_TO_SEMVER", TEXT),
    ("EQUAL_TO_SET", LIST),
    ("GREATER_THAN_OR_EQUAL_TO", NUMBER),
    ("GREATER_THAN_OR_EQUAL_TO_SEMVER", TEXT),
    ("IN_LARGE_SEGMENT", "userDefinedLargeSegmentMatcherData"),
    ("IN_LIST_SEMVER", LIST),
    ("IN_RULE_BASED_SEGMENT", SEGMENT),
    ("IN_SEGMENT", SEGMENT),
    ("IN_SPLIT_TREATMENT", "dependencyMatcherData"),
    ("LESS_THAN_OR_EQUAL_TO", NUMBER),
    ("LESS_THAN_OR_EQUAL_TO_SEMVER", TEXT),
    ("MATCHES_STRING", TEXT),
    ("PART_OF_SET", LIST),
    ("STARTS_WITH", LIST),
    ("WHITELIST", LIST),
];

/// Matchers of numbers, truths and lists. A key is none of these, whatever its text looks like.
const OF_NO_KEY: [&str; 9] = [
    "BETWEEN",
    "CONTAINS_ALL_OF_SET",
    "CONTAINS_ANY_OF_SET",
    "EQUAL_TO",
    "EQUAL_TO_BOOLEAN",
    "EQUAL_TO_SET",
    "GREATER_THAN_OR_EQUAL_TO",
    "LESS_THAN_OR_EQUAL_TO",
    "PART_OF_SET",
];

const LIST: &str = "whitelistMatcherData";
const NUMBER: &str = "unaryNumericMatcherData";
const TEXT: &str = "stringMatcherData";
const SEGMENT: &str = "userDefinedSegmentMatcherData";

fn operand(kind: &str) -> Option<&'static str> {
    let found = MATCHERS.iter().find(|(other, _)| *other == kind);
    found.map(|(_, member)| *member)
}

/// Whether flags with that matcher have answers.
pub(super) fn is_known(kind: &str) -> bool {
    operand(kind).is_some()
}

impl<'e> Reader<'e> {
    /// A condition for all matchers of a condition.
    pub(super) fn matchers(&mut self, combined: &Part<'e>) -> Result<Json, ImportError> {
        let combiner = combined.member("combiner");
        if !matches!(combiner.text()?, "" | "AND") {
            let message = "matchers can be combined by AND alone: each must hold";
            self.draft.approximated(combiner.pointer, message);
        }
        let matchers = combined.member("matchers").items()?.into_iter();
        let matchers = matchers.map(|matcher| self.matcher(&matcher));
        Ok(all(matchers.collect::<Result<_, _>>()?))
    }

    fn matcher(&mut self, matcher: &Part<'e>) -> Result<Json, ImportError> {
        let kind = matcher.member("matcherType").text()?;
        let attribute = matcher.member("keySelector").member("attribute").text()?;
        let data = matcher.member(operand(kind).unwrap_or_default());
        let condition = match kind {
            "ALL_KEYS" if attribute.is_empty() => all(Vec::new()),
            kind if attribute.is_empty() && OF_NO_KEY.contains(&kind) => any(Vec::new()),
            "IN_SPLIT_TREATMENT" => {
                let treatments = data.member("treatments").texts()?;
                self.answers(&data.member("split"), &treatments)?
            }
            "IN_RULE_BASED_SEGMENT" => self.rule_based(&data.member("segmentName"))?,
            "IN_SEGMENT" => self.listed(&data.member("segmentName"), attribute)?,
            "IN_LARGE_SEGMENT" => self.listed(&data.member("largeSegmentName"), attribute)?,
            _ => self.test(kind, attribute, &data),
        };
        let is_negated = matcher.member("negate").truth()?;
        Ok(if is_negated {
            not(condition)
        } else {
            condition
        })
    }

    /// A test of an attribute, or of the key where none is named.
    fn test(&mut self, kind: &str, attribute: &str, data: &Part<'e>) -> Json {
        let value = match data.json.get("whitelist") {
            Some(list) => list,
            None => data.json,
        };
        let attribute = name(attribute);
        let source = Source {
            dialect: DIALECT.into(),
            op: kind.into(),
            attribute: Some(Attribute::named(attribute)),
            value: serde_json::from_value(value.clone()).unwrap_or(Value::Null),
        };
        if let Err(why) = test(&source) {
            let message = format!("it matches nothing: {why}");
            self.draft.approximated(data.pointer.clone(), message);
            return any(Vec::new());
        }
        json!({ "dialect": DIALECT, "attribute": attribute, "op": kind, "value": value })
    }
}

/// The attribute that is looked at.
pub(super) fn name(attribute: &str) -> &str {
    if attribute.is_empty() {
        TARGETING_KEY
    } else {
        attribute
    }
}
