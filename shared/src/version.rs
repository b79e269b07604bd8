//! Semantic versions by precedence, and the short form that most of them have.

use semver::Version;
use std::cmp::Ordering;
use std::fmt;

/// Bits of each of the three numbers of a plain version.
const NUMBER_BITS: u32 = 21;

/// One more than the largest number of a plain version.
const NUMBER_END: u64 = 1 << NUMBER_BITS;

/// Three numbers below 2^21 and nothing else, in one integer: its order is that of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlainVersion(u64);

impl PlainVersion {
    /// The version that the text is, where it is a plain one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mut packed, mut number, mut n_digits, mut n_points) = (0_u64, 0_u64, 0_u32, 0_u32);
        for byte in text.bytes() {
            match byte {
                b'.' if n_digits > 0 && n_points < 2 => {
                    packed = (packed | number) << NUMBER_BITS;
                    (number, n_digits, n_points) = (0, 0, n_points + 1);
                }
                // A number begins with zero only when it is zero.
                b'0'..=b'9' if n_digits == 0 || number > 0 => {
                    number = 10 * number + u64::from(byte - b'0');
                    n_digits += 1;
                    if number >= NUMBER_END {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        (n_points == 2 && n_digits > 0).then_some(Self(packed | number))
    }

    /// The integer.
    pub(crate) fn packed(self) -> u64 {
        self.0
    }

    /// The version that is packed in the integer.
    pub(crate) fn from_packed(packed: u64) -> Self {
        Self(packed)
    }

    /// The same version, as the grammar's library has it.
    #[must_use]
    pub fn full(self) -> Version {
        let number = |place: u32| (self.0 >> (place * NUMBER_BITS)) & (NUMBER_END - 1);
        Version::new(number(2), number(1), number(0))
    }
}

/// A version to be compared by precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precedence {
    /// Three numbers.
    Plain(PlainVersion),
    /// Any other.
    Full(Box<Version>),
}

impl Precedence {
    /// The version that the text is.
    ///
    /// # Errors
    /// What is wrong with it, where it is none.
    pub fn parse(text: &str) -> Result<Self, semver::Error> {
        match PlainVersion::parse(text) {
            Some(plain) => Ok(Self::Plain(plain)),
            None => Ok(Self::Full(Box::new(Version::parse(text)?))),
        }
    }

    /// The version, as the grammar's library has it.
    #[must_use]
    pub fn full(&self) -> Version {
        match self {
            Self::Plain(plain) => plain.full(),
            Self::Full(version) => (**version).clone(),
        }
    }

    /// Which of both comes first; build metadata does not count.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Plain(a), Self::Plain(b)) => a.cmp(b),
            _ => self.full().cmp_precedence(&other.full()),
        }
    }
}

impl fmt::Display for Precedence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.full().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 21] = [
        "1.2.3",
        "0.0.0",
        "10.20.30",
        "2097151.2097151.2097151",
        "2097152.0.0",
        "0.2097152.0",
        "9999999999999999999.0.0",
        "99999999999999999999.0.0",
        "01.0.0",
        "1.00.0",
        "1.2",
        "1.2.3.4",
        "1..3",
        ".1.2",
        "1.2.",
        "",
        "1.2.3-rc.1",
        "1.2.3+build",
        "v1.2.3",
        "1.2.x",
        "1.2.+3",
    ];

    #[test]
    fn the_short_form_is_what_the_grammar_makes_of_it() {
        let mut n_plain = 0;
        for text in TEXTS {
            let full = Version::parse(text).ok();
            assert_eq!(Precedence::parse(text).ok().map(|it| it.full()), full);
            if let Some(plain) = PlainVersion::parse(text) {
                assert_eq!(Some(plain.full()), full, "{text}");
                n_plain += 1;
            }
        }
        assert_eq!(n_plain, 4);
    }

    #[test]
    fn the_order_is_that_of_precedence() {
        let parsed = |text| Some((Precedence::parse(text).ok()?, Version::parse(text).ok()?));
        for (a, full_a) in TEXTS.into_iter().filter_map(parsed) {
            for (b, full_b) in TEXTS.into_iter().filter_map(parsed) {
                assert_eq!(a.compare(&b), full_a.cmp_precedence(&full_b), "{a} {b}");
            }
        }
    }
}
