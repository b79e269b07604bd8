//! What admission asks of the edge.

use crate::keys::Keys;
use crate::store::Loaded;
use bandera_shared::bandit::Bandit;
use bandera_shared::keys::PurposeKeys;
use bandera_shared::ledger::Desk;
use bandera_shared::subject::SubjectKey;

/// The desk at which events are admitted.
pub(super) struct Counter<'c> {
    /// The ruleset to judge by.
    pub(super) loaded: &'c Loaded,
    /// Keys of receipts and subjects.
    pub(super) keys: &'c Keys,
    /// The subject of the request, by its cookie.
    pub(super) subject: Option<&'c str>,
    /// Shards of the environment.
    pub(super) n_shards: u16,
}

impl Desk for Counter<'_> {
    fn bandit(&self, key: &str) -> Option<&Bandit> {
        let bandits = self.loaded.ruleset.bandits();
        // By key in rising order.
        bandits
            .binary_search_by(|bandit| bandit.key().cmp(key))
            .ok()
            .and_then(|i| bandits.get(i))
    }

    fn has_variant(&self, flag: &str, variant: &str) -> bool {
        let flag = self.loaded.ruleset.flag(flag);
        flag.is_some_and(|flag| flag.variants.iter().any(|known| &*known.key == variant))
    }

    fn receipt_keys(&self) -> &PurposeKeys {
        &self.keys.receipt
    }

    fn subject_key(&self) -> &SubjectKey {
        &self.keys.subject
    }

    fn subject(&self) -> Option<&str> {
        self.subject
    }

    fn n_shards(&self) -> u16 {
        self.n_shards
    }
}
