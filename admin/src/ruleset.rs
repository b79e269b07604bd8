//! From documents to a ruleset, and what compiling says about it.

use crate::diagnostics::DiagnosticView;
use crate::fault::{Fault, FaultKind, Result};
use crate::kinds::Kind;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::store::documents::DocumentRow;
use bandera_shared::wire::ruleset::SCHEMA_VERSION;
use bandera_shared::{DiagnosticCode, compile};
use serde_json::{Map, Value, json};

/// The draft ruleset of an environment: its salt and its documents, by kind and key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft(Map<String, Value>);

impl Draft {
    /// A ruleset without documents.
    pub(crate) fn new(salt: &str) -> Self {
        let mut ruleset = Map::new();
        ruleset.insert("schemaVersion".to_owned(), json!(SCHEMA_VERSION));
        ruleset.insert("salt".to_owned(), json!(salt));
        for kind in Kind::ALL {
            ruleset.insert(kind.collection().to_owned(), json!({}));
        }
        Self(ruleset)
    }

    /// The ruleset of these documents.
    pub(crate) fn from_rows(salt: &str, rows: &[DocumentRow]) -> Result<Self> {
        let mut draft = Self::new(salt);
        for row in rows {
            draft.set(row.kind, &row.key, Some(row.document()?));
        }
        Ok(draft)
    }

    /// Puts a document, or removes it.
    pub(crate) fn set(&mut self, kind: Kind, key: &str, document: Option<Value>) {
        let members = self
            .0
            .get_mut(kind.collection())
            .and_then(Value::as_object_mut);
        let Some(members) = members else { return };
        match document {
            Some(document) => members.insert(key.to_owned(), document),
            None => members.remove(key),
        };
    }

    /// The ruleset as a value.
    pub(crate) fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The ruleset as bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.to_value().to_string().into_bytes()
    }
}

/// Checks a document by itself, before it is stored.
///
/// Faults that lie in the document are refused. References to other documents may dangle in a
/// draft, since those may be written later: validation reports them and publishing refuses them.
///
/// # Returns
/// Warnings.
/// # Errors
/// `UnknownField` or `InvalidDocument`, pointing into the document.
pub(crate) fn check_document(
    kind: Kind,
    key: &str,
    document: &Value,
) -> Result<Vec<DiagnosticView>> {
    let bytes = document.to_string().len();
    if bytes > DOCUMENT_BYTES_MAX {
        let detail = format!("it has {bytes} bytes, at most {DOCUMENT_BYTES_MAX} are allowed");
        return Err(Fault::new(FaultKind::InvalidDocument, detail).at(""));
    }
    let mut alone = Draft::new("");
    alone.set(kind, key, Some(document.clone()));
    let compiled = compile(&alone.to_bytes())
        .map_err(|error| Fault::new(FaultKind::InvalidDocument, error.to_string()).at(""))?;
    let own: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(|d| !is_relation(d.code))
        .collect();
    let views: Vec<DiagnosticView> = own.iter().map(|diagnostic| (*diagnostic).into()).collect();
    let unknown = own
        .iter()
        .position(|d| d.code == DiagnosticCode::UnknownField);
    let (kind, worst) = match unknown {
        Some(index) => (FaultKind::UnknownField, views.get(index)),
        None => (
            FaultKind::InvalidDocument,
            views.iter().find(|view| view.is_error()),
        ),
    };
    let Some(worst) = worst else { return Ok(views) };
    let place = worst
        .document
        .as_ref()
        .map_or("", |document| &document.pointer);
    Err(Fault::new(kind, worst.message.clone())
        .at(place)
        .with_diagnostics(views.clone()))
}

/// Whether the fault lies between documents rather than in one.
fn is_relation(code: DiagnosticCode) -> bool {
    matches!(
        code,
        DiagnosticCode::UnknownReference
            | DiagnosticCode::Cycle
            | DiagnosticCode::Overlap
            | DiagnosticCode::BrokenDependency
    )
}

/// Changes a document by a JSON merge patch (RFC 7396): members replace, `null` removes.
pub(crate) fn merge(document: &Value, patch: &Value) -> Value {
    let mut merged = document.clone();
    json_patch::merge(&mut merged, patch);
    merged
}
