//! From a draft to the bytes that edges read: explicit ranges, canonical form, compact form,
//! content hash.
//!
//! The document itself is rewritten in [`crate::wire::document`]; this module decides.

use crate::bundle::{Bundle, Sections};
use crate::compact::encode;
use crate::compile::{Compiled, RulesetError, compile};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ruleset::Ruleset;
use crate::split::{OwnedRange, Range, allocate, apportion};
use crate::wire::document::{self, SplitSite};
use crate::wire::ruleset::OwnedRangeWire;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A ruleset ready to be stored and served.
#[derive(Debug)]
pub struct Published {
    /// Canonical JSON: object members sorted, no white space, every split with explicit ranges.
    pub bytes: Vec<u8>,
    /// What edges read: a [`Bundle`] of the ruleset in compact form, for them and for browsers, and
    /// of the document that people may read.
    pub bundle: Vec<u8>,
    /// SHA-256 of the bundle, in lower-case hexadecimal.
    pub hash: String,
    /// The ruleset the bytes compile to.
    pub compiled: Compiled,
}

/// Why a draft cannot be published.
#[derive(Debug)]
pub enum PublishError {
    /// The draft is no ruleset.
    Unreadable(RulesetError),
    /// The former publication is no ruleset; publishing anew would move every subject.
    PreviousUnreadable(RulesetError),
    /// The draft has errors; all diagnostics are listed.
    Refused(Vec<Diagnostic>),
}

impl std::fmt::Display for PublishError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(error) => error.fmt(f),
            Self::PreviousUnreadable(error) => {
                write!(f, "the former publication cannot be read: {error}")
            }
            Self::Refused(diagnostics) => {
                let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
                write!(f, "the ruleset has {} errors", errors.count())
            }
        }
    }
}

impl std::error::Error for PublishError {}

/// Makes the bytes to publish.
///
/// Weights become explicit ranges, laid out from the ranges of the same split in the former
/// publication so that the fewest subjects move. A split is the same when flag and rule have the
/// same names and it is bucketed in the same way; ranges an author wrote are kept.
///
/// # Arguments
/// `previous`: bytes of the publication now in force, where there is one.
/// # Errors
/// `PublishError`: unreadable documents, or error diagnostics in the draft.
pub fn publish(previous: Option<&[u8]>, draft: &[u8]) -> Result<Published, PublishError> {
    let checked = compile(draft).map_err(PublishError::Unreadable)?;
    if checked
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error)
    {
        return Err(PublishError::Refused(checked.diagnostics));
    }
    let mut document = document::parse(draft).map_err(PublishError::Unreadable)?;
    let former = match previous {
        Some(bytes) => {
            let former = document::parse(bytes).map_err(PublishError::PreviousUnreadable)?;
            document::split_sites(&former)
        }
        None => BTreeMap::new(),
    };
    for (name, site) in document::split_sites(&document) {
        let before = former
            .get(&name)
            .filter(|before| before.bucketing == site.bucketing);
        if let Some(ranges) = laid_out(&site, before) {
            document::set_ranges(&mut document, &site.path, &ranges);
        }
    }
    let bytes = document::canonical(&document);
    let compiled = compile(&bytes).map_err(PublishError::Unreadable)?;
    if compiled
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error)
    {
        return Err(PublishError::Refused(compiled.diagnostics));
    }
    let bundle = bundle(&bytes, &compiled.ruleset).map_err(PublishError::Unreadable)?;
    Ok(Published {
        hash: content_hash(&bundle),
        bytes,
        bundle,
        compiled,
    })
}

/// The bundle of a document, whose splits should have explicit ranges.
///
/// # Arguments
/// `ruleset`: what the document compiles to. Flags with errors stay in it, and answer so.
/// # Errors
/// `RulesetError` when the document is no ruleset.
pub fn bundle(document: &[u8], ruleset: &Ruleset) -> Result<Vec<u8>, RulesetError> {
    let client_document = redact(document)?;
    let client = compile(&client_document)?;
    Ok(Bundle::pack(Sections {
        edge: &encode(ruleset),
        client: &encode(&client.ruleset),
        client_document: &client_document,
    }))
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The document that browsers may read: client-visible flags and what they need, nothing else.
///
/// Descriptions, owners and tags go, and so does everything that only server-side flags use.
/// Subjects listed by name are listed by salted hashes instead (see [`crate::named`]).
///
/// # Errors
/// `RulesetError` when the bytes are no ruleset.
pub fn redact(bytes: &[u8]) -> Result<Vec<u8>, RulesetError> {
    let mut document = document::parse(bytes)?;
    let salt: String = content_hash(bytes).chars().take(16).collect();
    document::redact(&mut document, &salt);
    Ok(document::canonical(&document))
}

/// Explicit ranges of a split that has weights only; `None` where the author wrote ranges, or the
/// weights make no split (which compiling reports).
fn laid_out(site: &SplitSite, before: Option<&SplitSite>) -> Option<Vec<OwnedRangeWire>> {
    let weights = site.weights.as_ref().filter(|_| site.ranges.is_none())?;
    let mut owners: Vec<&str> = weights.keys().map(String::as_str).collect();
    let shares: Vec<f64> = weights.values().copied().collect();
    let mut targets = apportion(&shares)?;
    let mut previous = Vec::new();
    for wire in before
        .and_then(|before| before.ranges.as_deref())
        .unwrap_or_default()
    {
        let owner = owners
            .iter()
            .position(|name| *name == wire.variant)
            .unwrap_or_else(|| {
                // A variant that is gone keeps its place in the list, with nothing to own.
                owners.push(&wire.variant);
                targets.push(0);
                owners.len() - 1
            });
        previous.extend(Range::new(wire.from, wire.to).map(|range| OwnedRange { range, owner }));
    }
    let ranges = allocate(&previous, &targets);
    let named = ranges
        .into_iter()
        .filter_map(|OwnedRange { range, owner }| {
            let variant = (*owners.get(owner)?).to_owned();
            Some(OwnedRangeWire {
                variant,
                from: range.from(),
                to: range.to(),
            })
        });
    Some(named.collect())
}

#[cfg(test)]
mod tests;
