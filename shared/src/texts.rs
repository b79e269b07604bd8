//! A list of texts in one piece of memory.
//!
//! Lists of a condition hold tens of short texts and are looked through from front to back. A piece
//! of memory for each of them would be most of what loading a ruleset costs, and each look another
//! place in memory.

use crate::same::{same, word as head};
use std::cmp::Ordering;
use std::fmt;

/// A text that is mostly short, as keys, names and salts are: up to fifteen bytes need no memory of
/// their own. In WebAssembly, where code is downloaded, every text has its own.
#[cfg(not(target_family = "wasm"))]
pub type ShortText = ecow::EcoString;
#[cfg(target_family = "wasm")]
#[allow(missing_docs, reason = "the same")]
pub type ShortText = Box<str>;

/// Texts while they are joined: no copy is made of what they become.
#[cfg(not(target_family = "wasm"))]
type Joined = ShortText;
#[cfg(target_family = "wasm")]
type Joined = String;

/// Texts that are looked at one by one; longer sorted lists are halved until little is left.
pub(crate) const LOOKED_AT_MAX: usize = 16;

/// Texts one after the other, and what tells most of them apart.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Of each text; none where there is one that is not empty, which then is all.
    marks: Box<[Mark]>,
    joined: ShortText,
}

/// The first bytes of a text, zeros after its end, and where it ends among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    head: u32,
    end: u32,
}

impl Mark {
    fn of(text: &str, end: u32) -> Self {
        Self {
            head: head(text.as_bytes()),
            end,
        }
    }
}

impl Texts {
    /// That many texts, which follow each other at the start of those bytes and end there; `None`
    /// where the ends are none.
    pub(crate) fn new(
        ahead: &str,
        n_texts: usize,
        ends: impl IntoIterator<Item = u32>,
    ) -> Option<Self> {
        let mut ends = ends.into_iter();
        if n_texts == 1 {
            let end = ends.next()?;
            let text = ahead.get(..end as usize)?;
            return Some(Self::of(&[text]));
        }
        let mut marks = Vec::with_capacity(n_texts);
        let mut from = 0;
        for end in ends.take(n_texts) {
            marks.push(Mark::of(ahead.get(from as usize..end as usize)?, end));
            from = end;
        }
        (marks.len() == n_texts).then_some(())?;
        Some(Self {
            marks: marks.into(),
            joined: ahead.get(..from as usize)?.into(),
        })
    }

    fn one(text: &str) -> Self {
        Self {
            marks: Box::default(),
            joined: text.into(),
        }
    }

    /// These, in that order. What lies beyond four gigabytes is cut off: no document is a
    /// thousandth of that.
    #[must_use]
    #[allow(
        clippy::useless_conversion,
        reason = "in WebAssembly they are joined in another type"
    )]
    pub fn of<T: AsRef<str>>(texts: &[T]) -> Self {
        let texts = || texts.iter().map(AsRef::as_ref);
        let n_bytes = texts().map(str::len).sum();
        if let (1, Some(text)) = (texts().len(), texts().next())
            && !text.is_empty()
        {
            return Self::one(text);
        }
        let (mut joined, mut marks) = (
            Joined::with_capacity(n_bytes),
            Vec::with_capacity(texts().len()),
        );
        for text in texts() {
            joined.push_str(text);
            marks.push(Mark::of(text, joined.len() as u32));
        }
        Self {
            marks: marks.into(),
            joined: joined.into(),
        }
    }

    /// All of them in one.
    pub(crate) fn joined(&self) -> &str {
        &self.joined
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len().max((!self.joined.is_empty()).into())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one of them is that text.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.place(text).is_some()
    }

    /// The place of the first that is that text.
    #[inline]
    fn place(&self, text: &str) -> Option<usize> {
        if self.marks.is_empty() {
            let is_it = !self.is_empty() && same(self.joined.as_bytes(), text.as_bytes());
            return is_it.then_some(0);
        }
        let (text, head) = (text.as_bytes(), head(text.as_bytes()));
        let mut marks = self.marks.iter().enumerate();
        let found = marks.find(|(place, mark)| {
            mark.head == head && {
                let from = self.start(*place);
                (mark.end - from) as usize == text.len()
                    && (text.len() <= size_of::<u32>() || self.holds(from..mark.end, text))
            }
        });
        found.map(|(place, _)| place)
    }

    /// Where the text at that place begins.
    #[inline]
    fn start(&self, place: usize) -> u32 {
        let before = place.checked_sub(1).and_then(|place| self.marks.get(place));
        before.map_or(0, |mark| mark.end)
    }

    /// Whether one of them is that text, where they are in rising order.
    #[must_use]
    pub fn contains_sorted(&self, text: &str) -> bool {
        self.place_sorted(text).is_some()
    }

    /// The place of that text, where they are distinct and in rising order.
    pub(crate) fn place_sorted(&self, text: &str) -> Option<usize> {
        if self.len() <= LOOKED_AT_MAX {
            return self.place(text);
        }
        let (text, head) = (text.as_bytes(), head(text.as_bytes()));
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = usize::midpoint(from, to);
            let before = self.marks.get(middle).map_or(Ordering::Greater, |mark| {
                let order = mark.head.cmp(&head);
                order.then_with(|| self.get(middle).as_bytes().cmp(text))
            });
            match before {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// The texts, in their order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|place| self.get(place))
    }

    fn holds(&self, place: std::ops::Range<u32>, text: &[u8]) -> bool {
        let bytes = self.joined.as_bytes();
        let there = bytes.get(place.start as usize..place.end as usize);
        there.is_some_and(|there| same(there, text))
    }

    fn get(&self, place: usize) -> &str {
        let end = |place: usize| self.marks.get(place).map(|mark| mark.end as usize);
        let from = place.checked_sub(1).and_then(end).unwrap_or_default();
        let to = end(place).unwrap_or(self.joined.len());
        self.joined.get(from..to).unwrap_or_default()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self::of(&texts.into_iter().collect::<Vec<T>>())
    }
}

impl<const N: usize> From<[&str; N]> for Texts {
    fn from(texts: [&str; N]) -> Self {
        Self::of(&texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_they_were_put() {
        #[track_caller]
        fn check<const N: usize>(list: [&str; N]) {
            let texts = Texts::from(list);
            assert_eq!(texts.iter().collect::<Vec<_>>(), list);
            assert_eq!((texts.len(), texts.is_empty()), (N, N == 0));
            for text in [
                "", "a", "ab", "b", "é", "bé", "a\0", "abcd", "abcde", "abcdf",
            ] {
                assert_eq!(texts.contains(text), list.contains(&text), "{text:?}");
                if list.is_sorted() {
                    let found = texts.contains_sorted(text);
                    assert_eq!(found, list.contains(&text), "{text:?}");
                }
            }
            let lengths = list.iter().scan(0, |end, text| {
                *end += text.len() as u32;
                Some(*end)
            });
            assert_eq!(Texts::new(texts.joined(), N, lengths), Some(texts));
        }
        check([]);
        check([""]);
        check(["a"]);
        check(["a\0"]);
        check(["", "a", "ab", "é"]);
        check(["b", "", "é", ""]);
        check(["abcd", "abcdf"]);
    }

    #[test]
    fn long_sorted_lists_are_searched() {
        let list: Vec<String> = (0..1_000).step_by(2).map(|n| format!("{n:03}")).collect();
        let texts: Texts = list.iter().collect();
        for n in 0..1_000 {
            assert_eq!(texts.contains_sorted(&format!("{n:03}")), n % 2 == 0, "{n}");
        }
        assert!(!texts.contains_sorted(""));
        assert!(!texts.contains_sorted("000\0"));
    }

    #[test]
    fn ends_that_are_none_are_refused() {
        let check = |joined: &str, ends: &[u32], is_sound: bool| {
            let texts = Texts::new(joined, ends.len(), ends.iter().copied());
            assert_eq!(texts.is_some(), is_sound, "{joined} {ends:?}");
            let longer = format!("{joined}é");
            let ahead = Texts::new(&longer, ends.len(), ends.iter().copied());
            assert!(!is_sound || ahead == texts, "{joined} {ends:?}");
            let more = Texts::new(joined, ends.len() + 1, ends.iter().copied());
            assert_eq!(more, None, "{joined} {ends:?}");
        };
        check("aé", &[1, 3], true);
        check("aé", &[3, 3], true);
        check("aé", &[2, 3], false);
        check("aé", &[1, 4], false);
        check("ab", &[2, 1, 2], false);
        check("", &[], true);
    }
}
