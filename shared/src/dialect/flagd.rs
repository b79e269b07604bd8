//! Not written yet.

use super::{ForeignProgram, Source};
use std::sync::Arc;

pub(super) fn program(_source: &Source) -> Result<Arc<dyn ForeignProgram>, String> {
    Err("not written yet".to_owned())
}
