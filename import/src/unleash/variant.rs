//! Variants: the answers of a feature, and how they are shared out.

use super::constraint::{attribute, test};
use crate::answers::Answers;
use crate::draft::any;
use crate::member::{items, number, plain, text};
use serde_json::{Map, Value as Json, json};

/// The answers of a flag, as they are collected.
#[derive(Debug)]
pub(super) struct Variants {
    answers: Answers,
    /// What is served to those who get no variant.
    pub(super) on: String,
}

/// How subjects are told apart, and under which salt.
#[derive(Debug, Clone)]
pub(super) struct Stickiness<'j> {
    pub(super) salt: &'j str,
    /// `default`, `random`, or a field of the context.
    pub(super) field: &'j str,
}

/// What a strategy serves: variants for those who are named, then a share for each, or nothing
/// but on.
pub(super) struct Serving {
    /// Conditions, and the variant of those for whom they hold.
    pub(super) overrides: Vec<(Json, String)>,
    /// As `ServeWire` is written.
    pub(super) others: Json,
}

/// Names for on without a variant and for off, that no variant of the feature has.
pub(super) fn no_variant(feature: &Json) -> (String, String) {
    let strategies = items(feature, "strategies").iter();
    let all = strategies
        .chain(std::iter::once(feature))
        .flat_map(|owner| items(owner, "variants"));
    let names: Vec<&str> = all.map(|variant| text(variant, "name")).collect();
    let free = |plain: &str| {
        let mut name = plain.to_owned();
        while names.contains(&name.as_str()) {
            name.push('-');
        }
        name
    };
    (free("on"), free("off"))
}

impl Variants {
    pub(super) fn new(on: &str, off: &str) -> Self {
        let mut answers = Answers::default();
        for (name, value) in [(on, true), (off, false)] {
            answers.add(
                name,
                json!({ "value": value, "views": { "boolean": value } }),
            );
        }
        Self {
            answers,
            on: on.to_owned(),
        }
    }

    pub(super) fn into_json(self) -> Map<String, Json> {
        self.answers.into_json()
    }

    /// What those get whom a strategy enables.
    pub(super) fn serving(&mut self, variants: &[Json], stickiness: &Stickiness<'_>) -> Serving {
        let keys = variants
            .iter()
            .map(|variant| self.answers.add(text(variant, "name"), answer(variant)));
        let keys: Vec<String> = keys.collect();
        let mut ranges = Vec::new();
        let mut total = 0;
        for (variant, key) in variants.iter().zip(&keys) {
            let from = total;
            total += parts(variant);
            if from < total {
                ranges.push(json!({ "variant": key, "from": from, "to": total }));
            }
        }
        if total == 0 {
            return Serving {
                overrides: Vec::new(),
                others: json!({ "variant": self.on }),
            };
        }
        let named = variants.iter().zip(keys);
        let overrides = named.filter_map(|(variant, key)| Some((overridden(variant)?, key)));
        let mut bucketing = stickiness.bucketing("unleash/variant", "random");
        if let Some(members) = bucketing.as_object_mut() {
            members.insert("scale".to_owned(), total.into());
        }
        Serving {
            overrides: overrides.collect(),
            others: json!({ "split": { "ranges": ranges, "bucketing": bucketing } }),
        }
    }
}

/// Parts of the whole that a variant has. They are whole numbers up to 1,000 there.
fn parts(variant: &Json) -> u64 {
    number(variant, "weight").map_or(0, |weight| weight.clamp(0.0, f64::from(u32::MAX)) as u64)
}

/// Who gets the variant by name.
fn overridden(variant: &Json) -> Option<Json> {
    let tests = items(variant, "overrides").iter().map(|other| {
        let values: Json = items(other, "values").iter().filter_map(plain).collect();
        test("IN", text(other, "contextName"), &values)
    });
    let tests: Vec<Json> = tests.collect();
    (!tests.is_empty()).then(|| any(tests))
}

/// A variant's payload, for those who ask for its type.
fn answer(variant: &Json) -> Json {
    let payload = variant.get("payload").unwrap_or(&Json::Null);
    let Some(value) = payload.get("value").and_then(plain) else {
        return json!({ "value": true, "views": { "boolean": true } });
    };
    let parsed = || serde_json::from_str::<Json>(&value).ok();
    let (view, value) = match text(payload, "type") {
        "number" => match parsed().filter(Json::is_number) {
            Some(number) => ("number", number),
            None => match number(payload, "value") {
                Some(number) => ("number", number.into()),
                None => ("string", value.into()),
            },
        },
        "json" => match parsed() {
            Some(parsed) => ("json", parsed),
            None => ("string", value.into()),
        },
        _ => ("string", value.into()),
    };
    json!({ "value": value, "views": { "boolean": true, view: value } })
}

impl Stickiness<'_> {
    /// As `BucketingWire` is written, without a scale.
    pub(super) fn bucketing(&self, kind: &str, on_missing: &str) -> Json {
        match self.field {
            "default" => json!({
                "kind": kind,
                "salt": self.salt,
                "by": "targetingKey",
                "orBy": "sessionId",
                "onMissing": "random",
            }),
            "random" => json!({ "kind": kind, "salt": self.salt, "draw": "request" }),
            field => json!({
                "kind": kind,
                "salt": self.salt,
                "by": attribute(field),
                "onMissing": on_missing,
            }),
        }
    }
}
