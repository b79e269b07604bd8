//! What lists give away when edges rank by what a snapshot knows, beside asking the rule anew for
//! the actions that are left, and beside drawing on from the published shares.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "figures are worth reading, not only checking; and a test may panic"
)]

use bandera_lab::MeanRegret;
use bandera_lab::lists::ListTrial;
use bandera_shared::bandit::{Bandit, Distribution, wire};
use bandera_shared::decision::Choice;
use bandera_shared::policy::index::{
    AllocationRule, IndexArm, MeasuredShare, Plan, rule_named, slate_of_parts,
};
use bandera_shared::slate::rank;
use bandera_shared::snapshot::{PolicySnapshot, SnapshotAction};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{EvaluationContext, UnixMillis};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use std::collections::BTreeMap;

/// Ten make the figures of the documents; quadratures take their time where nothing is optimised.
const N_RUNS: u64 = if cfg!(debug_assertions) { 4 } else { 10 };
const EVERY: u32 = 100;

/// Distributions of one snapshot, made once for each set of actions that are left.
#[derive(Default)]
struct Known {
    arms: Vec<IndexArm>,
    among: BTreeMap<Vec<usize>, Distribution>,
}

impl Known {
    fn among(&mut self, rule: AllocationRule, plan: Plan, left: &[usize]) -> Distribution {
        let arms: Vec<IndexArm> = left.iter().map(|i| *self.arms.get(*i).unwrap()).collect();
        let made = || rule.distribution(&arms, plan).unwrap();
        self.among.entry(left.to_vec()).or_insert_with(made).clone()
    }
}

struct World {
    trial: ListTrial,
    bandit: Bandit,
    plan: Plan,
    rule: AllocationRule,
    all: Vec<usize>,
}

impl World {
    fn new(attractions: &[f64], n_positions: usize, floor: f64) -> Self {
        let mut trial = ListTrial::new(attractions, n_positions, 5_000).unwrap();
        trial.every = EVERY;
        let all: Vec<usize> = (0..attractions.len()).collect();
        let names: Vec<String> = all.iter().map(|i| format!("\"{i}\"")).collect();
        let json = format!(
            r#"{{"actions":[{}],"reward":{{"metric":"m","kind":"binary"}},
                "policy":{{"kind":"thompson","floor":{floor}}},"stickiness":"request"}}"#,
            names.join(",")
        );
        let bandit = wire::parse("menu", &json).unwrap();
        let share = MeasuredShare {
            floor_parts: bandit.floor_parts(),
        };
        Self {
            trial,
            bandit,
            plan: Plan {
                n_decisions: EVERY,
                share,
            },
            rule: rule_named("thompson").unwrap(),
            all,
        }
    }

    /// What the coordinator publishes of these sums.
    fn snapshot(&self, arms: &[IndexArm], parts: &Distribution) -> PolicySnapshot {
        let known = self.bandit.actions().iter().zip(arms).zip(parts.parts());
        let actions = known.map(|((action, arm), parts)| SnapshotAction {
            action: action.clone(),
            parts: *parts,
            n_decisions: arm.n as u64,
            n_rewarded: arm.sum as u64,
            mean_reward: if arm.n > 0.0 { arm.mean() } else { 0.0 },
        });
        PolicySnapshot::new("menu", 1, UnixMillis(0), actions.collect()).unwrap()
    }

    fn regret(
        &self,
        list: impl Fn(&mut Known, &mut dyn FnMut() -> u64) -> Vec<usize>,
    ) -> MeanRegret {
        let runs: Vec<f64> = (0..N_RUNS)
            .map(|run| {
                let mut draws = Pcg64Mcg::seed_from_u64(run);
                let mut known = Known::default();
                let shown = |arms: &[IndexArm], bits: &mut dyn FnMut() -> u64| {
                    if known.arms != arms {
                        known = Known {
                            arms: arms.to_vec(),
                            among: BTreeMap::new(),
                        };
                    }
                    list(&mut known, bits)
                };
                self.trial.run(shown, &mut || draws.next_u64())
            })
            .collect();
        MeanRegret::of(&runs)
    }

    /// The rule asked anew for every position.
    fn anew(&self) -> MeanRegret {
        self.regret(|known, bits| {
            let mut left = self.all.clone();
            let draw = |_| {
                let distribution = known.among(self.rule, self.plan, &left);
                left.remove(distribution.sample(bits()).0)
            };
            (0..self.trial.n_positions()).map(draw).collect()
        })
    }

    /// The published shares, what stands above taken out.
    fn published(&self) -> MeanRegret {
        self.regret(|known, bits| {
            let parts = known.among(self.rule, self.plan, &self.all);
            let list = slate_of_parts(&parts, self.trial.n_positions(), bits);
            list.iter().map(|placed| placed.action).collect()
        })
    }

    /// As edges do it.
    fn edges(&self) -> MeanRegret {
        self.regret(|known, bits| {
            let parts = known.among(self.rule, self.plan, &self.all);
            let snapshot = self.snapshot(&known.arms, &parts);
            let choice = Choice {
                bandit: &self.bandit,
                snapshot: Some(&snapshot),
                sticky: &StickyDecisions::default(),
                context: &EvaluationContext::new(),
                unit: "reader",
                draw: bits(),
                at: UnixMillis(0),
            };
            let list = rank(&choice, Vec::new(), self.trial.n_positions());
            let index = |action: &str| action.parse::<usize>().unwrap();
            list.iter().map(|it| index(&it.decision.action)).collect()
        })
    }
}

#[test]
fn edges_rank_about_as_well_as_the_rule_asked_anew() {
    let worlds: [(&[f64], usize); 3] = [
        (&[0.1, 0.3, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1], 2),
        (&[0.3, 0.2, 0.12, 0.08, 0.05], 3),
        (&[0.05, 0.045, 0.03], 2),
    ];
    for (attractions, n_positions) in worlds {
        for floor in [0.0, 0.01] {
            let world = World::new(attractions, n_positions, floor);
            let found = [world.anew(), world.edges(), world.published()];
            let told = found.map(|it| format!("{:.1} ({:.1})", it.mean, it.standard_error));
            println!(
                "{attractions:?} {n_positions} floor {floor}: anew, edges, published {told:?}"
            );
            let [anew, edges, published] = found;
            let error = (anew.standard_error.powi(2) + edges.standard_error.powi(2)).sqrt();
            assert!(edges.mean < 1.25 * anew.mean + 2.0 * error, "{found:?}");
            if attractions.len() > 3 && floor > 0.0 {
                assert!(edges.mean < 0.7 * published.mean, "{found:?}");
            }
        }
    }
}
