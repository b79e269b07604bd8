//! What its downloads look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "",
    idle: "version query meta",
    parts: &[
        ("features", Shape::List(&FEATURE)),
        ("segments", Shape::List(&SEGMENT)),
        ("events", Shape::List(&EVENT)),
    ],
});

static EVENT: Shape = Shape::Object(Members {
    read: "type featureName segmentId",
    idle: "eventId project",
    parts: &[
        ("feature", FEATURE),
        ("segment", SEGMENT),
        ("features", Shape::List(&FEATURE)),
        ("segments", Shape::List(&SEGMENT)),
    ],
});

const FEATURE: Shape = Shape::Object(Members {
    read: "name description enabled",
    // Of segments, those of its strategies count.
    idle: "id type project stale environment impressionData createdAt lastSeenAt segments",
    parts: &[
        ("strategies", Shape::List(&STRATEGY)),
        ("variants", Shape::List(&VARIANT)),
        ("dependencies", Shape::List(&DEPENDENCY)),
    ],
});

static STRATEGY: Shape = Shape::Object(Members {
    read: "name disabled segments",
    idle: "id title sortOrder featureName",
    parts: &[
        ("parameters", PARAMETERS),
        ("constraints", Shape::List(&CONSTRAINT)),
        ("variants", Shape::List(&VARIANT)),
    ],
});

const PARAMETERS: Shape = Shape::Object(Members {
    read: "groupId stickiness rollout percentage userIds IPs",
    idle: "",
    parts: &[],
});

static CONSTRAINT: Shape = Shape::Object(Members {
    read: "contextName operator value values inverted caseInsensitive",
    idle: "",
    parts: &[],
});

static VARIANT: Shape = Shape::Object(Members {
    read: "name weight stickiness",
    idle: "weightType feature_enabled",
    parts: &[("payload", PAYLOAD), ("overrides", Shape::List(&OVERRIDE))],
});

const PAYLOAD: Shape = Shape::Object(Members {
    read: "type value",
    idle: "",
    parts: &[],
});

static OVERRIDE: Shape = Shape::Object(Members {
    read: "contextName values",
    idle: "",
    parts: &[],
});

static DEPENDENCY: Shape = Shape::Object(Members {
    read: "feature enabled variants",
    idle: "",
    parts: &[],
});

const SEGMENT: Shape = Shape::Object(Members {
    read: "id name",
    idle: "description project createdBy createdAt usedInProjects usedInFeatures",
    parts: &[("constraints", Shape::List(&CONSTRAINT))],
});
