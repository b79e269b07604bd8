//! From a subject to a bucket: the one place where chance enters an assignment.
//!
//! A bucket is an integer below [`BUCKETS`]; ranges of buckets are the only thing assignment
//! looks at. No floating point takes part.

use crate::context::{Attribute, Attributes, EvaluationContext, Gaze};
use crate::dialect::method::Method;
use crate::same::copy_short;
use crate::texts::ShortText;
use crate::value::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Number of buckets: a share of one in a million can be expressed.
pub const BUCKETS: u64 = 1_000_000;

/// Buckets in one percent.
pub const BUCKETS_PER_PERCENT: u64 = BUCKETS / 100;

/// Separates salt and unit in the hashed bytes; no JSON text contains it unescaped.
const SEPARATOR: u8 = 0x1F;

/// Bytes hashed in the smallest buffer: most salts and units, and less to clear first.
const SHORT_BYTES: usize = 64;

/// Bytes hashed without a heap allocation; longer inputs are allocated.
const INLINE_BYTES: usize = 192;

/// An integer in `0..BUCKETS`, or in the scale of another system's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u64);

impl Bucket {
    /// Multiply-shift of a 64-bit hash.
    ///
    /// # Formula
    /// `floor(hash * BUCKETS / 2^64)`, in 128-bit integers.
    /// # Determinism
    /// Same bits everywhere.
    #[must_use]
    pub fn from_hash(hash: u64) -> Self {
        Self(((u128::from(hash) * u128::from(BUCKETS)) >> 64) as u64)
    }

    /// The index, below [`BUCKETS`].
    #[must_use]
    pub fn index(self) -> u64 {
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
    let short = hash_inline::<SHORT_BYTES>(salt, unit);
    let inline = short.or_else(|| hash_inline::<INLINE_BYTES>(salt, unit));
    inline.unwrap_or_else(|| {
        let mut bytes = Vec::with_capacity(salt.len() + 1 + unit.len());
        bytes.extend_from_slice(salt.as_bytes());
        bytes.push(SEPARATOR);
        bytes.extend_from_slice(unit.as_bytes());
        xxh3_64(&bytes)
    })
}

/// The hash of what fits `N` bytes.
#[inline]
fn hash_inline<const N: usize>(salt: &str, unit: &str) -> Option<u64> {
    let mut inline = [0_u8; N];
    let bytes = inline.get_mut(..salt.len() + 1 + unit.len())?;
    let (head, tail) = bytes.split_at_mut(salt.len());
    copy_short(salt.as_bytes(), head);
    let (separator, rest) = tail.split_first_mut()?;
    *separator = SEPARATOR;
    copy_short(unit.as_bytes(), rest);
    Some(xxh3_64(bytes))
}

/// Bytes of a salt that are copied at once.
pub(crate) const SALT_BLOCK_BYTES: usize = 16;

/// The same hash, of a salt of that many bytes laid out in blocks: words whose lowest byte is the
/// first, zeros after the salt's end.
#[inline]
pub(crate) fn hash_blocks(salt: &[[u32; 4]], n_bytes: usize, unit: &str) -> u64 {
    let mut inline = [0_u8; SHORT_BYTES];
    if n_bytes + 1 + unit.len() <= SHORT_BYTES {
        put_blocks(salt, &mut inline);
        if let Some(rest) = inline.get_mut(n_bytes..)
            && let Some((separator, rest)) = rest.split_first_mut()
            && let Some(rest) = rest.get_mut(..unit.len())
        {
            *separator = SEPARATOR;
            copy_short(unit.as_bytes(), rest);
        }
        return xxh3_64(inline.get(..n_bytes + 1 + unit.len()).unwrap_or_default());
    }
    let mut bytes = vec![0; salt.len() * SALT_BLOCK_BYTES];
    put_blocks(salt, &mut bytes);
    bytes.truncate(n_bytes);
    bytes.push(SEPARATOR);
    bytes.extend_from_slice(unit.as_bytes());
    xxh3_64(&bytes)
}

#[inline]
fn put_blocks(salt: &[[u32; 4]], bytes: &mut [u8]) {
    let (blocks, _) = bytes.as_chunks_mut::<SALT_BLOCK_BYTES>();
    for (to, [a, b, c, d]) in blocks.iter_mut().zip(salt) {
        let low = u64::from(*a) | u64::from(*b) << 32;
        let high = u64::from(*c) | u64::from(*d) << 32;
        *to = (u128::from(low) | u128::from(high) << 64).to_le_bytes();
    }
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

/// What a context without a unit means for what is drawn by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnMissing {
    /// The flag fails: the caller forgot something.
    #[default]
    Fails,
    /// The gate is shut, the split is missed.
    Misses,
    /// The subject gets the first number there is.
    First,
    /// The subject gets a new number each time.
    Random,
}

/// How subjects are told apart and spread: named data on each split, never a code path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucketing {
    /// How salt and unit become a number.
    pub method: Method,
    /// Keeps experiments independent of each other: another salt, another spread.
    pub salt: ShortText,
    /// Attributes that make up the unit; several are joined by 0x1F.
    pub by: Box<[Attribute]>,
    /// Attributes that stand in, one for the other, where the context lacks the unit.
    pub or_by: Box<[Attribute]>,
    /// Put before a unit that stands in.
    pub or_prefix: Box<str>,
    /// What follows when none is there.
    pub on_missing: OnMissing,
    /// Hash of the subject, or the request's random number.
    pub draw: Draw,
    /// How many numbers there are to draw from.
    pub scale: u64,
}

/// Why a bucketing draws nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoBucket<'a> {
    /// The context lacks this attribute, or it is no text, number or boolean.
    Missing(&'a Attribute),
    /// The same, and the bucketing says that this is a miss and no error.
    Missed,
}

impl Bucketing {
    /// Bucketing by targeting key.
    #[must_use]
    pub fn by_targeting_key(salt: impl Into<ShortText>) -> Self {
        Self::over(Attribute::targeting_key(), salt.into())
    }

    /// Bucketing by that attribute.
    pub(crate) fn over(attribute: Attribute, salt: ShortText) -> Self {
        Self {
            method: Method::Xxh3,
            salt,
            by: [attribute].into(),
            or_by: Box::default(),
            or_prefix: Box::default(),
            on_missing: OnMissing::Fails,
            draw: Draw::Hash,
            scale: BUCKETS,
        }
    }

    /// Shares the names of its attributes with the ruleset's others.
    pub(crate) fn intern(&mut self, attributes: &mut Attributes) {
        for attribute in self.by.iter_mut().chain(&mut self.or_by) {
            *attribute = attributes.intern(attribute.clone());
        }
    }

    /// Whether buckets are our own, of a known scale and independent of any author's.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.method == Method::Xxh3
    }

    /// The bucket of the context's subject; `random` is used when the draw is per request.
    ///
    /// # Errors
    /// `NoBucket` says what the context lacks, or that the subject is to be passed over.
    pub fn bucket(&self, context: &EvaluationContext, random: u64) -> Result<Bucket, NoBucket<'_>> {
        self.draw_in(context.into(), random)
    }

    /// The same, for a context in which attributes may have been found already.
    pub(crate) fn draw_in(&self, gaze: Gaze<'_>, random: u64) -> Result<Bucket, NoBucket<'_>> {
        if self.draw == Draw::Request {
            return Ok(self.random(random));
        }
        if self.method == Method::Xxh3
            && let [attribute] = &*self.by
            && let Some(Value::String(unit)) = gaze.look(attribute).map(|seen| seen.value)
        {
            return Ok(Bucket::from_hash(hash(&self.salt, unit)));
        }
        match self.unit(gaze.context) {
            Ok(unit) => Ok(Bucket(self.method.draw(&self.salt, &unit, self.scale))),
            Err(attribute) => match self.on_missing {
                OnMissing::Fails => Err(NoBucket::Missing(attribute)),
                OnMissing::Misses => Err(NoBucket::Missed),
                OnMissing::First => Ok(Bucket(0)),
                OnMissing::Random => Ok(self.random(random)),
            },
        }
    }

    /// A number that follows the request and not the subject; mixed with the salt, so that two
    /// splits of one request are independent. Other systems give a gate and the split behind it
    /// one salt and two methods, so the method is mixed in as well.
    fn random(&self, random: u64) -> Bucket {
        let hash = if self.is_ours() {
            hash(&self.salt, &random.to_string())
        } else {
            hash(
                &self.salt,
                &[self.method.name(), &random.to_string()].concat(),
            )
        };
        Bucket(((u128::from(hash) * u128::from(self.scale)) >> 64) as u64)
    }

    /// What tells the subject apart, or the attribute that is missing.
    fn unit(&self, context: &EvaluationContext) -> Result<Box<str>, &Attribute> {
        let text = |attribute: &Attribute| {
            let value = context.get(attribute);
            value.and_then(|value| self.method.unit(value))
        };
        match self.joined(text) {
            Ok(unit) => Ok(unit),
            Err(missing) => {
                let unit = self.or_by.iter().find_map(text).ok_or(missing)?;
                Ok(if self.or_prefix.is_empty() {
                    unit
                } else {
                    [&*self.or_prefix, &*unit].concat().into()
                })
            }
        }
    }

    fn joined(
        &self,
        text: impl Fn(&Attribute) -> Option<Box<str>>,
    ) -> Result<Box<str>, &Attribute> {
        if let [attribute] = &*self.by {
            return text(attribute).ok_or(attribute);
        }
        let mut unit = String::new();
        for (position, attribute) in self.by.iter().enumerate() {
            if position > 0 {
                unit.push(SEPARATOR.into());
            }
            unit.push_str(&text(attribute).ok_or(attribute)?);
        }
        Ok(unit.into())
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
            SHORT_BYTES - 2,
            SHORT_BYTES - 1,
            INLINE_BYTES - 2,
            INLINE_BYTES - 1,
            INLINE_BYTES,
            4 * INLINE_BYTES,
        ] {
            let unit = "u".repeat(length);
            let bytes = [b"s", &[SEPARATOR][..], unit.as_bytes()].concat();
            assert_eq!(hash("s", &unit), xxh3_64(&bytes), "length {length}");
            let block = [u32::from(b's'), 0, 0, 0];
            assert_eq!(
                hash_blocks(&[block], 1, &unit),
                xxh3_64(&bytes),
                "length {length}"
            );
        }
    }

    #[test]
    fn a_unit_may_be_a_tuple_and_must_be_complete() {
        let bucketing = Bucketing {
            by: [Attribute::named("org"), Attribute::named("seat")].into(),
            ..Bucketing::by_targeting_key("s")
        };
        let whole = EvaluationContext::new().with("org", "acme").with("seat", 7);
        let expected = Bucket::from_hash(hash("s", "acme\u{1f}7"));
        assert_eq!(bucketing.bucket(&whole, 0), Ok(expected));
        let partial = EvaluationContext::new().with("org", "acme");
        let seat = Attribute::named("seat");
        assert_eq!(bucketing.bucket(&partial, 0), Err(NoBucket::Missing(&seat)));
    }

    #[test]
    fn a_missing_unit_means_what_the_bucketing_says() {
        let bucketing = |on_missing| Bucketing {
            on_missing,
            or_by: [Attribute::named("session")].into(),
            ..Bucketing::by_targeting_key("s")
        };
        let session = EvaluationContext::new().with("session", "x");
        let expected = Bucket::from_hash(hash("s", "x"));
        assert_eq!(
            bucketing(OnMissing::Fails).bucket(&session, 0),
            Ok(expected)
        );
        let nobody = EvaluationContext::new();
        let drawn = |on_missing, random| {
            let bucketing = bucketing(on_missing);
            bucketing
                .bucket(&nobody, random)
                .map_err(|error| error == NoBucket::Missed)
        };
        assert_eq!(drawn(OnMissing::Fails, 0), Err(false));
        assert_eq!(drawn(OnMissing::Misses, 0), Err(true));
        assert_eq!(drawn(OnMissing::First, 0), Ok(Bucket(0)));
        assert_ne!(drawn(OnMissing::Random, 0), drawn(OnMissing::Random, 1));
    }

    #[test]
    fn gate_and_split_of_one_salt_draw_independently() {
        let bucketing = |method| Bucketing {
            method,
            draw: Draw::Request,
            scale: 100,
            ..Bucketing::by_targeting_key("s")
        };
        let nobody = EvaluationContext::new();
        let (gate, split) = (
            bucketing(Method::Unleash),
            bucketing(Method::UnleashVariant),
        );
        let is_low = |bucketing: &Bucketing, random| {
            let bucket = bucketing.bucket(&nobody, random);
            bucket.is_ok_and(|bucket| bucket.index() < 50)
        };
        // Of those whom a gate of 50 % lets through, half must get the first half of the split.
        let passing = (0..1_000).filter(|random| is_low(&gate, *random));
        let (first, second): (Vec<u64>, Vec<u64>) =
            passing.partition(|random| is_low(&split, *random));
        assert!((200..300).contains(&first.len()), "{}", first.len());
        assert!((200..300).contains(&second.len()), "{}", second.len());
    }

    #[test]
    fn a_unit_that_stands_in_may_be_prefixed() {
        let bucketing = Bucketing {
            by: [Attribute::named("seat")].into(),
            or_by: [Attribute::targeting_key()].into(),
            or_prefix: "acme_".into(),
            ..Bucketing::by_targeting_key("s")
        };
        let check = |context: EvaluationContext, unit| {
            let expected = Bucket::from_hash(hash("s", unit));
            assert_eq!(bucketing.bucket(&context, 0), Ok(expected));
        };
        let ana = EvaluationContext::new().with_targeting_key("ana");
        check(ana.clone(), "acme_ana");
        check(ana.with("seat", 7), "7");
    }

    #[test]
    fn another_method_draws_from_its_own_scale() {
        let bucketing = Bucketing {
            method: Method::Eppo,
            scale: 10_000,
            ..Bucketing::by_targeting_key("salt")
        };
        let ana = EvaluationContext::new().with_targeting_key("aña");
        assert_eq!(bucketing.bucket(&ana, 0), Ok(Bucket(8_600)));
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
