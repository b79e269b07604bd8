//! From documents to a ruleset, and what compiling says about it.

use crate::diagnostics::DiagnosticView;
use crate::fault::{Fault, FaultKind, Result};
use crate::kinds::Kind;
use crate::limits::DOCUMENT_BYTES_MAX;
use crate::store::documents::DocumentRow;
use crate::store::environments::EnvironmentRow;
use bandera_shared::wire::ruleset::SCHEMA_VERSION;
use bandera_shared::{DiagnosticCode, RulesetError, compile};
use serde_json::{Map, Value, json};

/// The draft ruleset of an environment: its salt, its private attributes, and its documents by kind
/// and key.
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

    /// The ruleset of the environment with these documents.
    pub(crate) fn from_rows(environment: &EnvironmentRow, rows: &[DocumentRow]) -> Result<Self> {
        let mut draft = Self::new(&environment.salt);
        draft.declare(parse(&environment.private_attributes)?);
        for row in rows {
            draft.set(row.kind, &row.key, Some(row.document()?));
        }
        Ok(draft)
    }

    /// Declares attributes private. None is the same as no declaration.
    pub(crate) fn declare(&mut self, private: Value) {
        if private.as_array().is_some_and(|list| !list.is_empty()) {
            self.0.insert("privateAttributes".to_owned(), private);
        }
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

/// What edges have before the first publication, in the form of a ruleset.
pub(crate) fn nothing() -> Value {
    Kind::ALL
        .into_iter()
        .map(|kind| (kind.collection().to_owned(), json!({})))
        .collect()
}

/// A stored ruleset as a value.
pub(crate) fn parse(bytes: &str) -> Result<Value> {
    serde_json::from_str(bytes).map_err(|error| Fault::internal(&error))
}

/// Checks a declaration of private attributes by itself, before it is stored.
///
/// # Errors
/// `InvalidDocument`, pointing into the declaration.
pub(crate) fn check_private(private: &Value) -> Result<()> {
    let mut alone = Draft::new("");
    alone.declare(private.clone());
    let invalid = |detail: String, pointer: &str| {
        let within = pointer
            .strip_prefix("/privateAttributes")
            .unwrap_or_default();
        Err(Fault::new(FaultKind::InvalidDocument, detail).at(within))
    };
    match compile(&alone.to_bytes()) {
        Err(RulesetError::Malformed { pointer, message }) => invalid(message, &pointer),
        Err(error) => invalid(error.to_string(), ""),
        Ok(compiled) => match compiled.diagnostics.first() {
            Some(first) => invalid(first.message.clone(), &first.pointer),
            None => Ok(()),
        },
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

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(changes: &Value) -> Value {
        let base = json!({
            "type": "boolean", "status": "enabled", "defaultVariant": "on", "offVariant": "off",
            "variants": {"on": {"value": true}, "off": {"value": false}},
        });
        merge(&base, changes)
    }

    #[test]
    fn merges_as_the_examples_of_rfc_7396_say() {
        let check = |document: Value, patch: Value, expected: Value| {
            assert_eq!(merge(&document, &patch), expected, "{document} {patch}");
        };
        check(json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"}));
        check(
            json!({"a": "b"}),
            json!({"b": "c"}),
            json!({"a": "b", "b": "c"}),
        );
        check(
            json!({"a": "b", "b": "c"}),
            json!({"a": null}),
            json!({"b": "c"}),
        );
        check(json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"}));
        check(
            json!({"a": {"b": "c"}}),
            json!({"a": {"b": "d", "c": null}}),
            json!({"a": {"b": "d"}}),
        );
        check(
            json!({"e": null}),
            json!({"a": 1}),
            json!({"e": null, "a": 1}),
        );
        check(
            json!([1, 2]),
            json!({"a": "b", "c": null}),
            json!({"a": "b"}),
        );
        check(
            json!({}),
            json!({"a": {"bb": {"ccc": null}}}),
            json!({"a": {"bb": {}}}),
        );
    }

    #[test]
    fn faults_of_a_document_point_into_it() {
        let check = |changes: Value, expected: (&str, &str)| {
            let fault = check_document(Kind::Flag, "a/b", &flag(&changes)).unwrap_err();
            let problem = fault.problem();
            let found = (problem.code, problem.pointer.as_deref().unwrap_or_default());
            assert_eq!(found, expected, "{changes}");
        };
        check(json!({"status": "off"}), ("invalid_document", "/status"));
        check(json!({"colour": 1}), ("unknown_field", "/colour"));
        check(
            json!({"rollout": {"variant": "on", "percentage": 101}, "status": "gradual_rollout"}),
            ("invalid_document", "/rollout/percentage"),
        );
        check(
            json!({"variants": {"on": {"value": 1}}}),
            ("invalid_document", "/variants/on/value"),
        );
        check(
            json!({"description": "x".repeat(DOCUMENT_BYTES_MAX)}),
            ("invalid_document", ""),
        );
    }

    #[test]
    fn references_may_dangle_in_a_draft() {
        let dangling = flag(&json!({"requires": [{"flag": "later", "variants": ["on"]}]}));
        assert_eq!(check_document(Kind::Flag, "a", &dangling).unwrap(), []);
        let mut draft = Draft::new("salt");
        draft.set(Kind::Flag, "a", Some(dangling));
        let diagnostics = compile(&draft.to_bytes()).unwrap().diagnostics;
        assert_eq!(diagnostics[0].code, DiagnosticCode::UnknownReference);
    }

    #[test]
    fn a_list_is_checked_by_itself() {
        let check = |list: Value| {
            let checked = check_document(Kind::List, "eu", &list);
            let problem =
                checked.map_err(|fault| fault.problem().pointer.clone().unwrap_or_default());
            problem.map(|warnings| warnings.len())
        };
        assert_eq!(
            check(json!({"values": ["ES", 7], "lists": ["later"]})),
            Ok(0)
        );
        assert_eq!(
            check(json!({"values": ["ES", true]})),
            Err("/values/1".to_owned())
        );
        assert_eq!(check(json!({"value": ["ES"]})), Err("/value".to_owned()));
    }

    #[test]
    fn a_document_may_be_as_long_as_allowed_and_no_longer() {
        let pad = |bytes: usize| {
            let document = flag(&json!({"description": "x"}));
            let rest = bytes - document.to_string().len() + 1;
            check_document(
                Kind::Flag,
                "a",
                &flag(&json!({"description": "x".repeat(rest)})),
            )
        };
        assert!(pad(DOCUMENT_BYTES_MAX).is_ok());
        assert!(pad(DOCUMENT_BYTES_MAX + 1).is_err());
    }
}
