//! A bandit that chooses among the actions of each request: one model over what is known of them.

#![allow(
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    clippy::unwrap_used,
    reason = "a test may fail loudly, and sums are written as on paper"
)]

use bandera_shared::bandit::features::ONE;
use bandera_shared::bandit::{
    ACTIONS_MAX, Bandit, ContextVector, KEY_BYTES_MAX, OFFERED, OFFERED_MAX, PARTS, wire,
};
use bandera_shared::compact;
use bandera_shared::context::Action;
use bandera_shared::decision::{Choice, Decision, decide};
use bandera_shared::ledger::{
    Batch, DecisionItem, Item, Known, Memory, MergedState, Observation, RowKey, ShardState, apply,
};
use bandera_shared::policy::linear::{Block, fit};
use bandera_shared::policy::next_snapshot;
use bandera_shared::slate::rank;
use bandera_shared::snapshot::PolicySnapshot;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::wire::evaluation::EvaluationWire;
use bandera_shared::{
    EvaluationContext, Evaluator, Participation, Policies, Ruleset, UnixMillis, compile,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const N_FEATURES: usize = 4;
const N_TERMS: usize = N_FEATURES + 1;

fn declared() -> Value {
    let genre = json!({ "of": "action", "path": "genre" });
    let price = json!({ "of": "action", "path": "price" });
    json!({
        "reward": { "metric": "watched", "kind": "binary" },
        "policy": { "kind": "contextual", "floor": 0.05, "features": [
            { "kind": "numeric", "attribute": "mood", "min": -1, "max": 1 },
            { "kind": "oneHot", "attribute": genre, "categories": ["funny"] },
            { "kind": "numeric", "attribute": price, "min": 0, "max": 10 },
            { "kind": "crossed", "of": [0, 1] },
        ] },
    })
}

fn bandit() -> Bandit {
    wire::parse("films", &declared().to_string()).unwrap()
}

fn action(name: &str, genre: &str, price: f64) -> Action {
    Action {
        name: name.into(),
        attributes: EvaluationContext::new()
            .with("genre", genre)
            .with("price", price),
    }
}

fn offering(unit: &str, mood: f64, actions: impl IntoIterator<Item = Action>) -> EvaluationContext {
    let mut context = EvaluationContext::new()
        .with_targeting_key(unit)
        .with("mood", mood);
    actions.into_iter().for_each(|action| context.offer(action));
    context
}

fn ask(
    bandit: &Bandit,
    snapshot: Option<&PolicySnapshot>,
    sticky: &StickyDecisions,
    context: &EvaluationContext,
) -> Option<Decision> {
    decide(&Choice {
        bandit,
        snapshot,
        sticky,
        context,
        unit: context.targeting_key().unwrap(),
        draw: 0,
        at: NOW,
    })
}

#[test]
fn vectors_are_the_context_and_each_action() {
    let bandit = bandit();
    let spec = bandit.features().unwrap();
    let actions = [action("a", "funny", 10.0), action("b", "sad", 0.0)];
    let seen = spec.vectors(&offering("u", 0.5, []), &actions.iter().collect::<Vec<_>>());
    let half = ONE / 2;
    assert_eq!(seen[0].values(), [half, ONE, ONE, half]);
    assert_eq!(seen[1].values(), [half, 0, -ONE, 0]);
    // An attribute of the context with the name of one of the action is another one.
    let context = offering("u", 0.5, []).with("genre", "funny");
    let seen = spec.vectors(&context, &[&actions[1]]);
    assert_eq!(seen[0].values(), [half, 0, -ONE, 0]);
    let named = declared()
        .to_string()
        .replace(r#""genre""#, r#""targetingKey""#);
    let named = wire::parse("films", &named.replace("funny", "b")).unwrap();
    let actions = offering("u", 0.5, actions);
    let decision = ask(&named, None, &StickyDecisions::default(), &actions).unwrap();
    let is_named = decision.features.values()[1] == ONE;
    assert_eq!(is_named, &*decision.action == "b");
}

#[derive(Debug, Clone)]
struct Made {
    values: [i16; N_FEATURES],
    is_rewarded: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let values = [-ONE..=ONE, -ONE..=ONE, -ONE..=ONE, -ONE..=ONE];
    (values, any::<bool>()).prop_map(|(values, is_rewarded)| Made {
        values,
        is_rewarded,
    })
}

fn items(bandit: &Bandit, decisions: &[Made]) -> Vec<(usize, DecisionItem)> {
    let mut items = Vec::new();
    let fingerprint = bandit.features().unwrap().fingerprint();
    for (n, made) in decisions.iter().enumerate() {
        let item = |observation| DecisionItem {
            bandit: 0,
            action: OFFERED.into(),
            row: RowKey(n as u128),
            keep_until: UnixMillis(9),
            period: None,
            features: ContextVector::new(fingerprint, made.values).unwrap(),
            observation,
        };
        items.push((n, item(Observation::Exposed)));
        if made.is_rewarded {
            let (at, event) = (UnixMillis(1), RowKey(1 << 64 | n as u128));
            let reward = bandit.reward().check(1.0).unwrap();
            items.push((n, item(Observation::Rewarded { reward, at, event })));
        }
    }
    items
}

fn learned<'i>(
    learner: &Bandit,
    items: impl Iterator<Item = &'i (usize, DecisionItem)>,
    n_shards: usize,
) -> MergedState {
    let mut shards: Vec<(Memory, Known)> = vec![Default::default(); n_shards];
    for (n, item) in items {
        let (memory, known) = &mut shards[n % n_shards];
        let mut batch = Batch::default();
        batch.push(learner, item.clone());
        assert!(matches!(batch.items[..], [Item::Decision(_)]));
        let change = apply(memory, known.clone(), &[&batch]);
        memory.adopt(&change);
        known.rows.extend(change.rows.iter().copied());
    }
    let mut merged = MergedState::default();
    for (number, (memory, _)) in shards.iter().enumerate() {
        for state in memory.learners.values() {
            merged.merge_shard(number as u16, state.clone());
        }
    }
    merged
}

/// `w = m e + (A + I)^-1 (b - m A e)` by Gaussian elimination.
fn normal_equations(decisions: &[Made]) -> [f64; N_TERMS] {
    let (mut a, mut b) = ([[0.0; N_TERMS]; N_TERMS], [0.0; N_TERMS]);
    for made in decisions {
        let mut x = [1.0; N_TERMS];
        for (term, value) in x.iter_mut().skip(1).zip(made.values) {
            *term = f64::from(value) / f64::from(ONE);
        }
        for i in 0..N_TERMS {
            for j in 0..N_TERMS {
                a[i][j] += x[i] * x[j];
            }
            b[i] += f64::from(u8::from(made.is_rewarded)) * x[i];
        }
    }
    let mean = b[0] / f64::max(a[0][0], 1.0);
    for i in 0..N_TERMS {
        b[i] -= mean * a[i][0];
    }
    for i in 0..N_TERMS {
        a[i][i] += 1.0;
    }
    for i in 0..N_TERMS {
        for k in i + 1..N_TERMS {
            let factor = a[k][i] / a[i][i];
            for j in 0..N_TERMS {
                a[k][j] -= factor * a[i][j];
            }
            b[k] -= factor * b[i];
        }
    }
    let mut w = [0.0; N_TERMS];
    for i in (0..N_TERMS).rev() {
        let known: f64 = (i + 1..N_TERMS).map(|j| a[i][j] * w[j]).sum();
        w[i] = (b[i] - known) / a[i][i];
    }
    w[0] += mean;
    w
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_model_is_learned_whatever_the_order_repeats_and_shards(
        decisions in prop::collection::vec(made(), 1..60),
        keys in prop::collection::vec(any::<u64>(), 240),
    ) {
        let learner = bandit().learner();
        let items = items(&learner, &decisions);
        let one = learned(&learner, items.iter(), 1);
        let blocks = one.blocks(learner.actions(), N_FEATURES);
        let found = fit(&blocks).unwrap();
        for (found, expected) in found.coefficients[0].iter().zip(normal_equations(&decisions)) {
            prop_assert!((found - expected).abs() < 1e-9, "{} {}", found, expected);
        }
        let expected = next_snapshot(&learner, &one, 1, NOW);
        prop_assert!(expected.is_some());
        for n_shards in [1, 3, 8] {
            let mut shuffled: Vec<_> = items.iter().chain(&items).zip(&keys).collect();
            shuffled.sort_by_key(|(_, key)| **key);
            let other = learned(&learner, shuffled.into_iter().map(|(item, _)| item), n_shards);
            prop_assert_eq!(&other.blocks(learner.actions(), N_FEATURES), &blocks);
            prop_assert_eq!(&next_snapshot(&learner, &other, 1, NOW), &expected);
        }
    }
}

/// Who is in a good mood watches what is funny, and what is cheap is watched more.
fn taught(bandit: &Bandit) -> PolicySnapshot {
    let spec = bandit.features().unwrap();
    let mut decisions = Vec::new();
    for n in 0..4_000_u32 {
        let bits = xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
        let (is_good, is_funny, price) = (bits & 1 == 1, bits & 2 == 2, (bits >> 8) % 11);
        let mood = if is_good { 1.0 } else { -1.0 };
        let one = action("any", if is_funny { "funny" } else { "sad" }, price as f64);
        let seen = spec.vectors(&offering("u", mood, []), &[&one]);
        let percent = 10 + 40 * u64::from(is_good && is_funny) + 2 * (10 - price);
        decisions.push(Made {
            values: seen[0].values().try_into().unwrap(),
            is_rewarded: (bits >> 32) % 100 < percent,
        });
    }
    let learner = bandit.clone().learner();
    let mut block = Block::new(N_FEATURES);
    for made in &decisions {
        let seen = ContextVector::new(spec.fingerprint(), made.values).unwrap();
        block.observe(&seen, u64::from(made.is_rewarded) << 32);
    }
    let mut merged = MergedState::default();
    let state = ShardState {
        blocks: [(OFFERED.into(), Arc::new(block))].into_iter().collect(),
        ..ShardState::default()
    };
    merged.merge_shard(0, state);
    next_snapshot(&learner, &merged, 5, NOW).unwrap()
}

fn shelf() -> [Action; 5] {
    [
        action("dear", "funny", 10.0),
        action("cheap", "sad", 0.0),
        action("middle", "sad", 5.0),
        action("new", "funny", 1.0),
        action("plain", "sad", 9.0),
    ]
}

#[test]
fn what_was_never_seen_is_known_by_its_attributes_and_drawn_as_is_stated() {
    let bandit = bandit();
    let snapshot = taught(&bandit);
    let sticky = StickyDecisions::default();
    for (mood, best) in [(1.0, "new"), (-1.0, "cheap")] {
        let n = 100_000;
        let mut drawn: BTreeMap<Box<str>, (u32, u32)> = BTreeMap::new();
        let mut context = offering("", mood, shelf());
        for i in 0..n {
            context.set(
                "targetingKey",
                bandera_shared::Value::from(&*format!("s{i}")),
            );
            let decision = ask(&bandit, Some(&snapshot), &sticky, &context).unwrap();
            assert_eq!(decision.revision, 5);
            let known = drawn.entry(decision.action).or_default();
            *known = (known.0 + 1, decision.propensity.parts());
        }
        assert_eq!(drawn.values().map(|(_, parts)| parts).sum::<u32>(), PARTS);
        assert!(drawn[best].1 > 600_000, "{drawn:?}");
        let least = drawn.values().map(|(_, parts)| *parts).min();
        // The floor is that of all actions together.
        assert!(least.unwrap() >= bandit.floor_parts() / 5, "{drawn:?}");
        let chi_square: f64 = drawn
            .values()
            .map(|(count, parts)| {
                let expected = f64::from(n) * f64::from(*parts) / f64::from(PARTS);
                (f64::from(*count) - expected).powi(2) / expected
            })
            .sum();
        // Four degrees of freedom: more than 18.5 once in a thousand.
        assert!(chi_square < 18.5, "{chi_square} {drawn:?}");
    }
}

/// The best has all that the floor leaves, by expectation or by its bound, and the others share the
/// floor; with a share of chance, that too.
#[test]
fn offered_actions_are_explored_as_declared() {
    let check = |members: Value, expected: [u32; 2]| {
        let mut declared = declared();
        let policy = declared["policy"].as_object_mut().unwrap();
        policy.extend(members.as_object().unwrap().clone());
        let bandit = wire::parse("films", &declared.to_string()).unwrap();
        let snapshot = taught(&bandit);
        let spec = bandit.features().unwrap();
        for (mood, best) in [(1.0, "new"), (-1.0, "cheap")] {
            let shelf = shelf();
            let offered: Vec<&Action> = shelf.iter().collect();
            let seen = spec.vectors(&offering("u", mood, []), &offered);
            let found = snapshot.distribution_over(&seen, &bandit).unwrap();
            for (one, parts) in shelf.iter().zip(found.parts()) {
                let expected = expected[usize::from(&*one.name != best)];
                assert!(parts.abs_diff(expected) <= 1, "{members} {mood} {found:?}");
            }
        }
    };
    check(json!({ "exploration": "greedy" }), [960_000, 10_000]);
    let bound = json!({ "exploration": "linUcb", "alpha": 0.1 });
    check(bound, [960_000, 10_000]);
    // A tenth of 950,000 among five.
    let random = json!({ "exploration": "epsilonGreedy", "epsilon": 0.1 });
    check(random, [884_000, 29_000]);
}

#[test]
fn the_order_of_what_is_offered_says_nothing_and_another_offer_is_another_decision() {
    let bandit = bandit();
    let snapshot = taught(&bandit);
    let sticky = StickyDecisions::default();
    let ask = |context: &EvaluationContext| ask(&bandit, Some(&snapshot), &sticky, context);
    for n in 0..50 {
        let unit = format!("u{n}");
        let one = ask(&offering(&unit, 1.0, shelf())).unwrap();
        let mut turned = shelf();
        turned.reverse();
        assert_eq!(ask(&offering(&unit, 1.0, turned)).as_ref(), Some(&one));
        let fewer = shelf().into_iter().filter(|it| *it.name != *"plain");
        let other = ask(&offering(&unit, 1.0, fewer)).unwrap();
        assert_ne!(other.decision_id, one.decision_id);
    }
}

#[test]
fn a_kept_decision_stays_while_its_action_is_offered() {
    let bandit = bandit();
    let mut sticky = StickyDecisions::default();
    let first = ask(&bandit, None, &sticky, &offering("u", 1.0, shelf())).unwrap();
    assert_eq!(first.propensity.parts(), PARTS / 5);
    sticky.keep(first.clone());
    let snapshot = taught(&bandit);
    let again = ask(
        &bandit,
        Some(&snapshot),
        &sticky,
        &offering("u", -1.0, shelf()),
    );
    assert_eq!(again.as_ref(), Some(&first));
    let gone = shelf().into_iter().filter(|it| it.name != first.action);
    let anew = ask(&bandit, Some(&snapshot), &sticky, &offering("u", 1.0, gone)).unwrap();
    assert_ne!(anew.action, first.action);
    assert_eq!(anew.revision, 5);
}

#[test]
fn lists_show_each_offered_action_once() {
    let bandit = bandit();
    let snapshot = taught(&bandit);
    let context = offering("u", 1.0, shelf());
    let choice = Choice {
        bandit: &bandit,
        snapshot: Some(&snapshot),
        sticky: &StickyDecisions::default(),
        context: &context,
        unit: "u",
        draw: 0,
        at: NOW,
    };
    let list = rank(&choice, Vec::new(), 9);
    let mut names: Vec<&str> = list.iter().map(|it| &*it.decision.action).collect();
    assert_eq!(Some(list[0].decision.clone()), decide(&choice));
    for (place, position) in list.iter().enumerate() {
        let drawn_from = position.drawn_from.as_ref().unwrap();
        assert_eq!(drawn_from.len(), 5 - place);
        assert_eq!(drawn_from.iter().map(|it| it.parts).sum::<u32>(), PARTS);
    }
    names.sort_unstable();
    assert_eq!(names, ["cheap", "dear", "middle", "new", "plain"]);
}

fn ruleset(serve: &Value, bandit: &Value) -> (Ruleset, Vec<String>) {
    let document = json!({ "schemaVersion": 1, "salt": "s", "bandits": { "films": bandit },
        "flags": { "hero": { "type": "string", "status": "enabled", "defaultVariant": "none",
            "variants": { "film": { "value": "" }, "none": { "value": "none" } },
            "rules": [{ "id": "learn", "serve": serve }] } } });
    let compiled = compile(document.to_string().as_bytes()).unwrap();
    let told = compiled.diagnostics.iter();
    let told = told.map(|it| format!("{}: {}", it.pointer, it.message));
    (compiled.ruleset, told.collect())
}

fn serve() -> Value {
    json!({ "bandit": "films", "variant": "film" })
}

fn answer(ruleset: &Ruleset, policies: &Policies, context: &EvaluationContext) -> Value {
    let evaluator = Evaluator {
        ruleset,
        context,
        at: NOW,
        draw: 0,
        policies,
        sticky: &StickyDecisions::default(),
        participation: Participation::Full,
    };
    serde_json::to_value(EvaluationWire::from(&evaluator.evaluate("hero"))).unwrap()
}

#[test]
fn a_flag_serves_the_name_of_the_action() {
    let (ruleset, told) = ruleset(&serve(), &declared());
    assert_eq!(told, Vec::<String>::new());
    let policies = Policies::new([taught(&bandit())]);
    let context = offering("u", 1.0, shelf());
    let found = answer(&ruleset, &policies, &context);
    let decision = ask(
        &bandit(),
        policies.get("films"),
        &StickyDecisions::default(),
        &context,
    );
    let action = decision.unwrap().action;
    assert_eq!(found["value"], *action, "{found}");
    assert_eq!(found["variant"], "film", "{found}");
    assert_eq!(found["metadata"]["action"], *action, "{found}");
    let read = Ruleset::from_compact(compact::encode(&ruleset)).unwrap();
    assert_eq!(answer(&read, &policies, &context), found);
}

#[test]
fn offers_have_limits() {
    let (ruleset, _) = ruleset(&serve(), &declared());
    let policies = Policies::default();
    let with = |names: Vec<String>| {
        let actions = names.iter().map(|name| action(name, "funny", 1.0));
        answer(&ruleset, &policies, &offering("u", 0.0, actions))
    };
    let numbered = |n: usize| (0..n).map(|i| format!("a{i}")).collect::<Vec<_>>();
    let fits = with(numbered(OFFERED_MAX));
    assert_eq!(fits["variant"], "film", "{fits}");
    let refused = |names: Vec<String>, detail: &str| {
        let found = with(names);
        assert_eq!(found["errorCode"], "INVALID_CONTEXT", "{found}");
        assert!(found.to_string().contains(detail), "{found}");
    };
    refused(numbered(OFFERED_MAX + 1), "at most 256");
    refused(Vec::new(), "offers none");
    assert_eq!(with(vec!["n".repeat(KEY_BYTES_MAX)])["variant"], "film");
    refused(vec!["n".repeat(KEY_BYTES_MAX + 1)], "1 to 128 bytes");
    refused(vec![String::new()], "action 1");
    refused(vec!["a\nb".to_owned()], "control");
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let check = |serve: Value, bandit: &Value, pointer: &str, message: &str| {
        let (_, told) = ruleset(&serve, bandit);
        let fits = |it: &String| it.contains(pointer) && it.contains(message);
        assert!(told.iter().any(fits), "{told:?}");
    };
    let alone = json!({ "bandit": "films" });
    let rule = "/flags/hero/rules/0/serve";
    check(alone.clone(), &declared(), rule, "\"variant\"");
    let unknown = json!({ "bandit": "films", "variant": "flim" });
    check(unknown, &declared(), &format!("{rule}/variant"), "flim");
    let mut both = declared();
    both["actions"] = json!(["film"]);
    let at = "/bandits/films/actions";
    check(serve(), &both, at, "leave \"actions\" out");
    let plain = json!({ "reward": { "metric": "m", "kind": "binary" } });
    check(serve(), &plain, at, &format!("1 to {ACTIONS_MAX} actions"));
    let mut declared = plain;
    declared["actions"] = json!(["film"]);
    check(serve(), &declared, rule, "leave \"variant\" out");
    assert_eq!(ruleset(&alone, &declared).1, Vec::<String>::new());
}
