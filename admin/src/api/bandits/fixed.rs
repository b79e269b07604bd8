//! What a bandit earned beside the best of its actions alone, for people who ask whether it pays.

use super::DEVIATIONS_95;
use bandera_lab::fixed::{Comparison, compare, without_contexts};
use bandera_shared::bandit::Bandit;
use bandera_shared::ledger::BanditView;
use bandera_shared::policy::index::IndexArm;
use bandera_shared::policy::linear::{Estimate, Learned};
use serde::Serialize;
use utoipa::ToSchema;

/// What a bandit earned beside what always choosing one of its actions would have earned, in the
/// metric's unit. By the direct method: what an action would have earned is what its own model
/// expects in the contexts that came.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BesideFixed {
    /// Decisions that it is about; of a bandit that forgets, what still counts of them.
    decisions: u64,
    /// Mean reward of those.
    mean_reward: f64,
    /// Central 95 % interval of that.
    interval95: [f64; 2],
    /// Each action, as if it had always been chosen.
    actions: Vec<FixedAction>,
    /// The action that would have earned most, by these estimates.
    best: String,
    /// By how much the bandit earned more than that.
    margin: f64,
    /// 95 % interval of the margin over whichever action is best: above 0 the bandit is ahead of
    /// every one of them.
    margin_interval95: [f64; 2],
}

/// One action, as if it had always been chosen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FixedAction {
    action: String,
    /// Estimated mean reward.
    mean_reward: f64,
    /// Central 95 % interval of that, within the range.
    interval95: [f64; 2],
}

impl BesideFixed {
    /// The comparison for a bandit; `learned` is what it knows of contexts.
    ///
    /// # Returns
    /// `None` before the first decision, for a bandit of one action, and for one that looks at no
    /// context and forgets: what is counted of that is of all time.
    pub(super) fn of(
        bandit: &Bandit,
        view: &BanditView,
        learned: Option<&Learned>,
    ) -> Option<Self> {
        let reward = bandit.reward();
        let arm = |action: &str| {
            let known = view.arms.iter().find(|one| *one.action == *action);
            known.map_or_else(IndexArm::default, |one| IndexArm {
                n: one.arm.n_decisions as f64,
                sum: one.arm.total_share(reward),
                squares: one.arm.total_squared_share(reward),
            })
        };
        let arms: Vec<IndexArm> = bandit.actions().iter().map(|action| arm(action)).collect();
        let n: f64 = arms.iter().map(|arm| arm.n).sum();
        let sum: f64 = arms.iter().map(|arm| arm.sum).sum();
        let forgets = bandit.forgetting().is_some();
        let measured = (n > 0.0 && !forgets).then(|| sum / n);
        let found = match (bandit.features(), forgets) {
            (Some(_), _) => compare(learned?, reward.kind, measured),
            (None, false) => compare(&without_contexts(&arms)?, reward.kind, measured),
            (None, true) => None,
        };
        Self::describe(bandit, &found?)
    }

    fn describe(bandit: &Bandit, found: &Comparison) -> Option<Self> {
        let range = bandit.reward().range();
        let (bottom, width) = (range.min(), range.max() - range.min());
        let in_unit = |share: f64| bottom + share * width;
        let interval = |Estimate { mean, deviation }: &Estimate| {
            let half = DEVIATIONS_95 * deviation;
            [mean - half, mean + half].map(|share| in_unit(share.clamp(0.0, 1.0)))
        };
        let margin = found.margin(DEVIATIONS_95)?;
        let actions = bandit.actions().iter().zip(&found.fixed);
        let actions = actions.map(|(action, fixed)| FixedAction {
            action: action.to_string(),
            mean_reward: in_unit(fixed.alone.mean.clamp(0.0, 1.0)),
            interval95: interval(&fixed.alone),
        });
        Some(Self {
            decisions: found.n_decisions.round() as u64,
            mean_reward: in_unit(found.bandit.mean),
            interval95: interval(&found.bandit),
            actions: actions.collect(),
            best: bandit.actions().get(margin.best)?.to_string(),
            margin: margin.mean * width,
            margin_interval95: [margin.low * width, margin.high * width],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::compile;
    use bandera_shared::ledger::{ArmState, ArmView};
    use serde_json::{Value, json};

    fn bandit(changes: &Value) -> Bandit {
        let mut own = json!({
            "actions": ["a", "b"],
            "reward": {"metric": "spent", "kind": "numeric", "min": 10, "max": 20},
            "attributionWindowMs": 3_600_000,
        });
        json_patch::merge(&mut own, changes);
        let ruleset = json!({"schemaVersion": 1, "salt": "s", "bandits": {"x": own}});
        let compiled = compile(ruleset.to_string().as_bytes()).unwrap();
        assert_eq!(compiled.diagnostics, []);
        compiled.ruleset.bandits()[0].clone()
    }

    /// 80 decisions for `a`, half of them worth 20; 20 for `b`, a quarter.
    fn view(bandit: &Bandit) -> BanditView {
        let arm = |action: &str, n_decisions: u64, n_rewarded: u64| ArmView {
            action: action.into(),
            arm: ArmState {
                n_decisions,
                n_exposed: n_decisions,
                n_rewarded,
                units: u128::from(n_rewarded * bandera_shared::bandit::REWARD_UNITS),
                units_squared: u128::from(n_rewarded)
                    * u128::from(bandera_shared::bandit::REWARD_UNITS).pow(2),
            },
            mean_reward: 0.0,
            interval_95: (0.0, 0.0),
            p_best: 0.5,
            parts: 500_000,
        };
        BanditView {
            arms: vec![arm("a", 80, 40), arm("b", 20, 5)],
            ..super::super::nothing_learned(bandit)
        }
    }

    #[test]
    fn figures_are_in_the_metrics_unit() {
        let bandit = bandit(&json!({}));
        let found = BesideFixed::of(&bandit, &view(&bandit), None).unwrap();
        assert_eq!((found.decisions, found.best.as_str()), (100, "a"));
        // 45 of 100 earned 20, the others 10.
        assert!((found.mean_reward - 14.5).abs() < 1e-9);
        let [a, b] = &found.actions[..] else {
            panic!("two actions");
        };
        assert!((a.mean_reward - (10.0 + 10.0 * 40.45 / 81.0)).abs() < 1e-9);
        assert!((b.mean_reward - (10.0 + 10.0 * 5.45 / 21.0)).abs() < 1e-9);
        assert!((found.margin - (found.mean_reward - a.mean_reward)).abs() < 1e-9);
        let [low, high] = found.margin_interval95;
        assert!(
            low < found.margin && found.margin < high && high < 1.0,
            "{found:?}"
        );
        for (mean, [low, high]) in [
            (found.mean_reward, found.interval95),
            (a.mean_reward, a.interval95),
            (b.mean_reward, b.interval95),
        ] {
            assert!(10.0 <= low && low < mean && mean < high && high <= 20.0);
        }
    }

    #[test]
    fn what_cannot_be_said_is_absent() {
        let plain = bandit(&json!({}));
        let nothing = super::super::nothing_learned(&plain);
        assert!(BesideFixed::of(&plain, &nothing, None).is_none());
        let forgets = bandit(&json!({"policy": {"kind": "thompson", "halfLifeMs": 60_000}}));
        assert!(BesideFixed::of(&forgets, &view(&forgets), None).is_none());
        let features = json!([{"kind": "oneHot", "attribute": "d", "categories": ["m"]}]);
        let looks = bandit(&json!({"policy": {"kind": "contextual", "features": features}}));
        assert!(BesideFixed::of(&looks, &view(&looks), None).is_none());
    }
}
