//! A map in one sorted list, for maps of tens of entries, and sorting itself.
//!
//! A balanced tree is faster from some thousands of entries on, and each tree of another type is
//! eight kilobytes of code in a Worker; this is a tenth of it. It is not for what grows.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// Sorts a list by a comparison; what is equal stays in its order.
///
/// The standard library sorts faster, with four kilobytes of code for each type. This one is for
/// lists that are sorted where something is loaded: one merge sort of places, whatever the type.
pub fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order_of(items.len(), &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    let mut rest: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    let sorted = order.into_iter();
    items.extend(sorted.filter_map(|place| rest.get_mut(place).and_then(Option::take)));
}

/// The places of that many items in rising order.
fn order_of(n_items: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n_items).collect();
    let mut sorted = 1;
    while sorted < n_items {
        let mut merged = Vec::with_capacity(n_items);
        for pair in order.chunks(2 * sorted) {
            let (left, right) = pair.split_at(sorted.min(pair.len()));
            merge(left, right, compare, &mut merged);
        }
        order = merged;
        sorted *= 2;
    }
    order
}

/// Appends what two sorted lists hold in one order, of equals those of the left one first.
fn merge(
    mut left: &[usize],
    mut right: &[usize],
    compare: &dyn Fn(usize, usize) -> Ordering,
    merged: &mut Vec<usize>,
) {
    while let ([first, left_rest @ ..], [other, right_rest @ ..]) = (left, right) {
        if compare(*other, *first).is_lt() {
            merged.push(*other);
            right = right_rest;
        } else {
            merged.push(*first);
            left = left_rest;
        }
    }
    merged.extend([left, right].concat());
}

/// Entries with distinct keys, in rising order of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted<K, V>(Vec<(K, V)>);

impl<K, V> Default for Sorted<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K, V> Sorted<K, V> {
    /// Entries by key in rising order.
    pub fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }
}

impl<K: Ord, V> Sorted<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the key is, or where it would be.
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0
            .binary_search_by(|(other, _)| other.borrow().cmp(key))
    }

    /// The value of the key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Puts a value; gives back the one it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => {
                let (_, old) = self.0.get_mut(place)?;
                Some(std::mem::replace(old, value))
            }
            Err(place) => {
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    /// The value of the key, made where there is none.
    ///
    /// # Panics
    /// Never: what is looked for has just been put there.
    pub fn or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let place = self.place(&key).unwrap_or_else(|place| {
            self.0.insert(place, (key, make()));
            place
        });
        #[expect(clippy::indexing_slicing, reason = "the place was found or made above")]
        &mut self.0[place].1
    }

    /// The value of the key, the default one where there is none.
    pub fn or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// Takes the key's value out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Keys in rising order.
    #[must_use]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    /// Values by key in rising order.
    #[must_use]
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Values by key in rising order, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Ord, V> Extend<(K, V)> for Sorted<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

/// Of repeated keys the last one counts.
impl<K: Ord, V> FromIterator<(K, V)> for Sorted<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Sorted<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K, V> IntoIterator for Sorted<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'m, K, V> IntoIterator for &'m Sorted<K, V> {
    type Item = &'m (K, V);
    type IntoIter = std::slice::Iter<'m, (K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Puts a short list in order; items of which neither comes before the other keep theirs.
///
/// The library's sorts are several kilobytes for each type, and no faster for tens of items.
pub fn arrange<T>(items: &mut [T], comes_before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        for place in (1..=end).rev() {
            let pair = items.get(place).zip(items.get(place - 1));
            if !pair.is_some_and(|(item, former)| comes_before(item, former)) {
                break;
            }
            items.swap(place, place - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_gone() {
        let mut map = Sorted::from([(1, "a"), (2, "b")]);
        assert_eq!((map.remove(&1), map.remove(&1)), (Some("a"), None));
        assert_eq!((map.len(), map.get(&2)), (1, Some(&"b")));
    }

    #[test]
    fn lists_are_sorted_and_equal_items_keep_their_order() {
        let mut items = vec![(2, "a"), (1, "b"), (2, "c"), (0, "d"), (1, "e")];
        sort_by(&mut items, |(a, _), (b, _)| a.cmp(b));
        assert_eq!(items, [(0, "d"), (1, "b"), (1, "e"), (2, "a"), (2, "c")]);
        for length in 0..40_u32 {
            let scattered = (0..length).map(|n| (n * 7 % 11, n));
            let mut items: Vec<(u32, u32)> = scattered.collect();
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by(&mut items, |(a, _), (b, _)| a.cmp(b));
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn short_lists_are_arranged_and_equal_items_stay() {
        let mut items = [(2, 'a'), (3, 'b'), (1, 'c'), (2, 'd'), (3, 'e'), (1, 'f')];
        arrange(&mut items, |a, b| a.0 < b.0);
        assert_eq!(
            items,
            [(1, 'c'), (1, 'f'), (2, 'a'), (2, 'd'), (3, 'b'), (3, 'e')]
        );
        arrange::<u8>(&mut [], |_, _| true);
    }

    #[test]
    fn keys_are_distinct_and_rise() {
        let mut map = Sorted::from([("b", 1), ("a", 2), ("b", 3)]);
        assert_eq!(map.insert("c", 4), None);
        assert_eq!(map.insert("a", 5), Some(2));
        *map.or_default("d") += 6;
        *map.or_insert_with("a", || 100) += 1;
        assert_eq!(
            map.iter().copied().collect::<Vec<_>>(),
            [("a", 6), ("b", 3), ("c", 4), ("d", 6)]
        );
        assert_eq!(map.get("b"), Some(&3));
        assert_eq!(map.get("e"), None);
        assert_eq!(
            map.keys().copied().collect::<Vec<_>>(),
            ["a", "b", "c", "d"]
        );
        assert_eq!(map.values().sum::<i32>(), 19);
        assert_eq!((map.len(), map.is_empty()), (4, false));
    }
}
