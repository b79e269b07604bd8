//! `posthog-rs`: flag definitions for local evaluation, without its network client.

use super::Engine;
use crate::neutral::{Condition, Flag, Neutral, Rule, Test, contexts, parts, value_of};
use bandera_shared::{EvaluationContext, Value as Attribute};
use posthog_rs::{FlagCache, FlagValue, LocalEvaluator};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hint::black_box;

/// PostHog's local evaluator with a workload.
pub struct PostHog {
    keys: Vec<String>,
    bytes: Vec<u8>,
    evaluator: LocalEvaluator,
    contexts: Vec<(String, HashMap<String, Value>)>,
}

fn property(condition: &Condition) -> Value {
    let (operator, value) = match &condition.test {
        Test::OneOf(texts) => ("exact", json!(texts)),
        Test::VersionAtLeast(version) => ("semver_gte", json!(version)),
        Test::VersionBelow(version) => ("semver_lt", json!(version)),
        Test::AtLeast(number) => ("gte", json!(number)),
        Test::StartsWith(text) => ("starts_with", json!(text)),
        Test::EndsWith(text) => ("ends_with", json!(text)),
        Test::Matches(expression) => ("regex", json!(expression)),
    };
    json!({ "key": condition.attribute, "type": "person", "operator": operator, "value": value })
}

fn condition_set(rule: &Rule) -> Value {
    let properties: Vec<Value> = rule.conditions.iter().map(property).collect();
    // A rule of several variants leaves the choice to the flag's own split.
    let only = match &*rule.split {
        [(variant, _)] => Some(variant),
        _ => None,
    };
    json!({ "properties": properties, "rollout_percentage": 100, "variant": only })
}

fn variant((key, percentage): &(String, u64)) -> Value {
    json!({ "key": key, "name": key, "rollout_percentage": percentage })
}

fn flag((flag, id): (&Flag, usize)) -> Value {
    let filters = match flag.rules.iter().find(|rule| rule.split.len() > 1) {
        None => json!({ "groups": [{ "properties": [], "rollout_percentage": 50 }] }),
        Some(split) => {
            let variants: Vec<Value> = split.split.iter().map(variant).collect();
            json!({
                "groups": flag.rules.iter().map(condition_set).collect::<Vec<_>>(),
                "multivariate": { "variants": variants },
            })
        }
    };
    json!({
        "id": id,
        "team_id": 1,
        "name": flag.key,
        "key": flag.key,
        "deleted": false,
        "active": flag.is_on,
        "version": 1,
        "ensure_experience_continuity": false,
        "filters": filters,
    })
}

fn context(context: &EvaluationContext) -> (String, HashMap<String, Value>) {
    let (key, attributes) = parts(context);
    let value = |value: &Attribute| match value {
        Attribute::String(text) => json!(&**text),
        value => json!(value.as_f64()),
    };
    let attributes = attributes.into_iter();
    let properties = attributes.map(|(name, attribute)| (name.to_owned(), value(attribute)));
    (key.to_owned(), properties.collect())
}

/// Loads definitions.
pub fn load(bytes: &[u8]) {
    black_box(read(black_box(bytes)).get_flag("none"));
}

fn read(bytes: &[u8]) -> FlagCache {
    let cache = FlagCache::new();
    cache.update(serde_json::from_slice(bytes).expect("definitions"));
    cache
}

impl PostHog {
    /// Loads the workload.
    pub fn new(neutral: &Neutral) -> Self {
        let flags: Vec<Value> = neutral.flags.iter().zip(1..).map(flag).collect();
        let document = json!({ "flags": flags, "group_type_mapping": {}, "cohorts": {} });
        let bytes = document.to_string().into_bytes();
        Self {
            keys: neutral.flags.iter().map(|flag| flag.key.clone()).collect(),
            evaluator: LocalEvaluator::new(read(&bytes)),
            bytes,
            contexts: contexts().iter().map(context).collect(),
        }
    }

    fn evaluate(&self, flag: usize, context: usize) -> Option<FlagValue> {
        let (id, properties) = &self.contexts[context % self.contexts.len()];
        let (key, groups, of_groups) = (&self.keys[flag], HashMap::new(), HashMap::new());
        let simple = &self.evaluator;
        let result =
            simple.evaluate_flag_simple(black_box(key), id, properties, &groups, &of_groups);
        result.ok().flatten()
    }
}

impl Engine for PostHog {
    fn name(&self) -> &'static str {
        "posthog-rs"
    }

    fn answer(&self, flag: usize, context: usize) -> String {
        match self.evaluate(flag, context) {
            Some(FlagValue::Boolean(true)) => "on".to_owned(),
            Some(FlagValue::String(variant)) => value_of(&variant).to_owned(),
            _ => "off".to_owned(),
        }
    }

    fn one(&self, flag: usize, context: usize) {
        black_box(&self.evaluate(flag, context));
    }

    fn all(&self, context: usize) {
        for flag in 0..self.keys.len() {
            self.one(flag, context);
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn n_flags(&self) -> usize {
        self.keys.len()
    }
}
