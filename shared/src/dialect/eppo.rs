//! Not written yet.

use super::{ForeignPolicy, ForeignTest, Source};
use std::sync::Arc;

pub(super) fn test(_source: &Source) -> Result<Arc<dyn ForeignTest>, String> {
    Err("not written yet".to_owned())
}

pub(super) fn policy(_source: &Source) -> Result<Arc<dyn ForeignPolicy>, String> {
    Err("not written yet".to_owned())
}
