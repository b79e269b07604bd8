//! What is wrong with an export as a whole.

/// An export that is not one of that system's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// RFC 6901 pointer to the fault.
    pub pointer: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.pointer, self.message)
        }
    }
}

impl std::error::Error for ImportError {}
