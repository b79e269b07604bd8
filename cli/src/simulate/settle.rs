//! Whether the Ledger has counted what was acknowledged, once all that is on its way has arrived.

use super::ledger::{ArmCounts, Counts, Ledger};
use super::patience::Patience;
use crate::fault::Fault;
use serde::Serialize;
use std::time::Duration;

/// Exposures come through a queue: how long they may take.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// What the Ledger should have counted for one action.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) action: String,
    /// Rewards that were acknowledged.
    pub(super) n_rewarded: u64,
    /// Decisions shown for the first time; `None` where a visitor may have had several.
    pub(super) n_exposed: Option<u64>,
}

/// The comparison.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountsReport {
    /// Whether every action has exactly the rewards that were acknowledged.
    pub(super) rewards_exact: bool,
    /// Whether every action has exactly the exposures that were shown; absent where unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exposures_exact: Option<bool>,
    pub(super) arms: Vec<ArmReport>,
}

/// The comparison for one action.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArmReport {
    pub(super) action: String,
    pub(super) rewards_acknowledged: u64,
    pub(super) rewards_counted: i128,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exposures_shown: Option<u64>,
    pub(super) exposures_counted: i128,
}

/// Reads the Ledger until it agrees, or until it had its time. A Ledger that does not answer may
/// be starting again; only the last fault counts.
pub(super) fn settled(
    ledger: &Ledger,
    before: &Counts,
    expected: &[Expected],
) -> Result<CountsReport, Fault> {
    let mut patience = Patience::new(SETTLED_WITHIN);
    loop {
        let report = ledger
            .counts()
            .map(|after| compare(before, &after, expected));
        let agrees = report
            .as_ref()
            .is_ok_and(|report| report.rewards_exact && report.exposures_exact != Some(false));
        if agrees || !patience.wait(None) {
            return report;
        }
    }
}

fn compare(before: &Counts, after: &Counts, expected: &[Expected]) -> CountsReport {
    let arms: Vec<ArmReport> = expected
        .iter()
        .map(|expected| {
            let of = |counts: &Counts| -> ArmCounts {
                counts.get(&expected.action).copied().unwrap_or_default()
            };
            let (then, now) = (of(before), of(after));
            ArmReport {
                action: expected.action.clone(),
                rewards_acknowledged: expected.n_rewarded,
                rewards_counted: i128::from(now.n_rewarded) - i128::from(then.n_rewarded),
                exposures_shown: expected.n_exposed,
                exposures_counted: i128::from(now.n_exposed) - i128::from(then.n_exposed),
            }
        })
        .collect();
    let rewards = |arm: &ArmReport| i128::from(arm.rewards_acknowledged) == arm.rewards_counted;
    let exposures = |arm: &ArmReport| {
        let shown = arm.exposures_shown?;
        Some(i128::from(shown) == arm.exposures_counted)
    };
    let exposures: Option<Vec<bool>> = arms.iter().map(exposures).collect();
    CountsReport {
        rewards_exact: arms.iter().all(rewards),
        exposures_exact: exposures.map(|exact| exact.into_iter().all(|exact| exact)),
        arms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(n_exposed: u64, n_rewarded: u64) -> Counts {
        let counts = ArmCounts {
            n_exposed,
            n_rewarded,
        };
        Counts::from([("a".to_owned(), counts)])
    }

    fn expected(n_rewarded: u64, n_exposed: Option<u64>) -> [Expected; 1] {
        let action = "a".to_owned();
        [Expected {
            action,
            n_rewarded,
            n_exposed,
        }]
    }

    #[test]
    fn only_the_difference_counts() {
        let report = compare(&counts(10, 3), &counts(15, 5), &expected(2, Some(5)));
        assert!(report.rewards_exact);
        assert_eq!(report.exposures_exact, Some(true));
    }

    #[test]
    fn one_too_many_or_too_few_is_not_exact() {
        for n_rewarded in [1, 3] {
            let report = compare(&Counts::new(), &counts(5, n_rewarded), &expected(2, None));
            assert!(!report.rewards_exact, "{n_rewarded}");
            assert_eq!(report.exposures_exact, None);
        }
        let lost = compare(&Counts::new(), &counts(4, 2), &expected(2, Some(5)));
        assert_eq!(lost.exposures_exact, Some(false));
    }
}
