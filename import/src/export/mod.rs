//! Our rulesets in another system's form, so that nobody is locked in.

mod clock;
mod condition;
mod elements;
mod flagd;
#[cfg(test)]
mod tests;

use crate::report::Report;
use bandera_shared::{Severity, compile};
use serde_json::Value as Json;
use std::fmt;

/// A ruleset written for another system, and how faithfully.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The file as that system reads it.
    pub file: Json,
    /// What became of each part; pointers lead into the ruleset.
    pub report: Report,
}

/// Why bytes cannot be exported at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportError {
    /// RFC 6901 pointer into the ruleset.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

impl std::error::Error for ExportError {}

/// Writes a ruleset as a flag file of flagd.
///
/// Flags that were taken over from flagd come back as they were. Of others, values, variants and
/// what decides without chance are kept; whoever is spread by our hash is spread anew by flagd's,
/// and the report names each such place.
/// # Arguments
/// `bytes`: a ruleset as `bandera validate` reads it.
/// # Errors
/// `ExportError` when the bytes are no ruleset, or one with errors in it.
pub fn export_flagd(bytes: &[u8]) -> Result<Exported, ExportError> {
    let whole = |message: String| ExportError {
        pointer: String::new(),
        message,
    };
    let compiled = compile(bytes).map_err(|error| whole(error.to_string()))?;
    let fault = compiled
        .diagnostics
        .iter()
        .find(|fault| fault.severity == Severity::Error);
    if let Some(fault) = fault {
        return Err(ExportError {
            pointer: fault.pointer.clone(),
            message: fault.message.clone(),
        });
    }
    let ruleset: Json = serde_json::from_slice(bytes).map_err(|error| whole(error.to_string()))?;
    Ok(flagd::write(&ruleset))
}
