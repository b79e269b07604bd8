//! What is reported: batches of events, and the messages that carry them on.

use crate::tokens::{SECRET, keys_for};
use bandera_shared::bandit::{Bandit, ContextVector, Propensity, wire as bandit_wire};
use bandera_shared::decision::{Decision, DecisionId};
use bandera_shared::event::{Verdict, wire as event_wire};
use bandera_shared::keys::{Purpose, PurposeKeys};
use bandera_shared::ledger::{Desk, admit, routed, wire};
use bandera_shared::receipt::Receipt;
use bandera_shared::snapshot::wire as snapshot_wire;
use bandera_shared::subject::{SubjectHash, SubjectKey};
use bandera_shared::{Policies, UnixMillis};
use serde_json::Value as Json;

/// When everything happens.
const AT: UnixMillis = UnixMillis(1_700_000_000_000);
/// What stands for a valid receipt in a batch.
const RECEIPT: &str = "$receipt";

/// An edge with one bandit and one flag.
struct Edge {
    bandit: Bandit,
    receipts: PurposeKeys,
    subjects: SubjectKey,
}

impl Edge {
    fn new() -> Self {
        let bandit = r#"{"actions":["a","b"],
            "reward":{"metric":"revenue","kind":"numeric","min":-1,"max":9,"repeat":"add"}}"#;
        Self {
            bandit: bandit_wire::parse("hero", bandit).expect("a bandit"),
            receipts: keys_for(Purpose::Receipt),
            subjects: SubjectKey::parse(SECRET).expect("a secret"),
        }
    }

    fn receipt(&self) -> String {
        let decision = Decision {
            decision_id: DecisionId([9; 16]),
            bandit: "hero".into(),
            action: "a".into(),
            propensity: Propensity::from_parts(500_000).expect("a half"),
            revision: 3,
            decided_at: UnixMillis(AT.0 - 1_000),
            reward_until: UnixMillis(AT.0 + 1_000),
            shard: None,
            features: ContextVector::new(7, [5, 0, -4_096]).expect("sound numbers"),
        };
        let receipt = Receipt::new(decision, SubjectHash::from_bytes([7; 16]), 4);
        receipt.to_token(&self.receipts).expect("it fits")
    }
}

impl Desk for Edge {
    fn bandit(&self, key: &str) -> Option<&Bandit> {
        (key == self.bandit.key()).then_some(&self.bandit)
    }

    fn has_variant(&self, flag: &str, variant: &str) -> bool {
        flag == "f" && variant == "on"
    }

    fn receipt_keys(&self) -> &PurposeKeys {
        &self.receipts
    }

    fn subject_key(&self) -> &SubjectKey {
        &self.subjects
    }

    fn subject(&self) -> Option<&str> {
        Some("ana")
    }

    fn n_shards(&self) -> u16 {
        4
    }
}

/// The body of a post, its events admitted and handed on.
pub(crate) fn batch(data: &[u8]) {
    let edge = Edge::new();
    let text = String::from_utf8_lossy(data).replace(RECEIPT, &edge.receipt());
    let Ok(received) = event_wire::parse(text.as_bytes()) else {
        return;
    };
    let mut admitted = Vec::new();
    let mut verdicts = Vec::new();
    for (place, received) in received.into_iter().enumerate() {
        let verdict = match received.event.and_then(|event| admit(&event, &edge, AT)) {
            Ok(item) => {
                admitted.push((place, item));
                Verdict::Committed
            }
            Err(rejection) => Verdict::Rejected(rejection),
        };
        verdicts.push((received.id, verdict));
    }
    let answer = event_wire::print_verdicts(&verdicts);
    let answer: Json = serde_json::from_str(&answer).expect("verdicts are JSON");
    let listed = answer.get("verdicts").and_then(Json::as_array);
    assert_eq!(listed.map(Vec::len), Some(verdicts.len()));
    for (shard, (_, batch)) in routed(1, admitted) {
        let message = wire::print_queued(shard, &batch);
        assert_eq!(wire::parse_queued(&message), Ok((shard, batch)));
    }
}

/// What edges, queue, ledgers and coordinators tell each other: what is read is written alike.
pub(crate) fn message(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok((shard, batch)) = wire::parse_queued(text) {
        let again = wire::print_queued(shard, &batch);
        assert_eq!(wire::parse_queued(&again), Ok((shard, batch)));
    }
    if let Ok(command) = wire::parse_ledger_command(text) {
        let again = wire::print_ledger_command(&command);
        assert_eq!(wire::parse_ledger_command(&again), Ok(command));
    }
    if let Ok(outcomes) = wire::parse_outcomes(text) {
        let again = wire::print_outcomes(&outcomes);
        assert_eq!(wire::parse_outcomes(&again), Ok(outcomes));
    }
    if let Ok(command) = wire::parse_coordinator_command(text) {
        let again = wire::print_coordinator_command(&command);
        assert_eq!(wire::parse_coordinator_command(&again), Ok(command));
    }
    if let Ok(totals) = wire::parse_totals(text) {
        assert_eq!(wire::parse_totals(&wire::print_totals(&totals)), Ok(totals));
    }
    if let Ok(view) = wire::parse_view(text) {
        assert_eq!(wire::parse_view(&wire::print_view(&view)), Ok(view));
    }
    if let Ok(state) = wire::parse_arms(1, text) {
        assert_eq!(wire::parse_arms(1, &wire::print_arms(&state)), Ok(state));
    }
    if let Ok(bandit) = wire::parse_bandit(text) {
        assert_eq!(wire::parse_bandit(&wire::print_bandit(&bandit)), Ok(bandit));
    }
}

/// An allocation as KV holds it, drawn from for the actions that it knows and for others.
pub(crate) fn snapshot(data: &[u8]) {
    let Ok(snapshot) = snapshot_wire::parse(data) else {
        return;
    };
    let again = snapshot_wire::print(&snapshot);
    assert_eq!(
        snapshot_wire::parse(again.as_bytes()).as_ref(),
        Ok(&snapshot)
    );
    let known = snapshot
        .actions()
        .iter()
        .map(|action| action.action.clone());
    let known: Vec<Box<str>> = known.collect();
    let others: Vec<Box<str>> = known
        .iter()
        .skip(1)
        .cloned()
        .chain(["new".into()])
        .collect();
    for offered in [&known, &others] {
        let distribution = snapshot.distribution(offered);
        let parts = distribution.parts().iter().map(|part| u64::from(*part));
        assert_eq!(parts.sum::<u64>(), 1_000_000);
    }
    let policies = Policies::new([snapshot.clone(), snapshot]);
    assert_eq!(policies.iter().count(), 1);
}
