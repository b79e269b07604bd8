//! The fast evaluator against a plain one that reads the document itself, on random rulesets: the
//! same answers natively, and all of them again in wasm.

#![cfg_attr(
    target_family = "wasm",
    allow(
        dead_code,
        unused_imports,
        reason = "the plain evaluator is asked natively"
    )
)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]
#![allow(
    clippy::float_cmp,
    reason = "other systems compare so, and so do those who say what they answer"
)]

#[path = "differential/foreign/mod.rs"]
mod foreign;
#[path = "differential/leaves.rs"]
mod leaves;
#[path = "differential/naive.rs"]
mod naive;
#[path = "differential/operators.rs"]
mod operators;
#[path = "differential/random.rs"]
mod random;

use bandera_shared::evaluate::{Evaluator, Participation, Policies};
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::{context_from, read};
use bandera_shared::{Outcome, Ruleset, UnixMillis, Value, compile};
use naive::{Answer, Asked, Naive, Seen};
use random::{N_FLAGS, Random};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Of all answers, computed natively.
const DIGEST: u64 = 0x68a6_5235_15df_1794;

/// Rulesets asked.
const N_RULESETS: u64 = 800;

/// Contexts asked of each ruleset.
const N_CONTEXTS: u64 = 53;

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

    /// The answers of the fast evaluator; if wanted, asked in its other ways too.
    fn fast(&self, asked: Asked<'_>, also_otherwise: bool) -> Vec<Answer> {
        let at = asked.at;
        let text = Json::Object(asked.context.clone()).to_string();
        let attributes = read::<BTreeMap<String, Value>>(&text).expect("a context");
        let context = context_from(attributes.value).expect("a context");
        let (policies, sticky) = (Policies::default(), StickyDecisions::default());
        let evaluator = Evaluator {
            ruleset: &self.ruleset,
            context: &context,
            at: UnixMillis(at),
            draw: asked.draw,
            policies: &policies,
            sticky: &sticky,
            participation: if asked.takes_part {
                Participation::Full
            } else {
                Participation::Excluded
            },
        };
        let all: Vec<_> = evaluator.evaluate_all().collect();
        for swept in all.iter().filter(|_| also_otherwise) {
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
fn ask(n_rulesets: u64, mut look: impl FnMut(&Round, Asked<'_>)) {
    for seed in 0..n_rulesets {
        let mut random = Random::new(seed);
        let round = Round::new(&mut random);
        for _ in 0..N_CONTEXTS {
            let context = leaves::attributes(&mut random);
            let asked = Asked {
                context: &context,
                at: (random.below(3_600) * 1_000) as i64,
                takes_part: !random.once_in(5),
                draw: random.below(u64::MAX),
            };
            look(&round, asked);
        }
    }
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn a_million_answers_equal_those_of_a_plain_evaluator() {
    let mut n_answers = 0;
    let operators = Seen::default();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    ask(N_RULESETS, |round, asked| {
        for (index, fast) in round.fast(asked, true).into_iter().enumerate() {
            let key = format!("f{index:02}");
            let naive = Naive {
                document: &round.document,
                asked,
                seen: &operators,
            };
            let plain = naive.evaluate(&key);
            assert_eq!(
                fast, plain,
                "{key} {asked:?} {}",
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
        "PARSE_ERROR",
        "GENERAL",
    ] {
        let n = seen.get(word).copied().unwrap_or_default();
        assert!(n > 1_000, "{word} occurs {n} times: {seen:?}");
    }
    let operators = operators.into_inner();
    let documented = documented().into_iter().map(str::to_owned);
    let mut rare = Vec::new();
    for op in documented.chain(foreign::counted()) {
        let [failed, passed] = operators.get(&op).copied().unwrap_or_default();
        if failed <= 100 || passed <= 100 {
            rare.push(format!(
                "{op} fails {failed} times and passes {passed} times"
            ));
        }
    }
    assert!(rare.is_empty(), "{rare:#?}");
}

/// Operators of the tables in `docs/ruleset.md`.
#[cfg(not(target_family = "wasm"))]
fn documented() -> BTreeSet<&'static str> {
    let header = "| operator | `value` | holds for | not for | meaning |";
    let mut lines = include_str!("../../docs/ruleset.md").lines();
    let mut found = BTreeSet::new();
    while lines.any(|line| line == header) {
        let rows = lines
            .by_ref()
            .skip(1)
            .take_while(|line| line.starts_with('|'));
        found.extend(rows.filter_map(|row| row.split('`').nth(1)));
    }
    assert!(found.len() > 40, "{found:?}");
    found
}

#[test]
fn wasm_gives_the_same_answers() {
    let mut digest = 0;
    ask(N_RULESETS, |round, asked| {
        for answer in round.fast(asked, false) {
            digest = xxh3_64_with_seed(format!("{answer:?}").as_bytes(), digest);
        }
    });
    assert_eq!(digest, DIGEST, "{digest:#x}");
}
