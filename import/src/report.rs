//! What became of each part of an export.

use bandera_shared::{Diagnostic, Severity, compile};
use serde::Serialize;
use serde_json::Value as Json;

/// How faithfully a part was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fidelity {
    /// It means here exactly what it meant there.
    Mapped,
    /// It means nearly the same; the note says where it differs.
    Approximated,
    /// It has no meaning here.
    Dropped,
}

/// What became of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How faithfully it was taken over.
    pub fidelity: Fidelity,
    /// RFC 6901 pointer into the export.
    pub pointer: String,
    /// What became of it.
    pub message: String,
}

/// What became of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Flags taken over.
    pub n_flags: usize,
    /// Segments taken over.
    pub n_segments: usize,
    /// What is not exactly as it was, in the order of the export.
    pub notes: Vec<Note>,
    /// Names of members of the export that were left out because no answer depends on them.
    pub idle: Vec<String>,
}

impl Report {
    /// Whether everything means what it meant.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.notes
            .iter()
            .all(|note| note.fidelity == Fidelity::Mapped)
    }
}

/// What a ruleset cannot hold: where an export is larger than our limits allow, nothing is silent.
pub(crate) fn faults(ruleset: &Json) -> Vec<Note> {
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
