//! First exposures of a request, and the marks by which they are remembered.

use super::{HandedReceipt, Inputs, Visit};
use bandera_shared::exposed::{Exposed, ExposureKey};
use bandera_shared::ledger::{self, Admitted};
use bandera_shared::subject::SubjectHash;
use bandera_shared::{Evaluation, UnixMillis};

/// What is to be sent, and the cookie that remembers it.
#[derive(Debug)]
pub(crate) struct FirstExposures {
    /// Exposures that were not sent before.
    pub(crate) admitted: Vec<Admitted>,
    /// The signed text of the cookie.
    pub(crate) token: String,
}

impl Visit<'_> {
    /// First exposures of this request; `None` where there are none.
    ///
    /// A flag that changes pages counts only where it does so; any other counts wherever it was
    /// evaluated.
    #[must_use]
    pub(crate) fn first_exposures(&self) -> Option<FirstExposures> {
        let Inputs {
            settings,
            keys,
            head,
            identity,
            preview,
            ..
        } = self.inputs;
        let (keys, subject) = keys.zip(self.subject_hash)?;
        // A HEAD request shows nobody anything.
        if !identity.participates() || preview.is_some() || head.method == "HEAD" {
            return None;
        }
        let at = UnixMillis(head.now_ms);
        let mut marks = head
            .cookie(&settings.cookies.exposed)
            .and_then(|token| Exposed::from_token(token, &keys.exposed, subject.as_bytes()).ok())
            .unwrap_or_default();
        let admitted: Vec<Admitted> = self
            .evaluations
            .iter()
            .filter(|evaluation| evaluation.details.tracked)
            .filter_map(|evaluation| self.first_exposure(evaluation, &subject, &mut marks, at))
            .collect();
        if admitted.is_empty() {
            return None;
        }
        Some(FirstExposures {
            admitted,
            token: marks.to_token(&keys.exposed, subject.as_bytes()),
        })
    }

    fn first_exposure(
        &self,
        evaluation: &Evaluation<'_>,
        subject: &SubjectHash,
        marks: &mut Exposed,
        at: UnixMillis,
    ) -> Option<Admitted> {
        let Inputs {
            current,
            head,
            n_shards,
            ..
        } = self.inputs;
        let ruleset = &current.loaded.ruleset;
        let flag = evaluation.flag_key;
        let variant = evaluation.variant()?;
        if current.loaded.pages.is_elsewhere(ruleset, flag, &head.path) {
            return None;
        }
        let decided = self.receipts.iter().find(|handed| handed.flag == flag);
        if let Some(HandedReceipt {
            bandit, receipt, ..
        }) = decided
        {
            let bandit = ruleset
                .bandits()
                .iter()
                .find(|known| known.key() == *bandit)?;
            let key = ExposureKey::Decision(&receipt.decision().decision_id.0);
            let exposure = ledger::exposure(receipt, bandit, at)?;
            return marks.insert(&key, at).then_some(exposure);
        }
        let key = ExposureKey::Flag {
            flag,
            variant: &variant.key,
        };
        marks
            .insert(&key, at)
            .then(|| ledger::flag_exposure(flag, &variant.key, subject, n_shards, at))
    }
}
