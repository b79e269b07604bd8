//! Not written yet.

use super::{ForeignTest, Source};
use std::sync::Arc;

pub(super) fn test(_source: &Source) -> Result<Arc<dyn ForeignTest>, String> {
    Err("not written yet".to_owned())
}
