//! Dialects by name: the one list of which systems' conditions, expressions and policies are known.
//!
//! An engine built without the feature `dialects` knows our own operators alone.

use super::{ForeignPolicy, ForeignProgram, ForeignTest, Source, Unfit, ours, unfit};
use std::sync::Arc;

/// The condition that a source means.
///
/// # Errors
/// What is wrong with the source, for people: an unknown dialect or operator, or an unfit value.
pub fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    if &*source.dialect == ours::NAME {
        return ours::test(source);
    }
    #[cfg(feature = "dialects")]
    return theirs::test(source);
    #[cfg(not(feature = "dialects"))]
    Err(unknown(source))
}

/// The expression that a source means.
///
/// # Errors
/// What is wrong with the source, for people.
pub fn program(source: &Source) -> Result<Arc<dyn ForeignProgram>, Unfit> {
    #[cfg(feature = "dialects")]
    return theirs::program(source);
    #[cfg(not(feature = "dialects"))]
    Err(unknown(source))
}

/// The trained policy that a source means.
///
/// # Errors
/// What is wrong with the source, for people.
pub fn policy(source: &Source) -> Result<Arc<dyn ForeignPolicy>, Unfit> {
    #[cfg(feature = "dialects")]
    return theirs::policy(source);
    #[cfg(not(feature = "dialects"))]
    Err(unknown(source))
}

#[cfg(feature = "dialects")]
fn unknown(source: &Source) -> Unfit {
    unfit!("\"{}\" is no dialect that has this", source.dialect)
}

#[cfg(not(feature = "dialects"))]
fn unknown(source: &Source) -> Unfit {
    unfit!(
        "this engine is built without the dialect \"{}\"",
        source.dialect
    )
}

#[cfg(feature = "dialects")]
mod theirs {
    use super::super::{
        ForeignPolicy, ForeignProgram, ForeignTest, Source, Unfit, configcat, eppo, flagd,
        flagship, flagsmith, flipt, goff, growthbook, launchdarkly, posthog, split, unleash,
    };
    use super::unknown;
    use std::sync::Arc;

    pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
        match &*source.dialect {
            "configcat" => configcat::test(source),
            "eppo" => eppo::test(source),
            "flagship" => flagship::test(source),
            "flagsmith" => flagsmith::test(source),
            "flipt" => flipt::test(source),
            "goff" => goff::test(source),
            "growthbook" => growthbook::test(source),
            "launchdarkly" => launchdarkly::test(source),
            "posthog" => posthog::test(source),
            "split" => split::test(source),
            "unleash" => unleash::test(source),
            _ => Err(unknown(source)),
        }
    }

    pub(super) fn program(source: &Source) -> Result<Arc<dyn ForeignProgram>, Unfit> {
        match &*source.dialect {
            "flagd/1" | "flagd/2" | "flagd/3" => flagd::program(source),
            _ => Err(unknown(source)),
        }
    }

    pub(super) fn policy(source: &Source) -> Result<Arc<dyn ForeignPolicy>, Unfit> {
        match &*source.dialect {
            "eppo" => eppo::policy(source),
            _ => Err(unknown(source)),
        }
    }
}
