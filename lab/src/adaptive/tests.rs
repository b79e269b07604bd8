use super::*;

fn batch(actions: &[(f64, u64, f64)]) -> Batch {
    let one = |(propensity, n, sum): &(f64, u64, f64)| BatchAction {
        propensity: *propensity,
        n: *n,
        sum: *sum,
        squares: *sum,
    };
    actions.iter().map(one).collect()
}

#[test]
fn batches_and_single_decisions_agree_under_one_distribution() {
    // The expectation that augments differs, which matters less the more decisions there are.
    let whole = [batch(&[(0.5, 2, 1.0), (0.5, 2, 0.0)])];
    let found = action_means(&whole, Confidence::P95).unwrap();
    // (2 + 0 + 0 + 0) / 4 with terms 2, 0, 0, 0: squares 2.25 + 3 * 0.25 = 3.
    let first = found[0].unwrap();
    assert_eq!((first.value, first.n, first.naive), (0.5, 2, Some(0.5)));
    assert!((first.standard_error - 3.0_f64.sqrt() / 4.0).abs() < 1e-12);
    assert!(found[1].unwrap().value.abs() < 1e-12);
}

#[test]
fn later_batches_are_augmented_with_what_earlier_ones_brought() {
    let batches = [
        batch(&[(0.5, 10, 4.0), (0.5, 10, 5.0)]),
        batch(&[(0.2, 4, 2.0), (0.8, 16, 8.0)]),
    ];
    let found = action_means(&batches, Confidence::P95).unwrap()[0].unwrap();
    // First 20 * 0 + 4 / 0.5 = 8; then m = 0.4 and 20 * 0.4 + (2 - 1.6) / 0.2 = 10.
    let (a, b) = (0.5_f64.sqrt(), 0.2_f64.sqrt());
    let value = (a * 8.0 + b * 10.0) / (20.0 * (a + b));
    assert!((found.value - value).abs() < 1e-12, "{found:?}");
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let fine = batch(&[(0.5, 1, 1.0), (0.5, 1, 0.0)]);
    let check = |batches: &[Batch], expected| {
        assert_eq!(action_means(batches, Confidence::P95), Err(expected));
        assert_eq!(best_action(batches, Confidence::P95), Err(expected));
    };
    check(&[], InvalidBatches::Empty);
    check(&[batch(&[(1.0, 0, 0.0)])], InvalidBatches::Empty);
    check(
        &[fine.clone(), batch(&[(1.0, 1, 0.0)])],
        InvalidBatches::Actions(1),
    );
    for wrong in [
        (1.1, 1, 0.0),
        (-0.1, 0, 0.0),
        (0.0, 1, 0.0),
        (0.5, 1, f64::NAN),
    ] {
        let wrong = batch(&[wrong, (0.5, 1, 0.0)]);
        check(&[fine.clone(), wrong], InvalidBatches::Numbers(1));
    }
}

#[test]
fn an_action_without_a_chance_has_no_mean_and_no_lead() {
    let batches = [batch(&[(1.0, 9, 4.0), (0.0, 0, 0.0)])];
    assert_eq!(action_means(&batches, Confidence::P95).unwrap()[1], None);
    let best = best_action(&batches, Confidence::P95).unwrap();
    assert!(!best.certain, "{best:?}");
    // Alone, it is the best there is.
    let alone = best_action(&[batch(&[(1.0, 9, 4.0)])], Confidence::P95).unwrap();
    assert!(alone.certain, "{alone:?}");
}
