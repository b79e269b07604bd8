//! Batches for `POST /bandera/v1/events` whose events were never sent before: half are first
//! exposures of decisions, half the rewards of those, with receipts that an edge believes.

use bandera_shared::bandit::{Bandit, ContextVector, Propensity, wire};
use bandera_shared::decision::{Decision, DecisionId};
use bandera_shared::keys::{KeyRing, Purpose, PurposeKeys};
use bandera_shared::receipt::Receipt;
use bandera_shared::subject::SubjectKey;
use bandera_shared::{EvaluationContext, UnixMillis};
use serde_json::{Value, json};

/// A day.
const WINDOW_MS: i64 = 86_400_000;
/// Contexts that decisions take in turn.
const N_CONTEXTS: u64 = 1_024;

/// What signs, and where.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The environment of the edge.
    pub environment: &'a str,
    /// Its ring of signing keys, as `BANDERA_SIGNING_KEYS` has it.
    pub ring: &'a str,
    /// The key of subjects.
    pub subject: &'a str,
    /// How many shards it has.
    pub n_shards: u16,
}

/// Who decides, and what is needed to prove it.
#[derive(Debug)]
pub struct Reports {
    bandit: Bandit,
    contexts: Vec<ContextVector>,
    receipts: PurposeKeys,
    subjects: SubjectKey,
    n_shards: u16,
    /// Tells these decisions from those of another run.
    run: u64,
}

impl Reports {
    /// Reports of a declared bandit's decisions.
    ///
    /// # Arguments
    /// `declared`: bandits by key, as a ruleset has them; `run`: another number for each run.
    #[must_use]
    pub fn new(declared: &Value, key: &str, signing: &Signing<'_>, run: u64) -> Option<Self> {
        let bandit = wire::parse(key, &declared.get(key)?.to_string()).ok()?;
        let ring = KeyRing::parse(signing.ring).ok()?;
        Some(Self {
            contexts: contexts(&bandit),
            bandit,
            receipts: ring.derive_in(signing.environment, Purpose::Receipt),
            subjects: SubjectKey::parse(signing.subject).ok()?,
            n_shards: signing.n_shards,
            run,
        })
    }

    /// The body of a batch: `n_events` events, of decisions with numbers from `first` on.
    #[must_use]
    pub fn body(&self, first: u64, n_events: usize, at: UnixMillis) -> String {
        let decisions = first..;
        let pairs = decisions.filter_map(|number| {
            let receipt = self.receipt(number, at)?;
            let id = |kind: &str| format!("{kind}-{:x}-{number:x}", self.run);
            Some([
                json!({"id": id("e"), "kind": "exposure", "receipt": receipt}),
                json!({"id": id("r"), "kind": "reward", "receipt": receipt, "value": 1}),
            ])
        });
        let events: Vec<Value> = pairs.flatten().take(n_events).collect();
        json!({ "events": events }).to_string()
    }

    fn receipt(&self, number: u64, at: UnixMillis) -> Option<String> {
        let mut id = [0; 16];
        let (high, low) = id.split_at_mut(8);
        high.copy_from_slice(&self.run.to_be_bytes());
        low.copy_from_slice(&number.to_be_bytes());
        let actions = self.bandit.actions();
        let n_actions = u32::try_from(actions.len()).ok()?;
        let context = self.contexts.get((number % N_CONTEXTS) as usize);
        let decision = Decision {
            decision_id: DecisionId(id),
            bandit: self.bandit.key().into(),
            action: actions
                .get((number % u64::from(n_actions)) as usize)?
                .clone(),
            propensity: Propensity::from_parts(Propensity::ONE.parts() / n_actions)?,
            revision: 1,
            decided_at: at,
            reward_until: UnixMillis(at.0 + WINDOW_MS),
            shard: None,
            features: context.cloned().unwrap_or_default(),
        };
        let subject = self.subjects.hash(&format!("{:x}-{number:x}", self.run));
        Receipt::new(decision, subject, self.n_shards).to_token(&self.receipts)
    }
}

/// What decisions are made from: numbers for `attribute-0` and so on, as many as are declared.
fn contexts(bandit: &Bandit) -> Vec<ContextVector> {
    let Some(features) = bandit.features() else {
        return Vec::new();
    };
    // Numbers from -1 to 1 without a pattern that repeats soon.
    let number = |place: u64| (place.wrapping_mul(0x9E37_79B9) % 2_001) as f64 / 1_000.0 - 1.0;
    let n_attributes = features.n_features() as u64;
    let context = |row: u64| {
        (0..n_attributes).fold(EvaluationContext::new(), |context, n| {
            context.with(&format!("attribute-{n}"), number(row * n_attributes + n))
        })
    };
    (0..N_CONTEXTS)
        .map(|row| features.vector(&context(row)))
        .collect()
}

/// How many events an answer of the endpoint says are committed.
#[must_use]
pub fn n_committed(answer: &str) -> usize {
    answer.matches(r#""verdict":"committed""#).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::event::wire as event_wire;
    use bandera_shared::ledger::{Desk, admit};
    use std::collections::BTreeSet;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const AT: UnixMillis = UnixMillis(1_800_000_000_000);

    fn declared() -> Value {
        let reward = json!({"metric": "purchase", "kind": "binary"});
        let feature = |n| {
            let attribute = format!("attribute-{n}");
            json!({"kind": "numeric", "attribute": attribute, "min": -1, "max": 1})
        };
        let features: Vec<Value> = (0..3).map(feature).collect();
        let policy = json!({"kind": "contextual", "features": features});
        json!({
            "plain": {"actions": ["a", "b"], "reward": reward},
            "contextual": {"actions": ["a", "b"], "reward": reward, "policy": policy},
        })
    }

    fn reports(key: &str) -> Reports {
        let ring = format!("1:{KEY}");
        let signing = Signing {
            environment: "bench",
            ring: &ring,
            subject: KEY,
            n_shards: 4,
        };
        Reports::new(&declared(), key, &signing, 7).unwrap()
    }

    impl Desk for Reports {
        fn bandit(&self, key: &str) -> Option<&Bandit> {
            Some(&self.bandit).filter(|bandit| bandit.key() == key)
        }
        fn has_variant(&self, _: &str, _: &str) -> bool {
            false
        }
        fn receipt_keys(&self) -> &PurposeKeys {
            &self.receipts
        }
        fn subject_key(&self) -> &SubjectKey {
            &self.subjects
        }
        fn subject(&self) -> Option<&str> {
            None
        }
        fn n_shards(&self) -> u16 {
            self.n_shards
        }
    }

    #[track_caller]
    fn check(key: &str, n_events: usize) {
        let reports = reports(key);
        let body = reports.body(10, n_events, AT);
        let received = event_wire::parse(body.as_bytes()).unwrap();
        assert_eq!(received.len(), n_events);
        let admitted: Vec<_> = received
            .into_iter()
            .map(|it| admit(&it.event.unwrap(), &reports, AT).unwrap())
            .collect();
        let rewards = admitted.iter().filter(|it| it.is_reward()).count();
        assert_eq!(rewards, n_events / 2);
        let subjects: BTreeSet<String> = admitted.iter().map(|it| it.subject.to_text()).collect();
        assert_eq!(
            subjects.len(),
            n_events.div_ceil(2),
            "each decision is another subject's"
        );
    }

    #[test]
    fn an_edge_admits_every_event() {
        check("plain", 5);
        check("contextual", 100);
        assert!(
            reports("contextual")
                .contexts
                .iter()
                .all(|it| !it.is_empty())
        );
        assert!(Reports::new(&declared(), "unknown", &signing_of_nobody(), 7).is_none());
    }

    fn signing_of_nobody() -> Signing<'static> {
        Signing {
            environment: "",
            ring: "",
            subject: "",
            n_shards: 1,
        }
    }

    #[test]
    fn only_what_is_committed_counts() {
        let answer = r#"{"verdicts":[{"id":"a","verdict":"committed"},
            {"id":"b","verdict":"queued"},{"id":"c","verdict":"committed"}]}"#;
        assert_eq!(n_committed(answer), 2);
    }
}
