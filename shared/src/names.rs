//! Names of stored things: KV keys, Durable Object names, and the shard a subject belongs to.
//!
//! Data outlives code: a name that changes loses what was stored under the old one, so each
//! function here is pinned by a test and nothing else may build such a name.

use crate::subject::SubjectHash;

/// KV key of the pointer to the published ruleset of an environment.
#[must_use]
pub fn ruleset_pointer(environment: &str) -> String {
    format!("env/{environment}/current")
}

/// KV key of immutable ruleset bytes; `hash` is their SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn ruleset_bytes(environment: &str, hash: &str) -> String {
    format!("env/{environment}/ruleset/{hash}")
}

/// KV key of the latest policy snapshot of a bandit.
#[must_use]
pub fn policy_snapshot(environment: &str, bandit: &str) -> String {
    format!("env/{environment}/bandit/{bandit}")
}

/// Name of the Durable Object that counts the events of one shard.
#[must_use]
pub fn ledger(environment: &str, shard: u16) -> String {
    format!("ledger/{environment}/{shard}")
}

/// Name of the Durable Object that merges the shards of one bandit and writes its snapshots.
#[must_use]
pub fn coordinator(environment: &str, bandit: &str) -> String {
    format!("coordinator/{environment}/{bandit}")
}

/// Name of the Durable Object that keeps the dead letters of an environment.
#[must_use]
pub fn dead_letters(environment: &str) -> String {
    format!("dead-letters/{environment}")
}

/// The shard of a subject among `n_shards`, by multiply-shift over the leading 64 bits of its hash.
///
/// A decision is counted where it was made: its receipt carries the shard, so raising `n_shards`
/// moves only decisions that are still to come.
///
/// # Returns
/// A shard in `0..n_shards`; 0 when `n_shards` is 0.
#[must_use]
pub fn shard_of(subject: &SubjectHash, n_shards: u16) -> u16 {
    let leading = u64::from_be_bytes(subject.leading());
    ((u128::from(leading) * u128::from(n_shards)) >> 64) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_never_change() {
        let check = |name: String, pinned: &str| assert_eq!(name, pinned);
        check(ruleset_pointer("demo"), "env/demo/current");
        check(ruleset_bytes("demo", "00ff"), "env/demo/ruleset/00ff");
        check(policy_snapshot("demo", "hero"), "env/demo/bandit/hero");
        check(ledger("demo", 3), "ledger/demo/3");
        check(coordinator("demo", "hero"), "coordinator/demo/hero");
        check(dead_letters("demo"), "dead-letters/demo");
    }

    #[test]
    fn shards_split_the_hash_space_evenly() {
        let check = |leading: u64, n_shards: u16, shard: u16| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&leading.to_be_bytes());
            assert_eq!(shard_of(&SubjectHash::from_bytes(bytes), n_shards), shard);
        };
        check(0, 4, 0);
        check((1 << 62) - 1, 4, 0);
        check(1 << 62, 4, 1);
        check(u64::MAX, 4, 3);
        check(u64::MAX, u16::MAX, u16::MAX - 1);
        check(u64::MAX, 1, 0);
        check(u64::MAX, 0, 0);
    }
}
