//! Equality of short texts, which most names, keys and comparands are, without a call: two
//! overlapping reads of each side cover them.

/// Whether both are the same bytes.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match a.len() {
            0..4 => a.iter().eq(b),
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
    let last = bytes.len().wrapping_sub(N);
    (
        bytes.first_chunk(),
        bytes.get(last..).and_then(<[u8]>::first_chunk),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
