//! What came of a simulation, in figures.

use super::audience::{AudienceReport, FixedReport, Regrets, audience_reports, beside_fixed};
use super::crowd::{Crowd, Decision, History, Seen};
use super::health::Exposures;
use super::outbox::Fate;
use super::settle::{CountsReport, Expected};
use super::target::DeclaredSplit;
use super::truth::Truth;
use bandera_lab::interval::wilson;
use bandera_lab::{Confidence, Interval, Regret, sample_ratio};
use bandera_shared::bandit::Stickiness;
use serde::Serialize;
use std::collections::BTreeMap;

/// Stretches of time that shares are shown for.
const N_WINDOWS: usize = 10;
/// A p-value below this is a mismatch: one false alarm in a thousand splits.
const MISMATCH_P_MAX: f64 = 0.001;

/// All figures.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub(super) edge: String,
    pub(super) flag: String,
    pub(super) bandit: String,
    pub(super) metric: String,
    pub(super) seed: u64,
    pub(super) seconds: f64,
    pub(super) visitors: VisitorsReport,
    pub(super) arms: Vec<ArmReport>,
    pub(super) over_time: Vec<WindowReport>,
    pub(super) regret: RegretReport,
    /// Each kind of visitors, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) audiences: Vec<AudienceReport>,
    /// Absent where all visitors are of one kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) beside_fixed: Option<FixedReport>,
    pub(super) events: EventsReport,
    /// Absent where the Ledger was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) counts: Option<CountsReport>,
    /// Why the Ledger, though asked, gave no counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) counts_fault: Option<String>,
    /// Absent where the edge's counters are not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exposures: Option<Exposures>,
    pub(super) sample_ratios: Vec<SampleRatioReport>,
    /// Whether each visitor is new, with one decision of its own.
    #[serde(skip)]
    one_decision_each: bool,
    #[serde(skip)]
    brings_subjects: bool,
}

/// How the visitors fared.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VisitorsReport {
    pub(super) came: u64,
    pub(super) decided: u64,
    pub(super) without_decision: u64,
    pub(super) unreachable: u64,
    /// That saw another action on a later page.
    pub(super) moved: u64,
}

/// One action.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArmReport {
    pub(super) action: String,
    /// Expected reward of one decision, as the truth says.
    pub(super) true_mean: f64,
    pub(super) visitors: u64,
    pub(super) share: f64,
    /// 95 %, Wilson.
    pub(super) share_interval: [f64; 2],
    pub(super) rewards: u64,
    pub(super) mean_reward: f64,
}

/// One stretch of visitors, in the order they came.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WindowReport {
    pub(super) visitors: u64,
    pub(super) shares: BTreeMap<String, f64>,
    /// How many were shown the action that is best for them.
    pub(super) best_share: f64,
    pub(super) mean_reward: f64,
    /// Pseudo-regret up to the end of the stretch.
    pub(super) regret: f64,
}

/// Against the best action.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegretReport {
    pub(super) best: String,
    pub(super) reward: f64,
    /// Given away by the choices, in expectation.
    pub(super) pseudo: f64,
    /// Given away in fact, luck included.
    pub(super) realised: f64,
    /// 95 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) realised_interval: Option<[f64; 2]>,
    /// What an even split would have given away.
    pub(super) of_even_split: f64,
}

/// Rewards on their way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventsReport {
    pub(super) rewards: u64,
    pub(super) acknowledged: u64,
    /// Of these, left to the queue.
    pub(super) queued: u64,
    pub(super) unacknowledged: u64,
    pub(super) rejected: BTreeMap<String, u64>,
    /// Posted in all, each time counted.
    pub(super) sent: u64,
    /// Posted again because nobody had answered.
    pub(super) resent: u64,
    /// Posted again on purpose.
    pub(super) repeated: u64,
    /// Of these, those the edge recognised.
    pub(super) repeats_recognised: u64,
}

/// One split, and whether subjects were split as declared.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SampleRatioReport {
    pub(super) flag: String,
    pub(super) variants: Vec<VariantReport>,
    pub(super) chi_square: f64,
    pub(super) p_value: f64,
    pub(super) mismatch: bool,
}

/// One variant of a split.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariantReport {
    pub(super) variant: String,
    pub(super) declared_share: f64,
    pub(super) visitors: u64,
}

impl Report {
    /// The figures of a history. Time, Ledger and counters are filled in by whoever knows them.
    pub(super) fn new(crowd: &Crowd<'_>, history: &History) -> anyhow::Result<Self> {
        let arms = crowd.truth.arms();
        let means: Vec<f64> = arms.iter().map(|(_, arm)| arm.mean()).collect();
        let decisions: Vec<&Decision> = history
            .visitors
            .iter()
            .filter_map(|visitor| match &visitor.seen {
                Seen::Decision(decision) => Some(decision),
                Seen::Nothing | Seen::Unreachable => None,
            })
            .collect();
        let names: Vec<&str> = arms.iter().map(|(action, _)| &**action).collect();
        let mut regret = Regrets::new(crowd.truth)?;
        let over_time = windows(&decisions, &names, crowd.truth, &mut regret);
        let beside_fixed = beside_fixed(crowd.truth, &decisions);
        let audiences = match beside_fixed {
            Some(_) => audience_reports(crowd.truth, &decisions),
            None => Vec::new(),
        };
        let best = match beside_fixed {
            Some(_) => "the best for each audience",
            None => best(&names, &means),
        };
        let bandit = &crowd.target.bandit;
        let splits = crowd.target.splits.iter();
        Ok(Self {
            edge: String::new(),
            flag: crowd.target.flag.clone(),
            bandit: bandit.key().to_owned(),
            metric: bandit.reward().metric.to_string(),
            seed: crowd.seed,
            seconds: 0.0,
            visitors: visitors(history),
            arms: arm_reports(&decisions, &names, &means),
            over_time,
            regret: RegretReport {
                best: best.to_owned(),
                reward: regret.sum(Regret::reward),
                pseudo: regret.sum(Regret::pseudo),
                realised: regret.sum(Regret::realised),
                realised_interval: regret.realised_interval().map(ends),
                of_even_split: regret.sum(Regret::of_even_split),
            },
            audiences,
            beside_fixed,
            events: events(history),
            counts: None,
            counts_fault: None,
            exposures: None,
            sample_ratios: splits
                .filter_map(|split| sample_ratio_of(split, &decisions))
                .collect(),
            one_decision_each: bandit.stickiness() == Stickiness::Subject
                && crowd.subject_cookie.is_none(),
            brings_subjects: crowd.subject_cookie.is_some(),
        })
    }

    /// What the Ledger should have counted in between. A subject that was here before may have
    /// been rewarded before: the edge then says so at once, and the Ledger counts nothing.
    pub(super) fn expected(&self, history: &History) -> Vec<Expected> {
        let arms = self.arms.iter().enumerate();
        arms.map(|(index, arm)| {
            let counted = history
                .rewards
                .iter()
                .filter(|reward| reward.action == index && reward.fate.counts())
                .filter(|reward| !self.brings_subjects || reward.fate != Fate::Duplicate);
            Expected {
                action: arm.action.clone(),
                n_rewarded: counted.count() as u64,
                n_exposed: self.one_decision_each.then_some(arm.visitors),
            }
        })
        .collect()
    }

    /// Whether nothing was found wrong. An exposure may be lost, if the edge says that it was.
    pub(super) fn is_fine(&self) -> bool {
        let dropped = self.exposures.map_or(0, |exposures| exposures.dropped);
        let counted = self.counts.as_ref().is_none_or(|counts| {
            counts.rewards_exact && (counts.exposures_exact != Some(false) || dropped > 0)
        });
        let visitors = &self.visitors;
        let seen = visitors.without_decision == 0 && visitors.unreachable == 0;
        self.counts_fault.is_none()
            && counted
            && seen
            && self.events.unacknowledged == 0
            && self.events.rejected.is_empty()
    }
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

fn mean(total: f64, n: u64) -> f64 {
    if n == 0 { 0.0 } else { total / n as f64 }
}

fn best<'n>(names: &[&'n str], means: &[f64]) -> &'n str {
    let arms = names.iter().zip(means);
    arms.max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map_or("", |(name, _)| name)
}

fn visitors(history: &History) -> VisitorsReport {
    let mut report = VisitorsReport::default();
    for visitor in &history.visitors {
        report.came += 1;
        match &visitor.seen {
            Seen::Decision(decision) => {
                report.decided += 1;
                report.moved += u64::from(decision.moved);
            }
            Seen::Nothing => report.without_decision += 1,
            Seen::Unreachable => report.unreachable += 1,
        }
    }
    report
}

fn arm_reports(decisions: &[&Decision], names: &[&str], means: &[f64]) -> Vec<ArmReport> {
    let all = decisions.len() as u64;
    let arms = names.iter().zip(means).enumerate();
    arms.map(|(index, (action, true_mean))| {
        let own = || decisions.iter().filter(|decision| decision.action == index);
        let visitors = own().count() as u64;
        ArmReport {
            action: (*action).to_owned(),
            true_mean: *true_mean,
            visitors,
            share: mean(visitors as f64, all),
            share_interval: ends(wilson(visitors, all, Confidence::P95)),
            rewards: own().filter(|decision| decision.reward != 0.0).count() as u64,
            mean_reward: mean(own().map(|decision| decision.reward).sum(), visitors),
        }
    })
    .collect()
}

fn windows(
    decisions: &[&Decision],
    names: &[&str],
    truth: &Truth,
    regret: &mut Regrets,
) -> Vec<WindowReport> {
    let is_best = |decision: &&&Decision| {
        let audience = truth.audiences().get(decision.audience);
        audience.is_some_and(|audience| audience.is_best(decision.action))
    };
    let length = decisions.len().div_ceil(N_WINDOWS).max(1);
    let window = |part: &[&Decision]| {
        let n = part.len() as u64;
        for decision in part {
            regret.record(decision);
        }
        let share = |index| {
            part.iter()
                .filter(|decision| decision.action == index)
                .count()
        };
        WindowReport {
            visitors: n,
            shares: names
                .iter()
                .enumerate()
                .map(|(index, name)| ((*name).to_owned(), mean(share(index) as f64, n)))
                .collect(),
            best_share: mean(part.iter().filter(is_best).count() as f64, n),
            mean_reward: mean(part.iter().map(|decision| decision.reward).sum(), n),
            regret: regret.sum(Regret::pseudo),
        }
    };
    decisions.chunks(length).map(window).collect()
}

fn events(history: &History) -> EventsReport {
    let count = |fate: &Fate| {
        history
            .rewards
            .iter()
            .filter(|reward| reward.fate == *fate)
            .count()
    };
    let mut rejected = BTreeMap::new();
    let fates = history.rewards.iter().map(|reward| &reward.fate);
    for fate in fates.chain(&history.repeats) {
        if let Fate::Rejected(code) = fate {
            *rejected.entry(code.clone()).or_default() += 1;
        }
    }
    let acknowledged = history.rewards.iter().filter(|reward| reward.fate.counts());
    let recognised = history
        .repeats
        .iter()
        .filter(|fate| **fate == Fate::Duplicate);
    EventsReport {
        rewards: history.rewards.len() as u64,
        acknowledged: acknowledged.count() as u64,
        queued: count(&Fate::Queued) as u64,
        unacknowledged: count(&Fate::Unacknowledged) as u64,
        rejected,
        sent: history.traffic.n_sent,
        resent: history.traffic.n_resent,
        repeated: history.repeats.len() as u64,
        repeats_recognised: recognised.count() as u64,
    }
}

fn sample_ratio_of(split: &DeclaredSplit, decisions: &[&Decision]) -> Option<SampleRatioReport> {
    let observed: Vec<u64> = split
        .shares
        .iter()
        .map(|(variant, _)| {
            let served =
                |decision: &&&Decision| decision.variants.get(&split.flag) == Some(variant);
            decisions.iter().filter(served).count() as u64
        })
        .collect();
    let shares: Vec<f64> = split.shares.iter().map(|(_, n)| *n as f64).collect();
    let whole: f64 = shares.iter().sum();
    let test = sample_ratio(&observed, &shares).ok()?;
    let variants = split.shares.iter().zip(&observed);
    Some(SampleRatioReport {
        flag: split.flag.clone(),
        variants: variants
            .map(|((variant, buckets), visitors)| VariantReport {
                variant: variant.clone(),
                declared_share: *buckets as f64 / whole,
                visitors: *visitors,
            })
            .collect(),
        chi_square: test.chi_square,
        p_value: test.p_value,
        mismatch: test.p_value < MISMATCH_P_MAX,
    })
}

#[cfg(test)]
mod tests;
