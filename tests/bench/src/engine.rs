//! All flags for one context after the other, as every engine of the benchmark answers.

use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::read_context;
use bandera_shared::{
    Evaluation, EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis, Value,
};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};
use worker::Date;

/// A ruleset, loaded from its compact form as an edge loads it, and what else an evaluation needs.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    ruleset: Ruleset,
    policies: Policies,
    sticky: StickyDecisions,
}

#[wasm_bindgen]
impl Engine {
    /// Takes the bytes of a compact ruleset.
    ///
    /// # Errors
    /// They are none.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>) -> Result<Engine, JsError> {
        let ruleset = Ruleset::from_compact(bytes);
        Ok(Self {
            ruleset: ruleset.map_err(|error| JsError::new(&error.to_string()))?,
            policies: Policies::default(),
            sticky: StickyDecisions::default(),
        })
    }

    /// How many flags are not off for the context, which is a JSON object.
    ///
    /// # Errors
    /// It is none.
    pub fn served(&self, context: &str) -> Result<u32, JsError> {
        let context = context_of(context)?;
        let evaluator = self.evaluator(&context);
        let on = evaluator.evaluate_all().filter(|it| answer(it) != "off");
        Ok(on.count() as u32)
    }

    /// The answers, in a JSON list.
    ///
    /// # Errors
    /// The context is no JSON object.
    pub fn answers(&self, context: &str) -> Result<String, JsError> {
        let context = context_of(context)?;
        let evaluator = self.evaluator(&context);
        let answers: Vec<String> = evaluator
            .evaluate_all()
            .map(|evaluation| format!("\"{}\"", answer(&evaluation)))
            .collect();
        Ok(format!("[{}]", answers.join(",")))
    }
}

impl Engine {
    fn evaluator<'e>(&'e self, context: &'e EvaluationContext) -> Evaluator<'e> {
        Evaluator {
            ruleset: &self.ruleset,
            context,
            at: UnixMillis(i64::try_from(Date::now().as_millis()).unwrap_or_default()),
            draw: 0,
            policies: &self.policies,
            sticky: &self.sticky,
            participation: Participation::Full,
        }
    }
}

fn context_of(text: &str) -> Result<EvaluationContext, JsError> {
    read_context(text).map_err(|error| JsError::new(&error.message))
}

fn answer<'e>(evaluation: &'e Evaluation<'_>) -> &'e str {
    match evaluation.value() {
        Some(Value::Bool(true)) => "on",
        Some(Value::Bool(false)) => "off",
        Some(Value::String(text)) => text,
        _ => "neither a truth nor a text",
    }
}
