//! What went wrong, said in three parts: where, why, and what to do about it.

use crate::exit::Exit;
use std::fmt;

/// A fault that ends the command.
#[derive(Debug)]
pub(crate) struct Fault {
    /// A file, an argument or an address.
    place: String,
    /// What is wrong with it.
    cause: String,
    /// What would help; empty where the cause says it all.
    fix: String,
    /// How the command ends.
    pub(crate) exit: Exit,
}

impl Fault {
    /// An argument that is not what it should be.
    pub(crate) fn usage(place: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self::new(place, cause, Exit::Usage)
    }

    /// A file or an address that cannot be read or written.
    pub(crate) fn unreachable(place: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self::new(place, cause, Exit::Unreachable)
    }

    fn new(place: impl Into<String>, cause: impl fmt::Display, exit: Exit) -> Self {
        Self {
            place: place.into(),
            cause: cause.to_string(),
            fix: String::new(),
            exit,
        }
    }

    /// The same fault with a way out.
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: fix.into(),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.cause)?;
        if !self.fix.is_empty() {
            write!(f, "\n  help: {}", self.fix)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
