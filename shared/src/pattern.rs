//! Regular expressions that are compiled when they are first asked.
//!
//! Compiling one costs a thousand times more than reading its text, and most flags of a large
//! ruleset are never evaluated in an isolate's life. Searching takes linear time. Most expressions
//! that people write are texts and classes, one behind the other; one pass decides those, and an
//! engine the others.

mod read;
mod sequence;
mod set;
mod steps;

use crate::compile::limits::{PATTERN_BYTES_MAX, PATTERN_STEPS_MAX};
use read::read;
use regex_lite::{Regex, RegexBuilder};
use sequence::Sequence;
use std::fmt;
use std::sync::OnceLock;
pub use steps::steps;

/// A regular expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: Box<str>,
    fold_case: bool,
    compiled: OnceLock<Option<Compiled>>,
}

#[derive(Debug, Clone)]
enum Compiled {
    /// Texts and classes, one behind the other.
    Sequence(Sequence),
    /// Any other.
    Expression(Regex),
}

impl Compiled {
    fn new(source: &str, fold_case: bool) -> Result<Self, Unbuilt> {
        check_steps(source)?;
        match read(source, fold_case).and_then(Sequence::new) {
            Some(sequence) => Ok(Self::Sequence(sequence)),
            None => engine(source, fold_case).map(Self::Expression),
        }
    }

    fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Sequence(sequence) => sequence.is_match(text),
            Self::Expression(regex) => regex.is_match(text),
        }
    }
}

impl Pattern {
    /// The expression, checked and compiled.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(source: &str, fold_case: bool) -> Result<Self, Unbuilt> {
        if source.len() > PATTERN_BYTES_MAX {
            return Err(Unbuilt::TooLong);
        }
        let compiled = Compiled::new(source, fold_case)?;
        Ok(Self {
            compiled: OnceLock::from(Some(compiled)),
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
            .get_or_init(|| Compiled::new(&self.source, self.fold_case).ok());
        compiled.as_ref().is_some_and(|it| it.is_match(text))
    }
}

/// The expression, in the engine's own syntax, unless it has too many steps.
#[cfg(any(feature = "dialects", test))]
pub(crate) fn build(source: &str, fold_case: bool) -> Result<Regex, Unbuilt> {
    check_steps(source)?;
    engine(source, fold_case)
}

fn check_steps(source: &str) -> Result<(), Unbuilt> {
    match steps(source) {
        0..=PATTERN_STEPS_MAX => Ok(()),
        found => Err(Unbuilt::TooManySteps(found)),
    }
}

fn engine(source: &str, fold_case: bool) -> Result<Regex, Unbuilt> {
    RegexBuilder::new(source)
        .case_insensitive(fold_case)
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(Unbuilt::Malformed)
}

/// Why an expression was not compiled.
#[derive(Debug)]
pub enum Unbuilt {
    /// It has more than [`PATTERN_BYTES_MAX`] bytes.
    TooLong,
    /// It has so many steps; [`PATTERN_STEPS_MAX`] are allowed.
    TooManySteps(u64),
    /// It is none.
    Malformed(regex_lite::Error),
}

impl fmt::Display for Unbuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the expression is longer than {PATTERN_BYTES_MAX} bytes"),
            Self::TooManySteps(found) => write!(
                f,
                "the expression has {found} steps, its repetitions written out; at most \
                 {PATTERN_STEPS_MAX} are allowed"
            ),
            Self::Malformed(error) => write!(f, "no regular expression: {error}"),
        }
    }
}

/// More than the engine takes for that many steps on any machine, so that it never decides.
const COMPILED_BYTES_MAX: usize = 512 * PATTERN_STEPS_MAX as usize;

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

    /// The engine's own limit is in bytes, which differ between machines: it must not decide.
    #[test]
    fn what_has_few_enough_steps_is_never_too_large() {
        let max = PATTERN_STEPS_MAX;
        let widest = r"(?i)(?:[^\W\d_k-s]|\S|\W|[!a-c0e2g4i6k8m?p:r=t@v])";
        for part in [
            "a", r"\W", ".", "(?:)", "a*", "(a)", "(|)", r"\b", "[^k]", widest,
        ] {
            for [open, close] in [["(?:", ")"], ["(?i:", ")"], ["(", ")?"]] {
                let repeated = |n: u64| format!("{open}{part}{{0,{n}}}{close}");
                let most = (1..=max).rev().find(|n| steps(&repeated(*n)) <= max);
                let most = repeated(most.expect("one fits"));
                build(&most, false).unwrap_or_else(|error| panic!("{most}: {error}"));
            }
        }
    }

    #[test]
    fn a_wrong_expression_is_refused_early_and_matches_nothing_late() {
        assert!(Pattern::new("(", false).is_err());
        assert!(!Pattern::deferred("(", false).is_match("("));
    }
}
