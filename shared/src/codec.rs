//! Reading and writing the compact binary bodies of receipts and cookies.
//!
//! Every value has exactly one encoding, and reading is strict: a body that was read writes back
//! to the same bytes. Big endian; texts behind a length byte. This is not a general serialiser.

use crate::bandit::ContextVector;
use crate::bandit::features::FEATURES_MAX;

/// Appends values to a body.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&[value])
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub(crate) fn i64(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    /// A text of at most 255 bytes; `None` for a longer one, and nothing is written.
    pub(crate) fn text(&mut self, text: &str) -> Option<&mut Self> {
        let length = u8::try_from(text.len()).ok()?;
        Some(self.u8(length).bytes(text.as_bytes()))
    }

    /// Its length; and where it is not empty its declaration, a bit for each number that is not
    /// zero, and those numbers: contexts are mostly zeros.
    pub(crate) fn vector(&mut self, vector: &ContextVector) -> &mut Self {
        let values = vector.values();
        self.u8(values.len() as u8);
        if values.is_empty() {
            return self;
        }
        self.u32(vector.spec());
        for eight in values.chunks(8) {
            let bits = eight.iter().rev();
            self.u8(bits.fold(0, |bits, value| bits << 1 | u8::from(*value != 0)));
        }
        for value in values.iter().filter(|value| **value != 0) {
            self.bytes(&value.to_be_bytes());
        }
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes values off the front of a body; `None` when it is too short or malformed.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self(body)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(self.u8()?);
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    pub(crate) fn vector(&mut self) -> Option<ContextVector> {
        let n = usize::from(self.u8()?);
        if n == 0 {
            return Some(ContextVector::default());
        }
        if n > FEATURES_MAX {
            return None;
        }
        let spec = self.u32()?;
        let bits: Option<Vec<u8>> = (0..n.div_ceil(8)).map(|_| self.u8()).collect();
        let bits = bits?;
        let is_set = |place: usize| {
            bits.get(place / 8)
                .is_some_and(|b| b >> (place % 8) & 1 == 1)
        };
        if (n..bits.len() * 8).any(is_set) {
            return None;
        }
        let mut values = Vec::with_capacity(n);
        for place in 0..n {
            let value = if is_set(place) {
                Some(i16::from_be_bytes(self.array()?)).filter(|value| *value != 0)?
            } else {
                0
            };
            values.push(value);
        }
        ContextVector::new(spec, values)
    }

    /// Whether nothing is left.
    pub(crate) fn is_finished(&self) -> bool {
        self.0.is_empty()
    }

    /// Succeeds when nothing is left: trailing bytes are an error, not padding.
    pub(crate) fn finish(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
