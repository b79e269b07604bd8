use super::*;
use crate::bandit::{DECAY_MAX, EPSILON_DEFAULT, EPSILON_MAX};
use crate::bandit::{FORGETTING_MS_MAX, FORGETTING_MS_MIN};
use crate::policy::linear::{ALPHA_DEFAULT, ALPHA_MAX};

#[test]
fn defaults_fill_what_is_absent() {
    let json = r#"{"actions":["a","b"],"reward":{"metric":"purchase","kind":"binary"}}"#;
    let bandit = parse("hero", json).unwrap();
    assert_eq!(bandit.key(), "hero");
    assert_eq!(bandit.stickiness(), Stickiness::Subject);
    assert_eq!(bandit.floor_parts(), 10_000);
    assert_eq!(
        bandit.policy(),
        &Policy::Plain {
            rule: AllocationRule::Thompson {
                prior: BetaPrior::JEFFREYS
            }
        }
    );
    assert_eq!(bandit.attribution_window_ms(), 86_400_000);
    assert_eq!(bandit.snapshot_interval_ms(), 60_000);
    assert_eq!(bandit.reward().repeat, Repeat::Replace);
}

#[test]
fn reads_every_member() {
    let json = r#"{"actions":["a","b"],
        "reward":{"metric":"revenue","kind":"numeric","min":-1,"max":9,"repeat":"add"},
        "policy":{"kind":"thompson","floor":0.05,"prior":{"successes":1,"failures":2}},
        "attributionWindowMs":1000,"stickiness":"request","snapshotIntervalMs":2000}"#;
    let bandit = parse("hero", json).unwrap();
    assert_eq!(bandit.floor_parts(), 50_000);
    assert_eq!(
        (bandit.reward().range().min(), bandit.reward().range().max()),
        (-1.0, 9.0)
    );
    assert_eq!(bandit.reward().repeat, Repeat::Add);
    assert_eq!(bandit.stickiness(), Stickiness::Request);
    assert_eq!(checked("hero", to_wire(&bandit)).unwrap(), bandit);
}

#[test]
fn faults_point_at_their_place() {
    let check = |members: &str, pointer: &str| {
        let json = format!("{{{members}}}");
        assert_eq!(parse("hero", &json).unwrap_err().pointer, pointer, "{json}");
    };
    let reward = r#""reward":{"metric":"m","kind":"binary"}"#;
    check(&format!(r#""actions":[],{reward}"#), "/actions");
    check(&format!(r#""actions":["a","a"],{reward}"#), "/actions/1");
    check(&format!(r#""actions":["a",""],{reward}"#), "/actions/1");
    check(&format!(r#""actions":["a",1],{reward}"#), "/actions/1");
    check(
        &format!(r#""actions":["a"],{reward},"stickiness":"day""#),
        "/stickiness",
    );
    check(
        &format!(r#""actions":["a"],{reward},"attributionWindowMs":0"#),
        "/attributionWindowMs",
    );
    check(
        &format!(r#""actions":["a"],{reward},"snapshotIntervalMs":999"#),
        "/snapshotIntervalMs",
    );
    let numeric = |bounds: &str| {
        format!(r#""actions":["a"],"reward":{{"metric":"m","kind":"numeric"{bounds}}}"#)
    };
    check(&numeric(""), "/reward");
    check(&numeric(r#","min":1,"max":1"#), "/reward");
    check(
        &format!(r#""actions":["a"],{reward},"policy":{{"kind":"thompson","features":[]}}"#),
        "/policy/features",
    );
    let contextual =
        |more: &str| format!(r#""actions":["a"],{reward},"policy":{{"kind":"contextual"{more}}}"#);
    check(&contextual(""), "/policy/features");
    let prior = r#","prior":{"successes":1,"failures":1}"#;
    check(&contextual(prior), "/policy/prior");
    check(
        &contextual(r#","features":[{"kind":"x"}]"#),
        "/policy/features/0/kind",
    );
    let policy = |policy: &str| {
        format!(r#""actions":["a","b"],{reward},"policy":{{"kind":"thompson",{policy}}}"#)
    };
    check(&policy(r#""halfLifeMs":999"#), "/policy/halfLifeMs");
    check(&policy(r#""windowMs":31622400001"#), "/policy/windowMs");
    check(
        &policy(r#""adaptiveWindowMs":999"#),
        "/policy/adaptiveWindowMs",
    );
    check(
        &policy(r#""adaptiveWindowMs":31622400001"#),
        "/policy/adaptiveWindowMs",
    );
    let both = r#""halfLifeMs":1000,"windowMs":1000"#;
    check(&policy(both), "/policy/windowMs");
    let both = r#""halfLifeMs":1000,"adaptiveWindowMs":1000"#;
    check(&policy(both), "/policy/adaptiveWindowMs");
    check(&policy(r#""floor":0.51"#), "/policy/floor");
    check(&policy(r#""floor":-0.1"#), "/policy/floor");
    check(
        &policy(r#""prior":{"successes":0,"failures":1}"#),
        "/policy/prior",
    );
}

#[test]
fn spans_of_time_are_limited() {
    let check = |member: &str, ms: u64, expected: bool| {
        let reward = r#""reward":{"metric":"m","kind":"binary"}"#;
        let json = format!(r#"{{"actions":["a","b"],{reward},"{member}":{ms}}}"#);
        match parse("hero", &json) {
            Ok(_) => assert!(expected, "{json}"),
            Err(fault) => assert_eq!((fault.pointer, expected), (format!("/{member}"), false)),
        }
    };
    let window = "attributionWindowMs";
    check(window, 0, false);
    check(window, 1, true);
    check(window, ATTRIBUTION_WINDOW_MS_MAX, true);
    check(window, ATTRIBUTION_WINDOW_MS_MAX + 1, false);
    let interval = "snapshotIntervalMs";
    check(interval, SNAPSHOT_INTERVAL_MS_MIN - 1, false);
    check(interval, SNAPSHOT_INTERVAL_MS_MIN, true);
    check(interval, SNAPSHOT_INTERVAL_MS_MAX, true);
    check(interval, SNAPSHOT_INTERVAL_MS_MAX + 1, false);
}

#[test]
fn what_forgets_keeps_its_sums_apart() {
    let declared = |policy: &str| {
        let json = format!(
            r#"{{"actions":["a","b"],"reward":{{"metric":"m","kind":"binary"}},
                "policy":{{"kind":"thompson"{policy}}}}}"#
        );
        let bandit = parse("hero", &json).unwrap();
        assert_eq!(checked("hero", to_wire(&bandit)).unwrap(), bandit);
        bandit
    };
    let half = declared(r#","halfLifeMs":31622400000"#);
    let ms = FORGETTING_MS_MAX;
    assert_eq!(half.forgetting(), Some(Forgetting::HalfLife { ms }));
    let window = declared(r#","windowMs":1000"#);
    let ms = FORGETTING_MS_MIN;
    assert_eq!(window.forgetting(), Some(Forgetting::Window { ms }));
    let adaptive = declared(r#","adaptiveWindowMs":1000"#);
    assert_eq!(adaptive.forgetting(), Some(Forgetting::Adaptive { ms }));
    let plain = declared("");
    assert_eq!(plain.definition(), plain.reward().definition());
    let other = declared(r#","halfLifeMs":1000"#);
    let definitions = [&plain, &half, &window, &other, &adaptive].map(Bandit::definition);
    for (place, one) in definitions.iter().enumerate() {
        assert!(!definitions[..place].contains(one), "{definitions:?}");
    }
    // What shards have stored stands under this number.
    assert_eq!(other.definition(), 13_690_385_339_404_918_625);
}

#[test]
fn sums_of_every_period_fit() {
    let declared = |n_places: usize| {
        let json = format!(
            r#"{{"actions":["1","2","3","4","5","6","7","8"],
                "reward":{{"metric":"m","kind":"binary"}},
                "policy":{{"kind":"contextual","halfLifeMs":1000,"features":[
                    {{"kind":"hashed","attribute":"x","places":{n_places}}}]}}}}"#
        );
        parse("hero", &json)
    };
    assert!(declared(27).is_ok());
    let fault = declared(28).unwrap_err();
    assert_eq!(fault.pointer, "/policy/features");
    assert!(fault.message.contains("in each of 17 periods"), "{fault}");
}

fn with_policy(policy: &str) -> Result<Bandit, BanditFault> {
    let reward = r#""reward":{"metric":"m","kind":"binary"}"#;
    parse(
        "hero",
        &format!(r#"{{"actions":["a","b"],{reward},"policy":{policy}}}"#),
    )
}

#[test]
fn every_kind_is_read_and_written() {
    let check = |policy: &str, rule: AllocationRule| {
        let bandit = with_policy(policy).unwrap();
        assert_eq!(bandit.policy(), &Policy::Plain { rule }, "{policy}");
        assert_eq!(checked("hero", to_wire(&bandit)).unwrap(), bandit);
        assert!(policy.contains(&format!("\"{}\"", bandit.policy().kind().name())));
        // What is learned does not depend on the rule.
        assert_eq!(
            bandit.definition(),
            bandit.reward().definition(),
            "{policy}"
        );
    };
    check(r#"{"kind":"ucb1"}"#, AllocationRule::Ucb1);
    check(r#"{"kind":"klUcb","floor":0}"#, AllocationRule::KlUcb);
    check(r#"{"kind":"klUcbPlus"}"#, AllocationRule::KlUcbPlus);
    check(r#"{"kind":"klMoss"}"#, AllocationRule::KlMoss);
    check(r#"{"kind":"imed"}"#, AllocationRule::Imed);
    check(r#"{"kind":"greedy"}"#, AllocationRule::Greedy);
    check(
        r#"{"kind":"thompsonNormal"}"#,
        AllocationRule::ThompsonNormal,
    );
    let prior = BetaPrior {
        successes: 1.0,
        failures: 2.5,
    };
    let written = r#"{"kind":"topTwo","prior":{"successes":1,"failures":2.5}}"#;
    check(written, AllocationRule::TopTwo { prior });
    let prior = BetaPrior::JEFFREYS;
    check(r#"{"kind":"topTwo"}"#, AllocationRule::TopTwo { prior });
    let random = |epsilon, decay| AllocationRule::EpsilonGreedy { epsilon, decay };
    check(r#"{"kind":"epsilonGreedy"}"#, random(EPSILON_DEFAULT, 0.0));
    let written = r#"{"kind":"epsilonGreedy","epsilon":0.25,"decay":0.5}"#;
    check(written, random(0.25, 0.5));
    let declared = with_policy(r#"{"kind":"imed","halfLifeMs":5000,"floor":0.125}"#).unwrap();
    assert_eq!(
        declared.forgetting(),
        Some(Forgetting::HalfLife { ms: 5_000 })
    );
    assert_eq!(declared.floor_parts(), 125_000);
    assert_eq!(checked("hero", to_wire(&declared)).unwrap(), declared);
}

#[test]
fn an_unknown_kind_is_told_which_there_are() {
    let fault = with_policy(r#"{"kind":"kl-ucb"}"#).unwrap_err();
    for kind in crate::bandit::POLICY_KINDS {
        let name = format!("`{}`", kind.name());
        assert!(fault.message.contains(&name), "{fault}");
    }
}

#[test]
fn members_belong_to_their_kinds() {
    let check = |policy: &str, pointer: &str, message: &str| {
        let fault = with_policy(policy).unwrap_err();
        let found = (fault.pointer.as_str(), fault.message.as_str());
        assert_eq!(found, (pointer, message), "{policy}");
    };
    let stray = |kind: &str| format!("the kind \"{kind}\" has no such member: leave it out");
    let imed = stray("imed");
    check(r#"{"kind":"imed","epsilon":0.1}"#, "/policy/epsilon", &imed);
    check(r#"{"kind":"imed","decay":0.1}"#, "/policy/decay", &imed);
    let prior = r#"{"kind":"imed","prior":{"successes":1,"failures":1}}"#;
    check(prior, "/policy/prior", &imed);
    let feature = r#"{"kind":"hashed","attribute":"x","places":2}"#;
    let features = format!(r#"{{"kind":"topTwo","features":[{feature}]}}"#);
    check(&features, "/policy/features", &stray("topTwo"));
    let thompson = r#"{"kind":"thompson","epsilon":0.1}"#;
    check(thompson, "/policy/epsilon", &stray("thompson"));
}

#[test]
fn numbers_of_kinds_have_bounds() {
    let check = |policy: &str, pointer: Option<&str>| {
        let fault = with_policy(policy).err();
        let found = fault.as_ref().map(|fault| fault.pointer.as_str());
        assert_eq!(found, pointer, "{policy}");
    };
    let random =
        |member: &str, value: f64| format!(r#"{{"kind":"epsilonGreedy","{member}":{value:?}}}"#);
    for (member, max) in [("epsilon", EPSILON_MAX), ("decay", DECAY_MAX)] {
        let pointer = format!("/policy/{member}");
        check(&random(member, 0.0), None);
        check(&random(member, max), None);
        check(&random(member, max.next_up()), Some(&pointer));
        check(&random(member, (-0.0_f64).next_down()), Some(&pointer));
    }
    let prior = |successes: f64, failures: f64| {
        format!(
            r#"{{"kind":"topTwo","prior":{{"successes":{successes:?},"failures":{failures:?}}}}}"#
        )
    };
    check(&prior(PRIOR_MIN, PRIOR_MAX), None);
    check(&prior(PRIOR_MIN.next_down(), 1.0), Some("/policy/prior"));
    check(&prior(1.0, PRIOR_MAX.next_up()), Some("/policy/prior"));
    let fault = with_policy(&random("epsilon", 1.5)).unwrap_err();
    assert_eq!(fault.message, "must be between 0 and 1");
}

/// A contextual policy with these members besides.
fn exploring(members: &str) -> Result<Bandit, BanditFault> {
    let feature = r#"{"kind":"hashed","attribute":"x","places":2}"#;
    with_policy(&format!(
        r#"{{"kind":"contextual","features":[{feature}]{members}}}"#
    ))
}

#[test]
fn contextual_policies_explore_as_declared() {
    let check = |members: &str, expected: Exploration| {
        let declared = exploring(members).unwrap();
        let Policy::Contextual { exploration, .. } = declared.policy() else {
            panic!("{declared:?}");
        };
        assert_eq!(*exploration, expected);
        assert_eq!(checked("hero", to_wire(&declared)).unwrap(), declared);
        // What is learned are the same sums.
        assert_eq!(declared.definition(), exploring("").unwrap().definition());
    };
    check("", Exploration::InverseGap);
    check(r#","exploration":"inverseGap""#, Exploration::InverseGap);
    check(r#","exploration":"greedy""#, Exploration::Greedy);
    let alpha = ALPHA_DEFAULT;
    check(r#","exploration":"linUcb""#, Exploration::LinUcb { alpha });
    let alpha = 0.5;
    check(
        r#","exploration":"linUcb","alpha":0.5"#,
        Exploration::LinUcb { alpha },
    );
    let random = |epsilon, decay| Exploration::EpsilonGreedy { epsilon, decay };
    check(
        r#","exploration":"epsilonGreedy""#,
        random(EPSILON_DEFAULT, 0.0),
    );
    check(
        r#","exploration":"epsilonGreedy","epsilon":0.25,"decay":0.5"#,
        random(0.25, 0.5),
    );
    // What is meant without it is written without it: edges of before read that.
    let plain = to_wire(&exploring(r#","exploration":"inverseGap""#).unwrap());
    assert_eq!(plain.policy.unwrap().exploration, None);
}

#[test]
fn members_belong_to_their_explorations_and_have_bounds() {
    let check = |members: &str, expected: Option<(&str, &str)>| {
        let fault = exploring(members).err();
        let found = fault.as_ref().map(|it| (&*it.pointer, &*it.message));
        assert_eq!(found, expected, "{members}");
    };
    let alpha = |value: f64| format!(r#","exploration":"linUcb","alpha":{value:?}"#);
    check(&alpha(0.0), None);
    check(&alpha(ALPHA_MAX), None);
    let between = Some(("/policy/alpha", "must be between 0 and 10"));
    check(&alpha(ALPHA_MAX.next_up()), between);
    check(&alpha(-0.1), between);
    let stray = "it belongs to another exploration: leave it out, or declare that one";
    let greedy = r#","exploration":"greedy","alpha":1"#;
    check(greedy, Some(("/policy/alpha", stray)));
    let bound = r#","exploration":"linUcb","epsilon":0.1"#;
    check(bound, Some(("/policy/epsilon", stray)));
    check(r#","alpha":1"#, Some(("/policy/alpha", stray)));
    check(r#","decay":1"#, Some(("/policy/decay", stray)));
    let random = r#","exploration":"epsilonGreedy","epsilon":1.5"#;
    let between = "must be between 0 and 1";
    check(random, Some(("/policy/epsilon", between)));
    let fault = with_policy(r#"{"kind":"imed","exploration":"greedy"}"#).unwrap_err();
    assert_eq!(fault.pointer, "/policy/exploration");
    let fault = exploring(r#","exploration":"lin-ucb""#).unwrap_err();
    assert!(fault.message.contains("`linUcb`"), "{fault}");
}

/// 64 numbers make 65 terms and 2,145 numbers of each action.
#[test]
fn what_snapshots_tell_of_how_sure_a_bandit_is_is_bounded() {
    let declared = |n_actions: usize, places: usize| {
        let actions: Vec<String> = (0..n_actions).map(|n| n.to_string()).collect();
        let actions = serde_json::to_string(&actions).unwrap();
        let feature = format!(r#"{{"kind":"hashed","attribute":"x","places":{places}}}"#);
        let json = format!(
            r#"{{"actions":{actions},"reward":{{"metric":"m","kind":"binary"}},"policy":
                {{"kind":"contextual","exploration":"linUcb","features":[{feature}]}}}}"#
        );
        parse("hero", &json).err().map(|fault| fault.pointer)
    };
    // 7 times 2,145 is 15,015; 8 times is 17,160.
    assert_eq!(declared(7, 64), None);
    assert_eq!(declared(8, 64).as_deref(), Some("/policy/exploration"));
    // 63 times 253 is 15,939, and 64 times 276 is 17,664.
    assert_eq!(declared(63, 21), None);
    assert_eq!(declared(64, 22).as_deref(), Some("/policy/exploration"));
}
