//! `launchdarkly-server-sdk-evaluation`: flags as LaunchDarkly's server sends them.

use super::Engine;
use crate::neutral::{Condition, Flag, Neutral, Rule, Test, contexts, parts, value_of};
use bandera_shared::{EvaluationContext, Value as Attribute};
use launchdarkly_server_sdk_evaluation as ld;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::hint::black_box;

/// Variations of the text flags, by index.
const TEXTS: [&str; 4] = ["off", "a", "b", "c"];

/// Weight of a percent.
const WEIGHT_PER_PERCENT: u64 = 1_000;

/// LaunchDarkly's engine with a workload.
pub struct LaunchDarkly {
    keys: Vec<String>,
    bytes: Vec<u8>,
    store: Store,
    contexts: Vec<ld::Context>,
}

/// Flags by key; no segments.
struct Store(HashMap<String, ld::Flag>);

impl ld::Store for Store {
    fn flag(&self, key: &str) -> Option<ld::Flag> {
        self.0.get(key).cloned()
    }

    fn segment(&self, _key: &str) -> Option<ld::Segment> {
        None
    }
}

fn clause(condition: &Condition) -> Value {
    let (op, values, negate) = match &condition.test {
        Test::OneOf(texts) => ("in", json!(texts), false),
        // It has no "at least": the contrary of less is the same for all versions.
        Test::VersionAtLeast(version) => ("semVerLessThan", json!([version]), true),
        Test::VersionBelow(version) => ("semVerLessThan", json!([version]), false),
        Test::AtLeast(number) => ("greaterThanOrEqual", json!([number]), false),
        Test::StartsWith(text) => ("startsWith", json!([text]), false),
        Test::EndsWith(text) => ("endsWith", json!([text]), false),
        Test::Matches(expression) => ("matches", json!([expression]), false),
    };
    json!({
        "contextKind": "user",
        "attribute": condition.attribute,
        "op": op,
        "values": values,
        "negate": negate,
    })
}

fn rule((rule, index): (&Rule, usize)) -> Value {
    let clauses: Vec<Value> = rule.conditions.iter().map(clause).collect();
    let id = format!("rule-{index}");
    let share = |(variant, percentage): &(String, u64)| {
        let place = TEXTS.iter().position(|text| text == variant);
        json!({ "variation": place, "weight": percentage * WEIGHT_PER_PERCENT })
    };
    let shares: Vec<Value> = rule.split.iter().map(share).collect();
    match &*shares {
        [only] => json!({
            "id": id,
            "trackEvents": false,
            "clauses": clauses,
            "variation": only["variation"],
        }),
        all => json!({
            "id": id,
            "trackEvents": false,
            "clauses": clauses,
            "rollout": { "contextKind": "user", "variations": all },
        }),
    }
}

fn flag(flag: &Flag) -> Value {
    let half = 50 * WEIGHT_PER_PERCENT;
    let halves = json!([{ "variation": 1, "weight": half }, { "variation": 0, "weight": half }]);
    let (variations, fallthrough) = if flag.rules.is_empty() {
        let rollout = json!({ "rollout": { "contextKind": "user", "variations": halves } });
        (json!([false, true]), rollout)
    } else {
        (json!(TEXTS.map(value_of)), json!({ "variation": 0 }))
    };
    json!({
        "key": flag.key,
        "version": 1,
        "on": flag.is_on,
        "salt": format!("salt-{}", flag.key),
        "prerequisites": [],
        "targets": [],
        "contextTargets": [],
        "offVariation": 0,
        "variations": variations,
        "rules": flag.rules.iter().zip(0..).map(rule).collect::<Vec<_>>(),
        "fallthrough": fallthrough,
        "trackEvents": false,
        "trackEventsFallthrough": false,
        "debugEventsUntilDate": null,
        "clientSide": false,
        "clientSideAvailability": { "usingMobileKey": false, "usingEnvironmentId": false },
        "deleted": false,
    })
}

fn context(context: &EvaluationContext) -> ld::Context {
    let (key, attributes) = parts(context);
    let mut builder = ld::ContextBuilder::new(key);
    for (name, value) in attributes {
        let value = match value {
            Attribute::String(text) => text.to_string().into(),
            value => value.as_f64().expect("texts and numbers").into(),
        };
        builder.set_value(name, value);
    }
    builder.build().expect("a context")
}

/// Loads flags.
pub fn load(bytes: &[u8]) {
    black_box(read(black_box(bytes)).0.len());
}

fn read(bytes: &[u8]) -> Store {
    Store(serde_json::from_slice(bytes).expect("flags by key"))
}

impl LaunchDarkly {
    /// Loads the workload.
    pub fn new(neutral: &Neutral) -> Self {
        let flags: HashMap<&str, Value> = neutral
            .flags
            .iter()
            .map(|one| (&*one.key, flag(one)))
            .collect();
        let bytes = json!(flags).to_string().into_bytes();
        Self {
            keys: neutral.flags.iter().map(|flag| flag.key.clone()).collect(),
            store: read(&bytes),
            bytes,
            contexts: contexts().iter().map(context).collect(),
        }
    }

    fn evaluate(&self, flag: &str, context: usize) -> ld::Detail<&ld::FlagValue> {
        let context = &self.contexts[context % self.contexts.len()];
        ld::evaluate(&self.store, &self.store.0[flag], context, None)
    }
}

impl Engine for LaunchDarkly {
    fn name(&self) -> &'static str {
        "launchdarkly-server-sdk-evaluation"
    }

    fn answer(&self, flag: usize, context: usize) -> String {
        match self.evaluate(&self.keys[flag], context).value {
            Some(ld::FlagValue::Bool(true)) => "on".to_owned(),
            Some(ld::FlagValue::Bool(false)) => "off".to_owned(),
            Some(ld::FlagValue::Str(text)) => text.clone(),
            other => format!("{other:?}"),
        }
    }

    fn one(&self, flag: usize, context: usize) {
        black_box(&self.evaluate(black_box(&self.keys[flag]), context));
    }

    fn all(&self, context: usize) {
        let context = &self.contexts[context % self.contexts.len()];
        for flag in self.store.0.values() {
            black_box(&ld::evaluate(&self.store, flag, context, None));
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn n_flags(&self) -> usize {
        self.keys.len()
    }
}
