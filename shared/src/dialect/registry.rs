//! Dialects by name: the one list of which systems' conditions, expressions and policies are known.

use super::{ForeignPolicy, ForeignProgram, ForeignTest, Source};
use std::sync::Arc;

/// The condition that a source means.
///
/// # Errors
/// What is wrong with the source, for people: an unknown dialect or operator, or an unfit value.
pub fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, String> {
    Err(unknown(source))
}

/// The expression that a source means.
///
/// # Errors
/// What is wrong with the source, for people.
pub fn program(source: &Source) -> Result<Arc<dyn ForeignProgram>, String> {
    Err(unknown(source))
}

/// The trained policy that a source means.
///
/// # Errors
/// What is wrong with the source, for people.
pub fn policy(source: &Source) -> Result<Arc<dyn ForeignPolicy>, String> {
    Err(unknown(source))
}

fn unknown(source: &Source) -> String {
    format!("\"{}\" has nothing of this kind", source.dialect)
}
