//! What a bandit has learned, live.

use crate::app::App;
use crate::extract::InPath;
use crate::fault::Result;
use utoipa_axum::router::OpenApiRouter;
/// Operations of this module.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::default()
}
