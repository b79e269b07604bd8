//! What its exports look like: a configuration, or a wire with one inside.

use crate::shape::{Members, Shape};
use serde_json::Value as Json;

pub(crate) fn shape(export: &Json) -> &'static Shape {
    if export.get("flags").is_some_and(Json::is_object) {
        &CONFIGURATION
    } else {
        &WIRE
    }
}

static WIRE: Shape = Shape::Object(Members {
    read: "",
    idle: "version",
    parts: &[("config", FLAGS), ("bandits", MODELS)],
});

const FLAGS: Shape = Shape::Object(Members {
    read: "",
    idle: "fetchedAt etag",
    parts: &[("response", Shape::Document(&CONFIGURATION))],
});

const MODELS: Shape = Shape::Object(Members {
    read: "",
    idle: "fetchedAt etag",
    parts: &[("response", Shape::Document(&MODEL_FILE))],
});

static CONFIGURATION: Shape = Shape::Object(Members {
    // Of bandits a configuration has references alone, in a form that older ones have.
    read: "format bandits",
    idle: "createdAt environment",
    parts: &[
        ("flags", Shape::Keyed(&FLAG)),
        ("banditReferences", Shape::Keyed(&REFERENCE)),
    ],
});

static FLAG: Shape = Shape::Object(Members {
    read: "enabled variationType totalShards",
    idle: "key comment entityId",
    parts: &[
        ("variations", Shape::Keyed(&VARIATION)),
        ("allocations", Shape::List(&ALLOCATION)),
    ],
});

static VARIATION: Shape = Shape::Object(Members {
    read: "key value",
    idle: "",
    parts: &[],
});

static ALLOCATION: Shape = Shape::Object(Members {
    read: "key startAt endAt doLog",
    idle: "",
    parts: &[
        ("rules", Shape::List(&RULE)),
        ("splits", Shape::List(&SPLIT)),
    ],
});

static RULE: Shape = Shape::Object(Members {
    read: "",
    idle: "",
    parts: &[("conditions", Shape::List(&CONDITION))],
});

static CONDITION: Shape = Shape::Object(Members {
    read: "attribute operator value",
    idle: "",
    parts: &[],
});

static SPLIT: Shape = Shape::Object(Members {
    read: "variationKey",
    idle: "extraLogging",
    parts: &[("shards", Shape::List(&SHARD))],
});

static SHARD: Shape = Shape::Object(Members {
    read: "salt",
    idle: "",
    parts: &[("ranges", Shape::List(&RANGE))],
});

static RANGE: Shape = Shape::Object(Members {
    read: "start end",
    idle: "",
    parts: &[],
});

static REFERENCE: Shape = Shape::Object(Members {
    read: "",
    idle: "modelVersion",
    parts: &[("flagVariations", Shape::List(&BANDIT_VARIATION))],
});

static BANDIT_VARIATION: Shape = Shape::Object(Members {
    read: "flagKey variationValue",
    idle: "key allocationKey variationKey",
    parts: &[],
});

static MODEL_FILE: Shape = Shape::Object(Members {
    read: "",
    idle: "createdAt updatedAt environment",
    parts: &[("bandits", Shape::Keyed(&MODEL))],
});

static MODEL: Shape = Shape::Object(Members {
    read: "modelVersion",
    idle: "banditKey modelName updatedAt",
    parts: &[("modelData", MODEL_DATA)],
});

const MODEL_DATA: Shape = Shape::Object(Members {
    read: "gamma defaultActionScore actionProbabilityFloor",
    idle: "",
    parts: &[("coefficients", Shape::Keyed(&ACTION))],
});

static ACTION: Shape = Shape::Object(Members {
    read: "actionKey intercept",
    idle: "",
    parts: &[
        ("subjectNumericCoefficients", Shape::List(&NUMBER)),
        ("subjectCategoricalCoefficients", Shape::List(&CATEGORY)),
        ("actionNumericCoefficients", Shape::List(&NUMBER)),
        ("actionCategoricalCoefficients", Shape::List(&CATEGORY)),
    ],
});

static NUMBER: Shape = Shape::Object(Members {
    read: "attributeKey coefficient missingValueCoefficient",
    idle: "",
    parts: &[],
});

static CATEGORY: Shape = Shape::Object(Members {
    read: "attributeKey missingValueCoefficient valueCoefficients",
    idle: "",
    parts: &[],
});
