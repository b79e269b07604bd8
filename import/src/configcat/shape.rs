//! What its exports look like: names are single letters there.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "",
    idle: "",
    parts: &[
        ("p", PREFERENCES),
        ("s", Shape::List(&SEGMENT)),
        ("f", Shape::Keyed(&SETTING)),
    ],
});

/// Where to download it, and the salt of secret comparands.
const PREFERENCES: Shape = Shape::Object(Members {
    read: "s",
    idle: "u r",
    parts: &[],
});

static SEGMENT: Shape = Shape::Object(Members {
    read: "n",
    idle: "",
    parts: &[("r", Shape::List(&COMPARISON))],
});

static SETTING: Shape = Shape::Object(Members {
    read: "t a i",
    idle: "",
    parts: &[
        ("v", VALUE),
        ("p", Shape::List(&OPTION)),
        ("r", Shape::List(&RULE)),
    ],
});

const VALUE: Shape = Shape::Object(Members {
    read: "b s i d",
    idle: "",
    parts: &[],
});

static OPTION: Shape = Shape::Object(Members {
    read: "p i",
    idle: "",
    parts: &[("v", VALUE)],
});

static RULE: Shape = Shape::Object(Members {
    read: "",
    idle: "",
    parts: &[
        ("c", Shape::List(&CONDITION)),
        ("s", SERVED),
        ("p", Shape::List(&OPTION)),
    ],
});

const SERVED: Shape = Shape::Object(Members {
    read: "i",
    idle: "",
    parts: &[("v", VALUE)],
});

static CONDITION: Shape = Shape::Object(Members {
    read: "",
    idle: "",
    parts: &[("u", COMPARISON), ("s", IN_SEGMENT), ("p", PREREQUISITE)],
});

const COMPARISON: Shape = Shape::Object(Members {
    read: "a c s d l",
    idle: "",
    parts: &[],
});

const IN_SEGMENT: Shape = Shape::Object(Members {
    read: "s c",
    idle: "",
    parts: &[],
});

const PREREQUISITE: Shape = Shape::Object(Members {
    read: "f c",
    idle: "",
    parts: &[("v", VALUE)],
});
