//! What compiling has to say about a ruleset, and where.

use std::fmt;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Suspicious; everything works.
    Warning,
    /// The flags concerned answer with the caller's default; publishing is refused.
    Error,
}

/// The kind of fault: stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum DiagnosticCode {
    Malformed,
    UnknownField,
    UnknownReference,
    Cycle,
    InvalidCondition,
    InvalidSplit,
    InvalidTime,
    InvalidPercentage,
    InvalidPage,
    InvalidBandit,
    TypeMismatch,
    Duplicate,
    Missing,
    Overlap,
    LimitExceeded,
    BrokenDependency,
    NoEffect,
}

impl DiagnosticCode {
    /// The code in kebab case, as the API and the command print it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownField => "unknown-field",
            Self::UnknownReference => "unknown-reference",
            Self::Cycle => "cycle",
            Self::InvalidCondition => "invalid-condition",
            Self::InvalidSplit => "invalid-split",
            Self::InvalidTime => "invalid-time",
            Self::InvalidPercentage => "invalid-percentage",
            Self::InvalidPage => "invalid-page",
            Self::InvalidBandit => "invalid-bandit",
            Self::TypeMismatch => "type-mismatch",
            Self::Duplicate => "duplicate",
            Self::Missing => "missing",
            Self::Overlap => "overlap",
            Self::LimitExceeded => "limit-exceeded",
            Self::BrokenDependency => "broken-dependency",
            Self::NoEffect => "no-effect",
        }
    }
}

/// One remark about one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of fault it is.
    pub code: DiagnosticCode,
    /// RFC 6901 pointer into the document.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(
            f,
            "{severity}[{}] {}: {}",
            self.code.as_str(),
            self.pointer,
            self.message
        )
    }
}

/// A place in the document, linked to the place around it; text only where a fault is found.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    pub(crate) const ROOT: Place<'static> = Place {
        parent: None,
        step: Step::Root,
    };

    pub(crate) fn key(&'a self, key: &'a str) -> Place<'a> {
        Place {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    pub(crate) fn index(&'a self, index: usize) -> Place<'a> {
        Place {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.parent.map(Place::pointer).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => push_token(&mut pointer, key),
            Step::Index(index) => push_token(&mut pointer, &index.to_string()),
        }
        pointer
    }
}

/// Appends `/` and the token, escaped as RFC 6901 asks.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
}

/// Collects diagnostics and knows whether a part of the document had errors.
#[derive(Default)]
pub(crate) struct Diagnostics {
    pub(crate) list: Vec<Diagnostic>,
    errors: usize,
}

impl Diagnostics {
    pub(crate) fn error(&mut self, place: &Place<'_>, code: DiagnosticCode, message: String) {
        self.push(place.pointer(), code, message);
    }

    pub(crate) fn push(&mut self, pointer: String, code: DiagnosticCode, message: String) {
        self.errors += 1;
        self.list.push(Diagnostic {
            severity: Severity::Error,
            code,
            pointer,
            message,
        });
    }

    pub(crate) fn warn(&mut self, pointer: String, code: DiagnosticCode, message: String) {
        self.list.push(Diagnostic {
            severity: Severity::Warning,
            code,
            pointer,
            message,
        });
    }

    /// Errors so far; two readings tell whether something in between went wrong.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// The first error message since a reading of [`Diagnostics::errors`].
    pub(crate) fn first_since(&self, reading: usize) -> Option<&Diagnostic> {
        self.list
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .nth(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_their_tokens() {
        let flags = Place::ROOT.key("flags");
        let flag = flags.key("a/b~c");
        let rules = flag.key("rules");
        assert_eq!(rules.index(2).pointer(), "/flags/a~1b~0c/rules/2");
        assert_eq!(Place::ROOT.pointer(), "");
    }
}
