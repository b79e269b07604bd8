//! What is given away where items are replaced as time goes by: one model over what is known of
//! items, a model of each, and drawing evenly. Run with `--nocapture`, it prints the figures of
//! `docs/bandits.md`.

#![allow(
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail loudly, and says what it found"
)]

use bandera_shared::bandit::{Bandit, OFFERED, wire};
use bandera_shared::context::Action;
use bandera_shared::decision::{Choice, decide};
use bandera_shared::ledger::{ArmState, MergedState, ShardState};
use bandera_shared::policy::linear::Block;
use bandera_shared::policy::{is_material, next_snapshot};
use bandera_shared::snapshot::PolicySnapshot;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{EvaluationContext, UnixMillis};
use serde_json::{Value, json};
use std::sync::Arc;

#[path = "../src/policy/draws.rs"]
mod draws;
use draws::Draws;

/// Items that are offered at a time.
const N_OFFERED: usize = 10;
const N_DECISIONS: u64 = 20_000;
/// Decisions between two snapshots.
const SNAPSHOT_EVERY: u64 = 200;
/// As a debug build takes a minute for five, it takes two; the figures are those of five.
const SEEDS: u64 = if cfg!(debug_assertions) { 2 } else { 5 };
const GENRES: [&str; 4] = ["crime", "drama", "funny", "short"];
const DEVICES: [&str; 2] = ["mobile", "tv"];

fn stream(seed: u64, number: u64) -> Draws {
    let bytes = [seed.to_le_bytes(), number.to_le_bytes()].concat();
    Draws(xxhash_rust::xxh3::xxh3_64(&bytes))
}

/// What can be taken.
struct Item {
    name: String,
    genre: usize,
    price: f64,
    /// What no attribute tells of it.
    own: f64,
}

impl Item {
    fn new(number: u64, draws: &mut Draws) -> Self {
        Self {
            name: format!("item-{number}"),
            genre: (draws.unit() * GENRES.len() as f64) as usize,
            price: draws.unit() * 100.0,
            own: 0.06 * draws.unit() - 0.03,
        }
    }

    /// How often who has the device takes it: each device has a genre of its own.
    fn rate(&self, device: usize) -> f64 {
        let liked = if self.genre == device { 0.25 } else { 0.0 };
        0.05 + liked + 0.001 * (100.0 - self.price) + self.own
    }

    fn offered(&self) -> Action {
        Action {
            name: (*self.name).into(),
            attributes: EvaluationContext::new()
                .with("genre", GENRES[self.genre])
                .with("price", self.price),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Shared,
    Each,
    Evenly,
}

fn device() -> Value {
    json!({ "kind": "oneHot", "attribute": "device", "categories": DEVICES })
}

/// The bandit of a way, with the items of the moment.
fn bandit(way: Way, items: &[Item]) -> Bandit {
    let of = |path: &str| json!({ "of": "action", "path": path });
    let mut declared = json!({ "reward": { "metric": "taken", "kind": "binary" },
        "policy": { "kind": "contextual", "features": [device()] }, "stickiness": "request" });
    if way == Way::Shared {
        declared["policy"]["features"] = json!([
            device(),
            { "kind": "oneHot", "attribute": of("genre"), "categories": GENRES },
            { "kind": "numeric", "attribute": of("price"), "min": 0, "max": 100 },
            { "kind": "crossed", "of": [0, 1] },
        ]);
    } else {
        let names: Vec<&str> = items.iter().map(|item| &*item.name).collect();
        declared["actions"] = json!(names);
    }
    wire::parse("shelf", &declared.to_string()).unwrap()
}

/// What one way gave away of a world: the mean a decision.
fn regret(way: Way, replaced_every: u64, seed: u64) -> f64 {
    let mut world = stream(seed, 0);
    let mut n_items = 0;
    let mut next_item = || {
        n_items += 1;
        Item::new(n_items, &mut world)
    };
    let mut items: Vec<Item> = (0..N_OFFERED).map(|_| next_item()).collect();
    let mut policy = bandit(way, &items);
    let mut state = ShardState::default();
    let mut snapshot: Option<PolicySnapshot> = None;
    let mut lost = 0.0;
    for number in 0..N_DECISIONS {
        if number > 0 && number.is_multiple_of(replaced_every) {
            items.remove(0);
            items.push(next_item());
            policy = bandit(way, &items);
        }
        let mut draws = stream(seed, number + 1);
        let device = usize::from(draws.unit() < 0.5);
        let mut context = EvaluationContext::new().with("device", DEVICES[device]);
        for item in &items {
            context.offer(item.offered());
        }
        let decision = decide(&Choice {
            bandit: &policy,
            snapshot: snapshot.as_ref(),
            sticky: &StickyDecisions::default(),
            context: &context,
            unit: "somebody",
            draw: draws.bits(),
            at: UnixMillis(0),
        });
        let decision = decision.unwrap();
        let rate = |item: &Item| item.rate(device);
        let chosen = items.iter().find(|item| *item.name == *decision.action);
        let (chosen, best) = (rate(chosen.unwrap()), items.iter().map(rate));
        lost += best.fold(0.0, f64::max) - chosen;
        if way == Way::Evenly {
            continue;
        }
        let is_taken = draws.unit() < chosen;
        let name = match way {
            Way::Shared => OFFERED.into(),
            _ => decision.action.clone(),
        };
        let features = &decision.features;
        let begun = || Arc::new(Block::new(features.values().len()));
        let block = state.blocks.or_insert_with(name.clone(), begun);
        Arc::make_mut(block).observe(features, u64::from(is_taken) << 32);
        let arm: &mut ArmState = state.arms.or_default(name);
        arm.n_decisions += 1;
        arm.n_rewarded += u64::from(is_taken);
        if (number + 1).is_multiple_of(SNAPSHOT_EVERY) {
            let mut merged = MergedState::default();
            merged.merge_shard(0, state.clone());
            let learner = policy.clone().learner();
            let next = next_snapshot(&learner, &merged, number, UnixMillis(0)).unwrap();
            if is_material(snapshot.as_ref(), &next) {
                snapshot = Some(next);
            }
        }
    }
    lost / N_DECISIONS as f64
}

#[test]
fn what_is_known_of_items_outlives_them() {
    println!("one item replaced every | shared features | each its own | evenly");
    for replaced_every in [50, 200, 1_000, N_DECISIONS] {
        let [shared, each, evenly] = [Way::Shared, Way::Each, Way::Evenly].map(|way| {
            let all = (0..SEEDS).map(|seed| regret(way, replaced_every, seed));
            all.sum::<f64>() / SEEDS as f64
        });
        println!("{replaced_every:>6} | {shared:.4} | {each:.4} | {evenly:.4}");
        assert!(shared < 0.35 * evenly, "{replaced_every}");
        if replaced_every <= 200 {
            assert!(shared < 0.5 * each, "{replaced_every}");
        }
    }
}
