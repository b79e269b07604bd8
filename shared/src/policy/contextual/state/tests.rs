use super::*;
use crate::policy::contextual::{Observation, wire::parse};
use xxhash_rust::xxh3::xxh3_64;

const D: usize = 3;
const N_ACTIONS: usize = 3;

const POLICIES: [&str; 7] = [
    r#"{"policy": "linucb", "alpha": 0.5}"#,
    r#"{"policy": "squarecb", "link": "logistic", "memory": 40}"#,
    r#"{"policy": "linear-thompson", "features": "quadratic"}"#,
    r#"{"policy": "linucb", "features": "trees"}"#,
    r#"{"policy": "bootstrap"}"#,
    r#"{"policy": "bootstrap", "features": "linear", "replicas": 3}"#,
    r#"{"policy": "default"}"#,
];

fn spec(json: &str) -> ContextualSpec {
    parse(json.as_bytes()).unwrap()
}

/// Plays rounds by hashes of their numbers, some contexts wild or short.
fn play(policy: &mut ContextualPolicy, rounds: std::ops::Range<u64>) {
    for round in rounds {
        let hash = |salt: u64| xxh3_64(&[round.to_le_bytes(), salt.to_le_bytes()].concat());
        let mut context = [0, 1, 2].map(|salt| (hash(salt) >> 40) as f64 / 8e6 - 1.0);
        if round % 50 == 7 {
            context[1] = f64::NAN;
        }
        let context = &context[..if round % 60 == 9 { 2 } else { D }];
        let (action, _) = policy.decide(context).sample(hash(9));
        let sign = if round < 500 { 1.0 } else { -1.0 };
        let is_good = sign * context[action % 2] > 0.3 * (action as f64 - 1.0);
        policy.observe(Observation {
            context,
            action,
            share: f64::from(u8::from(is_good)),
        });
    }
}

#[test]
fn a_policy_goes_on_where_it_stopped() {
    for json in POLICIES {
        let declared = || (spec(json), D, N_ACTIONS);
        let mut straight = ContextualPolicy::new(spec(json), D, N_ACTIONS).unwrap();
        // Before anything is seen, while the scale settles, and after the world changed.
        let mut from = 0;
        for to in [0, 100, 400, 900] {
            play(&mut straight, from..to);
            let bytes = straight.to_bytes();
            let mut resumed = ContextualPolicy::from_bytes(declared(), &bytes).unwrap();
            assert_eq!(resumed.to_bytes(), bytes, "{json}");
            let mut other = straight.clone();
            play(&mut resumed, to..to + 300);
            play(&mut other, to..to + 300);
            assert!(resumed.to_bytes() == other.to_bytes(), "{json} from {to}");
            from = to;
        }
    }
}

#[test]
fn bytes_of_others_are_refused() {
    for json in POLICIES {
        let policy = ContextualPolicy::new(spec(json), D, N_ACTIONS).unwrap();
        let bytes = policy.to_bytes();
        let read = |json: &str, d, n_actions| {
            ContextualPolicy::from_bytes((spec(json), d, n_actions), &bytes)
        };
        assert_eq!(read(json, D + 1, N_ACTIONS), Err(InvalidState::Other));
        assert_eq!(read(json, D, N_ACTIONS - 1), Err(InvalidState::Other));
        for other in POLICIES.into_iter().filter(|other| *other != json) {
            assert!(read(other, D, N_ACTIONS).is_err(), "{json} as {other}");
        }
        assert!(matches!(
            read(json, D, 0),
            Err(InvalidState::Policy(InvalidContextual::Actions))
        ));
    }
}

#[test]
fn damaged_bytes_are_refused_or_make_a_policy() {
    for json in POLICIES {
        let mut policy = ContextualPolicy::new(spec(json), D, N_ACTIONS).unwrap();
        play(&mut policy, 0..40);
        let bytes = policy.to_bytes();
        let read = |bytes: &[u8]| ContextualPolicy::from_bytes((spec(json), D, N_ACTIONS), bytes);
        for length in (0..bytes.len()).step_by(997) {
            assert_eq!(read(&bytes[..length]), Err(InvalidState::Length), "{json}");
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert_eq!(read(&longer), Err(InvalidState::Length));
        for at in (0..bytes.len()).step_by(331) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            if let Ok(mut policy) = read(&damaged) {
                play(&mut policy, 40..42);
            }
        }
        let mut wild = bytes.clone();
        // Before the last number there are errors of a learner, or the watch's evidence.
        let byte = wild.len() - 16;
        wild[byte..].fill(0xFF);
        assert_eq!(read(&wild), Err(InvalidState::Number { byte }));
    }
}
