//! Sets of characters: of ASCII any, and of all others every one or none.

/// A bit for each character of ASCII, and a word that is all ones where all others are in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Set(pub(super) [u64; 3]);

impl Set {
    /// `0` to `9`, of the first word.
    pub(super) const DIGITS: u64 = 0x03FF_0000_0000_0000;
    /// Tab to carriage return, and the space, of the first word.
    pub(super) const SPACE: u64 = 0x0000_0001_0000_3E00;
    /// Letters of ASCII and the underscore, of the second word.
    pub(super) const LETTERS: u64 = 0x07FF_FFFE_87FF_FFFE;
    /// All but the end of a line.
    pub(super) const IN_LINE: Self = Self([!0x0400, !0, !0]);

    /// Whether the character is in.
    #[inline]
    pub(super) fn has(&self, c: char) -> bool {
        let code = u32::from(c);
        let [low, high, others] = self.0;
        let word = match code / u64::BITS {
            0 => low,
            1 => high,
            _ => others,
        };
        word >> (code % u64::BITS) & 1 == 1
    }

    /// Whether there is a character in both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let ([a, b, c], [d, e, f]) = (self.0, other.0);
        a & d | b & e | c & f != 0
    }

    /// Adds the characters of ASCII from one to another.
    pub(super) fn add(&mut self, first: char, last: char) {
        let [low, high, _] = &mut self.0;
        for code in u32::from(first)..=u32::from(last) {
            let word = if code < u64::BITS {
                &mut *low
            } else {
                &mut *high
            };
            *word |= 1 << (code % u64::BITS);
        }
    }

    /// Adds what is in the other, or where that is negated, what is not.
    pub(super) fn join(&mut self, [low, high, others]: [u64; 3], is_negated: bool) {
        let flipped = if is_negated { !0 } else { 0 };
        let [a, b, c] = &mut self.0;
        *a |= low ^ flipped;
        *b |= high ^ flipped;
        *c |= others ^ flipped;
    }

    /// Adds the other case of letters of ASCII; nothing if all from `Z` to `a` are in: of a range
    /// that holds them the engine takes the capital letters as they are.
    pub(super) fn fold(&mut self) -> Option<()> {
        const FROM_UPPER_TO_LOWER: u64 = 0x0003_FC00_0000;
        let [_, high, _] = &mut self.0;
        if *high & FROM_UPPER_TO_LOWER == FROM_UPPER_TO_LOWER {
            return None;
        }
        let letters = (*high | *high >> 32) & 0x07FF_FFFE;
        *high |= letters | letters << 32;
        Some(())
    }
}
