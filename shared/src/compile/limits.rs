//! Bounds on what a ruleset may hold, so that its evaluation is bounded too.

/// Bytes of a ruleset document: a KV value holds 25 MiB, an isolate 128 MB.
pub const RULESET_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Flags of a ruleset: as many as an edge can answer for in one request.
pub const FLAGS_MAX: usize = 10_000;

/// Bytes of a key of a flag, variant, segment, layer, holdout or bandit.
pub const KEY_BYTES_MAX: usize = 256;

/// Levels of conditions inside conditions.
pub const CONDITION_DEPTH_MAX: usize = 32;

/// Values in one list of a condition.
pub const LIST_LENGTH_MAX: usize = 10_000;

/// Values of a named list, those of the lists in it included, along every path.
pub const LIST_VALUES_MAX: usize = 100_000;

/// Bytes of the values of named lists once they are compiled: of each list for each operator and
/// attribute, and of each value with what it takes beside its text.
pub const LISTED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Bytes of a regular expression's source.
pub const PATTERN_BYTES_MAX: usize = 1_000;

/// Steps of a regular expression, its repetitions written out (see [`crate::pattern::steps`]):
/// repetitions inside repetitions grow fast, and each character of a text may be held against
/// every step.
pub const PATTERN_STEPS_MAX: u64 = 4_096;

/// Numbers that another system's bucketing may draw from, where it leaves that open.
pub const SCALE_MAX: u64 = 1 << 60;

/// Variants of a flag.
pub const VARIANTS_MAX: usize = 256;

/// Rules of a flag, those of its status included.
pub const RULES_MAX: usize = 256;

/// Flags that evaluating one flag may evaluate, itself included, counted along every path; and
/// segments that looking into one segment may look into.
pub const EVALUATION_COST_MAX: u64 = 256;

/// Comparisons that evaluating one flag may take, those of segments and flags it asks included,
/// counted along every path: each condition is one, and so is each value that has to be looked at
/// by itself; each step of a regular expression is twenty.
pub const COMPARISONS_MAX: u64 = 100_000;
