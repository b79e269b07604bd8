use super::*;

#[track_caller]
fn refused(json: &str, expected: &str) {
    let error = parse(json.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn short_forms_are_one_learner() {
    let spec = parse(br#"{"policy": "squarecb", "gamma": 5, "exponent": 1, "lambda": 2}"#).unwrap();
    assert_eq!(
        spec.exploration,
        Exploration::InverseGap {
            gamma: 5.0,
            exponent: 1.0,
            elimination: None
        }
    );
    let [learner] = spec.learners[..] else {
        panic!("one learner");
    };
    assert_eq!(learner.spread, Spread::Each(2.0));
    assert_eq!(
        (learner.features, learner.link),
        (Features::Linear, Link::Identity)
    );
}

#[test]
fn bootstraps_are_of_the_default_or_of_one_learner() {
    let spec = parse(br#"{"policy": "bootstrap", "floor": 0.01}"#).unwrap();
    let default = ContextualSpec::default();
    assert_eq!(spec.learners, default.learners);
    assert_eq!((spec.drift, spec.floor_parts), (default.drift, 10_000));
    assert_eq!(
        spec.exploration,
        Exploration::Bootstrap(BootstrapSpec::DEFAULT)
    );
    let spec = parse(br#"{"policy": "bootstrap", "link": "logistic", "replicas": 64}"#).unwrap();
    assert_eq!((spec.learners.len(), spec.drift), (1, None));
    let long = br#"{"policy": "aggregate", "exploration": {"kind": "bootstrap", "replicas": 64},
        "learners": [{"features": "linear", "link": "logistic", "lambda": 1}]}"#;
    let long = parse(long).unwrap();
    assert_eq!(
        (&long.learners, long.exploration),
        (&spec.learners, spec.exploration)
    );
}

#[test]
fn the_long_form_can_say_what_the_default_is() {
    let default = ContextualSpec::default();
    assert_eq!(parse(br#"{"policy": "default"}"#).unwrap(), default);
}

#[test]
fn faults_are_named() {
    refused("{", "line 1");
    refused(r#"{"policy": "magic"}"#, "magic");
    refused(r#"{"policy": "linucb", "alhpa": 1}"#, "alhpa");
    refused(
        r#"{"policy": "linucb", "alpha": 0}"#,
        "\"alpha\" must be greater than 0",
    );
    refused(
        r#"{"policy": "epsilon-greedy", "epsilon": 1.5}"#,
        "\"epsilon\" must be from 0 to 1",
    );
    for replicas in [0, 65] {
        refused(
            &format!(r#"{{"policy": "bootstrap", "replicas": {replicas}}}"#),
            "\"replicas\" must be from 1 to 64",
        );
    }
    refused(
        r#"{"policy": "bootstrap", "hope": -0.1}"#,
        "\"hope\" must be from 0 to 10",
    );
    refused(
        r#"{"policy": "linucb", "memory": 0.5}"#,
        "\"memory\" must be from 1 to 1e9",
    );
    refused(
        r#"{"policy": "aggregate", "exploration": {"kind": "greedy"}, "learners": [
            {"features": "linear", "link": "logistic", "lambda": 1, "variance": 1}]}"#,
        "not both",
    );
}
