//! Regular expressions that are compiled when they are first asked.
//!
//! Compiling one costs a thousand times more than reading its text, and most flags of a large
//! ruleset are never evaluated in an isolate's life. Searching takes linear time.

use crate::compile::limits::PATTERN_COMPILED_BYTES_MAX;
use regex_lite::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: Box<str>,
    fold_case: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The expression, checked and compiled.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn new(source: &str, fold_case: bool) -> Result<Self, String> {
        let regex = build(source, fold_case).map_err(|error| error.to_string())?;
        Ok(Self {
            compiled: OnceLock::from(Some(regex)),
            ..Self::deferred(source, fold_case)
        })
    }

    /// The expression, checked by others before. One that is wrong after all matches nothing.
    #[must_use]
    pub fn deferred(source: &str, fold_case: bool) -> Self {
        Self {
            source: source.into(),
            fold_case,
            compiled: OnceLock::new(),
        }
    }

    /// The expression as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether `A` and `a` are the same.
    #[must_use]
    pub fn folds_case(&self) -> bool {
        self.fold_case
    }

    /// Whether it is found in the text.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        let compiled = self
            .compiled
            .get_or_init(|| build(&self.source, self.fold_case).ok());
        compiled.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

fn build(source: &str, fold_case: bool) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(source)
        .case_insensitive(fold_case)
        .size_limit(PATTERN_COMPILED_BYTES_MAX)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_and_late_compilation_agree() {
        let check = |source, fold_case, text, expected| {
            let early = Pattern::new(source, fold_case).unwrap();
            assert_eq!(early.is_match(text), expected, "{source}");
            let late = Pattern::deferred(source, fold_case);
            assert_eq!(late.is_match(text), expected, "{source}");
        };
        check("^a+$", false, "aaa", true);
        check("^a+$", false, "AAA", false);
        check("^a+$", true, "AAA", true);
    }

    #[test]
    fn a_wrong_expression_is_refused_early_and_matches_nothing_late() {
        assert!(Pattern::new("(", false).is_err());
        assert!(!Pattern::deferred("(", false).is_match("("));
    }
}
