//! What the engine of an ordinary page does without.
//!
//! Regular expressions, times, ranges of versions, our own rarer operators and all that other
//! systems mean are half of what evaluating takes, and few rulesets for pages use any of it. An
//! engine built without the feature `rare` cannot make a [`Known`]: no type that holds one has a
//! value there, so that compilers leave out whatever would be done with it. Such an engine reads no
//! ruleset that needs more, and says so.

use std::ops::Deref;

/// Proof that this engine knows what is rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known(Proof);

#[cfg(feature = "rare")]
type Proof = ();
#[cfg(not(feature = "rare"))]
type Proof = std::convert::Infallible;

/// What is said of something that this engine does not know.
pub(crate) const UNKNOWN: &str = "this engine does not know all that it takes; a full one does";

impl Known {
    /// The proof, where the engine has it.
    #[must_use]
    pub fn here() -> Option<Self> {
        #[cfg(feature = "rare")]
        return Some(Self(()));
        #[cfg(not(feature = "rare"))]
        None
    }
}

/// Something rare.
#[derive(Debug, Clone)]
pub struct Rare<T> {
    _known: Known,
    thing: T,
}

impl<T> Rare<T> {
    /// The thing, which this engine knows.
    #[must_use]
    pub fn new(known: Known, thing: T) -> Self {
        Self {
            _known: known,
            thing,
        }
    }
}

impl<T> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}
