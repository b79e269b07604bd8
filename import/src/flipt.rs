//! Not written yet.

use crate::ImportError;
use crate::draft::{Draft, malformed};
use serde_json::Value as Json;

pub(crate) fn read(_export: &Json) -> Result<Draft, ImportError> {
    Err(malformed("", "not written yet"))
}
