//! Regret over time of four policies, beside that of another implementation of them.
//!
//! Compared are seven instances after 100, 1,000, 3,000 and 10,000 rounds, and what the instances
//! say together. Built for release, it plays ten times as many runs.
//!
//!     cargo test --release -p bandera-lab --test curves -- --nocapture

#![expect(
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test says what it measured, and may panic"
)]

mod figures;

use bandera_lab::BernoulliTrial;
use bandera_shared::policy::index::rule_named;
use figures::{INSTANCES, Instance, Point};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// Rounds after which curves are compared.
const CHECKPOINTS: [u32; 4] = [100, 1_000, 3_000, 10_000];
/// Of them, those that short runs reach; they are cheap, so there are more.
const N_EARLY: usize = 2;

/// Most joint standard errors between two curves. There are 112 comparisons of single figures and
/// 16 of all instances together: were the policies the same and all figures normal, one set of
/// seeds in 120 would have any beyond 4 (128 times 0.00006). Regret is skewed, so means of few runs
/// go beyond it somewhat oftener; seeds are fixed.
const ERRORS_MAX: f64 = 4.0;

/// A policy, and how often it plays.
struct Policy {
    name: &'static str,
    /// Its place among an instance's curves.
    place: usize,
    /// Runs that the reference's figures are means of.
    n_runs_theirs: u32,
    n_runs_short: u32,
    n_runs_long: u32,
}

const THOMPSON: Policy = Policy {
    name: "thompson",
    place: 0,
    n_runs_theirs: 2_000,
    n_runs_short: 200,
    n_runs_long: 40,
};
const UCB1: Policy = Policy {
    name: "ucb1",
    place: 1,
    n_runs_theirs: 2_000,
    n_runs_short: 16,
    n_runs_long: 4,
};
const KL_UCB: Policy = Policy {
    name: "kl-ucb",
    place: 2,
    n_runs_theirs: 1_000,
    n_runs_short: 40,
    n_runs_long: 6,
};
const IMED: Policy = Policy {
    name: "imed",
    place: 3,
    n_runs_theirs: 1_000,
    n_runs_short: 60,
    n_runs_long: 12,
};

/// As many runs as declared, or ten times as many.
fn times(n_runs: u32) -> u32 {
    n_runs * if cfg!(debug_assertions) { 1 } else { 10 }
}

/// Mean regret after each checkpoint.
fn means(policy: &Policy, means: &[f64], checkpoints: &[u32], n_runs: u32) -> Vec<f64> {
    let rule = rule_named(policy.name).unwrap();
    let n_rounds = checkpoints.iter().copied().max().unwrap_or_default();
    let mut trial = BernoulliTrial::new(means, n_rounds).unwrap();
    trial.checkpoints = checkpoints.to_vec();
    let mut sums = vec![0.0; checkpoints.len()];
    for run in 0..n_runs {
        let seed = u64::from(n_rounds) << 32 | u64::from(run);
        let mut random = Pcg64::seed_from_u64(seed);
        let played = trial.run(rule, &mut || random.next_u64()).unwrap();
        sums.iter_mut()
            .zip(played.regrets)
            .for_each(|(sum, of)| *sum += of);
    }
    sums.iter().map(|sum| sum / f64::from(n_runs)).collect()
}

/// How many joint standard errors ours lies above theirs.
///
/// Both are means of draws of one distribution, if the policies are one, so what theirs says of its
/// deviation, from many more runs, holds for ours.
fn errors(ours: f64, n_runs: u32, theirs: Point, policy: &Policy) -> f64 {
    let (mean, standard_error) = theirs;
    let more = 1.0 + f64::from(policy.n_runs_theirs) / f64::from(n_runs);
    (ours - mean) / (standard_error * more.sqrt())
}

/// The distance of each checkpoint's figure on an instance.
fn distances(policy: &Policy, instance: &Instance) -> [f64; 4] {
    let (early, late) = CHECKPOINTS.split_at(N_EARLY);
    let (n_short, n_long) = (times(policy.n_runs_short), times(policy.n_runs_long));
    let mut ours = means(policy, instance.means, early, n_short);
    ours.extend(means(policy, instance.means, late, n_long));
    let mut ours = ours.into_iter();
    let mut place = 0;
    instance.curves[policy.place].map(|theirs| {
        let n_runs = if place < N_EARLY { n_short } else { n_long };
        place += 1;
        errors(ours.next().unwrap(), n_runs, theirs, policy)
    })
}

/// All distances of a policy: of each instance, and of all together.
fn follows(policy: &Policy) {
    let mut sums = [0.0; 4];
    let mut wrong = Vec::new();
    let mut keep = |name: &str, distances: [f64; 4]| {
        println!("{} {name}: {distances:.2?}", policy.name);
        if distances.iter().any(|errors| errors.abs() > ERRORS_MAX) {
            wrong.push(format!("{name}: {distances:.2?}"));
        }
    };
    for instance in &INSTANCES {
        let of = distances(policy, instance);
        sums.iter_mut().zip(of).for_each(|(sum, of)| *sum += of);
        keep(instance.name, of);
    }
    let root = (INSTANCES.len() as f64).sqrt();
    keep("together", sums.map(|sum| sum / root));
    assert!(wrong.is_empty(), "{}: {wrong:?}", policy.name);
}

#[test]
fn thompson_sampling_follows_its_reference() {
    follows(&THOMPSON);
}

#[test]
fn ucb1_follows_its_reference() {
    follows(&UCB1);
}

#[test]
fn kl_ucb_follows_its_reference() {
    follows(&KL_UCB);
}

#[test]
fn imed_follows_its_reference() {
    follows(&IMED);
}

/// The same comparison tells policies apart that differ in little: another prior, another bonus.
#[test]
fn a_neighbour_is_told_from_the_reference() {
    let neighbours = [
        ("thompson-uniform", &THOMPSON),
        ("kl-ucb-plus", &KL_UCB),
        ("kl-ucb", &IMED),
    ];
    let low = INSTANCES.iter().find(|one| one.name == "ten_low_GC11");
    for (name, reference) in neighbours {
        let policy = Policy { name, ..*reference };
        let n_runs = times(policy.n_runs_short);
        let ours = means(&policy, low.unwrap().means, &[1_000], n_runs);
        let theirs = low.unwrap().curves[policy.place][1];
        let errors = errors(ours[0], n_runs, theirs, &policy);
        assert!(errors.abs() > ERRORS_MAX, "{name}: {errors}");
    }
}
