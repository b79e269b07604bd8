//! Bandera itself, loaded as an edge loads it.

use super::Engine;
use crate::neutral::{Neutral, contexts};
use bandera_shared::compact::encode;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{
    EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis, Value, compile,
};
use std::hint::black_box;

/// Bandera with a workload.
pub struct Bandera {
    keys: Vec<String>,
    bytes: Vec<u8>,
    ruleset: Ruleset,
    contexts: Vec<EvaluationContext>,
    surroundings: Surroundings,
}

/// What an evaluation needs besides ruleset and context.
#[derive(Default)]
pub struct Surroundings {
    policies: Policies,
    sticky: StickyDecisions,
}

impl Surroundings {
    /// An evaluator.
    pub fn evaluator<'a>(
        &'a self,
        ruleset: &'a Ruleset,
        context: &'a EvaluationContext,
    ) -> Evaluator<'a> {
        Evaluator {
            ruleset,
            context,
            at: UnixMillis(1_800_000_000_000),
            draw: 0,
            policies: &self.policies,
            sticky: &self.sticky,
            participation: Participation::Full,
        }
    }
}

/// From the bytes of the document to ready to evaluate.
pub fn load(bytes: &[u8]) {
    black_box(compile(black_box(bytes)).is_ok());
}

/// From the bytes of the compact form, as edges and browsers read it, to ready to evaluate.
pub fn load_compact(bytes: &[u8]) {
    black_box(open(bytes));
}

/// The same, and every flag read, which otherwise waits until it is asked for.
pub fn read_compact(bytes: &[u8]) {
    open(bytes).flags().for_each(|flag| {
        black_box(flag);
    });
}

fn open(bytes: &[u8]) -> Ruleset {
    Ruleset::from_compact(black_box(bytes)).expect("the compact form of a ruleset")
}

impl Bandera {
    /// Loads the workload.
    pub fn new(neutral: &Neutral) -> Self {
        let compiled = compile(&neutral.ruleset).expect("the workload compiles");
        assert!(
            compiled.diagnostics.is_empty(),
            "{:?}",
            compiled.diagnostics
        );
        Self {
            keys: neutral.flags.iter().map(|flag| flag.key.clone()).collect(),
            bytes: neutral.ruleset.clone(),
            ruleset: compiled.ruleset,
            contexts: contexts(),
            surroundings: Surroundings::default(),
        }
    }

    fn evaluator(&self, context: usize) -> Evaluator<'_> {
        let context = &self.contexts[context % self.contexts.len()];
        self.surroundings.evaluator(&self.ruleset, context)
    }

    /// Its compact form.
    pub fn compact(&self) -> Vec<u8> {
        encode(&self.ruleset)
    }

    /// Evaluates the first flags, each by its key.
    pub fn some(&self, n_flags: usize, context: usize) {
        let evaluator = self.evaluator(context);
        for key in self.keys.iter().take(n_flags) {
            black_box(&evaluator.evaluate(black_box(key)));
        }
    }
}

impl Engine for Bandera {
    fn name(&self) -> &'static str {
        "Bandera"
    }

    fn answer(&self, flag: usize, context: usize) -> String {
        let evaluation = self.evaluator(context).evaluate(&self.keys[flag]);
        match evaluation.value() {
            Some(Value::Bool(true)) => "on".to_owned(),
            Some(Value::String(text)) => text.to_string(),
            Some(Value::Bool(false)) => "off".to_owned(),
            other => format!("{other:?}"),
        }
    }

    fn one(&self, flag: usize, context: usize) {
        let key = black_box(&self.keys[flag]);
        black_box(&self.evaluator(context).evaluate(key));
    }

    fn all(&self, context: usize) {
        for evaluation in self.evaluator(context).evaluate_all() {
            black_box(&evaluation);
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn n_flags(&self) -> usize {
        self.keys.len()
    }
}
