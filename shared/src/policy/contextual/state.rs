//! What a policy has learned, as bytes: whoever reads them goes on where it stopped, bit for bit.
//!
//! One walk over a state both writes and reads it, so the two cannot disagree. Little endian, eight
//! bytes a number, behind a head that says whose state it is.

use super::aggregate::{ContextualPolicy, InvalidContextual};
use super::spec::ContextualSpec;
use std::fmt;

/// Form of the bytes; another one is not read.
const FORM: u64 = 1;

/// Why bytes are no state of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidState {
    /// There can be no such policy.
    Policy(InvalidContextual),
    /// They are of another form, policy, number of features or number of actions.
    Other,
    /// They end too soon, or go on too long.
    Length,
    /// A number is none that a policy can have.
    Number {
        /// Where it begins.
        byte: usize,
    },
}

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(cause) => cause.fmt(f),
            Self::Other => f.write_str(
                "this is the state of another policy; declare the policy that wrote it, with as \
                 many features and actions",
            ),
            Self::Length => f.write_str("the state is not complete; write it again"),
            Self::Number { byte } => {
                write!(f, "the state is damaged at byte {byte}; write it again")
            }
        }
    }
}

impl std::error::Error for InvalidState {}

/// Comes by every number of a state, in a fixed order.
pub(crate) trait Walk {
    /// A finite number.
    fn number(&mut self, number: &mut f64);
    /// A number as it came from outside, of whatever bits.
    fn any(&mut self, number: &mut f64);
    /// A whole number up to a bound.
    fn whole(&mut self, whole: &mut u64, max: u64);

    fn numbers(&mut self, numbers: &mut [f64]) {
        for number in numbers {
            self.number(number);
        }
    }

    fn size(&mut self, size: &mut usize, max: usize) {
        let mut whole = *size as u64;
        self.whole(&mut whole, max as u64);
        *size = usize::try_from(whole).unwrap_or(max);
    }
}

/// Writes what it comes by.
struct Writer(Vec<u8>);

impl Walk for Writer {
    fn number(&mut self, number: &mut f64) {
        self.any(number);
    }

    fn any(&mut self, number: &mut f64) {
        self.0.extend(number.to_bits().to_le_bytes());
    }

    fn whole(&mut self, whole: &mut u64, _max: u64) {
        self.0.extend(whole.to_le_bytes());
    }
}

/// Puts what it reads in place of what it comes by; after a fault nothing any more.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    fault: Option<InvalidState>,
}

impl Reader<'_> {
    fn next(&mut self, is_sound: impl Fn(u64) -> bool) -> Option<u64> {
        if self.fault.is_some() {
            return None;
        }
        let Some((head, rest)) = self.bytes.split_first_chunk::<8>() else {
            self.fault = Some(InvalidState::Length);
            return None;
        };
        let bits = u64::from_le_bytes(*head);
        if !is_sound(bits) {
            self.fault = Some(InvalidState::Number { byte: self.at });
            return None;
        }
        self.bytes = rest;
        self.at += 8;
        Some(bits)
    }
}

impl Walk for Reader<'_> {
    fn number(&mut self, number: &mut f64) {
        if let Some(bits) = self.next(|bits| f64::from_bits(bits).is_finite()) {
            *number = f64::from_bits(bits);
        }
    }

    fn any(&mut self, number: &mut f64) {
        if let Some(bits) = self.next(|_| true) {
            *number = f64::from_bits(bits);
        }
    }

    fn whole(&mut self, whole: &mut u64, max: u64) {
        // After a fault it is nothing, so that no list grows.
        *whole = self.next(|bits| bits <= max).unwrap_or(0);
    }
}

impl ContextualPolicy {
    /// What was learned, for [`Self::from_bytes`].
    ///
    /// # Returns
    /// Some eight bytes for each covariance, twice, and for each number of the rounds kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer(Vec::new());
        for mut mark in self.marks() {
            writer.whole(&mut mark, u64::MAX);
        }
        self.clone().walk(&mut writer);
        writer.0
    }

    /// The policy that wrote these bytes; it decides and learns as that one would, bit for bit.
    ///
    /// # Errors
    /// `InvalidState` says what the bytes are not. No bytes make a policy that is larger than its
    /// declaration allows.
    ///
    /// # Examples
    /// ```
    /// use bandera_shared::policy::contextual::{ContextualPolicy, Observation, wire::named};
    /// let spec = named("bootstrap").unwrap();
    /// let mut policy = ContextualPolicy::new(spec.clone(), 1, 2).unwrap();
    /// policy.observe(Observation { context: &[0.5], action: 1, share: 1.0 });
    /// let bytes = policy.to_bytes();
    /// assert_eq!(ContextualPolicy::from_bytes((spec, 1, 2), &bytes).unwrap(), policy);
    /// ```
    pub fn from_bytes(
        (spec, d, n_actions): (ContextualSpec, usize, usize),
        bytes: &[u8],
    ) -> Result<Self, InvalidState> {
        let mut policy = Self::new(spec, d, n_actions).map_err(InvalidState::Policy)?;
        let mut reader = Reader {
            bytes,
            at: 0,
            fault: None,
        };
        for mark in policy.marks() {
            if reader.next(|_| true).is_some_and(|found| found != mark) {
                return Err(InvalidState::Other);
            }
        }
        policy.walk(&mut reader);
        match reader.fault {
            Some(fault) => Err(fault),
            None if !reader.bytes.is_empty() => Err(InvalidState::Length),
            None => Ok(policy),
        }
    }

    /// Whose state it is: the form, the sizes, and all of the declaration that what is learned
    /// depends on.
    fn marks(&self) -> Vec<u64> {
        let (spec, d, n_actions) = self.declaration();
        let mut marks = vec![FORM, d as u64, n_actions as u64];
        marks.extend(spec.marks());
        marks
    }
}

#[cfg(test)]
mod tests;
