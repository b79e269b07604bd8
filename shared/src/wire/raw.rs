//! The text of a member that is still to be read.

#[cfg(feature = "documents")]
pub use serde_json::value::RawValue;

/// There is none where only plain documents are read: what keeps it is a second reader of JSON.
#[cfg(not(feature = "documents"))]
#[derive(Debug)]
pub enum RawValue {}

#[cfg(not(feature = "documents"))]
impl RawValue {
    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        match *self {}
    }
}

#[cfg(not(feature = "documents"))]
impl<'de: 'a, 'a> serde::Deserialize<'de> for &'a RawValue {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        let message = "only plain documents are read here: use the feature `documents`";
        Err(serde::de::Error::custom(message))
    }
}
