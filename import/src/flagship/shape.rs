//! What its exports look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "account_id",
    idle: "app_id",
    parts: &[("flags", Shape::List(&FLAG))],
});

static FLAG: Shape = Shape::Object(Members {
    read: "key enabled default_variation variations",
    idle: "name description type created_at updated_at updated_by version",
    parts: &[("rules", Shape::List(&RULE))],
});

static RULE: Shape = Shape::Object(Members {
    read: "priority serve_variation",
    idle: "id name description",
    parts: &[
        ("conditions", Shape::List(&CONDITION)),
        ("rollout", ROLLOUT),
    ],
});

static CONDITION: Shape = Shape::Object(Members {
    read: "attribute operator value logical_operator",
    idle: "",
    parts: &[("clauses", Shape::List(&CONDITION))],
});

const ROLLOUT: Shape = Shape::Object(Members {
    read: "percentage attribute",
    idle: "",
    parts: &[],
});
