//! The targets: each takes any bytes.

use crate::{edge, events, import, ruleset, tokens};

/// How a target's bytes are best changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any bytes.
    Bytes,
    /// JSON, whose parts are moved about.
    Json,
}

/// Something that takes bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name for `cargo fuzz run`, and that of its corpus.
    pub name: &'static str,
    /// What its bytes are.
    pub shape: Shape,
    /// Takes any bytes; a panic is a finding.
    pub run: fn(&[u8]),
}

const fn json(name: &'static str, run: fn(&[u8])) -> Target {
    let shape = Shape::Json;
    Target { name, shape, run }
}

const fn bytes(name: &'static str, run: fn(&[u8])) -> Target {
    let shape = Shape::Bytes;
    Target { name, shape, run }
}

/// All targets; `fuzz_targets/` has a file for each.
pub const TARGETS: [Target; 32] = [
    json("ruleset", ruleset::document),
    bytes("compact", ruleset::compact),
    bytes("bundle", ruleset::bundle),
    json("context", ruleset::context),
    json("import_configcat", import::configcat),
    json("import_eppo", import::eppo),
    json("import_flagd", import::flagd),
    json("import_flagd_v1", import::flagd_v1),
    json("import_flagd_v3", import::flagd_v3),
    json("import_flagship", import::flagship),
    json("import_flagsmith", import::flagsmith),
    json("import_flipt", import::flipt),
    json("import_goff", import::goff),
    json("import_growthbook", import::growthbook),
    json("import_launchdarkly", import::launchdarkly),
    json("import_posthog", import::posthog),
    json("import_split", import::split),
    json("import_unleash", import::unleash),
    bytes("keys", tokens::keys),
    bytes("receipt", tokens::receipt),
    bytes("sticky", tokens::sticky),
    bytes("exposed", tokens::exposed),
    bytes("preview", tokens::preview),
    bytes("subject_proof", tokens::subject_proof),
    json("event_batch", events::batch),
    json("ledger_message", events::message),
    json("snapshot", events::snapshot),
    json("ofrep_body", edge::ofrep_body),
    json("request", edge::request),
    json("variants_header", edge::variants_header),
    bytes("cookies", edge::cookies),
    json("settings", edge::settings),
];

/// The target of that name.
#[must_use]
pub fn named(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
