//! `eppo_core`: a Universal Flag Configuration, allocations as rules.

use super::Engine;
use crate::neutral::{Condition, Flag, Neutral, Test, contexts, parts, value_of};
use bandera_shared::Value as Attribute;
use chrono::{DateTime, Utc};
use eppo_core::eval::get_assignment;
use eppo_core::ufc::{AssignmentValue, UniversalFlagConfig, VariationType};
use eppo_core::{AttributeValue, Attributes, Configuration, SdkMetadata, Str};
use serde_json::{Map, Value, json};
use std::hint::black_box;
use std::sync::Arc;

/// What its software development kits say of themselves.
pub const SDK: SdkMetadata = SdkMetadata {
    name: "benchmark",
    version: "1.0.0",
};

/// Shards of a percent.
const SHARDS_PER_PERCENT: u64 = 100;

/// `eppo_core` with a workload.
pub struct Eppo {
    flags: Vec<(String, VariationType)>,
    bytes: Vec<u8>,
    configuration: Configuration,
    contexts: Vec<(Str, Arc<Attributes>)>,
    now: DateTime<Utc>,
}

/// A configuration as Eppo's server sends it.
pub fn server_configuration(flags: Map<String, Value>) -> Value {
    json!({
        "createdAt": "2026-01-01T00:00:00.000Z",
        "format": "SERVER",
        "environment": { "name": "benchmark" },
        "bandits": {},
        "flags": flags,
    })
}

fn condition(condition: &Condition) -> Value {
    let (operator, value) = match &condition.test {
        Test::OneOf(texts) => ("ONE_OF", json!(texts)),
        Test::VersionAtLeast(version) => ("GTE", json!(version)),
        Test::VersionBelow(version) => ("LT", json!(version)),
        Test::AtLeast(number) => ("GTE", json!(number)),
        Test::StartsWith(text) => ("MATCHES", json!(format!("^{}", text.replace('.', "\\.")))),
        Test::Matches(expression) => ("MATCHES", json!(expression)),
        Test::EndsWith(text) => ("MATCHES", json!(format!("{}$", text.replace('.', "\\.")))),
    };
    json!({ "attribute": condition.attribute, "operator": operator, "value": value })
}

/// Splits of variants over the shards of one salt.
fn splits(salt: &str, shares: &[(String, u64)]) -> Vec<Value> {
    let mut start = 0;
    let mut split = |(variant, percentage): &(String, u64)| {
        let end = start + percentage * SHARDS_PER_PERCENT;
        let shard = json!({ "salt": salt, "ranges": [{ "start": start, "end": end }] });
        start = end;
        let shards = if *percentage == 100 {
            json!([])
        } else {
            json!([shard])
        };
        json!({ "variationKey": variant, "shards": shards })
    };
    shares.iter().map(&mut split).collect()
}

fn flag(flag: &Flag) -> Value {
    let salt = format!("{}-split", flag.key);
    let (kind, variations, allocations) = if flag.rules.is_empty() {
        let halves = [("on".to_owned(), 50), ("off".to_owned(), 50)];
        let allocation = json!({
            "key": "rollout", "doLog": false, "rules": [], "splits": splits(&salt, &halves),
        });
        let variations = json!({
            "on": { "key": "on", "value": true },
            "off": { "key": "off", "value": false },
        });
        ("BOOLEAN", variations, vec![allocation])
    } else {
        let allocation = |(rule, index): (&crate::neutral::Rule, usize)| {
            let conditions: Vec<Value> = rule.conditions.iter().map(condition).collect();
            json!({
                "key": format!("rule-{index}"),
                "doLog": false,
                "rules": [{ "conditions": conditions }],
                "splits": splits(&salt, &rule.split),
            })
        };
        let variation = |key: &str| {
            (
                key.to_owned(),
                json!({ "key": key, "value": value_of(key) }),
            )
        };
        let variations: Map<String, Value> = ["a", "b", "c"].into_iter().map(variation).collect();
        let allocations = flag.rules.iter().zip(0..).map(allocation).collect();
        ("STRING", Value::Object(variations), allocations)
    };
    json!({
        "key": flag.key,
        "enabled": flag.is_on,
        "totalShards": 100 * SHARDS_PER_PERCENT,
        "variationType": kind,
        "variations": variations,
        "allocations": allocations,
    })
}

fn load(bytes: Vec<u8>) -> Configuration {
    let flags = UniversalFlagConfig::from_json(SDK, bytes).expect("a configuration");
    Configuration::from_server_response(flags, None)
}

/// An attribute as Eppo has it.
pub fn attribute(value: &Attribute) -> AttributeValue {
    match value {
        Attribute::String(text) => text.to_string().into(),
        value => value.as_f64().expect("texts and numbers").into(),
    }
}

impl Eppo {
    /// Loads the workload.
    pub fn new(neutral: &Neutral) -> Self {
        let flags = neutral
            .flags
            .iter()
            .map(|one| (one.key.clone(), flag(one)))
            .collect();
        let bytes = server_configuration(flags).to_string().into_bytes();
        let kind = |flag: &Flag| {
            if flag.rules.is_empty() {
                VariationType::Boolean
            } else {
                VariationType::String
            }
        };
        let context = |context: &bandera_shared::EvaluationContext| {
            let (key, attributes) = parts(context);
            let attributes = attributes.into_iter();
            let attributes = attributes.map(|(name, value)| (name.into(), attribute(value)));
            (key.into(), Arc::new(attributes.collect()))
        };
        Self {
            flags: neutral
                .flags
                .iter()
                .map(|flag| (flag.key.clone(), kind(flag)))
                .collect(),
            configuration: load(bytes.clone()),
            bytes,
            contexts: contexts().iter().map(context).collect(),
            now: Utc::now(),
        }
    }

    fn assign(&self, flag: usize, context: usize) -> Option<AssignmentValue> {
        let (key, attributes) = &self.contexts[context % self.contexts.len()];
        let (flag, kind) = &self.flags[flag];
        let configuration = Some(&self.configuration);
        let kind = Some(*kind);
        get_assignment(
            configuration,
            black_box(flag),
            key,
            attributes,
            kind,
            self.now,
        )
        .ok()
        .flatten()
        .map(|assignment| assignment.value)
    }
}

impl Engine for Eppo {
    fn name(&self) -> &'static str {
        "eppo_core"
    }

    fn answer(&self, flag: usize, context: usize) -> String {
        match self.assign(flag, context) {
            Some(AssignmentValue::Boolean(true)) => "on".to_owned(),
            Some(AssignmentValue::String(text)) => text.to_string(),
            _ => "off".to_owned(),
        }
    }

    fn one(&self, flag: usize, context: usize) {
        black_box(&self.assign(flag, context));
    }

    fn all(&self, context: usize) {
        for flag in 0..self.flags.len() {
            self.one(flag, context);
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn n_flags(&self) -> usize {
        self.flags.len()
    }
}
