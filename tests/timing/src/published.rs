//! A contextual bandit, one without contexts, and a plain flag as an edge finds them in KV, and
//! requests to evaluate them.

use crate::bandit;
use bandera_shared::publish::{bundle, content_hash};
use bandera_shared::{compile, names, snapshot};
use serde_json::{Map, Value, json};

const ENVIRONMENT: &str = "bench";
/// Key of a bandit that looks at no context.
const PLAIN: &str = "pair";
/// Longer than a benchmark: what shards count is told to nobody meanwhile.
const SNAPSHOT_INTERVAL_MS: u32 = 600_000;

/// What an edge reads and is sent.
#[derive(Debug)]
pub struct Published {
    /// The ruleset as edges read it.
    pub bundle: Vec<u8>,
    /// Key of the bundle.
    pub bundle_key: String,
    /// All other values of KV by their keys, a JSON object of texts.
    pub texts: String,
    /// Body of a request to evaluate a flag.
    pub request: String,
    /// The bandits as the ruleset declares them, a JSON object by key.
    pub bandits: String,
}

/// A ruleset with a flag `learned` of a contextual bandit that has learned, and a rollout `plain`.
#[must_use]
pub fn published(n_actions: usize, n_features: usize) -> Option<Published> {
    let (mut declared, snapshot) = bandit::published(n_actions, n_features)?;
    let interval = json!(SNAPSHOT_INTERVAL_MS);
    let settings = declared.as_object_mut()?;
    settings.insert("snapshotIntervalMs".to_owned(), interval.clone());
    let plain = json!({
        "actions": ["a", "b"],
        "reward": {"metric": "purchase", "kind": "binary"},
        "snapshotIntervalMs": interval,
    });
    let names = declared.get("actions")?.as_array()?.iter();
    let variants: Map<String, Value> = names
        .filter_map(Value::as_str)
        .map(|name| (name.to_owned(), json!({ "value": name })))
        .collect();
    let first = variants.keys().next()?;
    let bandits = json!({bandit::KEY: declared, PLAIN: plain});
    let document = json!({
        "schemaVersion": 1,
        "salt": "bench",
        "bandits": bandits,
        "flags": {
            "learned": {
                "type": "string",
                "status": "enabled",
                "visibility": "client",
                "offVariant": first,
                "defaultVariant": first,
                "variants": variants,
                "rules": [{"when": {"all": []}, "serve": {"bandit": bandit::KEY}}],
            },
            "plain": {
                "type": "boolean",
                "status": "gradual_rollout",
                "visibility": "client",
                "variants": {"on": {"value": true}, "off": {"value": false}},
                "offVariant": "off",
                "rollout": {"variant": "on", "percentage": 50},
            },
        },
    });
    let document = document.to_string();
    let compiled = compile(document.as_bytes()).ok()?;
    let is_sound = compiled.diagnostics.is_empty();
    let bundle = bundle(document.as_bytes(), &compiled.ruleset).ok()?;
    let hash = content_hash(&bundle);
    let pointer = json!({"publication": 1, "hash": hash}).to_string();
    let texts = json!({
        names::ruleset_pointer(ENVIRONMENT): pointer,
        names::policy_snapshot(ENVIRONMENT, bandit::KEY): snapshot::wire::print(&snapshot),
    });
    let mut context = bandit::attributes(n_features);
    context.insert("targetingKey".to_owned(), json!("visitor-1037"));
    is_sound.then(|| Published {
        bundle_key: names::ruleset_bytes(ENVIRONMENT, &hash),
        bundle,
        texts: texts.to_string(),
        request: json!({ "context": context }).to_string(),
        bandits: bandits.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learned_bandit_can_be_published() {
        let published = published(10, 30).unwrap();
        assert!(
            published.texts.contains("coefficients"),
            "{}",
            published.texts
        );
        assert!(published.request.contains("attribute-29"));
        for key in [bandit::KEY, PLAIN] {
            assert!(published.bandits.contains(&format!("\"{key}\":")));
        }
    }
}
