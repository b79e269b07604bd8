//! The systems whose exports are known.

use crate::ImportError;
use crate::draft::Draft;
use crate::shape::Shape;
use serde_json::Value as Json;

/// A system whose exports can be taken over; of flagd one for each of its hashes, which its files
/// do not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Peer {
    ConfigCat,
    Eppo,
    Flagd,
    FlagdV1,
    FlagdV3,
    Flagship,
    Flagsmith,
    Flipt,
    GoFeatureFlag,
    GrowthBook,
    LaunchDarkly,
    PostHog,
    Split,
    Unleash,
}

/// Peers by the names that the command and the API use.
pub const PEERS: [(&str, Peer); 14] = [
    ("configcat", Peer::ConfigCat),
    ("eppo", Peer::Eppo),
    ("flagd", Peer::Flagd),
    ("flagd-v1", Peer::FlagdV1),
    ("flagd-v3", Peer::FlagdV3),
    ("flagship", Peer::Flagship),
    ("flagsmith", Peer::Flagsmith),
    ("flipt", Peer::Flipt),
    ("goff", Peer::GoFeatureFlag),
    ("growthbook", Peer::GrowthBook),
    ("launchdarkly", Peer::LaunchDarkly),
    ("posthog", Peer::PostHog),
    ("split", Peer::Split),
    ("unleash", Peer::Unleash),
];

impl Peer {
    /// The peer of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = PEERS.iter().find(|(other, _)| *other == name);
        found.map(|(_, peer)| *peer)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = PEERS.iter().find(|(_, peer)| *peer == self);
        found.map_or("", |(name, _)| name)
    }

    /// Reads the peer's export, of which `bytes` keep what a tree forgets: the order of members.
    pub(crate) fn read(self, export: &Json, bytes: &[u8]) -> Result<Draft, ImportError> {
        match self {
            Self::ConfigCat => crate::configcat::read(export),
            Self::Eppo => crate::eppo::read(export),
            Self::Flagd => crate::flagd::read(export, "flagd/2"),
            Self::FlagdV1 => crate::flagd::read(export, "flagd/1"),
            Self::FlagdV3 => crate::flagd::read(export, "flagd/3"),
            Self::Flagship => crate::flagship::read(export),
            Self::Flagsmith => crate::flagsmith::read(export, bytes),
            Self::Flipt => crate::flipt::read(export),
            Self::GoFeatureFlag => crate::goff::read(export),
            Self::GrowthBook => crate::growthbook::read(export),
            Self::LaunchDarkly => crate::launchdarkly::read(export),
            Self::PostHog => crate::posthog::read(export),
            Self::Split => crate::split::read(export),
            Self::Unleash => crate::unleash::read(export),
        }
    }

    /// What the peer's exports look like.
    pub(crate) fn shape(self, export: &Json) -> &'static Shape {
        match self {
            Self::ConfigCat => &crate::configcat::SHAPE,
            Self::Eppo => crate::eppo::shape(export),
            Self::Flagd | Self::FlagdV1 | Self::FlagdV3 => crate::flagd::shape(export),
            Self::Flagship => &crate::flagship::SHAPE,
            Self::Flagsmith => &crate::flagsmith::SHAPE,
            Self::Flipt => &crate::flipt::SHAPE,
            Self::GoFeatureFlag => crate::goff::shape(export),
            Self::GrowthBook => &crate::growthbook::SHAPE,
            Self::LaunchDarkly => &crate::launchdarkly::SHAPE,
            Self::PostHog => &crate::posthog::SHAPE,
            Self::Split => &crate::split::SHAPE,
            Self::Unleash => &crate::unleash::SHAPE,
        }
    }
}
