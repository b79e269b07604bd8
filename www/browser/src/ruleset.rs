//! A ruleset of which this engine knows everything.

use bandera_shared::{CompactError, Ruleset};

/// The ruleset in the bytes. The ordinary engine takes none in which there is something that it
/// does not know: an answer may rest on that, and not show it.
pub(crate) fn whole(bytes: Vec<u8>) -> Result<Ruleset, CompactError> {
    let ruleset = Ruleset::from_compact(bytes)?;
    if cfg!(feature = "rare") || ruleset.is_known() {
        Ok(ruleset)
    } else {
        Err(CompactError::Unknown)
    }
}
