//! Events on their way: sent until each has a verdict, and sometimes once more than that.
//!
//! Acknowledged means committed: what nobody acknowledged is sent again under the same id, and
//! what was acknowledged may be sent again without changing anything.

use super::patience::Patience;
use crate::http::Server;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Where events go.
const PATH: &str = "/bandera/v1/events";

/// A reward, as it is posted.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RewardEvent {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) receipt: String,
    pub(super) metric: String,
    pub(super) value: f64,
}

#[derive(Serialize)]
struct BatchWire<'e> {
    events: Vec<&'e RewardEvent>,
}

#[derive(Deserialize)]
struct VerdictsWire {
    verdicts: Vec<VerdictWire>,
}

#[derive(Deserialize)]
struct VerdictWire {
    id: Option<String>,
    verdict: String,
    problem: Option<ProblemWire>,
}

#[derive(Deserialize)]
struct ProblemWire {
    code: String,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Committed now.
    Committed,
    /// Committed before the first attempt.
    Duplicate,
    /// Will be committed.
    Queued,
    /// Refused, with the code of the problem.
    Rejected(String),
    /// Nobody answered for it, or the whole batch was refused.
    Unacknowledged,
}

impl Fate {
    /// Whether the event counts, now or soon.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Self::Committed | Self::Duplicate | Self::Queued)
    }
}

/// How sending went.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    /// Events sent, each time counted.
    pub(super) n_sent: u64,
    /// Of these, those sent again because nobody had acknowledged them.
    pub(super) n_resent: u64,
}

/// Sends events until each has a verdict or patience ends. Fates are in the order of the events.
pub(super) fn deliver(
    server: &Server,
    events: &[RewardEvent],
    patience: Duration,
    traffic: &mut Traffic,
) -> Vec<Fate> {
    let mut fates: BTreeMap<&str, Fate> = BTreeMap::new();
    let mut patience = Patience::new(patience);
    let mut is_first = true;
    loop {
        let pending: Vec<&RewardEvent> = events
            .iter()
            .filter(|event| !fates.contains_key(&*event.id))
            .collect();
        if pending.is_empty() {
            break;
        }
        traffic.n_sent += pending.len() as u64;
        if !is_first {
            traffic.n_resent += pending.len() as u64;
        }
        let wished = match attempt(server, &pending) {
            Attempt::Answered(verdicts) => {
                let known = pending.iter().map(|event| (&*event.id, *event));
                let known: BTreeMap<&str, &RewardEvent> = known.collect();
                for verdict in verdicts {
                    let id = verdict.id.as_deref().unwrap_or_default();
                    let fate = known.get(id).zip(fate_of(&verdict, is_first));
                    fates.extend(fate.map(|(event, fate)| (&*event.id, fate)));
                }
                None
            }
            Attempt::Later(wished) => wished,
            Attempt::Refused => break,
        };
        is_first = false;
        let all_answered = events.iter().all(|event| fates.contains_key(&*event.id));
        if !all_answered && !patience.wait(wished) {
            break;
        }
    }
    let fate = |event: &RewardEvent| fates.get(&*event.id).cloned();
    events
        .iter()
        .map(|event| fate(event).unwrap_or(Fate::Unacknowledged))
        .collect()
}

enum Attempt {
    /// Verdicts came.
    Answered(Vec<VerdictWire>),
    /// Nobody answered, or asked to come back.
    Later(Option<Duration>),
    /// The same batch would be refused again.
    Refused,
}

fn attempt(server: &Server, pending: &[&RewardEvent]) -> Attempt {
    let events = pending.to_vec();
    let Ok(json) = serde_json::to_string(&BatchWire { events }) else {
        return Attempt::Refused;
    };
    let Ok(reply) = server.post(PATH, &json) else {
        return Attempt::Later(None);
    };
    if reply.is_passing() {
        return Attempt::Later(reply.retry_after);
    }
    let parsed: Result<VerdictsWire, _> = serde_json::from_str(&reply.body);
    match parsed {
        Ok(answer) if reply.status < 300 => Attempt::Answered(answer.verdicts),
        _ => Attempt::Refused,
    }
}

fn fate_of(verdict: &VerdictWire, is_first: bool) -> Option<Fate> {
    let code = || verdict.problem.as_ref().map(|problem| problem.code.clone());
    Some(match &*verdict.verdict {
        "committed" => Fate::Committed,
        // Of an earlier attempt only the answer was lost.
        "duplicate" if !is_first => Fate::Committed,
        "duplicate" => Fate::Duplicate,
        "queued" => Fate::Queued,
        "rejected" => Fate::Rejected(code().unwrap_or_default()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_is_known_from_before_only_at_the_first_attempt() {
        let check = |json: &str, is_first, expected: Option<Fate>| {
            let verdict: VerdictWire = serde_json::from_str(json).unwrap();
            assert_eq!(fate_of(&verdict, is_first), expected, "{json}");
        };
        check(
            r#"{"id":"a","verdict":"committed"}"#,
            true,
            Some(Fate::Committed),
        );
        check(
            r#"{"id":"a","verdict":"duplicate"}"#,
            true,
            Some(Fate::Duplicate),
        );
        check(
            r#"{"id":"a","verdict":"duplicate"}"#,
            false,
            Some(Fate::Committed),
        );
        check(r#"{"id":"a","verdict":"queued"}"#, true, Some(Fate::Queued));
        let rejected = r#"{"id":"a","verdict":"rejected","problem":{"code":"receipt_invalid"}}"#;
        check(
            rejected,
            true,
            Some(Fate::Rejected("receipt_invalid".to_owned())),
        );
        check(r#"{"id":null,"verdict":"later"}"#, true, None);
    }
}
