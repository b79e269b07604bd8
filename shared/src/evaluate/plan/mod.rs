//! Plans: rules laid out in one piece of memory, in the order in which they are looked at.
//!
//! A walk over rules, conditions and lists follows a pointer at every step, and with many flags
//! waits for memory most of the time. A plan holds what the walk would meet in a few words a test.
//! It is made when a flag is first evaluated. Flags with more to them than rules, gates and splits
//! by our own bucketing have none; what a plan does not know of a condition it leaves to the walk,
//! and so does it with a subject that cannot be bucketed.
//!
//! # Layout
//! 32-bit words. For each rule a head, its tests, its gate and its serving:
//!
//! ```text
//! head   words of the rest | tests 16, has a gate 1, ends on a miss 1, reason 2, tracked 1,
//!        variants have policies 1
//! test   operator 8, slot 8, number 16 | operands
//! gate   draw | first bucket | first bucket after
//! serve  variants 16, splits 1 | one variant, or draw and for each range: first, after, variant
//! draw   slot 8, bytes of the salt 24 | the salt, sixteen bytes at a time, the first one lowest
//! text   four bytes a word, the first one highest, zeros at the end
//! ```

mod follow;
mod layout;
#[cfg(test)]
mod tests;

use crate::same::word;
pub(super) use layout::lay_out;

/// Rules laid out.
#[derive(Debug, Clone)]
pub(crate) struct Plan(Box<[u32]>);

/// How a test's operands are compared with the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Operator {
    /// Left to the walk: the number is that of the part of the rule's condition.
    Other = 0,
    /// Present and not null.
    Exists = 1,
    /// One of as many texts as the number says. Number of words that follow, the texts' first
    /// words, their lengths in bytes, their other words.
    OneOf = 2,
    /// The text begins so; the number is its length.
    StartsWith = 3,
    /// The text ends so.
    EndsWith = 4,
    /// A number compared as the number says; two words of an IEEE double, the lower one first.
    Number = 5,
    /// A plain version compared, packed as a number.
    Version = 6,
}

impl Operator {
    const ALL: [Self; 7] = [
        Self::Other,
        Self::Exists,
        Self::OneOf,
        Self::StartsWith,
        Self::EndsWith,
        Self::Number,
        Self::Version,
    ];
}

/// Words that a text of that many bytes takes.
fn n_words(bytes: usize) -> usize {
    bytes.div_ceil(size_of::<u32>())
}

/// The words of a text.
fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks(size_of::<u32>()).map(word)
}

/// Whether the text of that many bytes is what the words say; only as many are looked at.
fn are_words(bytes: &[u8], expected: &[u32]) -> bool {
    words(bytes).eq(expected.iter().copied())
}
