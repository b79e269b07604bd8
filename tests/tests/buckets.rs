//! Buckets of a million keys are uniform, and independent between salts.

#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

use bandera_shared::bucketing::{BUCKETS, Bucket, hash};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Keys of each test; the same ones in every run.
const KEYS: u32 = 1_000_000;

/// Below this probability a deviation is no accident. Keys are fixed, so a pass stays a pass: with
/// sound buckets a new set of keys would fail one test in ten thousand.
const P_MIN: f64 = 1e-4;

/// Above this probability counts are too even to be random.
const P_MAX: f64 = 1.0 - 1e-4;

fn bucket(salt: &str, key: u32) -> u64 {
    Bucket::from_hash(hash(salt, &format!("subject-{key}"))).index()
}

/// Probability of a chi-square statistic at least this large, were all cells equally likely.
fn p_uniform(counts: &[u32]) -> f64 {
    let total: u32 = counts.iter().sum();
    let expected = f64::from(total) / counts.len() as f64;
    let statistic: f64 = counts
        .iter()
        .map(|count| (f64::from(*count) - expected).powi(2) / expected)
        .sum();
    let freedom = (counts.len() - 1) as f64;
    ChiSquared::new(freedom).map_or(0.0, |distribution| distribution.sf(statistic))
}

#[track_caller]
fn assert_uniform(counts: &[u32]) {
    let p = p_uniform(counts);
    assert!((P_MIN..P_MAX).contains(&p), "p = {p}");
}

#[test]
fn a_thousand_cells_fill_evenly() {
    for salt in [
        "",
        "demo/shop.buy_button",
        "another",
        "demo/shop.buy_button/traffic",
    ] {
        let mut cells = vec![0; 1_000];
        for key in 0..KEYS {
            cells[(bucket(salt, key) / (BUCKETS / 1_000)) as usize] += 1;
        }
        assert_uniform(&cells);
    }
}

#[test]
fn two_salts_spread_independently() {
    let salts = ["exp-1", "exp-2", "demo/a", "demo/a/traffic", "demo/b"];
    for (i, a) in salts.iter().enumerate() {
        for b in &salts[i + 1..] {
            // Given both spreads are uniform, independence is uniformity over pairs of cells.
            let mut cells = vec![0; 32 * 32];
            for key in 0..KEYS {
                let (x, y) = (bucket(a, key) * 32 / BUCKETS, bucket(b, key) * 32 / BUCKETS);
                cells[(x * 32 + y) as usize] += 1;
            }
            assert_uniform(&cells);
        }
    }
}

#[test]
fn the_test_notices_a_biased_hash() {
    let mut cells = vec![0; 1_000];
    for key in 0..KEYS {
        // Of each pair of cells, the second takes one key in twenty from the first.
        let cell = bucket("s", key) / (BUCKETS / 1_000);
        let biased = if key % 20 == 0 { cell | 1 } else { cell };
        cells[biased as usize] += 1;
    }
    assert!(p_uniform(&cells) < P_MIN);
}
