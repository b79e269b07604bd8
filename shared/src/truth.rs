//! Whether a condition holds: yes, no, or impossible to tell.

/// The answer of a condition. Our own operators say yes or no; some systems that rulesets are
/// taken over from have a third answer, which a negation leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It cannot be told: whatever depends on it does not serve.
    Unknown,
}

impl Truth {
    /// Whether it is known to hold.
    #[must_use]
    pub fn is_yes(self) -> bool {
        self == Self::Yes
    }

    /// The contrary; what is unknown stays so.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}
