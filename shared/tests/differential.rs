//! The fast evaluator against a plain one that reads the document itself, on random rulesets: the
//! same answers natively, and the same bits in wasm.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]

#[path = "differential/naive.rs"]
mod naive;
#[path = "differential/random.rs"]
mod random;

use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::{context_from, read};
use bandera_shared::{Outcome, Ruleset, UnixMillis, Value, compile};
use naive::{Answer, Asked, Naive};
use random::{N_FLAGS, Random};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Of the answers of the first rulesets, computed natively.
const DIGEST: u64 = 0xa9ae_fee7_f42b_0459;

/// Contexts asked of each ruleset.
const N_CONTEXTS: u64 = 250;

/// One moment in as many is explained as well, which takes longer.
const EXPLAINED_EVERY_MS: i64 = 8_000;

/// One question and the fast evaluator's answers for every flag, in order.
struct Round {
    ruleset: Ruleset,
    document: Json,
}

impl Round {
    fn new(random: &mut Random) -> Self {
        let document = random::ruleset(random);
        let compiled = compile(document.to_string().as_bytes()).expect("a ruleset");
        let errors = compiled.diagnostics.iter();
        let errors = errors.filter(|d| d.severity == bandera_shared::Severity::Error);
        assert_eq!(errors.count(), 0, "{:?} {document}", compiled.diagnostics);
        Self {
            ruleset: compiled.ruleset,
            document,
        }
    }

    /// The answers of the fast evaluator.
    fn fast(&self, written: &Map<String, Json>, at: i64, takes_part: bool) -> Vec<Answer> {
        let text = Json::Object(written.clone()).to_string();
        let attributes = read::<BTreeMap<String, Value>>(&text).expect("a context");
        let context = context_from(attributes.value).expect("a context");
        let (policies, sticky) = (Policies::default(), StickyDecisions::default());
        let evaluator = Evaluator {
            ruleset: &self.ruleset,
            context: &context,
            at: UnixMillis(at),
            draw: 0,
            policies: &policies,
            sticky: &sticky,
            participation: if takes_part {
                Participation::Full
            } else {
                Participation::Excluded
            },
        };
        let all: Vec<_> = evaluator.evaluate_all().collect();
        for swept in &all {
            assert_eq!(evaluator.evaluate(swept.flag_key), *swept);
            // An explanation walks where the others follow a plan.
            if at % EXPLAINED_EVERY_MS == 0 {
                assert_eq!(evaluator.explain(swept.flag_key).evaluation, *swept);
            }
        }
        let answers = all.into_iter().map(|evaluation| match evaluation.outcome {
            Outcome::Resolved {
                variant, reason, ..
            } => Ok((Some(variant.key.to_string()), reason.as_str())),
            Outcome::CallerDefault { reason } => Ok((None, reason.as_str())),
            Outcome::Failed { code, .. } => Err(code.as_str()),
        });
        answers.collect()
    }
}

/// Asks `n_rulesets` rulesets and gives every answer, with its question, to `look`.
fn ask(n_rulesets: u64, mut look: impl FnMut(&Round, &Map<String, Json>, i64, bool)) {
    for seed in 0..n_rulesets {
        let mut random = Random::new(seed);
        let round = Round::new(&mut random);
        for _ in 0..N_CONTEXTS {
            let context = random::context(&mut random);
            let at = (random.below(3_600) * 1_000) as i64;
            let takes_part = !random.once_in(5);
            look(&round, &context, at, takes_part);
        }
    }
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_million_answers_equal_those_of_a_plain_evaluator() {
    const N_RULESETS: u64 = 250;
    let mut n_answers = 0;
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    ask(N_RULESETS, |round, context, at, takes_part| {
        for (index, fast) in round.fast(context, at, takes_part).into_iter().enumerate() {
            let key = format!("f{index:02}");
            let asked = Asked {
                context,
                at,
                takes_part,
            };
            let naive = Naive {
                document: &round.document,
                asked,
            };
            let plain = naive.evaluate(&key);
            assert_eq!(
                fast, plain,
                "{key} at {at}, takes part: {takes_part}, {context:?} {}",
                round.document["flags"][&key]
            );
            n_answers += 1;
            let word = match &plain {
                Ok((variant, reason)) => format!("{} {reason}", variant.is_some()),
                Err(code) => (*code).to_owned(),
            };
            *seen.entry(word).or_default() += 1;
        }
    });
    assert_eq!(n_answers, N_RULESETS * N_CONTEXTS * N_FLAGS);
    assert!(n_answers >= 1_000_000);
    // What never occurs proves nothing.
    for word in [
        "true SPLIT",
        "true TARGETING_MATCH",
        "true STATIC",
        "true DEFAULT",
        "true DISABLED",
        "false DISABLED",
        "false DEFAULT",
        "TARGETING_KEY_MISSING",
        "INVALID_CONTEXT",
    ] {
        let n = seen.get(word).copied().unwrap_or_default();
        assert!(n > 1_000, "{word} occurs {n} times: {seen:?}");
    }
}

#[test]
fn wasm_gives_the_same_answers() {
    let mut digest = 0;
    ask(20, |round, context, at, takes_part| {
        for answer in round.fast(context, at, takes_part) {
            digest = xxh3_64_with_seed(format!("{answer:?}").as_bytes(), digest);
        }
    });
    assert_eq!(digest, DIGEST, "{digest:#x}");
}
