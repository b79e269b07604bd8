use super::*;

const D: usize = 3;

/// Standard values and chances by hashes of a round's number.
fn draw(round: u64) -> ([f64; D], f64) {
    let unit = |salt: u64| {
        let hash = xxhash_rust::xxh3::xxh3_64(&[round.to_le_bytes(), salt.to_le_bytes()].concat());
        (hash >> 11) as f64 / (1_u64 << 53) as f64
    };
    ([0, 1, 2].map(|salt| 4.0 * unit(salt) - 2.0), unit(3))
}

/// Rewards of log-odds zero to the linear part, which is sure; `rate` is the truth.
fn grow(tree: &mut Tree, rounds: std::ops::Range<u64>, rate: impl Fn(&[f64]) -> f64) {
    for round in rounds {
        let (z, chance) = draw(round);
        let (mean, variance) = tree.outlook(&z);
        let p = 1.0 / (1.0 + libm::exp(-mean));
        let excess = f64::from(u8::from(chance < rate(&z))) - p;
        let information = p * (1.0 - p);
        let step = excess / (1.0 + variance * information);
        tree.observe(
            &z,
            Seen {
                excess,
                information,
                evidence: Evidence { information, step },
                noise: 1.0,
            },
        );
    }
}

#[test]
fn noise_makes_no_split() {
    let n_split = (0..40_u64).filter(|n| {
        let mut tree = Tree::new(D, 2);
        grow(&mut tree, n * 2_000..(n + 1) * 2_000, |_| 0.5);
        tree.nodes.len() > 1
    });
    // Looked at 250 times each; by Bayes' factor one in fifty-five at any one moment.
    assert!(n_split.count() <= 2);
}

#[test]
fn a_step_is_found_where_it_is() {
    let rate = |z: &[f64]| if z[1] < 0.3 { 0.2 } else { 0.7 };
    let mut tree = Tree::new(D, 2);
    grow(&mut tree, 0..3_000, rate);
    let Node::Split {
        feature, border, ..
    } = tree.nodes[0]
    else {
        panic!("a split");
    };
    assert_eq!(feature, 1);
    assert!((border - 0.3).abs() < 0.5, "{border}");
    for (z, expected) in [([1.0, -0.8, 1.0], 0.2), ([-1.0, 1.0, 0.0], 0.7)] {
        let (mean, variance) = tree.outlook(&z);
        let log_odds = libm::log(expected / (1.0 - expected));
        assert!((mean - log_odds).abs() < 4.0 * variance.sqrt(), "{mean}");
        assert!(variance < 0.02, "{variance}");
    }
    // Nothing is made of too short a context.
    assert_eq!(tree.outlook(&[1.0]), (0.0, 0.0));
}

#[test]
fn a_product_of_signs_needs_two_levels() {
    // No border of any one feature explains it alone but by luck; each half has one that does.
    let rate = |z: &[f64]| {
        if (z[0] > 0.0) == (z[2] > 0.3) {
            0.8
        } else {
            0.2
        }
    };
    let mut tree = Tree::new(D, 2);
    grow(&mut tree, 0..6_000, rate);
    let (agree, differ) = (
        tree.outlook(&[1.0, 0.0, 1.0]).0,
        tree.outlook(&[-1.0, 0.0, 1.0]).0,
    );
    assert!(agree > 1.0 && differ < -1.0, "{agree} {differ}");
}

#[test]
fn trees_stay_within_their_bounds() {
    // Five actions and 24 features: 3,840 numbers a leaf; 104 would fit.
    assert_eq!(leaves_max(24, 5), LEAVES_MAX);
    assert_eq!(leaves_max(64, 10), 19);
    assert_eq!(leaves_max(128, 64), 1);
    assert_eq!(leaves_max(0, 1), LEAVES_MAX);
    let wavy = |z: &[f64]| 0.5 + 0.2 * (libm::sin(3.0 * z[0]) + libm::sin(2.0 * z[1]));
    let mut whole = Tree::new(D, 1);
    grow(&mut whole, 0..60_000, wavy);
    let mut small = Tree::new(D, 1);
    small.nodes_max = 5;
    grow(&mut small, 0..60_000, wavy);
    assert_eq!(small.nodes.len(), 5);
    assert!(whole.nodes.len() > 5 && whole.nodes.len() <= whole.nodes_max);
}

#[test]
fn trees_of_shards_add_up_while_none_is_split() {
    let rate = |z: &[f64]| if z[1] < 0.3 { 0.2 } else { 0.7 };
    let mut start = Tree::new(D, 2);
    grow(&mut start, 0..800, rate);
    assert!(start.nodes.len() >= 3);
    let (mut first, mut second) = (start.clone(), start.clone());
    grow(&mut first, 800..804, rate);
    grow(&mut second, 804..808, rate);
    let n = |tree: &Tree| -> f64 {
        let leaves = tree.nodes.iter().map(|node| match node {
            Node::Leaf(leaf) => leaf.n,
            Node::Split { .. } => 0.0,
        });
        leaves.sum()
    };
    let mut merged = first.clone();
    merged.merge(&second, &start);
    assert!((n(&merged) - n(&first) - 4.0).abs() < 1e-9);
    // Merging a third that learned nothing changes nothing but rounding.
    let before = merged.outlook(&[0.0; D]);
    merged.merge(&start, &start);
    let after = merged.outlook(&[0.0; D]);
    assert!((before.0 - after.0).abs() < 1e-12 && (before.1 - after.1).abs() < 1e-12);
    let mut grown = start.clone();
    grow(&mut grown, 800..9_000, |z| {
        rate(z) + 0.2 * f64::from(u8::from(z[0] > 0.0))
    });
    assert!(grown.nodes.len() > start.nodes.len());
    merged.merge(&grown, &start);
    assert_eq!(merged, grown);
}
