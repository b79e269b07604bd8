//! What its evaluation contexts look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    // Conditions may look at any of the environment by a path.
    read: "environment",
    idle: "$schema",
    parts: &[
        ("features", Shape::Keyed(&FEATURE)),
        ("segments", Shape::Keyed(&SEGMENT)),
        (
            "identity",
            Shape::LeftOut("who asks is said by each request's own context"),
        ),
    ],
});

static FEATURE: Shape = Shape::Object(Members {
    read: "key name enabled value",
    // Nothing is overridden by it.
    idle: "id metadata priority",
    parts: &[("variants", Shape::List(&VARIANT))],
});

static OVERRIDE: Shape = Shape::Object(Members {
    read: "key name enabled value priority",
    idle: "id feature metadata",
    parts: &[("variants", Shape::List(&VARIANT))],
});

static VARIANT: Shape = Shape::Object(Members {
    read: "key value weight priority",
    idle: "id",
    parts: &[],
});

static SEGMENT: Shape = Shape::Object(Members {
    read: "key name",
    idle: "id metadata",
    parts: &[
        ("rules", Shape::List(&RULE)),
        ("overrides", Shape::List(&OVERRIDE)),
    ],
});

static RULE: Shape = Shape::Object(Members {
    read: "type",
    idle: "id",
    parts: &[
        ("conditions", Shape::List(&CONDITION)),
        ("rules", Shape::List(&RULE)),
    ],
});

static CONDITION: Shape = Shape::Object(Members {
    read: "property operator value",
    idle: "id",
    parts: &[],
});
