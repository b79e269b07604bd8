//! Reading the ruleset and its snapshots from KV, in as few bulk reads as possible.
//!
//! An isolate that knows its ruleset reads the pointer and the snapshots in one bulk read; new
//! bytes cost a read of their own. An isolate that knows nothing reads pointer, bytes and snapshots
//! in turn, because each names the next.

use super::pointer::Pointer;
use super::{Current, Failure, Loaded, REFRESH_FAILED, Refreshed, UNKNOWN_FORM};
use crate::page::PageIndex;
use bandera_platform::{read_bytes, read_texts};
use bandera_shared::bundle::BundleError;
use bandera_shared::compact::has_rare;
use bandera_shared::snapshot::{PolicySnapshot, wire};
use bandera_shared::sorted::Sorted;
use bandera_shared::{Bundle, CompactError, Policies, Ruleset, names};
use std::rc::Rc;
use worker::Env;

/// The KV binding with rulesets and snapshots.
pub(crate) const RULESETS: &str = "RULESETS";
/// Most keys of one bulk read.
const KEYS_MAX: usize = 100;

/// Where to read from.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Where the KV namespace is bound.
    pub(crate) env: Env,
    /// The environment's name.
    pub(crate) environment: String,
    /// `cacheTtl` of the reads.
    pub(crate) cache_ttl_s: Option<u32>,
}

/// What KV holds, beside what is here. Never panics, never fails otherwise than by saying so.
pub(crate) async fn refresh(place: &Place, current: Option<Current>) -> Refreshed {
    match read(place, current).await {
        Ok((loaded, policies)) => Refreshed::Confirmed { loaded, policies },
        Err(why) => Refreshed::Failed(why),
    }
}

async fn read(
    place: &Place,
    current: Option<Current>,
) -> Result<(Rc<Loaded>, Rc<Policies>), Failure> {
    let pointer_key = names::ruleset_pointer(&place.environment);
    let known = current
        .as_ref()
        .map(|current| snapshot_keys(place, &current.loaded));
    let mut keys = vec![pointer_key.clone()];
    keys.extend(known.iter().flatten().cloned());
    let mut texts = place.read(&keys).await?;
    let text = texts.remove(&pointer_key).ok_or("nothing is published")?;
    let pointer = Pointer::parse(&text)?;
    if let Some(current) = current {
        if current.loaded.pointer == pointer {
            let policies = policies(&texts, Some(&current.policies));
            return Ok((current.loaded, policies));
        }
        if current.loaded.pointer.publication > pointer.publication {
            let found = pointer.publication;
            return Err(format!("publication {found} is older than ours").into());
        }
    }
    let bytes_key = names::ruleset_bytes(&place.environment, &pointer.hash);
    let bytes = place.read_bytes(&bytes_key).await?;
    let bytes = bytes.ok_or("the published ruleset is not there")?;
    let loaded = Rc::new(Loaded::open(pointer, bytes)?);
    let keys = snapshot_keys(place, &loaded);
    let texts = if keys.is_empty() {
        Sorted::new()
    } else {
        place.read(&keys).await?
    };
    Ok((loaded, policies(&texts, None)))
}

fn snapshot_keys(place: &Place, loaded: &Loaded) -> Vec<String> {
    let bandits = loaded.ruleset.bandits().iter();
    bandits
        .map(|bandit| names::policy_snapshot(&place.environment, bandit.key()))
        .collect()
}

/// The snapshots in the texts. One that cannot be read is replaced by the one that is here; none
/// goes back to an earlier revision.
fn policies(texts: &Sorted<String, String>, before: Option<&Policies>) -> Rc<Policies> {
    let read = texts
        .values()
        .filter_map(|text| wire::parse(text.as_bytes()).ok());
    let before = before.into_iter().flat_map(Policies::iter).cloned();
    let all: Vec<PolicySnapshot> = read.chain(before).collect();
    Rc::new(Policies::new(all))
}

impl Place {
    /// The bytes of that key, if it is there; a bulk read would give text.
    async fn read_bytes(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        let bytes = read_bytes(&self.env, RULESETS, key, self.cache_ttl_s).await;
        bytes.map_err(|error| format!("KV: {error}"))
    }

    /// The texts of those keys that are there.
    async fn read(&self, keys: &[String]) -> Result<Sorted<String, String>, String> {
        let mut texts = Sorted::new();
        for keys in keys.chunks(KEYS_MAX) {
            let found = read_texts(&self.env, RULESETS, keys, self.cache_ttl_s).await;
            let found = found.map_err(|error| format!("KV: {error}"))?;
            let pairs = keys.iter().cloned().zip(found);
            texts.extend(pairs.filter_map(|(key, text)| Some((key, text?))));
        }
        Ok(texts)
    }
}

impl Loaded {
    /// Makes published bytes ready to serve.
    ///
    /// # Errors
    /// What is wrong, for a person: the bytes are not what the pointer names, or no ruleset.
    pub(crate) fn open(pointer: Pointer, bytes: Vec<u8>) -> Result<Self, Failure> {
        if !pointer.names(&bytes) {
            return Err("the ruleset's bytes do not match their hash".into());
        }
        let bundle = Bundle::open(bytes).map_err(|error| Failure {
            code: match error {
                BundleError::UnknownVersion { .. } => UNKNOWN_FORM,
                _ => REFRESH_FAILED,
            },
            detail: error.to_string(),
        })?;
        let ruleset = Ruleset::from_compact(bundle.sections().edge).map_err(|error| Failure {
            code: match error {
                CompactError::UnknownVersion { .. } => UNKNOWN_FORM,
                _ => REFRESH_FAILED,
            },
            detail: error.to_string(),
        })?;
        let pages = PageIndex::of(&ruleset);
        Ok(Self {
            pointer,
            bundle,
            ruleset,
            pages,
        })
    }

    /// Whether a page that evaluates by itself needs its full engine.
    pub(crate) fn needs_full_engine(&self) -> bool {
        has_rare(self.bundle.sections().client)
    }

    /// A document as if it were published.
    #[cfg(any(test, fuzzing))]
    #[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    pub(crate) fn of(publication: u64, document: &str) -> Self {
        let compiled = bandera_shared::compile(document.as_bytes()).unwrap();
        let bytes = bandera_shared::publish::bundle(document.as_bytes(), &compiled.ruleset);
        let bytes = bytes.unwrap();
        Self::open(Pointer::of(publication, &bytes), bytes).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bandera_shared::UnixMillis;
    use bandera_shared::snapshot::SnapshotAction;

    fn snapshot(revision: u64) -> PolicySnapshot {
        let action = SnapshotAction {
            action: "a".into(),
            parts: 1_000_000,
            n_decisions: 1,
            n_rewarded: 0,
            mean_reward: 0.0,
        };
        PolicySnapshot::new("hero", revision, UnixMillis(1), vec![action]).unwrap()
    }

    #[test]
    fn snapshots_never_go_back() {
        let check = |text: &str, expected| {
            let texts = Sorted::from([("k".to_owned(), text.to_owned())]);
            let before = Policies::new([snapshot(5)]);
            let after = policies(&texts, Some(&before));
            assert_eq!(
                after.get("hero").map(PolicySnapshot::revision),
                Some(expected)
            );
        };
        check(&wire::print(&snapshot(6)), 6);
        check(&wire::print(&snapshot(4)), 5);
        check("rubbish", 5);
    }

    #[test]
    fn only_the_named_bytes_are_opened() {
        let bytes = Loaded::of(1, r#"{"schemaVersion":1}"#).bundle.into_bytes();
        let open = |bytes: &[u8]| Loaded::open(Pointer::of(1, bytes), bytes.to_vec());
        assert!(open(&bytes).is_ok());
        let other = Loaded::open(Pointer::of(1, b""), bytes.clone());
        let detail = other.unwrap_err().detail;
        assert!(detail.contains("do not match their hash"));
        let check = |bytes: &[u8], code, fault| {
            let refused = open(bytes).unwrap_err();
            assert_eq!(refused.code, code, "{refused:?}");
            assert!(refused.detail.contains(fault), "{refused:?}");
        };
        check(
            b"{\"schemaVersion\":1}",
            REFRESH_FAILED,
            "no published ruleset",
        );
        check(&bytes[..16], REFRESH_FAILED, "cut off");
        let mut later = bytes.clone();
        later[8] = 99;
        check(&later, UNKNOWN_FORM, "publication form 99 is unknown");
        let start = bytes.windows(8).position(|bytes| bytes == b"BNDRRULE");
        let mut later = bytes.clone();
        later[start.expect("a compact ruleset") + 8] = 99;
        check(&later, UNKNOWN_FORM, "compact form 99 is unknown");
        let mut damaged = bytes;
        damaged[20] ^= 1;
        check(&damaged, REFRESH_FAILED, "no compact ruleset");
    }
}
