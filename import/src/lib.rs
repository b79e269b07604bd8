//! Rulesets of other systems, taken over with every subject in its bucket.
//!
//! [`import`] reads a system's own export and writes a ruleset in our format, with a [`Report`] of
//! what was mapped, what was approximated and what was not. Bucketing stays that system's: it is
//! named data on each split. Nothing here does I/O.

mod answers;
#[cfg(test)]
mod asked;
mod circle;
mod configcat;
mod draft;
mod eppo;
mod flagd;
mod flagship;
mod flagsmith;
mod flipt;
mod goff;
mod growthbook;
mod launchdarkly;
mod member;
mod order;
mod part;
mod peer;
mod posthog;
mod report;
#[cfg(test)]
mod robust;
mod split;
#[cfg(test)]
mod tried;
mod unleash;

use bandera_shared::{Diagnostic, Severity, compile};
pub use peer::{PEERS, Peer};
pub use report::{Fidelity, Note, Report};
use serde_json::Value as Json;

/// A ruleset taken over, and how faithfully.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The ruleset, as `bandera validate` and `bandera evaluate` read it.
    pub ruleset: Json,
    /// What became of each part.
    pub report: Report,
}

/// An export that is not one of that system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// RFC 6901 pointer to the fault.
    pub pointer: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.pointer, self.message)
        }
    }
}

impl std::error::Error for ImportError {}

/// Takes over another system's export.
///
/// # Arguments
/// `bytes`: the export as that system writes it, JSON in UTF-8.
/// # Errors
/// `ImportError` when the bytes as a whole are no such export. A single broken flag is imported as
/// one that answers with an error, and the report says so.
pub fn import(peer: Peer, bytes: &[u8]) -> Result<Imported, ImportError> {
    let export: Json = serde_json::from_slice(bytes).map_err(|error| ImportError {
        pointer: String::new(),
        message: format!("the export is no JSON: {error}"),
    })?;
    let mut imported = peer.read(&export, bytes)?.finish();
    imported.report.notes.extend(faults(&imported.ruleset));
    Ok(imported)
}

/// What a ruleset cannot hold: where an export is larger than our limits allow, nothing is silent.
fn faults(ruleset: &Json) -> Vec<Note> {
    let note = |message: String| Note {
        fidelity: Fidelity::Dropped,
        pointer: String::new(),
        message,
    };
    match compile(ruleset.to_string().as_bytes()) {
        Ok(compiled) => {
            let faults = compiled.diagnostics.into_iter();
            let faults = faults.filter(|fault| fault.severity == Severity::Error);
            let words =
                |fault: Diagnostic| format!("of the ruleset, {}: {}", fault.pointer, fault.message);
            faults.map(words).map(note).collect()
        }
        Err(error) => vec![note(error.to_string())],
    }
}
