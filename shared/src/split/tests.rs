use super::*;
use proptest::prelude::*;

fn owned(ranges: &[(u64, u64, usize)]) -> Vec<OwnedRange> {
    ranges
        .iter()
        .map(|(from, to, owner)| OwnedRange {
            range: Range::new(*from, *to).expect("a test names valid ranges"),
            owner: *owner,
        })
        .collect()
}

fn widths(ranges: &[OwnedRange], owners: usize) -> Vec<u64> {
    let mut sums = vec![0; owners];
    for OwnedRange { range, owner } in ranges {
        sums[*owner] += range.width();
    }
    sums
}

/// Buckets that had an owner before and have another one after.
fn moved(before: &[OwnedRange], after: &[OwnedRange]) -> u64 {
    let mut sum = 0;
    for a in before {
        for b in after {
            let shared_from = a.range.from().max(b.range.from());
            let shared_to = a.range.to().min(b.range.to());
            if a.owner != b.owner && shared_from < shared_to {
                sum += shared_to - shared_from;
            }
        }
    }
    sum
}

#[test]
fn apportions_exactly() {
    let check = |shares: &[f64], expected: Option<&[u64]>| {
        assert_eq!(apportion(shares).as_deref(), expected, "{shares:?}");
    };
    check(&[1.0, 1.0], Some(&[500_000, 500_000]));
    check(&[1.0, 1.0, 1.0], Some(&[333_334, 333_333, 333_333]));
    check(&[0.01, 99.99], Some(&[100, 999_900]));
    check(&[0.0, 5.0], Some(&[0, 1_000_000]));
    check(&[0.0, 0.0], None);
    check(&[-1.0, 2.0], None);
    check(&[f64::NAN, 2.0], None);
    check(&[f64::INFINITY, 2.0], None);
    check(&[], None);
}

#[test]
fn a_first_allocation_is_cumulative() {
    let fresh = allocate(&[], &[200_000, 300_000, 500_000]);
    let expected = [
        (0, 200_000, 0),
        (200_000, 500_000, 1),
        (500_000, 1_000_000, 2),
    ];
    assert_eq!(fresh, owned(&expected));
}

#[test]
fn growth_takes_from_the_owner_that_shrinks() {
    let before = owned(&[(0, 500_000, 0), (500_000, 1_000_000, 1)]);
    let after = allocate(&before, &[700_000, 300_000]);
    assert_eq!(
        after,
        owned(&[
            (0, 500_000, 0),
            (500_000, 800_000, 1),
            (800_000, 1_000_000, 0)
        ])
    );
}

#[test]
fn the_owner_of_a_bucket_is_found_also_between_gaps() {
    let ranges = owned(&[(10, 20, 0), (30, 40, 1)]);
    let at = |index: u64| {
        let hash = ((u128::from(index) << 64) / u128::from(BUCKETS) + 1) as u64;
        owner_of(&ranges, Bucket::from_hash(hash))
    };
    let found: Vec<_> = [9, 10, 19, 20, 30, 39, 40].into_iter().map(at).collect();
    assert_eq!(
        found,
        [None, Some(0), Some(0), None, Some(1), Some(1), None]
    );
}

proptest! {
    #[test]
    fn shares_always_fill_all_buckets(
        shares in proptest::collection::vec(0.0_f64..1e9, 1..40)
            .prop_filter("not all zero", |shares| shares.iter().sum::<f64>() > 0.0),
    ) {
        let counts = apportion(&shares).expect("valid shares");
        prop_assert_eq!(counts.iter().sum::<u64>(), BUCKETS);
    }

    #[test]
    fn reallocation_hits_its_targets_and_moves_the_fewest(
        first in proptest::collection::vec(0_u64..100, 2..8),
        steps in proptest::collection::vec(proptest::collection::vec(0_u64..100, 2..8), 1..5),
    ) {
        let targets_of = |shares: &[u64]| {
            let shares: Vec<f64> = shares.iter().map(|s| *s as f64 + 0.5).collect();
            apportion(&shares).expect("positive shares")
        };
        let mut targets = targets_of(&first);
        let mut ranges = allocate(&[], &targets);
        for shares in steps {
            let mut next = targets_of(&shares);
            let owners = next.len().max(targets.len());
            next.resize(owners, 0);
            targets.resize(owners, 0);
            let after = allocate(&ranges, &next);
            prop_assert_eq!(widths(&after, owners), next.clone());
            prop_assert_eq!(overlap(&after), None);
            let least: u64 =
                targets.iter().zip(&next).map(|(old, new)| old.saturating_sub(*new)).sum();
            prop_assert_eq!(moved(&ranges, &after), least);
            ranges = after;
            targets = next;
        }
    }
}
