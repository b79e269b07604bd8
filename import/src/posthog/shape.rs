//! What its definitions look like.

use crate::shape::{Members, Shape};

pub(crate) static SHAPE: Shape = Shape::Object(Members {
    read: "group_type_mapping property_matching_version propertyMatchingVersion",
    idle: "count previous",
    parts: &[
        ("flags", Shape::List(&FLAG)),
        ("results", Shape::List(&FLAG)),
        ("cohorts", Shape::Keyed(&COHORT)),
        (
            "next",
            Shape::LeftOut("there are more flags on the next page: put them into one list"),
        ),
    ],
});

static FLAG: Shape = Shape::Object(Members {
    read: "key active ensure_experience_continuity bucketing_identifier",
    idle: "id team_id name version status tags created_at created_by updated_at \
           last_modified_by last_called_at evaluation_runtime is_simple_flag rollout_percentage \
           experiment_set experiment_set_metadata surveys features rollback_conditions \
           performed_rollback can_edit usage_dashboard analytics_dashboards \
           has_enriched_analytics user_access_level creation_context _create_in_folder \
           _should_create_usage_dashboard is_remote_configuration is_used_in_replay_settings",
    parts: &[
        ("filters", FILTERS),
        (
            "deleted",
            Shape::LeftOut("it is deleted, which its SDKs do not look at"),
        ),
        ("evaluation_tags", Shape::LeftOut(BY_TAG)),
        ("evaluation_contexts", Shape::LeftOut(BY_TAG)),
        (
            "has_encrypted_payloads",
            Shape::LeftOut("its payloads are handed on encrypted"),
        ),
    ],
});

const BY_TAG: &str = "only PostHog's servers ask under which names somebody asks for a flag";

const FILTERS: Shape = Shape::Object(Members {
    read: "payloads aggregation_group_type_index super_groups holdout_groups feature_enrollment \
           early_exit",
    idle: "",
    parts: &[
        ("groups", Shape::List(&CONDITION)),
        ("multivariate", MULTIVARIATE),
        ("holdout", HOLDOUT),
    ],
});

const MULTIVARIATE: Shape = Shape::Object(Members {
    read: "",
    idle: "",
    parts: &[("variants", Shape::List(&VARIANT))],
});

static VARIANT: Shape = Shape::Object(Members {
    read: "key rollout_percentage",
    idle: "name",
    parts: &[],
});

const HOLDOUT: Shape = Shape::Object(Members {
    read: "id exclusion_percentage",
    idle: "",
    parts: &[],
});

static CONDITION: Shape = Shape::Object(Members {
    read: "rollout_percentage variant aggregation_group_type_index description",
    idle: "users_affected sort_key",
    parts: &[("properties", Shape::List(&FILTER))],
});

static FILTER: Shape = Shape::Object(Members {
    read: "key value operator type dependency_chain",
    // A filter of groups is about the group that is aggregated.
    idle: "cohort_name group_type_index group_key_names label",
    parts: &[(
        "negation",
        Shape::LeftOut("a filter of a flag is not negated by this, as in its SDKs"),
    )],
});

static COHORT: Shape = Shape::Object(Members {
    read: "type",
    idle: "",
    parts: &[("values", Shape::List(&TREE))],
});

/// A filter of a cohort, or some of them together.
static TREE: Shape = Shape::Object(Members {
    read: "key value operator type dependency_chain negation",
    idle: "cohort_name group_type_index group_key_names label bytecode conditionHash",
    parts: &[("values", Shape::List(&TREE))],
});
