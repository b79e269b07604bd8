//! What is wrong with something foreign, in words for those who write rulesets.
//!
//! Edges and browsers read what was checked. Built without the feature `pointers`, an engine knows
//! that something is wrong and has no words for it, which would be downloaded for nobody.

use std::fmt;

/// What is wrong with a [`super::Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    words: Words,
}

#[cfg(feature = "pointers")]
type Words = Box<str>;
#[cfg(not(feature = "pointers"))]
type Words = Unsaid;

/// Stands where words would be.
#[cfg(not(feature = "pointers"))]
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unsaid;

#[cfg(not(feature = "pointers"))]
impl fmt::Display for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is unfit")
    }
}

impl Unfit {
    /// With these words, put where somebody may read them.
    #[cfg(feature = "pointers")]
    pub(crate) fn new(words: impl FnOnce() -> String) -> Self {
        let words = words().into();
        Self { words }
    }

    /// Without words.
    #[cfg(not(feature = "pointers"))]
    pub(crate) fn new(_: impl FnOnce() -> String) -> Self {
        Self { words: Unsaid }
    }
}

impl From<&str> for Unfit {
    fn from(words: &str) -> Self {
        Self::new(|| words.to_owned())
    }
}

impl From<String> for Unfit {
    fn from(words: String) -> Self {
        Self::new(|| words)
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.fmt(f)
    }
}

impl From<Unfit> for String {
    fn from(unfit: Unfit) -> Self {
        unfit.to_string()
    }
}

/// An [`Unfit`] with words as `format!` puts them.
macro_rules! unfit {
    ($($words:tt)*) => {
        $crate::dialect::Unfit::new(|| format!($($words)*))
    };
}

pub(crate) use unfit;
