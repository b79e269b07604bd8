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
mod error;
#[cfg(test)]
mod explained;
mod export;
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
mod shape;
mod split;
#[cfg(test)]
mod tried;
mod unleash;

pub use error::ImportError;
pub use export::{ExportError, Exported, export_flagd};
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
    let mut draft = peer.read(&export, bytes)?;
    shape::check(peer.shape(&export), &export, &mut draft);
    let mut imported = draft.finish();
    imported
        .report
        .notes
        .extend(report::faults(&imported.ruleset));
    Ok(imported)
}
