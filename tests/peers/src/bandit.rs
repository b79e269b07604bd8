//! W6: one contextual decision of the kind that Eppo takes: five actions, ten numeric and five
//! categorical features of the subject, linear scores, inverse-gap weights.
//!
//! Ours is that very bandit, imported: it must choose the same action with the same propensity.

use crate::measure::{Case, Work};
use crate::peers::bandera::Surroundings;
use crate::peers::eppo::{SDK, attribute, server_configuration};
use bandera_import::{Peer, import};
use bandera_shared::context::Action;
use bandera_shared::{EvaluationContext, Ruleset, compile};
use chrono::{DateTime, Utc};
use eppo_core::eval::{BanditResult, get_bandit_action};
use eppo_core::ufc::UniversalFlagConfig;
use eppo_core::{Configuration, ContextAttributes, Str};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::hint::black_box;

const FLAG: &str = "offer";
const N_ACTIONS: u32 = 5;
const N_NUMERIC: u32 = 10;
const N_CATEGORICAL: u32 = 5;
const N_CATEGORIES: u32 = 10;
const N_SUBJECTS: u32 = 64;

/// A number in [-1, 1) that the three decide, with four digits.
fn coefficient(a: u32, b: u32, c: u32) -> f64 {
    let mixed = (a * 7_919 + b * 104_729 + c * 1_299_709 + 17).wrapping_mul(2_654_435_761);
    f64::from(mixed >> 8 & 0x3FFF) / 8_192.0 - 1.0
}

fn action_coefficients(action: u32) -> Value {
    let numeric = (0..N_NUMERIC).map(|term| {
        json!({
            "attributeKey": format!("n{term}"),
            "coefficient": coefficient(action, term, 0),
            "missingValueCoefficient": 0,
        })
    });
    let categorical = (0..N_CATEGORICAL).map(|term| {
        let categories: Map<String, Value> = (0..N_CATEGORIES)
            .map(|category| {
                (
                    format!("v{category}"),
                    coefficient(action, term, 1 + category).into(),
                )
            })
            .collect();
        json!({
            "attributeKey": format!("c{term}"),
            "valueCoefficients": categories,
            "missingValueCoefficient": 0,
        })
    });
    json!({
        "actionKey": format!("action{action}"),
        "intercept": coefficient(action, 99, 0),
        "subjectNumericCoefficients": numeric.collect::<Vec<_>>(),
        "subjectCategoricalCoefficients": categorical.collect::<Vec<_>>(),
        "actionNumericCoefficients": [],
        "actionCategoricalCoefficients": [],
    })
}

fn models() -> Value {
    let coefficients: Map<String, Value> = (0..N_ACTIONS)
        .map(|action| (format!("action{action}"), action_coefficients(action)))
        .collect();
    json!({
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "environment": { "name": "benchmark" },
        "bandits": { "offers": {
            "banditKey": "offers",
            "modelName": "falcon",
            "modelVersion": "1",
            "updatedAt": "2026-01-01T00:00:00.000Z",
            "modelData": {
                "gamma": 1,
                "defaultActionScore": 0,
                "actionProbabilityFloor": 0.05,
                "coefficients": coefficients,
            },
        } },
    })
}

fn configuration() -> Value {
    let flag = json!({
        "key": FLAG,
        "enabled": true,
        "totalShards": 10_000,
        "variationType": "STRING",
        "variations": { "offers": { "key": "offers", "value": "offers" } },
        "allocations": [{
            "key": "analysis",
            "rules": [],
            "doLog": false,
            "splits": [{ "variationKey": "offers", "shards": [] }],
        }],
    });
    let mut document = server_configuration(Map::from_iter([(FLAG.to_owned(), flag)]));
    document["bandits"] = json!({ "offers": [{
        "key": "offers",
        "flagKey": FLAG,
        "allocationKey": "analysis",
        "variationKey": "offers",
        "variationValue": "offers",
    }] });
    document
}

/// A subject: its key, its features.
fn subject(number: u32) -> EvaluationContext {
    let mut context = EvaluationContext::new().with_targeting_key(&format!("subject-{number}"));
    for feature in 0..N_NUMERIC {
        context = context.with(&format!("n{feature}"), coefficient(number, feature, 50));
    }
    for feature in 0..N_CATEGORICAL {
        let category = (number * 3 + feature * 7) % N_CATEGORIES;
        context = context.with(&format!("c{feature}"), format!("v{category}"));
    }
    context
}

/// Both engines with the model and the subjects.
pub struct Bandits {
    ruleset: Ruleset,
    contexts: Vec<EvaluationContext>,
    surroundings: Surroundings,
    configuration: Configuration,
    subjects: Vec<(Str, ContextAttributes)>,
    actions: HashMap<Str, ContextAttributes>,
    default: Str,
    now: DateTime<Utc>,
}

impl Bandits {
    /// Loads both, and panics unless they decide alike.
    pub fn new() -> Self {
        let wire = json!({
            "version": 1,
            "config": { "response": configuration().to_string() },
            "bandits": { "response": models().to_string() },
        });
        let imported = import(Peer::Eppo, wire.to_string().as_bytes()).expect("an export");
        assert!(imported.report.is_exact(), "{:?}", imported.report);
        let compiled = compile(imported.ruleset.to_string().as_bytes()).expect("a ruleset");
        let flags = UniversalFlagConfig::from_json(SDK, configuration().to_string().into_bytes());
        let models = serde_json::from_value(models()).expect("models");
        let subjects: Vec<EvaluationContext> = (0..N_SUBJECTS).map(subject).collect();
        let features = |context: &EvaluationContext| {
            let (key, attributes) = crate::neutral::parts(context);
            let pairs = attributes
                .into_iter()
                .map(|(name, value)| (name, attribute(value)));
            (key.into(), pairs.collect())
        };
        let names = || (0..N_ACTIONS).map(|action| format!("action{action}"));
        let offering = |mut context: EvaluationContext| {
            for name in names() {
                let attributes = EvaluationContext::new();
                context.offer(Action {
                    name: name.into(),
                    attributes,
                });
            }
            context
        };
        let bandits = Self {
            ruleset: compiled.ruleset,
            surroundings: Surroundings::default(),
            configuration: Configuration::from_server_response(flags.expect("flags"), Some(models)),
            subjects: subjects.iter().map(features).collect(),
            contexts: subjects.into_iter().map(offering).collect(),
            actions: names()
                .map(|name| (name.into(), ContextAttributes::default()))
                .collect(),
            default: "none".into(),
            now: Utc::now(),
        };
        bandits.check();
        bandits
    }

    /// Action and propensity, ours.
    fn ours(&self, number: usize) -> Option<(String, f64)> {
        let context = &self.contexts[number % self.contexts.len()];
        let evaluation = self
            .surroundings
            .evaluator(&self.ruleset, context)
            .evaluate(FLAG);
        let chosen = evaluation.details.chosen?;
        Some((chosen.action?.into(), chosen.propensity))
    }

    fn theirs(&self, number: usize) -> BanditResult {
        let (key, attributes) = &self.subjects[number % self.subjects.len()];
        get_bandit_action(
            Some(&self.configuration),
            black_box(FLAG),
            key,
            attributes,
            &self.actions,
            &self.default,
            self.now,
            &SDK,
        )
    }

    fn check(&self) {
        for number in 0..self.subjects.len() {
            let result = self.theirs(number);
            let event = result.bandit_event.expect("a bandit's event");
            let theirs = Some((event.action.to_string(), event.action_probability));
            assert_eq!(self.ours(number), theirs, "subject {number}");
        }
    }

    /// One case for each.
    pub fn cases(&self) -> [Case<'_>; 2] {
        let ours = move |number: usize| {
            let context = &self.contexts[number % self.contexts.len()];
            let evaluator = self.surroundings.evaluator(&self.ruleset, context);
            black_box(evaluator.evaluate(black_box(FLAG)));
        };
        let theirs = move |number: usize| {
            black_box(self.theirs(number));
        };
        let work = "W6 contextual";
        [
            Case {
                work,
                name: "Bandera".to_owned(),
                is_ours: true,
                run: Work::Here(Box::new(ours)),
            },
            Case {
                work,
                name: "eppo_core".to_owned(),
                is_ours: false,
                run: Work::Here(Box::new(theirs)),
            },
        ]
    }
}
