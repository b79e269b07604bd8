//! A contextual bandit as Workers have it: an edge's decision, a coordinator's snapshot.

use crate::works::{Operation, number};
use bandera_shared::bandit::{Bandit, ContextVector, wire};
use bandera_shared::decision::{Choice, decide};
use bandera_shared::ledger::{MergedState, ShardState};
use bandera_shared::policy::linear::Block;
use bandera_shared::policy::next_snapshot;
use bandera_shared::snapshot::PolicySnapshot;
use bandera_shared::sorted::Sorted;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::{EvaluationContext, UnixMillis};
use serde_json::{Map, Value, json};
use std::hint::black_box;
use std::sync::Arc;

/// Key of the bandit.
pub(super) const KEY: &str = "timed";
/// How bandits explore that declare nothing.
pub(super) const BY_GAPS: &str = "inverseGap";
/// By a matrix for each action.
pub(super) const BY_BOUNDS: &str = "linUcb";
const N_CONTEXTS: usize = 64;
/// Decisions of each action that the snapshot learned from.
const N_LEARNED: usize = 400;
const AT: UnixMillis = UnixMillis(1_800_000_000_000);

fn attribute(feature: usize) -> String {
    format!("attribute-{feature}")
}

fn declaration(n_actions: usize, n_features: usize, exploration: &str) -> Value {
    let actions: Vec<String> = (0..n_actions).map(|n| format!("action-{n}")).collect();
    let features: Vec<_> = (0..n_features)
        .map(|n| json!({"kind": "numeric", "attribute": attribute(n), "min": -1, "max": 1}))
        .collect();
    json!({
        "actions": actions,
        "reward": {"metric": "purchase", "kind": "binary"},
        "policy": {"kind": "contextual", "features": features, "exploration": exploration},
    })
}

fn declared(n_actions: usize, n_features: usize, exploration: &str) -> Option<Bandit> {
    let declaration = declaration(n_actions, n_features, exploration);
    wire::parse(KEY, &declaration.to_string()).ok()
}

/// The declaration, and what was learned of it.
pub(super) fn published(n_actions: usize, n_features: usize) -> Option<(Value, PolicySnapshot)> {
    let bandit = declared(n_actions, n_features, BY_GAPS)?;
    let merged = learned(&bandit, &contexts(n_features))?;
    let snapshot = next_snapshot(&bandit, &merged, 1, AT)?;
    Some((declaration(n_actions, n_features, BY_GAPS), snapshot))
}

/// What is known of a request.
pub(super) fn attributes(n_features: usize) -> Map<String, Value> {
    let attributes = (0..n_features).map(|n| (attribute(n), json!(number(n))));
    attributes.collect()
}

fn contexts(n_features: usize) -> Vec<EvaluationContext> {
    let context = |row: usize| {
        (0..n_features).fold(EvaluationContext::new(), |context, n| {
            context.with(&attribute(n), number(row * n_features + n))
        })
    };
    (0..N_CONTEXTS).map(context).collect()
}

/// What one shard has learned: an action is right where its own feature is above zero.
fn learned(bandit: &Bandit, contexts: &[EvaluationContext]) -> Option<MergedState> {
    let features = bandit.features()?;
    let seen: Vec<ContextVector> = contexts.iter().map(|it| features.vector(it)).collect();
    let block = |action: usize| {
        let mut block = Block::new(features.n_features());
        for vector in seen.iter().cycle().take(N_LEARNED) {
            let is_right = vector.values().get(action).is_some_and(|value| *value > 0);
            block.observe(vector, u64::from(is_right) << 32);
        }
        Arc::new(block)
    };
    let actions = bandit.actions().iter().enumerate();
    let blocks: Sorted<Box<str>, Arc<Block>> = actions
        .map(|(place, action)| (action.clone(), block(place)))
        .collect();
    let mut merged = MergedState::default();
    let state = ShardState {
        sequence: 1,
        blocks,
        ..ShardState::default()
    };
    merged.merge_shard(0, state);
    Some(merged)
}

/// Features made of a request's context, expected rewards, probabilities, the draw and the id.
pub(super) fn decision(
    n_actions: usize,
    n_features: usize,
    exploration: &str,
) -> Option<Operation> {
    let bandit = declared(n_actions, n_features, exploration)?;
    let contexts = contexts(n_features);
    let merged = learned(&bandit, &contexts)?;
    let snapshot: PolicySnapshot = next_snapshot(&bandit, &merged, 1, AT)?;
    let sticky = StickyDecisions::default();
    let units: Vec<String> = (0..N_CONTEXTS).map(|n| format!("visitor-{n}")).collect();
    Some(Box::new(move |repetition| {
        let place = repetition as usize % N_CONTEXTS;
        if let (Some(context), Some(unit)) = (contexts.get(place), units.get(place)) {
            black_box(decide(black_box(&Choice {
                bandit: &bandit,
                snapshot: Some(&snapshot),
                sticky: &sticky,
                context,
                unit,
                draw: u64::from(repetition),
                at: AT,
            })));
        }
    }))
}

/// Regressions of every action and what they publish.
pub(super) fn snapshot(n_actions: usize, n_features: usize) -> Option<Operation> {
    let bandit = declared(n_actions, n_features, BY_GAPS)?;
    let merged = learned(&bandit, &contexts(n_features))?;
    Some(Box::new(move |repetition| {
        black_box(next_snapshot(
            &bandit,
            black_box(&merged),
            repetition.into(),
            AT,
        ));
    }))
}
