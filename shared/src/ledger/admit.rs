//! Admission: which events are believed.
//!
//! The edge admits events where they arrive, with the time of their arrival; queued events are not
//! judged again, so that a slow queue changes nothing.

use super::item::{DecisionItem, FlagItem, Item, Observation, RowKey};
use super::{FLAG_EXPOSURE_KEEP_MS, KEEP_MARGIN_MS, LATE_ARRIVAL_MS_MAX};
use crate::bandit::{Bandit, OFFERED, Repeat};
use crate::event::{Claim, Event, EventId, Rejection, RejectionCode};
use crate::keys::PurposeKeys;
use crate::names;
use crate::receipt::Receipt;
use crate::subject::{SubjectHash, SubjectKey};
use crate::time::UnixMillis;

/// What an edge knows when it admits events.
pub trait Desk {
    /// The bandit of that key in the published ruleset.
    fn bandit(&self, key: &str) -> Option<&Bandit>;
    /// Whether the published ruleset has that variant of that flag.
    fn has_variant(&self, flag: &str, variant: &str) -> bool;
    /// The keys of receipts.
    fn receipt_keys(&self) -> &PurposeKeys;
    /// The key of subjects.
    fn subject_key(&self) -> &SubjectKey;
    /// The subject of the request, where it has one.
    fn subject(&self) -> Option<&str>;
    /// Shards of the environment.
    fn n_shards(&self) -> u16;
}

/// An event that counts, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// The shard that counts it.
    pub shard: u16,
    /// Its bandit; `None` for a flag's exposure.
    pub bandit: Option<Bandit>,
    /// What is counted.
    pub item: Item,
    /// Whose it is: of a receipt, so nobody can say another one.
    pub subject: SubjectHash,
}

impl Admitted {
    /// Whether it gives a reward or takes one back.
    #[must_use]
    pub fn is_reward(&self) -> bool {
        let Item::Decision(decision) = &self.item else {
            return false;
        };
        !matches!(decision.observation, Observation::Exposed)
    }
}

/// Admits or refuses one event.
///
/// # Arguments
/// `received`: when the edge received it. A reward counts when it was both made (by the client's
/// clock, but not later than received) within the attribution window of its decision, and received
/// at most [`LATE_ARRIVAL_MS_MAX`] after it.
///
/// # Errors
/// `Rejection`, with a pointer below the event.
pub fn admit(event: &Event, desk: &impl Desk, received: UnixMillis) -> Result<Admitted, Rejection> {
    match &event.claim {
        Claim::FlagExposed {
            flag,
            variant,
            subject,
        } => {
            let subject = subject.as_deref().or_else(|| desk.subject());
            let subject =
                subject.ok_or_else(|| Rejection::new(RejectionCode::NoSubject, "/subject"))?;
            if !desk.has_variant(flag, variant) {
                return Err(Rejection::new(RejectionCode::Malformed, "/variant")
                    .detail("the published ruleset has no such variant"));
            }
            let subject = desk.subject_key().hash(subject);
            Ok(flag_exposure(
                flag,
                variant,
                &subject,
                desk.n_shards(),
                received,
            ))
        }
        Claim::DecisionExposed { receipt } => {
            let (receipt, bandit) = open(receipt, desk)?;
            if received.0 > latest_arrival(&receipt) {
                return Err(Rejection::new(RejectionCode::TooLate, "/receipt"));
            }
            Ok(admitted(&receipt, bandit, Observation::Exposed))
        }
        Claim::Rewarded {
            receipt,
            metric,
            value,
        } => {
            let (receipt, bandit) = open(receipt, desk)?;
            check_metric(metric.as_deref(), bandit)?;
            let reward = bandit
                .reward()
                .check(*value)
                .map_err(|fault| Rejection::new(RejectionCode::Reward(fault), "/value"))?;
            check_window(event, &receipt, received)?;
            let at = event.at.unwrap_or(receipt.decision().decided_at);
            let row = row_of(&receipt, bandit);
            let event = addition_of(row, &event.id);
            Ok(admitted(
                &receipt,
                bandit,
                Observation::Rewarded { reward, at, event },
            ))
        }
        Claim::Removed {
            receipt,
            metric,
            of,
        } => {
            let (receipt, bandit) = open(receipt, desk)?;
            check_metric(metric.as_deref(), bandit)?;
            check_window(event, &receipt, received)?;
            let at = event.at.unwrap_or(receipt.decision().decided_at);
            let event = taken_back(of.as_ref(), row_of(&receipt, bandit), bandit)?;
            Ok(admitted(
                &receipt,
                bandit,
                Observation::Removed { at, event },
            ))
        }
    }
}

/// The row of the reward that an event takes back; of no meaning where rewards replace each other.
fn taken_back(of: Option<&EventId>, row: RowKey, bandit: &Bandit) -> Result<RowKey, Rejection> {
    let fault = match (bandit.reward().repeat, of) {
        (Repeat::Add, Some(of)) => return Ok(addition_of(row, of)),
        (Repeat::Replace, None) => return Ok(RowKey(0)),
        (Repeat::Add, None) => "rewards add up: say which event is taken back",
        (Repeat::Replace, Some(_)) => {
            "rewards replace each other: a removal takes back those made until its time"
        }
    };
    Err(Rejection::new(RejectionCode::Malformed, "/of").detail(fault))
}

fn check_metric(metric: Option<&str>, bandit: &Bandit) -> Result<(), Rejection> {
    let spec = bandit.reward();
    if metric.is_none_or(|metric| *metric == *spec.metric) {
        return Ok(());
    }
    Err(
        Rejection::new(RejectionCode::UnknownMetric, "/metric").detail(format!(
            "the reward of {} is {}",
            bandit.key(),
            spec.metric
        )),
    )
}

/// The exposure that a receipt attests, for senders that made the receipt themselves.
///
/// # Returns
/// `None` once the decision's attribution window is over: a visitor who kept the decision and comes
/// back later can no longer be rewarded for it, and must not count as unrewarded a second time.
#[must_use]
pub fn exposure(receipt: &Receipt, bandit: &Bandit, at: UnixMillis) -> Option<Admitted> {
    let is_open = at <= receipt.decision().reward_until;
    is_open.then(|| admitted(receipt, bandit, Observation::Exposed))
}

/// The first exposure of a subject to a variant of a flag without a bandit.
#[must_use]
pub fn flag_exposure(
    flag: &str,
    variant: &str,
    subject: &SubjectHash,
    n_shards: u16,
    received: UnixMillis,
) -> Admitted {
    let parts = [
        subject.as_bytes().as_slice(),
        flag.as_bytes(),
        &[0x1F],
        variant.as_bytes(),
    ];
    let item = FlagItem {
        flag: flag.into(),
        variant: variant.into(),
        row: RowKey::of(b"flag", &parts),
        keep_until: UnixMillis(received.0.saturating_add_unsigned(FLAG_EXPOSURE_KEEP_MS)),
    };
    Admitted {
        shard: names::shard_of(subject, n_shards),
        bandit: None,
        item: Item::Flag(item),
        subject: *subject,
    }
}

fn open<'d>(token: &str, desk: &'d impl Desk) -> Result<(Receipt, &'d Bandit), Rejection> {
    let receipt = Receipt::from_token(token, desk.receipt_keys())
        .map_err(|fault| Rejection::new(RejectionCode::Receipt(fault), "/receipt"))?;
    let key = &receipt.decision().bandit;
    let bandit = desk.bandit(key).ok_or_else(|| {
        Rejection::new(RejectionCode::UnknownBandit, "/receipt").detail(format!("bandit {key}"))
    })?;
    Ok((receipt, bandit))
}

fn check_window(event: &Event, receipt: &Receipt, received: UnixMillis) -> Result<(), Rejection> {
    let until = receipt.decision().reward_until;
    let happened = event.at.map_or(received, |at| at.min(received));
    if happened > until || received.0 > latest_arrival(receipt) {
        return Err(Rejection::new(RejectionCode::TooLate, "/receipt")
            .detail(format!("rewards count until {}", until.to_rfc3339())));
    }
    Ok(())
}

fn latest_arrival(receipt: &Receipt) -> i64 {
    receipt
        .decision()
        .reward_until
        .0
        .saturating_add_unsigned(LATE_ARRIVAL_MS_MAX)
}

fn admitted(receipt: &Receipt, bandit: &Bandit, observation: Observation) -> Admitted {
    let keep_until = latest_arrival(receipt).saturating_add_unsigned(KEEP_MARGIN_MS);
    // What is learned of offered actions is one model; their names would never come to an end.
    let action = if bandit.takes_offers() {
        OFFERED.into()
    } else {
        receipt.decision().action.clone()
    };
    let item = DecisionItem {
        bandit: 0,
        action,
        row: row_of(receipt, bandit),
        keep_until: UnixMillis(keep_until),
        period: period_of(receipt, bandit),
        features: receipt.decision().features.clone(),
        observation,
    };
    Admitted {
        shard: receipt.shard(),
        bandit: Some(bandit.clone().learner()),
        item: Item::Decision(item),
        subject: *receipt.subject(),
    }
}

/// The period of a decision of a bandit that forgets.
fn period_of(receipt: &Receipt, bandit: &Bandit) -> Option<i64> {
    let forgetting = bandit.forgetting()?;
    Some(forgetting.period_of(receipt.decision().decided_at))
}

/// Decision ids hash subject ids without a key; the keyed hash beside them keeps rows anonymous.
/// The action is part of the key because a ruleset may change the actions within one revision. So
/// is the period of a bandit that forgets: a decision that is made again in a later one (by a
/// client that keeps nothing) is news then, and no order of events can move it between periods.
fn row_of(receipt: &Receipt, bandit: &Bandit) -> RowKey {
    let decision = receipt.decision();
    let definition = bandit.definition().to_le_bytes();
    let mut parts: Vec<&[u8]> = vec![
        receipt.subject().as_bytes(),
        &decision.decision_id.0,
        &definition,
    ];
    let period = period_of(receipt, bandit).map(i64::to_le_bytes);
    parts.extend(period.as_ref().map(<[u8; 8]>::as_slice));
    parts.push(decision.action.as_bytes());
    RowKey::of(b"decision", &parts)
}

fn addition_of(row: RowKey, event: &EventId) -> RowKey {
    RowKey::of(
        b"addition",
        &[&row.0.to_le_bytes(), event.as_str().as_bytes()],
    )
}

#[cfg(test)]
mod tests;
