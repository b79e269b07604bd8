//! From a subject to a bucket: the one place where chance enters an assignment.
//!
//! A bucket is an integer below [`BUCKETS`]; ranges of buckets are the only thing assignment
//! looks at. No floating point takes part.

use crate::context::{Attribute, EvaluationContext};
use crate::value::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Number of buckets: a share of one in a million can be expressed.
pub const BUCKETS: u32 = 1_000_000;

/// Buckets in one percent.
pub const BUCKETS_PER_PERCENT: u32 = BUCKETS / 100;

/// Separates salt and unit in the hashed bytes; no JSON text contains it unescaped.
const SEPARATOR: u8 = 0x1F;

/// Bytes hashed without a heap allocation; longer inputs are allocated.
const INLINE_BYTES: usize = 192;

/// An integer in `0..BUCKETS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u32);

impl Bucket {
    /// Multiply-shift of a 64-bit hash.
    ///
    /// # Formula
    /// `floor(hash * BUCKETS / 2^64)`, in 128-bit integers.
    /// # Determinism
    /// Same bits everywhere.
    #[must_use]
    pub fn from_hash(hash: u64) -> Self {
        Self(((u128::from(hash) * u128::from(BUCKETS)) >> 64) as u32)
    }

    /// The index, below [`BUCKETS`].
    #[must_use]
    pub fn index(self) -> u32 {
        self.0
    }
}

/// Hash of `salt`, 0x1F, `unit` by XXH3 with 64 bits and seed 0.
///
/// # Examples
/// ```
/// use bandera_shared::bucketing::{Bucket, hash};
/// assert_eq!(Bucket::from_hash(hash("salt", "ana")).index(), 457_057);
/// ```
#[must_use]
pub fn hash(salt: &str, unit: &str) -> u64 {
    let total = salt.len() + 1 + unit.len();
    let mut inline = [0_u8; INLINE_BYTES];
    if let Some(bytes) = inline.get_mut(..total) {
        let (head, tail) = bytes.split_at_mut(salt.len());
        head.copy_from_slice(salt.as_bytes());
        if let Some((separator, rest)) = tail.split_first_mut() {
            *separator = SEPARATOR;
            rest.copy_from_slice(unit.as_bytes());
        }
        return xxh3_64(bytes);
    }
    let mut bytes = Vec::with_capacity(total);
    bytes.extend_from_slice(salt.as_bytes());
    bytes.push(SEPARATOR);
    bytes.extend_from_slice(unit.as_bytes());
    xxh3_64(&bytes)
}

/// Where the number behind a bucket comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Draw {
    /// From the subject: the same answer each time.
    #[default]
    Hash,
    /// From the random number passed in with the request: a new answer each time.
    Request,
}

/// How subjects are told apart and spread: named data on each split, never a code path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucketing {
    /// Keeps experiments independent of each other: another salt, another spread.
    pub salt: Box<str>,
    /// Attributes that make up the unit; several are joined by 0x1F.
    pub by: Box<[Attribute]>,
    /// Hash of the subject, or the request's random number.
    pub draw: Draw,
}

/// The context lacks an attribute that a bucketing needs, or it is no text, number or boolean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingUnit<'a>(pub &'a Attribute);

impl Bucketing {
    /// Bucketing by targeting key.
    #[must_use]
    pub fn by_targeting_key(salt: &str) -> Self {
        Self {
            salt: salt.into(),
            by: [Attribute::targeting_key()].into(),
            draw: Draw::Hash,
        }
    }

    /// The bucket of the context's subject; `random` is used when the draw is per request.
    ///
    /// # Errors
    /// `MissingUnit` names the attribute that the context lacks.
    pub fn bucket(
        &self,
        context: &EvaluationContext,
        random: u64,
    ) -> Result<Bucket, MissingUnit<'_>> {
        self.hash(context, random).map(Bucket::from_hash)
    }

    /// The 64-bit number behind [`Bucketing::bucket`].
    ///
    /// # Errors
    /// `MissingUnit` names the attribute that the context lacks.
    pub fn hash(&self, context: &EvaluationContext, random: u64) -> Result<u64, MissingUnit<'_>> {
        if self.draw == Draw::Request {
            // Mixed with the salt, so that two splits of one request are independent.
            return Ok(hash(&self.salt, &random.to_string()));
        }
        if let [attribute] = &*self.by
            && let Some(Value::String(unit)) = context.get(attribute)
        {
            return Ok(hash(&self.salt, unit));
        }
        let mut unit = String::new();
        for (position, attribute) in self.by.iter().enumerate() {
            if position > 0 {
                unit.push(SEPARATOR.into());
            }
            let text = context.get(attribute).and_then(unit_text);
            unit.push_str(&text.ok_or(MissingUnit(attribute))?);
        }
        Ok(hash(&self.salt, &unit))
    }
}

/// A value as part of a unit; lists and objects identify nobody.
fn unit_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiply_shift_covers_the_whole_range() {
        let check = |hash, bucket| assert_eq!(Bucket::from_hash(hash).index(), bucket);
        check(0, 0);
        check(u64::MAX, BUCKETS - 1);
        check(1 << 63, BUCKETS / 2);
    }

    #[test]
    fn inputs_of_any_length_hash_the_same_bytes() {
        for length in [
            0,
            1,
            INLINE_BYTES - 2,
            INLINE_BYTES - 1,
            INLINE_BYTES,
            4 * INLINE_BYTES,
        ] {
            let unit = "u".repeat(length);
            let bytes = [b"s", &[SEPARATOR][..], unit.as_bytes()].concat();
            assert_eq!(hash("s", &unit), xxh3_64(&bytes), "length {length}");
        }
    }

    #[test]
    fn a_unit_may_be_a_tuple_and_must_be_complete() {
        let bucketing = Bucketing {
            by: [Attribute::named("org"), Attribute::named("seat")].into(),
            ..Bucketing::by_targeting_key("s")
        };
        let whole = EvaluationContext::new().with("org", "acme").with("seat", 7);
        assert_eq!(bucketing.hash(&whole, 0), Ok(hash("s", "acme\u{1f}7")));
        let partial = EvaluationContext::new().with("org", "acme");
        let missing = bucketing
            .bucket(&partial, 0)
            .map_err(|MissingUnit(a)| a.to_string());
        assert_eq!(missing, Err("seat".to_owned()));
    }

    #[test]
    fn a_draw_per_request_follows_the_random_number_and_not_the_subject() {
        let bucketing = Bucketing {
            draw: Draw::Request,
            ..Bucketing::by_targeting_key("s")
        };
        let nobody = EvaluationContext::new();
        assert_eq!(bucketing.bucket(&nobody, 1), bucketing.bucket(&nobody, 1));
        assert_ne!(bucketing.bucket(&nobody, 1), bucketing.bucket(&nobody, 2));
    }
}
