//! What is timed natively and in wasm, by the same code: decisions of bandits, what a coordinator
//! computes, and what an optimiser is asked. It is no part of the product.
//!
//! Only repetitions are here; who calls has the clock.

mod bandit;
#[path = "../../../lab/tests/optimise/hartmann.rs"]
mod hartmann;
mod learner;
mod published;
mod study;
mod works;

pub use published::{Published, published};
use wasm_bindgen::prelude::{JsError, wasm_bindgen};
use works::{Operation, WORKS};

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
