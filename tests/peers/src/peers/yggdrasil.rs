//! `unleash-yggdrasil`: features as Unleash's server sends them.

use super::Engine;
use crate::neutral::{Condition, Flag, Neutral, Rule, Test, contexts, parts, value_of};
use bandera_shared::EvaluationContext;
use chrono::Utc;
use serde_json::{Value, json};
use std::hint::black_box;
use unleash_yggdrasil::state::EnrichedContext;
use unleash_yggdrasil::{Context, EngineState, UpdateMessage};

/// Unleash's engine with a workload.
pub struct Yggdrasil {
    /// Keys, and whether they have variants.
    flags: Vec<(String, bool)>,
    bytes: Vec<u8>,
    state: EngineState,
    contexts: Vec<Context>,
}

fn constraint(condition: &Condition) -> Value {
    let (operator, value, values) = match &condition.test {
        Test::OneOf(texts) => ("IN", None, texts.clone()),
        Test::VersionAtLeast(version) => ("SEMVER_GTE", Some(version.clone()), vec![]),
        Test::VersionBelow(version) => ("SEMVER_LT", Some(version.clone()), vec![]),
        Test::AtLeast(number) => ("NUM_GTE", Some(number.to_string()), vec![]),
        Test::StartsWith(text) => ("STR_STARTS_WITH", None, vec![text.clone()]),
        Test::EndsWith(text) => ("STR_ENDS_WITH", None, vec![text.clone()]),
        Test::Matches(expression) => ("REGEX", Some(expression.clone()), vec![]),
    };
    json!({
        "contextName": condition.attribute,
        "operator": operator,
        "caseInsensitive": false,
        "inverted": false,
        "value": value,
        "values": values,
    })
}

fn strategy(flag: &str, percentage: u64, rule: Option<&Rule>) -> Value {
    let constraints = rule.map(|rule| rule.conditions.iter().map(constraint).collect::<Vec<_>>());
    let variant = |(key, percentage): &(String, u64)| {
        json!({
            "name": key,
            "weight": 10 * percentage,
            "stickiness": "default",
            "payload": { "type": "string", "value": value_of(key) },
        })
    };
    let variants = rule.map(|rule| rule.split.iter().map(variant).collect::<Vec<_>>());
    json!({
        "name": "flexibleRollout",
        "parameters": {
            "rollout": percentage.to_string(), "stickiness": "default", "groupId": flag,
        },
        "constraints": constraints.unwrap_or_default(),
        "segments": [],
        "variants": variants.unwrap_or_default(),
    })
}

fn feature(flag: &Flag) -> Value {
    let strategies = if flag.rules.is_empty() {
        vec![strategy(&flag.key, 50, None)]
    } else {
        flag.rules
            .iter()
            .map(|rule| strategy(&flag.key, 100, Some(rule)))
            .collect()
    };
    json!({
        "name": flag.key,
        "type": "release",
        "project": "default",
        "enabled": flag.is_on,
        "stale": false,
        "impressionData": false,
        "variants": [],
        "strategies": strategies,
    })
}

fn context(context: &EvaluationContext) -> Context {
    let (key, attributes) = parts(context);
    let text = |value: &bandera_shared::Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.as_f64().expect("texts and numbers").to_string(),
    };
    let attributes = attributes.into_iter();
    let properties = attributes.map(|(name, value)| (name.to_owned(), text(value)));
    Context {
        user_id: Some(key.to_owned()),
        properties: Some(properties.collect()),
        ..Context::default()
    }
}

fn load(bytes: &[u8]) -> EngineState {
    let features = serde_json::from_slice(bytes).expect("features");
    let state = EngineState::initial_state(Utc::now());
    let warnings = state.take_state(UpdateMessage::FullResponse(features));
    assert!(warnings.is_none_or(|warnings| warnings.is_empty()));
    state
}

impl Yggdrasil {
    /// Loads the workload.
    pub fn new(neutral: &Neutral) -> Self {
        let features: Vec<Value> = neutral.flags.iter().map(feature).collect();
        let bytes = json!({ "version": 2, "features": features })
            .to_string()
            .into_bytes();
        let flags = neutral.flags.iter();
        Self {
            flags: flags
                .map(|flag| (flag.key.clone(), !flag.rules.is_empty()))
                .collect(),
            state: load(&bytes),
            bytes,
            contexts: contexts().iter().map(context).collect(),
        }
    }
}

impl Engine for Yggdrasil {
    fn name(&self) -> &'static str {
        "unleash-yggdrasil"
    }

    fn answer(&self, flag: usize, context: usize) -> String {
        let (key, has_variants) = &self.flags[flag];
        let context = &self.contexts[context];
        if !has_variants {
            let is_on = self.state.is_enabled(key, context, &None);
            return if is_on { "on" } else { "off" }.to_owned();
        }
        let variant = self.state.get_variant(key, context, &None);
        variant
            .payload
            .map_or_else(|| "off".to_owned(), |payload| payload.value)
    }

    fn one(&self, flag: usize, context: usize) {
        let (key, has_variants) = &self.flags[flag];
        let context = &self.contexts[context % self.contexts.len()];
        let context = EnrichedContext::from(context, black_box(key), None);
        if *has_variants {
            black_box(&self.state.check_variant(&context));
        } else {
            black_box(self.state.check_enabled(&context));
        }
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
