//! Explicit ranges of buckets, and how they are laid out so that few subjects move.

use crate::bucketing::{BUCKETS, Bucket};

/// Buckets `from..to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    from: u64,
    to: u64,
}

impl Range {
    /// Every bucket.
    pub const FULL: Self = Self {
        from: 0,
        to: BUCKETS,
    };

    /// Buckets `from..to`; `None` unless `from < to <= BUCKETS`.
    #[must_use]
    pub fn new(from: u64, to: u64) -> Option<Self> {
        Self::within(from, to, BUCKETS)
    }

    /// Numbers `from..to` of a method that draws from `0..scale`; `None` unless
    /// `from < to <= scale`.
    #[must_use]
    pub fn within(from: u64, to: u64, scale: u64) -> Option<Self> {
        (from < to && to <= scale).then_some(Self { from, to })
    }

    /// First bucket inside.
    #[must_use]
    pub fn from(self) -> u64 {
        self.from
    }

    /// First bucket after.
    #[must_use]
    pub fn to(self) -> u64 {
        self.to
    }

    /// Number of buckets inside.
    #[must_use]
    pub fn width(self) -> u64 {
        self.to - self.from
    }

    /// Whether the bucket lies inside.
    #[must_use]
    pub fn contains(self, bucket: Bucket) -> bool {
        self.from <= bucket.index() && bucket.index() < self.to
    }

    /// Whether a bucket lies in both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// A range and the choice (an index into a list of the caller's) that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnedRange {
    /// The buckets.
    pub range: Range,
    /// Whose they are.
    pub owner: usize,
}

/// Buckets for each share, summing to [`BUCKETS`] exactly.
///
/// # Formula
/// Largest remainder: `floor(share_i / sum * BUCKETS)`, then one bucket more for the largest
/// remainders, the earlier share first among equals.
/// # Arguments
/// `shares`: (n,), finite, not negative, any unit.
/// # Returns
/// (n,) bucket counts; `None` when a share is negative or not finite, or all are zero.
#[must_use]
pub fn apportion(shares: &[f64]) -> Option<Vec<u64>> {
    let total: f64 = shares.iter().sum();
    if !total.is_finite()
        || total <= 0.0
        || shares.iter().any(|share| share.is_nan() || *share < 0.0)
    {
        return None;
    }
    let exact: Vec<f64> = shares
        .iter()
        .map(|share| share / total * BUCKETS as f64)
        .collect();
    let mut counts: Vec<u64> = exact.iter().map(|share| share.floor() as u64).collect();
    let mut order: Vec<usize> = (0..exact.len()).collect();
    let remainder = |index: usize| exact.get(index).map_or(0.0, |share| share - share.floor());
    order.sort_by(|a, b| remainder(*b).total_cmp(&remainder(*a)).then(a.cmp(b)));
    let mut missing = BUCKETS as i64 - counts.iter().map(|count| *count as i64).sum::<i64>();
    // Rounding errors of the quotient can only lose or gain a bucket a share: one pass is enough.
    for index in order {
        if let Some(count) = counts.get_mut(index) {
            let step = missing.signum().max(-(*count as i64));
            *count = (*count as i64 + step) as u64;
            missing -= step;
        }
    }
    (missing == 0).then_some(counts)
}

/// Ranges that give owner `i` exactly `targets[i]` buckets and move the fewest from `previous`.
///
/// Each owner keeps the first of its former buckets up to its target; what is left over, and what
/// nobody owned, goes to the owners that grow, in their order.
///
/// # Arguments
/// `previous`: disjoint ranges, owners as in `targets`; `targets`: (n,), sum at most [`BUCKETS`].
/// # Returns
/// Disjoint, sorted, adjacent ranges of one owner merged.
#[must_use]
pub fn allocate(previous: &[OwnedRange], targets: &[u64]) -> Vec<OwnedRange> {
    let mut sorted = previous.to_vec();
    sorted.sort_unstable();
    let mut wanted = targets.to_vec();
    let mut kept = Vec::new();
    for OwnedRange { range, owner } in sorted {
        let Some(left) = wanted.get_mut(owner) else {
            continue;
        };
        let width = range.width().min(*left);
        *left -= width;
        if let Some(range) = Range::new(range.from, range.from + width) {
            kept.push(OwnedRange { range, owner });
        }
    }
    let mut free = gaps(&kept);
    free.reverse();
    for (owner, left) in wanted.iter_mut().enumerate() {
        while *left > 0 {
            let Some(gap) = free.pop() else { break };
            let width = gap.width().min(*left);
            *left -= width;
            let cut = gap.from + width;
            kept.extend(Range::new(gap.from, cut).map(|range| OwnedRange { range, owner }));
            free.extend(Range::new(cut, gap.to));
        }
    }
    merge(kept)
}

/// Ranges of buckets that nobody owns, in order.
fn gaps(owned: &[OwnedRange]) -> Vec<Range> {
    let mut sorted = owned.to_vec();
    sorted.sort_unstable();
    let mut free = Vec::new();
    let mut next = 0;
    for OwnedRange { range, .. } in sorted {
        free.extend(Range::new(next, range.from));
        next = next.max(range.to);
    }
    free.extend(Range::new(next, BUCKETS));
    free
}

/// Sorted, with neighbours of one owner joined.
fn merge(mut owned: Vec<OwnedRange>) -> Vec<OwnedRange> {
    owned.sort_unstable();
    let mut merged: Vec<OwnedRange> = Vec::with_capacity(owned.len());
    for next in owned {
        match merged.last_mut() {
            Some(last) if last.owner == next.owner && last.range.to == next.range.from => {
                last.range.to = next.range.to;
            }
            _ => merged.push(next),
        }
    }
    merged
}

/// The owner of the bucket, by binary search; `ranges` are sorted and disjoint.
#[must_use]
pub fn owner_of(ranges: &[OwnedRange], bucket: Bucket) -> Option<usize> {
    let after = ranges.partition_point(|owned| owned.range.from <= bucket.index());
    let candidate = ranges.get(after.checked_sub(1)?)?;
    candidate.range.contains(bucket).then_some(candidate.owner)
}

/// The first two ranges that overlap, if any do.
#[must_use]
pub fn overlap(ranges: &[OwnedRange]) -> Option<(Range, Range)> {
    let mut sorted: Vec<Range> = ranges.iter().map(|owned| owned.range).collect();
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [a, b] if a.overlaps(*b) => Some((*a, *b)),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
