//! What its flag files look like.

use crate::shape::{Members, Shape};
use serde_json::Value as Json;

pub(crate) fn shape(export: &Json) -> &'static Shape {
    if export.get("flags").is_some_and(Json::is_array) {
        &LISTED
    } else {
        &KEYED
    }
}

static KEYED: Shape = Shape::Object(Members {
    read: "$evaluators metadata",
    idle: "$schema",
    parts: &[("flags", Shape::Keyed(&FLAG))],
});

static LISTED: Shape = Shape::Object(Members {
    read: "$evaluators metadata",
    idle: "$schema",
    parts: &[("flags", Shape::List(&LISTED_FLAG))],
});

static FLAG: Shape = Shape::Object(Members {
    read: "state variants defaultVariant targeting metadata",
    idle: "key",
    parts: &[],
});

static LISTED_FLAG: Shape = Shape::Object(Members {
    read: "key state variants defaultVariant targeting metadata",
    idle: "",
    parts: &[],
});
