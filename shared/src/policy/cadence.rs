//! When the next snapshot may be written: never sooner than the bandit's interval after a write.

use crate::time::UnixMillis;

/// How long news waits before a write, so that shards that report together are taken together.
const GATHER_MS: i64 = 100;

/// The moment of the next write, for news that came at `now`.
///
/// A write counts from the moment it was begun, not from its success: while it is under way the
/// store may already have it, and a key takes one write a second.
///
/// # Arguments
/// `written_at`: when the latest snapshot was computed; `begun_at`: when the latest write was
/// begun, whatever came of it; `interval_ms`: the bandit's interval.
/// # Returns
/// `now` and a moment for gathering, or later.
#[must_use]
pub fn next_write(
    now: UnixMillis,
    written_at: Option<UnixMillis>,
    begun_at: Option<UnixMillis>,
    interval_ms: u64,
) -> UnixMillis {
    let gathered = UnixMillis(now.0.saturating_add(GATHER_MS));
    match written_at.max(begun_at) {
        None => gathered,
        Some(last) => UnixMillis(last.0.saturating_add_unsigned(interval_ms)).max(gathered),
    }
}

/// Whether a write at `now` would come sooner than the interval allows.
#[must_use]
pub fn is_early(now: UnixMillis, begun_at: Option<UnixMillis>, interval_ms: u64) -> bool {
    begun_at.is_some_and(|begun| now.0 < begun.0.saturating_add_unsigned(interval_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_that_comes_during_a_write_waits_for_the_interval() {
        let at = UnixMillis;
        let check = |now, written: Option<i64>, begun: Option<i64>, expected| {
            let next = next_write(at(now), written.map(at), begun.map(at), 60_000);
            assert_eq!(
                next,
                at(expected),
                "now {now}, written {written:?}, begun {begun:?}"
            );
        };
        check(1_000, None, None, 1_100);
        // The first write is under way: nothing is written yet, and the next one waits.
        check(1_000, None, Some(990), 60_990);
        check(70_000, Some(5_000), Some(69_990), 129_990);
        check(70_000, Some(5_000), Some(5_000), 70_100);
        check(64_990, Some(5_000), None, 65_090);
    }

    #[test]
    fn an_alarm_that_comes_too_soon_is_noticed() {
        let early = |now| is_early(UnixMillis(now), Some(UnixMillis(1_000)), 2_000);
        assert_eq!([1_000, 2_999, 3_000].map(early), [true, true, false]);
        assert!(!is_early(UnixMillis(0), None, 2_000));
    }
}
