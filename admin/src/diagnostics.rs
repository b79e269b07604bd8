//! What compiling says, with each remark led back to the document it is about.

use crate::kinds::Kind;
use bandera_shared::{Diagnostic, Severity};
use serde::Serialize;
use utoipa::ToSchema;

/// How bad a remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Severity)]
pub(crate) enum SeverityView {
    /// Suspicious; everything works.
    Warning,
    /// Publishing is refused.
    Error,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DocumentRef {
    /// What the document is.
    pub(crate) kind: Kind,
    /// Which one.
    pub(crate) key: String,
    /// JSON pointer (RFC 6901) into the document.
    pub(crate) pointer: String,
}

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Diagnostic)]
pub(crate) struct DiagnosticView {
    /// How bad it is.
    pub(crate) severity: SeverityView,
    /// Stable, for programs; such as `unknown-reference`.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
    /// JSON pointer into the whole ruleset.
    pub(crate) pointer: String,
    /// The document it is about; absent when it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<DocumentRef>,
}

impl DiagnosticView {
    /// Whether publishing is refused because of it.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == SeverityView::Error
    }
}

impl From<&Diagnostic> for DiagnosticView {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            severity: match diagnostic.severity {
                Severity::Warning => SeverityView::Warning,
                Severity::Error => SeverityView::Error,
            },
            code: diagnostic.code.as_str(),
            message: diagnostic.message.clone(),
            document: document_of(&diagnostic.pointer),
            pointer: diagnostic.pointer.clone(),
        }
    }
}

/// The document that a pointer into a ruleset leads into: `/flags/a/status` leads to `/status` of
/// flag `a`.
pub(crate) fn document_of(pointer: &str) -> Option<DocumentRef> {
    let (collection, rest) = pointer.strip_prefix('/')?.split_once('/')?;
    let kind = Kind::of_collection(collection)?;
    let (key, inner) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let key = key.replace("~1", "/").replace("~0", "~");
    Some(DocumentRef {
        kind,
        key,
        pointer: inner.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_back_to_documents() {
        let check = |pointer: &str, expected: Option<(Kind, &str, &str)>| {
            let found = document_of(pointer);
            let found = found
                .as_ref()
                .map(|d| (d.kind, d.key.as_str(), d.pointer.as_str()));
            assert_eq!(found, expected, "{pointer}");
        };
        check(
            "/flags/a/rules/0/serve",
            Some((Kind::Flag, "a", "/rules/0/serve")),
        );
        check("/segments/b", Some((Kind::Segment, "b", "")));
        check(
            "/bandits/a~1b/policy",
            Some((Kind::Bandit, "a/b", "/policy")),
        );
        check("/flags", None);
        check("/salt", None);
        check("/salt/x", None);
        check("", None);
    }
}
