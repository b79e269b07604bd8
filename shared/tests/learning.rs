//! Learning gives the same bits everywhere: natively, in wasm under Node, and in a browser.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use bandera_shared::sorted::Sorted;

use bandera_shared::UnixMillis;
use bandera_shared::bandit::wire;
use bandera_shared::decision::{Choice, decide};
use bandera_shared::keys::{KeyRing, Purpose};
use bandera_shared::ledger::ArmState;
use bandera_shared::policy::{Beta, allocate, probability_best};
use bandera_shared::receipt::Receipt;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::subject::SubjectKey;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const BANDIT: &str = r#"{"actions":["craft","evening","gift"],
    "reward":{"metric":"purchase","kind":"binary"},"policy":{"kind":"thompson","floor":0.01}}"#;

#[test]
fn probabilities_of_being_best_keep_their_bits() {
    let arms = [(12.5, 300.25), (20.0, 295.5), (0.5, 0.5), (1e6, 1e7)];
    let arms = arms.map(|(a, b)| Beta::new(a, b));
    let bits: Vec<u64> = probability_best(&arms)
        .into_iter()
        .map(f64::to_bits)
        .collect();
    let pinned = [
        4_540_266_213_407_105_614,
        4_574_096_646_130_840_229,
        4_605_424_028_374_339_358,
        4_595_967_619_772_124_298,
    ];
    assert_eq!(bits, pinned);
    let quantiles = arms.map(|arm| arm.quantile(0.975).to_bits());
    let pinned = [
        4_589_295_494_293_451_165,
        4_591_346_862_609_612_299,
        4_607_168_535_705_366_616,
        4_591_227_357_723_004_124,
    ];
    assert_eq!(quantiles, pinned);
}

#[test]
fn allocations_keep_their_parts() {
    let bandit = wire::parse("hero", BANDIT).expect("the bandit is sound");
    let arm = |n_decisions: u64, n_rewarded: u64| ArmState {
        n_decisions,
        n_exposed: n_decisions,
        n_rewarded,
        units: u128::from(n_rewarded) << 32,
        units_squared: u128::from(n_rewarded) << 64,
    };
    let arms = Sorted::from([
        ("craft".into(), arm(1_200, 60)),
        ("evening".into(), arm(1_150, 69)),
        ("gift".into(), arm(40, 3)),
    ]);
    let allocation = allocate(&bandit, &arms).expect("the statistics are sound");
    assert_eq!(allocation.parts(), [50_663, 285_522, 663_815]);
}

#[test]
fn decisions_and_receipts_keep_their_bytes() {
    let bandit = wire::parse("hero", BANDIT).expect("the bandit is sound");
    let decision = decide(&Choice {
        bandit: &bandit,
        snapshot: None,
        sticky: &StickyDecisions::default(),
        unit: "visitor-1",
        draw: 0,
        at: UnixMillis(1_770_000_000_000),
    });
    let decision = decision.expect("the bandit has actions");
    let subject = SubjectKey::parse(SECRET)
        .expect("a key of 32 bytes")
        .hash("visitor-1");
    let keys = KeyRing::parse(&format!("3:{SECRET}"))
        .expect("a ring")
        .derive(Purpose::Receipt);
    let token = Receipt::new(decision, subject, 4)
        .to_token(&keys)
        .expect("short keys");
    let pinned = "AQMEaGVybwdldmVuaW5nztNt0trjMOblokqckdkEmQAFFhUAAAAAAAAAAAAAAZwcOKQAAAABnCFf\
                  AAAAAB2VP6WhI260os5SC90FBuEAAszyb9bYfnIxsV5zifvPJw";
    assert_eq!(token, pinned);
}
