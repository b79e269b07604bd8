//! The evaluator as a wasm bundle for a script tag.
