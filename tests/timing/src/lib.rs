//! What is timed natively and in wasm, by the same code: decisions of bandits, what a coordinator
//! computes, and what an optimiser is asked. It is no part of the product.
//!
//! Only repetitions are here; who calls has the clock.

mod bandit;
mod learner;
mod study;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// One operation; its argument is the number of the repetition.
type Operation = Box<dyn FnMut(u32)>;

/// A piece of work that was made ready.
type Work = (&'static str, fn() -> Option<Operation>);

const WORKS: [Work; 9] = [
    ("a Worker's decision, 5 actions, 24 features", || {
        bandit::decision(5, 24)
    }),
    ("a Worker's decision, 10 actions, 30 features", || {
        bandit::decision(10, 30)
    }),
    ("a Worker's decision, 10 actions, 32 features", || {
        bandit::decision(10, 32)
    }),
    (
        "a linear learner's decision, 5 actions, 24 features",
        || learner::decision(learner::linear(), 5, 24),
    ),
    ("the default's decision, 5 actions, 24 features", || {
        learner::decision(learner::default(), 5, 24)
    }),
    ("the default's decision, 10 actions, 32 features", || {
        learner::decision(learner::default(), 10, 32)
    }),
    ("the default's round, 10 actions, 30 features", || {
        learner::round(learner::default(), 10, 30)
    }),
    ("a coordinator's snapshot, 10 actions, 30 features", || {
        bandit::snapshot(10, 30)
    }),
    ("5 points to try next, 6 parameters, 50 trials", study::ask),
];

/// Names of what can be timed.
#[wasm_bindgen]
#[must_use]
pub fn works() -> Vec<String> {
    WORKS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// Work that is ready to be repeated.
#[wasm_bindgen]
pub struct Ready(Operation);

#[wasm_bindgen]
impl Ready {
    /// Makes the work of that name ready.
    ///
    /// # Errors
    /// There is none of that name.
    #[wasm_bindgen(constructor)]
    pub fn new(name: &str) -> Result<Ready, JsError> {
        ready(name).ok_or_else(|| JsError::new("there is no work of that name"))
    }

    /// Repeats it.
    pub fn repeat(&mut self, repetitions: u32) {
        (0..repetitions).for_each(&mut self.0);
    }
}

/// The work of that name, made ready.
#[must_use]
pub fn ready(name: &str) -> Option<Ready> {
    let (_, make) = WORKS.iter().find(|(known, _)| *known == name)?;
    make().map(Ready)
}

/// Any numbers in -1..1 that are not alike: a low-discrepancy walk.
fn number(place: usize) -> f64 {
    (place as f64 * 0.754_877_666_246_692_7).fract() * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_work_can_be_done() {
        for name in works() {
            let mut ready = ready(&name).unwrap_or_else(|| panic!("{name}"));
            ready.repeat(2);
        }
        assert!(ready("another").is_none());
    }
}
