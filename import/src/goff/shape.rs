//! What its configurations look like.

use crate::shape::{Members, Shape};
use serde_json::Value as Json;

pub(crate) fn shape(export: &Json) -> &'static Shape {
    match super::wrapped(export) {
        Some(_) => &WRAPPED,
        None => &FLAGS,
    }
}

static WRAPPED: Shape = Shape::Object(Members {
    read: "evaluationContextEnrichment",
    idle: "",
    parts: &[("flags", Shape::Keyed(&FLAG))],
});

static FLAGS: Shape = Shape::Keyed(&FLAG);

static FLAG: Shape = Shape::Object(Members {
    read: "variations disable metadata bucketingKey",
    idle: "version trackEvents",
    parts: &[
        ("targeting", Shape::List(&RULE)),
        ("defaultRule", DEFAULT_RULE),
        ("scheduledRollout", Shape::List(&STEP)),
        ("experimentation", WINDOW),
        ("needs", Shape::List(&NEED)),
    ],
});

const RULE: Shape = Shape::Object(Members {
    read: "name query variation percentage disable",
    idle: "",
    parts: &[("progressiveRollout", ROLLOUT)],
});

/// It is for everybody whom no other rule serves.
const DEFAULT_RULE: Shape = Shape::Object(Members {
    read: "name variation percentage",
    idle: "query disable",
    parts: &[("progressiveRollout", ROLLOUT)],
});

/// The same in a step, which leaves the name as it is.
const CHANGED_DEFAULT_RULE: Shape = Shape::Object(Members {
    read: "variation percentage",
    idle: "name query disable",
    parts: &[("progressiveRollout", ROLLOUT)],
});

const ROLLOUT: Shape = Shape::Object(Members {
    read: "",
    idle: "",
    parts: &[("initial", ROLLOUT_END), ("end", ROLLOUT_END)],
});

const ROLLOUT_END: Shape = Shape::Object(Members {
    read: "variation percentage date",
    idle: "",
    parts: &[],
});

const OF_FLAGS: &str = "only a flag as a whole says this: the change is left out";

static STEP: Shape = Shape::Object(Members {
    read: "date variations disable",
    idle: "version trackEvents",
    parts: &[
        ("targeting", Shape::List(&RULE)),
        ("defaultRule", CHANGED_DEFAULT_RULE),
        ("experimentation", WINDOW),
        ("bucketingKey", Shape::LeftOut(OF_FLAGS)),
        ("metadata", Shape::LeftOut(OF_FLAGS)),
        ("needs", Shape::LeftOut(OF_FLAGS)),
        ("scheduledRollout", Shape::LeftOut(OF_FLAGS)),
    ],
});

const WINDOW: Shape = Shape::Object(Members {
    read: "start end",
    idle: "",
    parts: &[],
});

static NEED: Shape = Shape::Object(Members {
    read: "flag value",
    idle: "",
    parts: &[],
});
