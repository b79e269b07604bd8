//! One request's answers and all that follows from them, before anything is done: variants for
//! the origin, changes of the page, cookies, receipts, exposures. Pure.

mod cookies;
mod exposures;
#[cfg(test)]
mod tests;

use crate::keys::Keys;
use crate::page::PagePlan;
use crate::request::RequestHead;
use crate::settings::Settings;
use crate::store::Current;
use crate::subject::Identity;
use crate::variants;
use bandera_shared::evaluate::Participation;
use bandera_shared::preview::Preview;
use bandera_shared::receipt::Receipt;
use bandera_shared::sticky::StickyDecisions;
use bandera_shared::subject::SubjectHash;
use bandera_shared::{Evaluation, EvaluationContext, Evaluator, Flag, UnixMillis, Visibility};
pub(crate) use exposures::FirstExposures;

/// What a visit depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'r> {
    /// The Worker's settings.
    pub(crate) settings: &'r Settings,
    /// What is signed and hashed with; nothing is handed out or recorded without.
    pub(crate) keys: Option<&'r Keys>,
    /// The ruleset and its snapshots.
    pub(crate) current: &'r Current,
    /// The request.
    pub(crate) head: &'r RequestHead,
    /// Whom it is about.
    pub(crate) identity: &'r Identity,
    /// What is evaluated.
    pub(crate) context: &'r EvaluationContext,
    /// Decisions that the subject already has.
    pub(crate) sticky: &'r StickyDecisions,
    /// Variants to show instead.
    pub(crate) preview: Option<&'r Preview>,
    /// Ledger shards of the environment.
    pub(crate) n_shards: u16,
    /// The random number of the request.
    pub(crate) draw: u64,
}

/// A receipt as it is handed out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HandedReceipt<'r> {
    /// The flag that serves the decision.
    pub(crate) flag: &'r str,
    /// The bandit that made it.
    pub(crate) bandit: &'r str,
    /// The metric that rewards it.
    pub(crate) metric: &'r str,
    /// Its text.
    pub(crate) token: String,
    /// Whether browsers may have it.
    pub(crate) visibility: Visibility,
    receipt: Receipt,
}

/// Answers, and what follows from them.
#[derive(Debug)]
pub(crate) struct Visit<'r> {
    inputs: Inputs<'r>,
    /// One for each flag, by key.
    pub(crate) evaluations: Vec<Evaluation<'r>>,
    /// One for each flag that a bandit decided.
    pub(crate) receipts: Vec<HandedReceipt<'r>>,
    /// What is done to the page.
    pub(crate) plan: PagePlan<'r>,
    sticky: StickyDecisions,
    subject_hash: Option<SubjectHash>,
}

impl<'r> Visit<'r> {
    /// Evaluates every flag for the request.
    #[must_use]
    pub(crate) fn of(inputs: Inputs<'r>) -> Self {
        let keys = inputs.keys;
        let subject = inputs.identity.subject.as_ref();
        let subject_hash = keys
            .zip(subject)
            .map(|(keys, subject)| keys.subject.hash(&subject.id));
        let takes_part =
            inputs.identity.participates() && keys.is_some() && inputs.preview.is_none();
        let evaluator = Evaluator {
            ruleset: &inputs.current.loaded.ruleset,
            context: inputs.context,
            at: UnixMillis(inputs.head.now_ms),
            draw: inputs.draw,
            policies: &inputs.current.policies,
            sticky: inputs.sticky,
            participation: if takes_part {
                Participation::Full
            } else {
                Participation::Excluded
            },
        };
        let (flags, sweep) = (evaluator.ruleset.flags(), evaluator.sweep());
        let sweep = sweep.previewing(inputs.preview);
        let evaluations: Vec<Evaluation<'r>> =
            flags.map(|flag| sweep.evaluate_flag(flag)).collect();
        let mut visit = Self {
            plan: PagePlan::of(&evaluations, &inputs.head.path),
            receipts: Vec::new(),
            sticky: inputs.sticky.clone(),
            inputs,
            evaluations,
            subject_hash,
        };
        visit.hand_out_receipts();
        visit
    }

    /// What was evaluated.
    pub(crate) fn context(&self) -> &'r EvaluationContext {
        self.inputs.context
    }

    /// Flags with their answers, in order.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (&'r Flag, &Evaluation<'r>)> {
        self.inputs
            .current
            .loaded
            .ruleset
            .flags()
            .zip(&self.evaluations)
    }

    /// Flag keys and variants, of flags that serve one.
    pub(crate) fn variants(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.evaluations
            .iter()
            .filter_map(|evaluation| Some((evaluation.flag_key, &*evaluation.variant()?.key)))
    }

    /// The `Bandera-Variants` header, where any flag serves a variant.
    #[must_use]
    pub(crate) fn variants_header(&self) -> Option<String> {
        variants::dictionary(self.variants())
    }

    /// The `Bandera-Receipts` header, where any bandit decided.
    #[must_use]
    pub(crate) fn receipts_header(&self) -> Option<String> {
        variants::dictionary(
            self.receipts
                .iter()
                .map(|handed| (handed.flag, &*handed.token)),
        )
    }

    fn hand_out_receipts(&mut self) {
        let Some((keys, subject)) = self.inputs.keys.zip(self.subject_hash) else {
            return;
        };
        let ruleset = &self.inputs.current.loaded.ruleset;
        let shards = self.inputs.n_shards;
        for (flag, evaluation) in ruleset.flags().zip(&self.evaluations) {
            let Some(decision) = &evaluation.details.decision else {
                continue;
            };
            let Some(bandit) = ruleset
                .bandits()
                .iter()
                .find(|b| *b.key() == *decision.bandit)
            else {
                continue;
            };
            let receipt = Receipt::new((**decision).clone(), subject, shards);
            let Some(token) = receipt.to_token(&keys.receipt) else {
                continue;
            };
            if bandit.stickiness() == bandera_shared::bandit::Stickiness::Subject {
                self.sticky.keep(receipt.decision().clone());
            }
            self.receipts.push(HandedReceipt {
                flag: &flag.key,
                bandit: bandit.key(),
                metric: &bandit.reward().metric,
                token,
                visibility: flag.visibility,
                receipt,
            });
        }
    }
}

/// The decisions that the subject's cookie keeps.
#[must_use]
pub(crate) fn kept(
    settings: &Settings,
    keys: Option<&Keys>,
    head: &RequestHead,
    identity: &Identity,
) -> StickyDecisions {
    let read = || {
        let keys = keys?;
        let token = head.cookie(&settings.cookies.sticky)?;
        let subject = keys.subject.hash(&identity.subject.as_ref()?.id);
        StickyDecisions::from_token(token, &keys.sticky, &subject).ok()
    };
    read().unwrap_or_default()
}
