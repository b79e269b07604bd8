//! What other systems mean by their flags: hashes, operators and expressions, as named data.
//!
//! A ruleset taken over from another system must give every subject the answer it had there, down
//! to the corner cases. Those live here, one module for each system, behind three small traits;
//! the evaluator knows the traits alone. Everything foreign keeps what was written for it, so that
//! it can be shown, and written again.

#[cfg(feature = "dialects")]
mod configcat;
#[cfg(feature = "dialects")]
pub mod ecma_pattern;
#[cfg(feature = "dialects")]
mod eppo;
#[cfg(feature = "dialects")]
mod flagd;
#[cfg(feature = "dialects")]
pub mod flagship;
#[cfg(feature = "dialects")]
pub mod flagsmith;
#[cfg(feature = "dialects")]
mod flipt;
#[cfg(feature = "dialects")]
mod goff;
#[cfg(feature = "dialects")]
mod growthbook;
#[cfg(feature = "dialects")]
pub mod hash;
#[cfg(feature = "dialects")]
mod javascript;
#[cfg(all(feature = "dialects", not(target_family = "wasm")))]
mod lanes;
#[cfg(feature = "dialects")]
mod launchdarkly;
pub mod method;
pub mod network;
pub mod ours;
#[cfg(feature = "dialects")]
pub mod pattern;
#[cfg(feature = "dialects")]
mod posthog;
#[cfg(feature = "dialects")]
pub mod python;
mod registry;
#[cfg(feature = "dialects")]
mod split;
#[cfg(all(test, feature = "dialects"))]
mod tests;
#[cfg(feature = "dialects")]
pub mod text;
mod unfit;
#[cfg(feature = "dialects")]
mod unleash;
#[cfg(feature = "dialects")]
pub mod version;

use crate::context::{Attribute, EvaluationContext};
use crate::evaluation::Failure;
use crate::rare::{self, Known};
use crate::texts::ShortText;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
pub use registry::{policy, program, test};
use std::fmt;
use std::sync::Arc;
pub use unfit::Unfit;
pub(crate) use unfit::unfit;

/// What foreign code sees of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Who asks; the request's actions among it.
    pub context: &'a EvaluationContext,
    /// The moment of the request.
    pub at: UnixMillis,
    /// The random number of the request.
    pub draw: u64,
}

/// A condition as another system means it.
pub trait ForeignTest: Send + Sync {
    /// Whether it holds. [`Truth::Unknown`] is neither true nor false, also when it is negated.
    ///
    /// # Errors
    /// `Failure` where the other system gives up on the whole flag.
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>>;
}

/// An expression of another system that names the variant to serve.
pub trait ForeignProgram: Send + Sync {
    /// The variant's name; nothing where the flag's default applies.
    ///
    /// # Errors
    /// `Failure` where the other system gives up on the flag.
    fn variant(&self, view: &View<'_>) -> Result<Option<Box<str>>, Box<Failure>>;
}

/// A policy trained elsewhere, that chooses one of the request's actions.
pub trait ForeignPolicy: Send + Sync {
    /// The action and its propensity; nothing where the request offers no action.
    fn choose(&self, view: &View<'_>) -> Option<Chosen>;
}

/// An action that a foreign policy chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Its name; absent where what was chosen is the variant itself.
    pub action: Option<ShortText>,
    /// The probability with which it was chosen, in (0, 1].
    pub propensity: f64,
}

/// What is written for something foreign.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The system, with a version where its hashes have several: `eppo`, `flagd/2`.
    pub dialect: Box<str>,
    /// What to do, in that system's words; empty where there is nothing to choose.
    pub op: Box<str>,
    /// What it looks at, where it looks at one attribute.
    pub attribute: Option<Attribute>,
    /// What it works with.
    pub value: Value,
}

/// Something foreign: what is written, and the code that means it.
pub struct Foreign<T: ?Sized> {
    known: Known,
    source: Arc<Source>,
    code: Arc<T>,
}

impl<T: ?Sized> Foreign<T> {
    /// The code that a source means, from [`test()`], [`program`] or [`policy`].
    ///
    /// # Errors
    /// What is wrong with the source, for people.
    pub fn new(
        source: Source,
        make: impl FnOnce(&Source) -> Result<Arc<T>, Unfit>,
    ) -> Result<Self, Unfit> {
        let known = Known::here().ok_or(rare::UNKNOWN)?;
        let code = make(&source)?;
        Ok(Self {
            known,
            source: Arc::new(source),
            code,
        })
    }

    /// What is written.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The code that means it.
    #[must_use]
    pub fn code(&self) -> &T {
        &self.code
    }
}

// Derived, these would ask the same of `T`, which is never copied or compared.
impl<T: ?Sized> Clone for Foreign<T> {
    fn clone(&self) -> Self {
        Self {
            known: self.known,
            source: Arc::clone(&self.source),
            code: Arc::clone(&self.code),
        }
    }
}

impl<T: ?Sized> PartialEq for Foreign<T> {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl<T: ?Sized> fmt::Debug for Foreign<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// `country launchdarkly:in ["de"]`: for people.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(attribute) = &self.attribute {
            write!(f, "{attribute} ")?;
        }
        write!(f, "{}:{} {}", self.dialect, self.op, self.value)
    }
}
