//! The evaluator for browsers: a client ruleset goes in once, then contexts go in and answers come
//! out as objects.
//!
//! There are two: an ordinary one, and one with the feature `rare`, which knows every operator.
//! Each is the very code of the edge, so that a page that evaluates by itself agrees with the edge
//! in every bucket. It reads no clock and draws no random number: the page passes both in. It
//! decides for no bandit, because only the edge can sign a receipt.

mod answers;
mod js;
mod ruleset;

use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::context::context_from;
use bandera_shared::{EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis};
use js_sys::Object;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// A client ruleset.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Engine {
    ruleset: Ruleset,
}

#[wasm_bindgen]
impl Engine {
    /// Takes the bytes of `GET /bandera/v1/ruleset/compact`.
    ///
    /// # Errors
    /// An `Error` saying why when they are no ruleset of a form that this engine knows. The
    /// ordinary engine refuses a ruleset in which there is something that it does not know; in the
    /// full one a flag that is broken by itself only fails its own evaluations.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>) -> Result<Engine, JsError> {
        match ruleset::whole(bytes) {
            Ok(ruleset) => Ok(Self { ruleset }),
            Err(error) => Err(JsError::new(&error.to_string())),
        }
    }

    /// Evaluates every flag that browsers may see, and gives an object of the answers by key.
    ///
    /// # Arguments
    /// `context`: an object with `targetingKey` and any attributes, values as `JSON.parse` gives
    /// them; `at_ms`: the time, in Unix milliseconds; `draw`: a random number in [0, 1), for flags
    /// that draw for each request.
    ///
    /// # Errors
    /// An `Error` with a JSON pointer when the context is beyond a limit.
    #[wasm_bindgen(js_name = evaluateAll)]
    pub fn evaluate_all(&self, context: &Object, at_ms: f64, draw: f64) -> Result<Object, JsError> {
        let context = context_of(context).map_err(|fault| JsError::new(&fault))?;
        let evaluator = Evaluator {
            ruleset: &self.ruleset,
            context: &context,
            at: UnixMillis(at_ms as i64),
            draw: bits_of(draw),
            policies: &Policies::default(),
            sticky: &StickyDecisions::default(),
            participation: Participation::Full,
        };
        Ok(answers::answers(&evaluator))
    }
}

/// The context, or what is wrong with it and where.
fn context_of(object: &Object) -> Result<EvaluationContext, String> {
    let attributes = js::members_of(object).map_err(|fault| format!("context: {fault}"))?;
    context_from(attributes).map_err(|error| format!("context{}: {}", error.pointer, error.message))
}

/// The random number as the 64 bits that evaluation takes; saturates outside of [0, 1).
fn bits_of(draw: f64) -> u64 {
    const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;
    (draw * TWO_POW_64) as u64
}

#[cfg(test)]
mod tests;
