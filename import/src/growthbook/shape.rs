//! What its payloads look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "savedGroups encryptedFeatures encryptedExperiments encryptedSavedGroups",
    idle: "status dateUpdated",
    parts: &[
        ("features", Shape::Keyed(&FEATURE)),
        ("contextualBandits", Shape::Keyed(&BANDIT)),
        ("experiments", Shape::List(&EXPERIMENT)),
    ],
});

static FEATURE: Shape = Shape::Object(Members {
    read: "defaultValue",
    idle: "project metadata",
    parts: &[("rules", Shape::List(&RULE))],
});

static RULE: Shape = Shape::Object(Members {
    read: "id key condition force coverage hashVersion hashAttribute fallbackAttribute \
           disableStickyBucketing bucketVersion minBucketVersion range ranges seed namespace \
           variations weights contextualVariations contextualBanditRef",
    idle: "name phase tracks type banditVersion",
    parts: &[
        ("parentConditions", Shape::List(&PARENT)),
        ("filters", Shape::List(&FILTER)),
        ("meta", Shape::List(&META)),
    ],
});

static PARENT: Shape = Shape::Object(Members {
    read: "id condition gate",
    idle: "",
    parts: &[],
});

static PAGE_PARENT: Shape = Shape::Object(Members {
    read: "id condition",
    idle: "gate",
    parts: &[],
});

static FILTER: Shape = Shape::Object(Members {
    read: "attribute seed hashVersion ranges",
    idle: "",
    parts: &[],
});

static META: Shape = Shape::Object(Members {
    read: "key passthrough",
    idle: "name",
    parts: &[],
});

static BANDIT: Shape = Shape::Object(Members {
    read: "",
    idle: "banditVersion",
    parts: &[("contexts", Shape::List(&CONTEXT))],
});

static CONTEXT: Shape = Shape::Object(Members {
    read: "leafId condition weights",
    idle: "",
    parts: &[],
});

static EXPERIMENT: Shape = Shape::Object(Members {
    read: "key status active groups url include urlPatterns condition force coverage hashVersion \
           hashAttribute fallbackAttribute disableStickyBucketing bucketVersion minBucketVersion \
           ranges seed namespace variations weights contextualVariations contextualBanditRef",
    // When it is run, and how a page is then changed, is up to whoever asks.
    idle: "name phase project metadata changeId manual persistQueryString skipRollup",
    parts: &[
        ("parentConditions", Shape::List(&PAGE_PARENT)),
        ("filters", Shape::List(&FILTER)),
        ("meta", Shape::List(&META)),
    ],
});
