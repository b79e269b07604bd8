use super::{
    Constraint, Goal, InvalidPoint, InvalidSpace, InvalidStudy, Kind, N_BATCH_MAX,
    N_CONSTRAINTS_MAX, N_PARAMETERS_MAX, N_TRIALS_MAX, Parameter, Scale, Space, Study, Trial,
};

fn parameter(key: &str, low: f64, high: f64) -> Parameter {
    Parameter {
        key: key.to_owned(),
        low,
        high,
        scale: Scale::Linear,
        kind: Kind::Real,
    }
}

/// A discount in percent, a delay on a logarithmic scale, a number of columns.
fn shop() -> Vec<Parameter> {
    let delay = Parameter {
        scale: Scale::Log,
        ..parameter("delay_ms", 10.0, 10_000.0)
    };
    let columns = Parameter {
        kind: Kind::Integer,
        ..parameter("columns", 1.0, 6.0)
    };
    vec![parameter("discount", 0.0, 30.0), delay, columns]
}

fn space(constraints: Vec<Constraint>) -> Space {
    Space::new(shop(), constraints).unwrap()
}

fn limit(coefficients: &[f64], bound: f64) -> Constraint {
    Constraint {
        coefficients: coefficients.to_vec(),
        bound,
    }
}

fn study(trials: Vec<Trial>, pending: Vec<Vec<f64>>) -> Result<Study, InvalidStudy> {
    Study::new(space(vec![]), Goal::Maximise, trials, pending)
}

/// Best at a discount of 10, a delay of 300 and 3 columns.
fn outcome(point: &[f64]) -> f64 {
    let [discount, delay, columns] = point else {
        panic!("three values");
    };
    let off = [
        (discount - 10.0) / 10.0,
        libm::log(delay / 300.0) / 2.0,
        (columns - 3.0) / 2.0,
    ];
    -off.iter().map(|d| d * d).sum::<f64>()
}

fn tried(point: &[f64], standard_error: f64) -> Trial {
    Trial {
        point: point.to_vec(),
        mean: outcome(point),
        standard_error,
    }
}

/// Trials at the first points that a study asks for.
fn first_trials(n: usize) -> Vec<Trial> {
    let points = study(vec![], vec![]).unwrap().ask(n, 1).unwrap();
    points.iter().map(|point| tried(point, 0.1)).collect()
}

#[track_caller]
fn refused(parameters: Vec<Parameter>, constraints: Vec<Constraint>, expected: InvalidSpace) {
    assert_eq!(Space::new(parameters, constraints), Err(expected));
}

#[test]
fn a_space_names_what_is_wrong_with_it() {
    let key = || "a".to_owned();
    let one = |low, high| vec![parameter("a", low, high)];
    refused(vec![], vec![], InvalidSpace::ParameterCount(0));
    refused(one(1.0, 1.0), vec![], InvalidSpace::Bounds(key()));
    refused(one(0.0, f64::INFINITY), vec![], InvalidSpace::Bounds(key()));
    let log = Parameter {
        scale: Scale::Log,
        ..parameter("a", 0.0, 1.0)
    };
    refused(vec![log], vec![], InvalidSpace::LogBounds(key()));
    let integer = Parameter {
        kind: Kind::Integer,
        ..parameter("a", 0.5, 2.0)
    };
    refused(vec![integer], vec![], InvalidSpace::IntegerBounds(key()));
    let twice = [one(0.0, 1.0), one(0.0, 2.0)].concat();
    refused(twice, vec![], InvalidSpace::Twice(key()));
    refused(
        one(0.0, 1.0),
        vec![limit(&[], 1.0)],
        InvalidSpace::Constraint(0),
    );
    refused(
        one(0.0, 1.0),
        vec![limit(&[f64::NAN], 1.0)],
        InvalidSpace::Constraint(0),
    );
}

#[test]
fn limits_of_a_space_hold_at_and_one_past() {
    let many = |n: usize| {
        (0..n)
            .map(|at| parameter(&format!("p{at}"), 0.0, 1.0))
            .collect()
    };
    assert!(Space::new(many(N_PARAMETERS_MAX), vec![]).is_ok());
    let past = N_PARAMETERS_MAX + 1;
    refused(many(past), vec![], InvalidSpace::ParameterCount(past));
    let limits = |n| vec![limit(&[1.0], 2.0); n];
    assert!(Space::new(many(1), limits(N_CONSTRAINTS_MAX)).is_ok());
    let past = N_CONSTRAINTS_MAX + 1;
    refused(many(1), limits(past), InvalidSpace::ConstraintCount(past));
}

#[test]
fn limits_of_a_study_hold_at_and_one_past() {
    let point = vec![1.0, 100.0, 2.0];
    let trials = |n| vec![tried(&point, 0.1); n];
    assert!(study(trials(N_TRIALS_MAX), vec![]).is_ok());
    let past = N_TRIALS_MAX + 1;
    assert_eq!(
        study(trials(past), vec![]),
        Err(InvalidStudy::TrialCount(past))
    );
    assert!(study(vec![], vec![point.clone(); N_BATCH_MAX]).is_ok());
    let past = N_BATCH_MAX + 1;
    let too_many = study(vec![], vec![point; past]);
    assert_eq!(too_many, Err(InvalidStudy::BatchCount(past)));
    let empty = study(vec![], vec![]).unwrap();
    assert_eq!(empty.ask(0, 1), Err(InvalidStudy::BatchCount(0)));
    assert_eq!(empty.ask(past, 1), Err(InvalidStudy::BatchCount(past)));
}

#[test]
fn a_study_names_the_trial_that_is_wrong() {
    let fine = tried(&[1.0, 100.0, 2.0], 0.1);
    let with = |change: fn(&mut Trial)| {
        let mut changed = fine.clone();
        change(&mut changed);
        study(vec![fine.clone(), changed], vec![]).unwrap_err()
    };
    assert_eq!(
        with(|trial| trial.mean = f64::NAN),
        InvalidStudy::Outcome(1)
    );
    assert_eq!(
        with(|trial| trial.standard_error = -0.1),
        InvalidStudy::Outcome(1)
    );
    let short = InvalidPoint::Length(1);
    assert_eq!(
        with(|trial| trial.point = vec![1.0]),
        InvalidStudy::Trial(1, short)
    );
    let half = InvalidPoint::Value("columns".to_owned());
    assert_eq!(
        with(|trial| trial.point = vec![1.0, 100.0, 2.5]),
        InvalidStudy::Trial(1, half)
    );
    let outside = study(vec![], vec![vec![31.0, 100.0, 2.0]]);
    let discount = InvalidPoint::Value("discount".to_owned());
    assert_eq!(outside, Err(InvalidStudy::Pending(0, discount)));
    assert_eq!(
        study(vec![], vec![]).unwrap().recommend(1),
        Err(InvalidStudy::NoTrials)
    );
}

#[test]
fn what_is_asked_for_may_be_tried() {
    // Twice the discount and the columns together stay within 30.
    let constraint = limit(&[2.0, 0.0, 1.0], 30.0);
    let space = space(vec![constraint]);
    let mut trials = Vec::new();
    for round in 0..3 {
        let study = Study::new(space.clone(), Goal::Maximise, trials.clone(), vec![]).unwrap();
        let points = study.ask(4, round).unwrap();
        assert_eq!(points.len(), 4);
        for point in points {
            assert_eq!(space.check(&point), Ok(()), "{point:?}");
            trials.push(tried(&point, 0.05));
        }
    }
}

#[test]
fn constraints_that_leave_nothing_are_named() {
    let study = Study::new(
        space(vec![limit(&[1.0, 0.0, 0.0], -1.0)]),
        Goal::Maximise,
        vec![],
        vec![],
    );
    assert_eq!(study.unwrap().ask(1, 1), Err(InvalidStudy::Infeasible));
}

#[test]
fn the_same_question_has_the_same_answer() {
    let study = study(first_trials(8), vec![]).unwrap();
    assert_eq!(study.ask(2, 7), study.ask(2, 7));
    assert_ne!(study.ask(2, 7), study.ask(2, 8));
}

#[test]
fn a_batch_and_what_is_under_way_spread_out() {
    let trials = first_trials(8);
    let alone = study(trials.clone(), vec![]).unwrap().ask(1, 3).unwrap();
    let next = study(trials.clone(), alone.clone())
        .unwrap()
        .ask(1, 3)
        .unwrap();
    let batch = study(trials, vec![]).unwrap().ask(2, 3).unwrap();
    assert_eq!(batch, [alone.clone(), next.clone()].concat());
    let apart = alone
        .concat()
        .iter()
        .zip(next.concat())
        .any(|(a, b)| (a - b).abs() > 0.05);
    assert!(apart, "{alone:?} {next:?}");
}

#[test]
fn the_luckiest_measurement_is_not_believed() {
    let mut trials = first_trials(8);
    let worst = vec![30.0, 10_000.0, 6.0];
    trials.push(Trial {
        point: worst.clone(),
        mean: 5.0,
        standard_error: 20.0,
    });
    let found = study(trials, vec![]).unwrap().recommend(1).unwrap();
    assert!(outcome(&found.point) > outcome(&worst) / 2.0, "{found:?}");
    assert!(
        found.mean < 1.0 && found.standard_deviation > 0.0,
        "{found:?}"
    );
}

#[test]
fn smaller_is_better_where_the_goal_says_so() {
    let mirrored = |trial: Trial| Trial {
        mean: -trial.mean,
        ..trial
    };
    let up = study(first_trials(10), vec![]).unwrap();
    let trials = first_trials(10).into_iter().map(mirrored).collect();
    let down = Study::new(space(vec![]), Goal::Minimise, trials, vec![]).unwrap();
    assert_eq!(up.ask(1, 2), down.ask(1, 2));
    let (up, down) = (up.recommend(2).unwrap(), down.recommend(2).unwrap());
    assert_eq!(up.point, down.point);
    assert!((up.mean + down.mean).abs() < 1e-12);
}

#[test]
fn outcomes_that_say_nothing_are_no_fault() {
    let same = |point: &[f64]| Trial {
        mean: 4.0,
        standard_error: 0.0,
        ..tried(point, 0.0)
    };
    let trials: Vec<_> = first_trials(7)
        .iter()
        .map(|trial| same(&trial.point))
        .collect();
    let study = study(trials, vec![]).unwrap();
    assert_eq!(study.ask(3, 1).unwrap().len(), 3);
    assert!((study.recommend(1).unwrap().mean - 4.0).abs() < 0.5);
}

#[test]
fn a_point_that_was_tried_again_and_again_breaks_nothing() {
    let trials: Vec<_> = (0..20).map(|_| tried(&[10.0, 300.0, 3.0], 0.01)).collect();
    assert_eq!(study(trials, vec![]).unwrap().ask(2, 1).unwrap().len(), 2);
}
