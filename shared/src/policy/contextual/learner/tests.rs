use super::*;

const SHAPE: Shape = Shape {
    d: 1,
    n_actions: 1,
    memory: f64::INFINITY,
};

fn learner(link: Link, shape: Shape) -> Learner {
    let spec = LearnerSpec {
        features: Features::Linear,
        link,
        spread: Spread::Each(1.0),
    };
    let contexts = [[-1.0], [1.0]];
    let scale = Scale::of(1, contexts.iter().map(<[f64; 1]>::as_slice));
    Learner::new(spec, shape, scale, 0.5)
}

/// `s(0.5 + 1.5 x)` as fractional rewards, which a learner takes as so much of a success.
fn observe(learner: &mut Learner, n_rounds: u32) {
    for i in 0..n_rounds {
        let x = if i % 2 == 0 { -1.0 } else { 1.0 };
        learner.observe(&[x], 0, sigmoid(0.5 + 1.5 * x));
    }
}

#[test]
fn the_step_solves_its_equation() {
    for (share, count, m, v) in [
        (1.0, 1.0, -3.0, 50.0),
        (0.0, 1.0, 2.0, 0.1),
        (0.3, 3.0, 0.0, 4.0),
        (1.0, 9.0, -700.0, 9.0),
    ] {
        let (a, information) = laplace(share, count, m, v);
        assert!(
            (a - count * (share - sigmoid(m + v * a))).abs() < 1e-9 * count,
            "{share} {count} {m} {v}: {a}"
        );
        assert!((INFORMATION_MIN..=0.25 * count).contains(&information));
    }
}

#[test]
fn logistic_learners_find_log_odds() {
    let mut learner = learner(Link::Logistic, SHAPE);
    observe(&mut learner, 4_000);
    for x in [-1.0, 1.0] {
        let [outlook] = learner.outlooks(&[x], Optimism::Fixed(1.0))[..] else {
            panic!("one action");
        };
        let truth = sigmoid(0.5 + 1.5 * x);
        assert!((outlook.mean - truth).abs() < 0.005, "{outlook:?} {truth}");
        // Two thousand fractional rewards at p: the deviation of a mean is sqrt(p q / 2000).
        let expected = libm::sqrt(truth * (1.0 - truth) / 2_000.0);
        assert!(
            (outlook.deviation / expected - 1.0).abs() < 0.1,
            "{outlook:?} {expected}"
        );
    }
}

#[test]
fn short_memories_follow_and_stay_bounded() {
    let short = Shape {
        memory: 10.0,
        ..SHAPE
    };
    let mut learner = learner(Link::Logistic, short);
    observe(&mut learner, 3_000);
    for _ in 0..60 {
        learner.observe(&[1.0], 0, 0.0);
    }
    let outlook = learner.outlooks(&[1.0], Optimism::Fixed(1.0))[0];
    assert!(outlook.mean < 0.2, "{outlook:?}");
    // What was not seen meanwhile is as sure as it was.
    let other = learner.outlooks(&[-1.0], Optimism::Fixed(1.0))[0];
    assert!(other.deviation < 0.2, "{other:?}");
}

#[test]
fn merging_ridge_shards_is_learning_it_all() {
    let start = learner(Link::Identity, SHAPE);
    let (mut whole, mut shards) = (start.clone(), [start.clone(), start.clone()]);
    for i in 0..500_u32 {
        let (x, share) = (f64::from(i % 7) - 3.0, f64::from(i * i % 5) / 5.0);
        whole.observe(&[x], 0, share);
        shards[usize::from(i % 3 == 0)].observe(&[x], 0, share);
    }
    let [mut first, second] = shards;
    first.merge(&second, &start);
    let (first, whole) = (
        first.outlooks(&[0.4], Optimism::Fixed(0.0)),
        whole.outlooks(&[0.4], Optimism::Fixed(0.0)),
    );
    assert!((first[0].mean - whole[0].mean).abs() < 1e-12);
}

#[test]
fn a_reward_that_counts_twice_is_two_of_them() {
    let mut once = learner(Link::Identity, SHAPE);
    observe(&mut once, 5);
    let mut twice = once.clone();
    let x = once.terms(&[0.7]);
    once.observe(&[0.7], 0, 0.25);
    once.observe(&[0.7], 0, 0.25);
    twice.observe_terms(&x, (0, 0.25), 2.0);
    let (once, twice) = (once.arms[0].clone(), twice.arms[0].clone());
    assert!((once.mean(&x) - twice.mean(&x)).abs() < 1e-14);
    assert!((once.variance(&x) - twice.variance(&x)).abs() < 1e-14);
}

#[test]
fn unknown_actions_teach_nothing() {
    let mut learner = learner(Link::Logistic, SHAPE);
    assert_eq!(learner.observe(&[1.0], 1, 1.0), None);
    assert_eq!(learner, self::learner(Link::Logistic, SHAPE));
}
