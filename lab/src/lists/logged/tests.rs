use super::*;
use std::slice::from_ref;

const N_ACTIONS: usize = 4;
const N_POSITIONS: usize = 3;

/// How likely the reader chooses an action in a position, once it is seen: it depends on what
/// stands above, as the estimators allow.
fn attraction(above: &[usize], action: usize) -> f64 {
    let tired = 0.9_f64.powi(above.len() as i32);
    let spoiled = if above.contains(&0) { 0.7 } else { 1.0 };
    [0.1, 0.25, 0.4, 0.05][action] * tired * spoiled
}

/// Probabilities of the actions below what stands above; of another policy for another `taste`.
fn policy(taste: [f64; N_ACTIONS], above: &[usize]) -> Vec<f64> {
    // The last one above matters too, so that conditional propensities are no mere renormalisation.
    let taste = |action: usize| match above.last() {
        _ if above.contains(&action) => 0.0,
        Some(last) => taste[action] + 0.3 * ((action + last) % 3) as f64,
        None => taste[action],
    };
    let tastes: Vec<f64> = (0..N_ACTIONS).map(taste).collect();
    let sum: f64 = tastes.iter().sum();
    tastes.iter().map(|taste| taste / sum).collect()
}

const LOGGED: [f64; N_ACTIONS] = [3.0, 1.0, 1.0, 2.0];
const TARGET: [f64; N_ACTIONS] = [0.5, 2.0, 4.0, 1.0];

/// Every list that the logging policy can show and every way to read it, with its probability.
fn every_list() -> Vec<(LoggedList, f64)> {
    let mut found = Vec::new();
    let mut open: Vec<(Vec<LoggedPosition>, f64)> = vec![(Vec::new(), 1.0)];
    while let Some((positions, p)) = open.pop() {
        let above: Vec<usize> = positions.iter().map(|it| it.action).collect();
        if above.len() < N_POSITIONS {
            let target = policy(TARGET, &above);
            for (action, propensity) in policy(LOGGED, &above).into_iter().enumerate() {
                if propensity > 0.0 {
                    let mut positions = positions.clone();
                    positions.push(LoggedPosition {
                        action,
                        propensity,
                        target: target.clone(),
                    });
                    open.push((positions, p * propensity));
                }
            }
            continue;
        }
        let mut reads = 1.0;
        for (k, action) in above.iter().enumerate() {
            let chosen = reads * attraction(&above[..k], *action);
            found.push((list(&positions, k + 1, 1.0), p * chosen));
            reads -= chosen;
        }
        found.push((list(&positions, N_POSITIONS, 0.0), p * reads));
    }
    found
}

fn list(positions: &[LoggedPosition], n_seen: usize, reward: f64) -> LoggedList {
    LoggedList {
        positions: positions.to_vec(),
        n_seen,
        reward,
    }
}

/// What the other policy's lists bring: the sum over all of them.
fn truth(above: &[usize]) -> f64 {
    if above.len() == N_POSITIONS {
        return 0.0;
    }
    let worth = |(action, p): (usize, f64)| {
        let chosen = attraction(above, action);
        p * (chosen + (1.0 - chosen) * truth(&[above, &[action]].concat()))
    };
    let actions = policy(TARGET, above).into_iter().enumerate();
    actions.filter(|(_, p)| *p > 0.0).map(worth).sum()
}

/// Mean and variance of an estimator's term over all lists, by their probabilities.
fn moments(estimator: ListEstimator, model: &ListModel) -> (f64, f64) {
    let (mut mean, mut squares, mut whole) = (0.0, 0.0, 0.0);
    for (list, p) in every_list() {
        let log = ListLog::with_model(&[list], N_ACTIONS, model).unwrap();
        let term = log.evaluate(estimator, Confidence::P95).unwrap().value;
        mean += p * term;
        squares += p * term * term;
        whole += p;
    }
    assert!((whole - 1.0_f64).abs() < 1e-12);
    (mean, squares - mean * mean)
}

fn wrong() -> ListModel {
    ListModel::new(vec![vec![0.9, 0.1, 0.3, 0.7], vec![0.2; 4], vec![0.5, 0.0]])
}

/// What is to be expected of each action in each position over the logged lists.
fn good() -> ListModel {
    let lists: Vec<LoggedList> = every_list()
        .into_iter()
        .flat_map(|(list, p)| vec![list; (p * 20_000.0) as usize])
        .collect();
    ListModel::fit(&lists.iter().collect::<Vec<_>>(), N_ACTIONS)
}

#[test]
fn unbiased_over_every_list_whatever_the_model() {
    let truth = truth(&[]);
    for model in [ListModel::new(Vec::new()), wrong(), good()] {
        for estimator in [
            ListEstimator::Ips,
            ListEstimator::RewardInteraction,
            ListEstimator::CascadeDoublyRobust,
        ] {
            let (mean, _) = moments(estimator, &model);
            assert!((mean - truth).abs() < 1e-12, "{estimator:?} {mean} {truth}");
        }
    }
}

#[test]
fn weights_of_what_was_seen_are_one_on_average() {
    let mut mean = 0.0;
    for (list, p) in every_list() {
        let log = ListLog::with_model(&[list], N_ACTIONS, &wrong()).unwrap();
        mean += p * log.overlap().unwrap().mean_weight;
    }
    assert!((mean - 1.0_f64).abs() < 1e-12, "{mean}");
}

#[test]
fn what_was_not_seen_is_noise_and_a_model_takes_more_of_it() {
    let model = good();
    let variance = |estimator| moments(estimator, &model).1;
    let [ips, seen, robust] = [
        ListEstimator::Ips,
        ListEstimator::RewardInteraction,
        ListEstimator::CascadeDoublyRobust,
    ]
    .map(variance);
    assert!(
        robust < 0.8 * seen && seen < 0.8 * ips,
        "{ips} {seen} {robust}"
    );
}

#[test]
fn a_model_looks_further_down() {
    let position = |action| LoggedPosition {
        action,
        propensity: 0.5,
        target: vec![0.5, 0.5],
    };
    let both = [position(0), position(1)];
    let lists = [
        list(&both, 2, 1.0),
        list(&both, 2, 0.0),
        list(&both, 1, 1.0),
    ];
    let model = ListModel::fit(&lists.iter().collect::<Vec<_>>(), 2);
    // The second position: action 1 seen twice, one reward, drawn towards their mean of one half.
    assert!((model.of(1, 1) - 0.5).abs() < 1e-12);
    assert!((model.of(1, 0) - 0.5).abs() < 1e-12);
    // The first one: 0.5 twice from below, and 1; their mean once more.
    assert!((model.of(0, 0) - (2.0 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
    assert!(model.of(2, 0).abs() < 1e-12 && model.of(0, 9).abs() < 1e-12);
}

/// By hand: two lists, of weights 2 * 0.5 and 0.5 where all is seen.
#[test]
fn agrees_with_hand_figures() {
    let position = |action, propensity, target: [f64; 2]| LoggedPosition {
        action,
        propensity,
        target: target.to_vec(),
    };
    let top = [
        position(0, 0.25, [0.5, 0.5]),
        position(1, 0.5, [0.75, 0.25]),
    ];
    let other = [position(1, 1.0, [0.5, 0.5]), position(0, 1.0, [1.0, 0.0])];
    let lists = [list(&top, 1, 1.0), list(&other, 2, 0.0), list(&top, 2, 1.0)];
    let model = ListModel::new(vec![vec![0.4, 0.2], vec![0.1, 0.3]]);
    let log = ListLog::with_model(&lists, 2, &model).unwrap();
    let check = |estimator, expected: f64| {
        let found = log.evaluate(estimator, Confidence::P95).unwrap();
        assert!(
            (found.value - expected).abs() < 1e-12,
            "{found:?} {expected}"
        );
        assert!(found.interval.unwrap().contains(expected));
        let resampled = log.bootstrap(estimator, (500, 1), Confidence::P95).unwrap();
        assert!(resampled.unwrap().contains(expected));
        let gain = log.gain(estimator, Confidence::P95).unwrap();
        assert!(
            (gain.value - (expected - 2.0 / 3.0)).abs() < 1e-12,
            "{gain:?}"
        );
    };
    check(ListEstimator::Ips, (1.0 + 0.0 + 1.0) / 3.0);
    check(ListEstimator::RewardInteraction, (2.0 + 0.0 + 1.0) / 3.0);
    check(
        ListEstimator::CascadeDoublyRobust,
        ((2.0 + 0.3 - 2.0 * 0.4)
            + (0.0 + 0.3 - 0.5 * 0.2 + 0.5 * 0.1 - 0.5 * 0.1)
            + (1.0 + 0.3 - 2.0 * 0.4 + 2.0 * (0.075 + 0.075) - 0.3))
            / 3.0,
    );
    let value = log.evaluate(
        ListEstimator::SelfNormalisedRewardInteraction,
        Confidence::P95,
    );
    assert!((value.unwrap().value - 3.0 / 3.5).abs() < 1e-12);
}

#[test]
fn faults_are_named() {
    assert_eq!(ListLog::new(&[], 2).err(), Some(InvalidList::Empty));
    let good = LoggedPosition {
        action: 1,
        propensity: 0.5,
        target: vec![0.0, 1.0],
    };
    let sound = list(from_ref(&good), 1, 1.0);
    assert!(ListLog::new(from_ref(&sound), 2).is_ok());
    let altered = |change: &dyn Fn(&mut LoggedPosition)| {
        let mut position = good.clone();
        change(&mut position);
        list(&[position], 1, 1.0)
    };
    for bad in [
        list(from_ref(&good), 0, 1.0),
        list(from_ref(&good), 2, 1.0),
        list(from_ref(&good), 1, f64::NAN),
        altered(&|position| position.action = 2),
        altered(&|position| position.propensity = 0.0),
        altered(&|position| position.propensity = 1.1),
        altered(&|position| position.target = vec![1.0]),
        altered(&|position| position.target = vec![-0.1, 1.1]),
    ] {
        let log = ListLog::new(&[sound.clone(), bad], 2);
        assert_eq!(log.err(), Some(InvalidList::List(1)));
    }
}

/// 400 logs of 300 lists: intervals at 95 % miss the truth in 3 to 8 % of them.
#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    use rand_core::{Rng, SeedableRng};
    let every = every_list();
    let mut draws = rand_pcg::Pcg64Mcg::seed_from_u64(5);
    let mut draw = || {
        let mut point = (draws.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        for (list, p) in &every {
            point -= p;
            if point < 0.0 {
                return list.clone();
            }
        }
        every[0].0.clone()
    };
    let truth = truth(&[]);
    let mut covered = [0_u32; 3];
    for _ in 0..400 {
        let lists: Vec<LoggedList> = (0..300).map(|_| draw()).collect();
        let log = ListLog::new(&lists, N_ACTIONS).unwrap();
        for (covered, estimator) in covered.iter_mut().zip([
            ListEstimator::RewardInteraction,
            ListEstimator::SelfNormalisedRewardInteraction,
            ListEstimator::CascadeDoublyRobust,
        ]) {
            let found = log.evaluate(estimator, Confidence::P95).unwrap();
            *covered += u32::from(found.interval.unwrap().contains(truth));
        }
    }
    assert!(
        covered.iter().all(|n| (368..=388).contains(n)),
        "{covered:?}"
    );
}
