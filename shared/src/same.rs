//! Equality and copies of short texts, which most names, keys and comparands are, without a call:
//! two overlapping reads of each side cover them.

/// Whether both are the same bytes.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match a.len() {
            0 => true,
            1 => a.first() == b.first(),
            2..4 => ends::<2>(a) == ends::<2>(b),
            4..8 => ends::<4>(a) == ends::<4>(b),
            8..=16 => ends::<8>(a) == ends::<8>(b),
            _ => a == b,
        }
}

/// Whether the text begins so.
#[inline]
pub(crate) fn starts(text: &str, with: &str) -> bool {
    let head = text.as_bytes().get(..with.len());
    head.is_some_and(|head| same(head, with.as_bytes()))
}

/// Whether the text ends so.
#[inline]
pub(crate) fn ends_so(text: &str, with: &str) -> bool {
    let from = text.len().checked_sub(with.len());
    let tail = from.and_then(|from| text.as_bytes().get(from..));
    tail.is_some_and(|tail| same(tail, with.as_bytes()))
}

/// The first and the last bytes; of at least `N` and at most twice as many, all of them.
#[expect(
    clippy::inline_always,
    reason = "two reads, which a Worker built small would call"
)]
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> (Option<&[u8; N]>, Option<&[u8; N]>) {
    (bytes.first_chunk(), bytes.last_chunk())
}

/// The first four bytes as a word, zeros after the last, the first one highest: words are in the
/// order of their texts.
#[inline]
pub(crate) fn word(bytes: &[u8]) -> u32 {
    match bytes {
        [a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        [a, b, c] => u32::from_be_bytes([*a, *b, *c, 0]),
        [a, b] => u32::from_be_bytes([*a, *b, 0, 0]),
        [a] => u32::from_be_bytes([*a, 0, 0, 0]),
        [] => 0,
    }
}

/// Copies bytes to as many others.
#[inline]
pub(crate) fn copy_short(from: &[u8], to: &mut [u8]) {
    match from.len() {
        2..4 => copy_ends::<2>(from, to),
        4..8 => copy_ends::<4>(from, to),
        8..=16 => copy_ends::<8>(from, to),
        17..=32 => copy_ends::<16>(from, to),
        0..2 => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        _ => to.copy_from_slice(from),
    }
}

/// Copies the first and the last bytes; of at least `N` and at most twice as many, all of them.
#[expect(
    clippy::inline_always,
    reason = "two reads and two writes, which a Worker built small would call"
)]
#[inline(always)]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    let (first, last) = ends::<N>(from);
    if let (Some(to), Some(from)) = (to.first_chunk_mut(), first) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut(), last) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_byte_at_every_length() {
        let bytes: Vec<u8> = (1..=100).collect();
        for length in 0..bytes.len() {
            let mut copy = vec![0; length];
            copy_short(&bytes[..length], &mut copy);
            assert_eq!(copy, bytes[..length]);
        }
    }

    #[test]
    fn agrees_with_the_library_at_every_length_and_place() {
        for length in 0..40 {
            let text = "a".repeat(length);
            assert!(same(text.as_bytes(), text.as_bytes()), "{length}");
            assert!(
                !same(text.as_bytes(), format!("{text}a").as_bytes()),
                "{length}"
            );
            for place in 0..length {
                let mut other = text.clone();
                other.replace_range(place..=place, "b");
                assert!(
                    !same(text.as_bytes(), other.as_bytes()),
                    "{place} of {length}"
                );
            }
        }
    }

    #[test]
    fn starts_and_ends_are_the_librarys() {
        let texts = [
            "",
            "a",
            "ab",
            "abc",
            "bc",
            "abcabc",
            "é",
            "aé",
            "subject.1@example.com",
        ];
        for text in texts {
            for with in texts {
                assert_eq!(starts(text, with), text.starts_with(with), "{text} {with}");
                assert_eq!(ends_so(text, with), text.ends_with(with), "{text} {with}");
            }
        }
    }
}
