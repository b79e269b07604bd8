//! A list of texts in one piece of memory.
//!
//! Lists of a condition hold tens of short texts and are looked through from front to back. A piece
//! of memory for each of them would be most of what loading a ruleset costs, and each look another
//! place in memory.

use crate::same::same;
use std::fmt;

/// Texts one after the other, and where each but the last ends.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts {
    joined: Box<str>,
    ends: Box<[u32]>,
    n: usize,
}

impl Texts {
    /// The texts in that order; `None` when there is more of them than can be counted.
    pub(crate) fn new(joined: Box<str>, ends: Box<[u32]>, n: usize) -> Option<Self> {
        let is_end = |end: &u32| joined.is_char_boundary(*end as usize);
        let fits = ends.len() == n.saturating_sub(1)
            && ends.is_sorted()
            && ends.iter().all(is_end)
            && (n > 0 || joined.is_empty());
        fits.then_some(Self { joined, ends, n })
    }

    /// The texts put together, and where each but the last ends.
    pub(crate) fn parts(&self) -> (&str, &[u32]) {
        (&self.joined, &self.ends)
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Whether one of them is that text. The lengths lie beside each other, so that most texts are
    /// told apart without a look at them.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        let (joined, text) = (self.joined.as_bytes(), text.as_bytes());
        let mut from = 0;
        self.ends_of_all().any(|end| {
            let is_same = end.wrapping_sub(from) == text.len()
                && joined.get(from..end).is_some_and(|other| same(other, text));
            from = end;
            is_same
        })
    }

    /// Whether one of them is that text, where they are in rising order.
    #[must_use]
    pub fn contains_sorted(&self, text: &str) -> bool {
        let (mut from, mut to) = (0, self.n);
        while from < to {
            let middle = usize::midpoint(from, to);
            match self.get(middle).cmp(text) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        false
    }

    /// The texts, in their order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.n).map(|place| self.get(place))
    }

    fn ends_of_all(&self) -> impl Iterator<Item = usize> {
        let last = (self.n > 0).then_some(self.joined.len());
        self.ends.iter().map(|end| *end as usize).chain(last)
    }

    fn get(&self, place: usize) -> &str {
        let end = |place: usize| self.ends.get(place).map(|end| *end as usize);
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

/// What lies beyond four gigabytes is cut off: no document is a thousandth of that.
impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let (mut joined, mut ends, mut n) = (String::new(), Vec::new(), 0);
        for text in texts {
            if n > 0 {
                ends.push(joined.len() as u32);
            }
            joined.push_str(text.as_ref());
            n += 1;
        }
        Self {
            joined: joined.into(),
            ends: ends.into(),
            n,
        }
    }
}

impl<const N: usize> From<[&str; N]> for Texts {
    fn from(texts: [&str; N]) -> Self {
        texts.into_iter().collect()
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
            for text in ["", "a", "ab", "b", "é", "bé"] {
                assert_eq!(texts.contains(text), list.contains(&text), "{text:?}");
                if list.is_sorted() {
                    assert_eq!(
                        texts.contains_sorted(text),
                        list.contains(&text),
                        "{text:?}"
                    );
                }
            }
            let (joined, ends) = texts.parts();
            assert_eq!(
                Texts::new(joined.into(), ends.into(), N),
                Some(texts.clone())
            );
        }
        check([]);
        check([""]);
        check(["a"]);
        check(["", "a", "ab", "é"]);
        check(["b", "", "é", ""]);
    }

    #[test]
    fn ends_that_are_none_are_refused() {
        let check = |joined: &str, ends: &[u32], n, is_sound: bool| {
            let texts = Texts::new(joined.into(), ends.into(), n);
            assert_eq!(texts.is_some(), is_sound, "{joined} {ends:?} {n}");
        };
        check("aé", &[1], 2, true);
        check("aé", &[3], 2, true);
        check("aé", &[2], 2, false);
        check("aé", &[4], 2, false);
        check("ab", &[2, 1], 3, false);
        check("ab", &[1], 1, false);
        check("ab", &[1], 3, false);
        check("ab", &[], 0, false);
        check("", &[], 0, true);
    }
}
