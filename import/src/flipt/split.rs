//! Distributions, to ranges of a thousand numbers.

use serde_json::{Value as Json, json};

/// Numbers that a distribution shares out.
const SCALE: u64 = 1_000;

/// As ranges are written; `None` where nothing is distributed.
///
/// Shares of zero are left out and the others made to fill the whole. Where each ends is worked
/// out in single precision, as there: a share's end is the sum of percentages, times ten, rounded.
pub(super) fn ranges(shares: &[(String, f32)]) -> Option<Vec<Json>> {
    let shares = || shares.iter().filter(|(_, percentage)| *percentage > 0.0);
    let total: f32 = shares().map(|(_, percentage)| percentage).sum();
    let last = shares().count().checked_sub(1)?;
    let mut ranges = Vec::new();
    let (mut from, mut cumulative) = (0, 0.0_f32);
    for (index, (variant, percentage)) in shares().enumerate() {
        cumulative += percentage / total * 100.0;
        let to = if index == last {
            SCALE
        } else {
            // Saturating, as conversions of floats are.
            ((cumulative * 10.0).round() as u64).min(SCALE)
        };
        if from < to {
            ranges.push(json!({ "variant": variant, "from": from, "to": to }));
        }
        from = from.max(to);
    }
    Some(ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(percentages: &[f32], ends: &[u64]) {
        let shares = percentages.iter().enumerate();
        let shares: Vec<(String, f32)> = shares.map(|(n, p)| (n.to_string(), *p)).collect();
        let ranges = ranges(&shares).expect("something is distributed");
        let found: Vec<u64> = ranges
            .iter()
            .filter_map(|range| range["to"].as_u64())
            .collect();
        assert_eq!(found, ends);
    }

    #[test]
    fn shares_fill_the_whole() {
        check(&[50.0, 30.0, 20.0], &[500, 800, 1_000]);
        check(&[33.33, 33.33, 33.34], &[333, 667, 1_000]);
        check(&[1.0], &[1_000]);
        check(&[60.0, 60.0], &[500, 1_000]);
        check(&[0.0, 100.0], &[1_000]);
        check(&[10.0, 20.0], &[333, 1_000]);
        check(&[0.000_1, 99.9], &[1_000]);
    }

    #[test]
    fn nothing_is_shared_out_of_nothing() {
        assert_eq!(ranges(&[]), None);
        assert_eq!(
            ranges(&[("a".to_owned(), 0.0), ("b".to_owned(), -1.0)]),
            None
        );
    }
}
