//! What its answers look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "",
    idle: "since till",
    parts: &[
        ("ff", FLAGS),
        ("splits", Shape::List(&FLAG)),
        ("rbs", RULE_BASED),
        ("segments", Shape::List(&MEMBERS)),
    ],
});

const FLAGS: Shape = Shape::Object(Members {
    read: "",
    idle: "s t",
    parts: &[("d", Shape::List(&FLAG))],
});

const RULE_BASED: Shape = Shape::Object(Members {
    read: "",
    idle: "s t",
    parts: &[("d", Shape::List(&SEGMENT))],
});

static FLAG: Shape = Shape::Object(Members {
    read: "name trafficAllocation trafficAllocationSeed seed status killed defaultTreatment algo \
           configurations",
    idle: "changeNumber trafficTypeName trafficTypeId sets impressionsDisabled orgId environment",
    parts: &[
        ("conditions", Shape::List(&CONDITION)),
        ("prerequisites", Shape::List(&PREREQUISITE)),
    ],
});

static PREREQUISITE: Shape = Shape::Object(Members {
    read: "n ts",
    idle: "",
    parts: &[],
});

static CONDITION: Shape = Shape::Object(Members {
    read: "conditionType label",
    idle: "",
    parts: &[
        ("matcherGroup", COMBINED),
        ("partitions", Shape::List(&PARTITION)),
    ],
});

static PARTITION: Shape = Shape::Object(Members {
    read: "treatment size",
    idle: "",
    parts: &[],
});

const COMBINED: Shape = Shape::Object(Members {
    read: "combiner",
    idle: "",
    parts: &[("matchers", Shape::List(&MATCHER))],
});

static MATCHER: Shape = Shape::Object(Members {
    read: "matcherType negate booleanMatcherData stringMatcherData",
    idle: "",
    parts: &[
        ("keySelector", SELECTOR),
        ("userDefinedSegmentMatcherData", SEGMENT_NAME),
        ("userDefinedLargeSegmentMatcherData", LARGE_SEGMENT_NAME),
        ("whitelistMatcherData", WHITELIST),
        ("unaryNumericMatcherData", NUMBER),
        ("betweenMatcherData", BETWEEN),
        ("betweenStringMatcherData", BETWEEN_TEXTS),
        ("dependencyMatcherData", DEPENDENCY),
    ],
});

const SELECTOR: Shape = Shape::Object(Members {
    read: "attribute",
    idle: "trafficType",
    parts: &[],
});

const SEGMENT_NAME: Shape = Shape::Object(Members {
    read: "segmentName",
    idle: "",
    parts: &[],
});

const LARGE_SEGMENT_NAME: Shape = Shape::Object(Members {
    read: "largeSegmentName",
    idle: "",
    parts: &[],
});

const WHITELIST: Shape = Shape::Object(Members {
    read: "whitelist",
    idle: "",
    parts: &[],
});

const NUMBER: Shape = Shape::Object(Members {
    read: "dataType value",
    idle: "",
    parts: &[],
});

const BETWEEN: Shape = Shape::Object(Members {
    read: "dataType start end",
    idle: "",
    parts: &[],
});

const BETWEEN_TEXTS: Shape = Shape::Object(Members {
    read: "start end",
    idle: "",
    parts: &[],
});

const DEPENDENCY: Shape = Shape::Object(Members {
    read: "split treatments",
    idle: "",
    parts: &[],
});

/// A segment made of rules.
static SEGMENT: Shape = Shape::Object(Members {
    read: "name status",
    idle: "changeNumber trafficTypeName",
    parts: &[
        ("conditions", Shape::List(&SEGMENT_CONDITION)),
        ("excluded", EXCLUDED),
    ],
});

static SEGMENT_CONDITION: Shape = Shape::Object(Members {
    read: "",
    idle: "conditionType label partitions",
    parts: &[("matcherGroup", COMBINED)],
});

const EXCLUDED: Shape = Shape::Object(Members {
    read: "keys",
    idle: "",
    parts: &[("segments", Shape::List(&EXCLUDED_SEGMENT))],
});

static EXCLUDED_SEGMENT: Shape = Shape::Object(Members {
    read: "name type",
    idle: "",
    parts: &[],
});

/// Changes of a listed segment.
static MEMBERS: Shape = Shape::Object(Members {
    read: "name added removed",
    idle: "since till",
    parts: &[],
});
