//! Rollouts and experiments: shares of the 60 bits that are hashed.

use super::DIALECT;
use super::clause::{attribute, kind, reference};
use crate::ImportError;
use crate::part::Part;
use bandera_shared::dialect::method::{SHA1_60_SCALE, first_reaching};
use serde_json::{Value as Json, json};

/// The weight of everybody.
const WHOLE: f64 = 100_000.0;

/// Variations and the numbers that are theirs, without gaps: whoever is past the end of the
/// weights belongs to the last of them.
pub(super) struct Shares {
    pub(super) owners: Vec<(i64, (u64, u64))>,
    pub(super) bucketing: Json,
}

/// Who is hashed with what, except for a seed.
#[derive(Clone, Copy)]
pub(super) struct Salt<'s> {
    pub(super) key: &'s str,
    pub(super) salt: &'s str,
}

/// What a rollout comes to.
pub(super) enum Rollout {
    Shares(Shares),
    /// Why it is an error to get there.
    Malformed(String),
}

/// Reads a rollout.
pub(super) fn rollout(part: &Part<'_>, salt: Salt<'_>) -> Result<Rollout, ImportError> {
    let variations = part.member("variations").items()?;
    if variations.is_empty() {
        let why = format!(
            "{}: it has neither a variation nor a rollout of any",
            part.pointer
        );
        return Ok(Rollout::Malformed(why));
    }
    let is_experiment = part.member("kind").text()? == "experiment";
    let seed = part.member("seed").whole()?;
    let bucketing = match bucketing(part, "contextKind", is_experiment)? {
        Ok(by) => by.salted(&seed.map_or_else(|| salt.text(), |seed| seed.to_string())),
        Err(why) => return Ok(Rollout::Malformed(why)),
    };
    let mut owners = Vec::with_capacity(variations.len());
    let (mut reached, mut from) = (0.0, 0);
    for (position, variation) in variations.iter().enumerate() {
        let index = variation.member("variation").whole()?.unwrap_or(0);
        let split_weight = variation.member("weight").whole()?.unwrap_or(0);
        reached += split_weight as f64 / WHOLE;
        let is_last = position + 1 == variations.len();
        let to = if is_last {
            SHA1_60_SCALE
        } else {
            threshold(reached).max(from)
        };
        if from < to {
            owners.push((index, (from, to)));
        }
        from = to;
    }
    Ok(Rollout::Shares(Shares { owners, bucketing }))
}

/// A condition that holds for a share of contexts; nothing where it would hold for none.
///
/// # Errors
/// Within: why it is an error to get there.
pub(super) fn share(
    part: &Part<'_>,
    split_weight: i64,
    salt: Salt<'_>,
) -> Result<Result<Option<Json>, String>, ImportError> {
    Ok(bucketing(part, "rolloutContextKind", false)?.map(|by| {
        let to = threshold(split_weight as f64 / WHOLE);
        let bucketing = by.salted(&salt.text());
        (to > 0).then(|| json!({ "chance": { "ranges": [[0, to]], "bucketing": bucketing } }))
    }))
}

impl Salt<'_> {
    fn text(self) -> String {
        format!("{}.{}", self.key, self.salt)
    }
}

/// What is hashed: an attribute of a kind of context.
struct By(Json);

impl By {
    /// A context without it, or of another kind, has the first number there is.
    fn salted(self, salt: &str) -> Json {
        json!({ "kind": DIALECT, "salt": salt, "by": [self.0], "onMissing": "first" })
    }
}

fn bucketing(
    part: &Part<'_>,
    kind_member: &str,
    is_experiment: bool,
) -> Result<Result<By, String>, ImportError> {
    let (kind, is_literal) = kind(part, kind_member)?;
    let by = part.member("bucketBy").text()?;
    // Experiments are always by key.
    let by = if by.is_empty() || is_experiment {
        "key"
    } else {
        by
    };
    Ok(reference(by, is_literal).map(|path| By(attribute(kind, &path))))
}

/// The first number that, as a fraction, is not below the threshold.
fn threshold(fraction: f64) -> u64 {
    first_reaching(SHA1_60_SCALE, |number| {
        number as f64 / 0x0FFF_FFFF_FFFF_FFFF_u64 as f64 >= fraction
    })
}
