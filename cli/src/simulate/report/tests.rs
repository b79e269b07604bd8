//! Figures of small histories that a person can check by hand.

use super::*;
use crate::simulate::crowd::{Reported, Visitor};

fn decision(action: usize, reward: f64, variant: &str) -> Seen {
    Seen::Decision(Decision {
        audience: 0,
        action,
        reward,
        variants: BTreeMap::from([("split".to_owned(), variant.to_owned())]),
        moved: action == 1,
    })
}

fn history(seen: Vec<Seen>, fates: Vec<Fate>) -> History {
    let visitors = (0..).zip(seen);
    History {
        visitors: visitors
            .map(|(index, seen)| Visitor { index, seen })
            .collect(),
        rewards: fates
            .into_iter()
            .map(|fate| Reported { action: 0, fate })
            .collect(),
        repeats: vec![Fate::Duplicate, Fate::Committed],
        ..History::default()
    }
}

fn decisions(history: &History) -> Vec<&Decision> {
    let seen = history.visitors.iter();
    seen.filter_map(|visitor| match &visitor.seen {
        Seen::Decision(decision) => Some(decision),
        Seen::Nothing | Seen::Unreachable => None,
    })
    .collect()
}

#[test]
fn shares_rewards_and_regret_over_time() {
    // 20 visitors: one of four sees action 1, whose mean is lower by 0.2; action 0 pays each time.
    let seen = (0..20).map(|i| match i % 4 {
        0 => decision(1, 0.0, "x"),
        _ => decision(0, 1.0, "x"),
    });
    let history = history(seen.collect(), vec![]);
    let decisions = decisions(&history);
    let truth = crate::simulate::truth::tests::checked(r#"{"x": 0.5, "y": 0.3}"#).unwrap();
    let mut regret = Regrets::new(&truth).unwrap();
    let windows = windows(&decisions, &["a", "b"], &truth, &mut regret);
    assert!((windows[0].best_share - 0.5).abs() < 1e-12);
    assert_eq!(windows.len(), N_WINDOWS);
    assert_eq!((windows[0].visitors, windows[0].mean_reward), (2, 0.5));
    assert!((windows[1].shares["a"] - 1.0).abs() < 1e-12);
    assert!((windows[9].regret - 5.0 * 0.2).abs() < 1e-12);

    let arms = arm_reports(&decisions, &["a", "b"], &[0.5, 0.3]);
    assert_eq!(
        (arms[0].visitors, arms[0].rewards, arms[0].share),
        (15, 15, 0.75)
    );
    assert_eq!((arms[1].visitors, arms[1].mean_reward), (5, 0.0));
    assert_eq!(best(&["a", "b"], &[0.5, 0.3]), "a");
}

#[test]
fn visitors_and_events_are_all_accounted_for() {
    let seen = vec![
        decision(0, 1.0, "x"),
        decision(1, 0.0, "x"),
        Seen::Nothing,
        Seen::Unreachable,
    ];
    let refused = || Fate::Rejected("receipt_invalid".to_owned());
    let fates = vec![
        Fate::Committed,
        Fate::Queued,
        Fate::Unacknowledged,
        refused(),
        refused(),
    ];
    let history = history(seen, fates);
    let visitors = visitors(&history);
    assert_eq!((visitors.came, visitors.decided, visitors.moved), (4, 2, 1));
    assert_eq!((visitors.without_decision, visitors.unreachable), (1, 1));
    let events = events(&history);
    assert_eq!(
        (events.rewards, events.acknowledged, events.queued),
        (5, 2, 1)
    );
    assert_eq!(
        (events.unacknowledged, events.rejected["receipt_invalid"]),
        (1, 2)
    );
    assert_eq!((events.repeated, events.repeats_recognised), (2, 1));
}

#[test]
fn a_skewed_split_is_a_mismatch() {
    let split = DeclaredSplit {
        flag: "split".to_owned(),
        shares: vec![("x".to_owned(), 500_000), ("y".to_owned(), 500_000)],
    };
    let check = |n_x: usize, n_y: usize, expected: bool| {
        let x = std::iter::repeat_with(|| decision(0, 0.0, "x")).take(n_x);
        let y = std::iter::repeat_with(|| decision(0, 0.0, "y")).take(n_y);
        let history = history(x.chain(y).collect(), vec![]);
        let report = sample_ratio_of(&split, &decisions(&history)).unwrap();
        assert_eq!(report.mismatch, expected, "{report:?}");
        assert_eq!(report.variants[1].visitors, n_y as u64);
    };
    // Chi-square 4 (p = 0.046) is luck, 16 (p = 0.00006) is not.
    check(55, 45, false);
    check(60, 40, false);
    check(70, 30, true);
}
