//! What its exports look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "flagValues",
    idle: "path",
    parts: &[
        ("flags", Shape::Keyed(&FLAG)),
        ("segments", Shape::Keyed(&SEGMENT)),
        ("data", DATA),
    ],
});

const DATA: Shape = Shape::Object(Members {
    read: "flagValues",
    idle: "",
    parts: &[
        ("flags", Shape::Keyed(&FLAG)),
        ("segments", Shape::Keyed(&SEGMENT)),
    ],
});

static FLAG: Shape = Shape::Object(Members {
    read: "key on variations offVariation salt deleted",
    idle: "version trackEvents trackEventsFallthrough debugEventsUntilDate clientSide \
           clientSideAvailability excludeFromSummaries samplingRatio migration",
    parts: &[
        ("prerequisites", Shape::List(&PREREQUISITE)),
        ("targets", Shape::List(&TARGET)),
        ("contextTargets", Shape::List(&TARGET)),
        ("rules", Shape::List(&RULE)),
        ("fallthrough", SERVED),
    ],
});

static PREREQUISITE: Shape = Shape::Object(Members {
    read: "key variation",
    idle: "",
    parts: &[],
});

static TARGET: Shape = Shape::Object(Members {
    read: "contextKind variation values",
    idle: "",
    parts: &[],
});

static RULE: Shape = Shape::Object(Members {
    read: "id variation",
    idle: "trackEvents description ref",
    parts: &[("clauses", Shape::List(&CLAUSE)), ("rollout", ROLLOUT)],
});

const SERVED: Shape = Shape::Object(Members {
    read: "variation",
    idle: "",
    parts: &[("rollout", ROLLOUT)],
});

const ROLLOUT: Shape = Shape::Object(Members {
    read: "kind contextKind bucketBy seed",
    idle: "",
    parts: &[("variations", Shape::List(&SHARE))],
});

static SHARE: Shape = Shape::Object(Members {
    read: "variation weight",
    idle: "untracked",
    parts: &[],
});

static CLAUSE: Shape = Shape::Object(Members {
    read: "contextKind attribute op values negate",
    idle: "",
    parts: &[],
});

static SEGMENT: Shape = Shape::Object(Members {
    read: "key included excluded salt deleted unbounded generation",
    idle: "version",
    parts: &[
        ("includedContexts", Shape::List(&LISTED)),
        ("excludedContexts", Shape::List(&LISTED)),
        ("rules", Shape::List(&SEGMENT_RULE)),
        (
            "unboundedContextKind",
            Shape::LeftOut("members of that kind are in a store of their own"),
        ),
    ],
});

static LISTED: Shape = Shape::Object(Members {
    read: "contextKind values",
    idle: "",
    parts: &[],
});

static SEGMENT_RULE: Shape = Shape::Object(Members {
    read: "weight bucketBy rolloutContextKind",
    idle: "id description",
    parts: &[("clauses", Shape::List(&CLAUSE))],
});
