//! What its snapshots look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "",
    idle: "namespace digest etag",
    parts: &[("flags", Shape::List(&FLAG))],
});

static FLAG: Shape = Shape::Object(Members {
    read: "key description enabled type",
    idle: "name createdAt updatedAt namespaceKey metadata",
    parts: &[
        ("defaultVariant", VARIANT),
        ("rules", Shape::List(&RULE)),
        ("rollouts", Shape::List(&ROLLOUT)),
    ],
});

const VARIANT: Shape = Shape::Object(Members {
    read: "key attachment",
    idle: "id name description",
    parts: &[],
});

static RULE: Shape = Shape::Object(Members {
    read: "segmentOperator",
    // Their order is that of the list.
    idle: "id rank",
    parts: &[
        ("segments", Shape::List(&SEGMENT)),
        ("distributions", Shape::List(&DISTRIBUTION)),
    ],
});

static DISTRIBUTION: Shape = Shape::Object(Members {
    read: "variantKey variantAttachment rollout",
    idle: "id ruleId variantId",
    parts: &[],
});

static ROLLOUT: Shape = Shape::Object(Members {
    read: "",
    // What it is, its parts say.
    idle: "id type rank description",
    parts: &[("segment", OF_SEGMENTS), ("threshold", THRESHOLD)],
});

const OF_SEGMENTS: Shape = Shape::Object(Members {
    read: "value segmentOperator",
    idle: "",
    parts: &[("segments", Shape::List(&SEGMENT))],
});

const THRESHOLD: Shape = Shape::Object(Members {
    read: "percentage value",
    idle: "",
    parts: &[],
});

static SEGMENT: Shape = Shape::Object(Members {
    read: "key matchType",
    idle: "name description createdAt updatedAt namespaceKey",
    parts: &[("constraints", Shape::List(&CONSTRAINT))],
});

static CONSTRAINT: Shape = Shape::Object(Members {
    read: "type property operator value",
    idle: "id segmentKey description createdAt updatedAt namespaceKey",
    parts: &[],
});
