//! Shares as fractions to ranges of the integers that are drawn.

use bandera_shared::dialect::method::{Method, first_reaching};
use serde_json::Value as Json;

/// Shares that are written add up to one, or nearly.
const TOTAL: std::ops::RangeInclusive<f64> = 0.99..=1.01;

/// A version of the hash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hash(Method);

impl Hash {
    /// The version that is written, or the usual one; `None` for one that nobody knows.
    pub(super) fn version(written: Option<&Json>, usual: u64) -> Option<Self> {
        let version = match written {
            Some(version) if is_true(version) => version.as_f64()?,
            _ => usual as f64,
        };
        let known = [(1.0, Method::GrowthBook1), (2.0, Method::GrowthBook2)];
        let found = known
            .iter()
            .find(|(number, _)| version.total_cmp(number).is_eq());
        found.map(|(_, method)| Self(*method))
    }

    /// The name of its bucketing.
    pub(super) fn name(self) -> &'static str {
        self.0.name()
    }

    /// How many numbers there are to draw.
    pub(super) fn scale(self) -> u64 {
        self.0.own_scale().unwrap_or(1)
    }

    /// The first number whose fraction satisfies what no larger one ceases to satisfy.
    fn first(self, reaches: impl Fn(f64) -> bool) -> u64 {
        let scale = self.scale();
        first_reaching(scale, |number| reaches(number as f64 / scale as f64))
    }

    /// Numbers whose fractions are at least `from` and below `to`; `None` where there are none.
    pub(super) fn range(self, (from, to): (f64, f64)) -> Option<(u64, u64)> {
        if from.is_nan() || to.is_nan() {
            return None;
        }
        let range = (self.first(|n| n >= from), self.first(|n| n >= to));
        (range.0 < range.1).then_some(range)
    }

    /// Numbers whose fractions are not above a share.
    pub(super) fn up_to(self, share: f64) -> Option<(u64, u64)> {
        let end = if share.is_nan() {
            0
        } else {
            self.first(|n| n > share)
        };
        (end > 0).then_some((0, end))
    }

    /// Numbers in any of the ranges, in rising order and apart.
    pub(super) fn union(self, ranges: &[(f64, f64)]) -> Vec<(u64, u64)> {
        let mut found: Vec<_> = ranges
            .iter()
            .filter_map(|range| self.range(*range))
            .collect();
        found.sort_unstable();
        let mut union: Vec<(u64, u64)> = Vec::with_capacity(found.len());
        for (from, to) in found {
            match union.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => union.push((from, to)),
            }
        }
        union
    }

    /// Numbers of each range that no earlier range has: from, to, index of the range.
    pub(super) fn claims(self, ranges: &[(f64, f64)]) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::new();
        for (owner, range) in ranges.iter().enumerate() {
            let mut open: Vec<_> = self.range(*range).into_iter().collect();
            for taken in &claims {
                open = open
                    .into_iter()
                    .flat_map(|range| outside(range, taken))
                    .collect();
            }
            claims.extend(open.into_iter().map(|(from, to)| Claim { from, to, owner }));
        }
        claims.sort_unstable_by_key(|claim| claim.from);
        claims
    }
}

/// Numbers that belong to one of several ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) owner: usize,
}

/// What is left of a range without what is taken.
fn outside((from, to): (u64, u64), taken: &Claim) -> impl Iterator<Item = (u64, u64)> {
    let before = (from, to.min(taken.from));
    let after = (from.max(taken.to), to);
    [before, after].into_iter().filter(|(from, to)| from < to)
}

/// Shares in effect: what is written, or equal ones where that does not fit.
pub(super) fn shares(written: Option<&Json>, count: usize) -> Vec<f64> {
    let equal = || vec![1.0 / count as f64; count];
    let Some(list) = written.and_then(Json::as_array) else {
        return equal();
    };
    let shares: Vec<f64> = list.iter().map(number).collect();
    let total: f64 = shares.iter().sum();
    let fits = shares.len() == count && (total.is_nan() || TOTAL.contains(&total));
    if fits { shares } else { equal() }
}

/// Ranges one after the other, each as long as the coverage leaves of its share.
pub(super) fn cumulative(shares: &[f64], coverage: f64) -> Vec<(f64, f64)> {
    let coverage = coverage.clamp(0.0, 1.0);
    let mut start = 0.0;
    let range = |share: &f64| {
        let range = (start, start + coverage * share);
        start += share;
        range
    };
    shares.iter().map(range).collect()
}

/// Pairs of fractions.
pub(super) fn pairs(list: &[Json]) -> Vec<(f64, f64)> {
    list.iter().map(pair).collect()
}

/// A pair of fractions; of anything else, one that nothing lies between.
pub(super) fn pair(written: &Json) -> (f64, f64) {
    let end = |index| written.get(index).map_or(f64::NAN, number);
    (end(0), end(1))
}

/// The number that is written, or that stands in for something else.
pub(super) fn number(written: &Json) -> f64 {
    match written {
        Json::Null | Json::Bool(false) => 0.0,
        Json::Bool(true) => 1.0,
        other => other.as_f64().unwrap_or(f64::NAN),
    }
}

/// Whether `JavaScript` takes it for true.
pub(super) fn is_true(written: &Json) -> bool {
    match written {
        Json::Null => false,
        Json::Bool(truth) => *truth,
        Json::Number(_) => number(written).abs() > 0.0,
        Json::String(text) => !text.is_empty(),
        Json::Array(_) | Json::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hash(version: u64) -> Hash {
        Hash::version(Some(&json!(version)), 1).expect("a version")
    }

    #[test]
    fn versions_that_nobody_knows_are_none() {
        let name = |written: Json| Hash::version(Some(&written), 2).map(Hash::name);
        assert_eq!(name(json!(1)), Some("growthbook/1"));
        assert_eq!(name(json!(0)), Some("growthbook/2"));
        assert_eq!(name(json!(null)), Some("growthbook/2"));
        assert_eq!(name(json!(3)), None);
        assert_eq!(name(json!("2")), None);
        assert_eq!(Hash::version(None, 1).map(Hash::name), Some("growthbook/1"));
    }

    #[test]
    fn fractions_become_the_numbers_that_fall_between_them() {
        assert_eq!(hash(1).range((0.1, 0.2)), Some((100, 200)));
        assert_eq!(hash(2).range((0.12344, 0.12346)), None);
        assert_eq!(hash(2).range((0.0, 2.0)), Some((0, 10_000)));
        assert_eq!(hash(2).range((0.5, 0.5)), None);
        assert_eq!(hash(2).range((0.5, f64::NAN)), None);
        assert_eq!(hash(1).up_to(0.5), Some((0, 501)));
        assert_eq!(hash(1).up_to(-0.1), None);
        assert_eq!(hash(1).up_to(7.0), Some((0, 1_000)));
    }

    #[test]
    fn overlaps_belong_to_the_first() {
        let ranges = [(0.2, 0.4), (0.0, 1.0), (0.3, 0.5)];
        let claim = |from, to, owner| Claim { from, to, owner };
        assert_eq!(
            hash(1).claims(&ranges),
            [claim(0, 200, 1), claim(200, 400, 0), claim(400, 1_000, 1)]
        );
        assert_eq!(
            hash(1).union(&[(0.5, 0.6), (0.1, 0.2), (0.2, 0.3)]),
            [(100, 300), (500, 600)]
        );
    }

    #[test]
    fn shares_that_do_not_fit_are_equal() {
        assert_eq!(shares(Some(&json!([0.2, 0.8])), 2), [0.2, 0.8]);
        assert_eq!(shares(Some(&json!([0.2, 0.8])), 4), [0.25; 4]);
        assert_eq!(shares(Some(&json!([0.2, 0.2])), 2), [0.5; 2]);
        assert_eq!(shares(None, 2), [0.5; 2]);
        assert_eq!(cumulative(&[0.5, 0.5], 0.5), [(0.0, 0.25), (0.5, 0.75)]);
        assert_eq!(cumulative(&[1.0], -1.0), [(0.0, 0.0)]);
    }
}
