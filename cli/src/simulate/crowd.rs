//! The visitors: each visits, keeps its cookies, perhaps is rewarded, and reports that.
//!
//! What a visitor draws follows from the seed and the visitor's number alone. Who sees which
//! action does not: ids come from the edge, and snapshots come when they come.

use super::outbox::{Fate, RewardEvent, Traffic, deliver};
use super::page::PageState;
use super::patience::Patience;
use super::target::Target;
use super::truth::Truth;
use crate::draws::Draws;
use crate::http::Server;
use crate::jar::Jar;
use bandera_shared::bandit::Repeat;
use indicatif::ProgressBar;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// How the crowd behaves.
#[derive(Debug, Clone)]
pub(super) struct Crowd<'a> {
    pub(super) edge: &'a Server,
    pub(super) target: &'a Target,
    pub(super) truth: &'a Truth,
    pub(super) path: &'a str,
    pub(super) n_visitors: u64,
    pub(super) n_pages: u32,
    pub(super) n_lanes: usize,
    pub(super) n_batch: usize,
    pub(super) seed: u64,
    /// Share of acknowledged events that are sent again.
    pub(super) duplicates: f64,
    pub(super) patience: Duration,
    /// Name of the cookie by which visitors bring an id made from the seed.
    pub(super) subject_cookie: Option<&'a str>,
}

/// What is remembered of one visitor.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) index: u64,
    pub(super) seen: Seen,
}

/// What a visitor saw.
#[derive(Debug)]
pub(super) enum Seen {
    /// A page with a decision.
    Decision(Decision),
    /// A page without one: a fault upstream, or a preview, or an excluded visitor.
    Nothing,
    /// No page at all.
    Unreachable,
}

/// A decision and what followed.
#[derive(Debug)]
pub(super) struct Decision {
    /// Index of the visitor's kind in the truth.
    pub(super) audience: usize,
    /// Index of the action in the truth.
    pub(super) action: usize,
    pub(super) reward: f64,
    /// Variants that the splits served.
    pub(super) variants: BTreeMap<String, String>,
    /// Whether a later page showed another action.
    pub(super) moved: bool,
}

/// What became of one reward.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) action: usize,
    pub(super) fate: Fate,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) visitors: Vec<Visitor>,
    pub(super) rewards: Vec<Reported>,
    /// Verdicts on events sent once more than needed.
    pub(super) repeats: Vec<Fate>,
    pub(super) traffic: Traffic,
}

impl Crowd<'_> {
    /// Sends all visitors, several at a time; visitors are in the order of their numbers.
    pub(super) fn run(&self, bar: &ProgressBar) -> History {
        let next = AtomicU64::new(0);
        let (sender, lanes) = channel();
        let mut history = History::default();
        std::thread::scope(|scope| {
            for _ in 0..self.n_lanes {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || self.lane(next, bar, &sender));
            }
            drop(sender);
            for lane in lanes {
                history.visitors.extend(lane.visitors);
                history.rewards.extend(lane.rewards);
                history.repeats.extend(lane.repeats);
                history.traffic.n_sent += lane.traffic.n_sent;
                history.traffic.n_resent += lane.traffic.n_resent;
            }
        });
        history.visitors.sort_by_key(|visitor| visitor.index);
        history
    }

    fn lane(&self, next: &AtomicU64, bar: &ProgressBar, done: &Sender<History>) {
        let mut history = History::default();
        let mut outbox = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= self.n_visitors {
                break;
            }
            let mut draws = Draws::stream(self.seed, index);
            let (seen, event) = self.visitor(index, &mut draws);
            if let (Seen::Decision(decision), Some(event)) = (&seen, event) {
                outbox.push(Outgoing {
                    action: decision.action,
                    event,
                    is_repeated: draws.unit() < self.duplicates,
                });
            }
            history.visitors.push(Visitor { index, seen });
            if outbox.len() >= self.n_batch {
                self.send(&mut outbox, &mut history);
            }
            bar.inc(1);
        }
        self.send(&mut outbox, &mut history);
        // The receiver outlives every lane.
        let _ = done.send(history);
    }

    /// One visitor's pages, and the reward to report.
    fn visitor(&self, index: u64, draws: &mut Draws) -> (Seen, Option<RewardEvent>) {
        let mut jar = Jar::default();
        let (luck, id) = (draws.unit(), draws.bits());
        if let Some(name) = self.subject_cookie {
            jar.set(&format!("{name}=sim-{:x}-{index}-{id:016x}", self.seed));
        }
        let number = self.truth.audience_at(draws.unit());
        let Some(audience) = self.truth.audiences().get(number) else {
            return (Seen::Nothing, None);
        };
        for (name, value) in &audience.cookies {
            jar.set(&format!("{name}={value}"));
        }
        let mut states = Vec::new();
        for _ in 0..self.n_pages {
            match self.page(&mut jar, &audience.headers) {
                Some(state) => states.push(state),
                None => return (Seen::Unreachable, None),
            }
        }
        let flag = &*self.target.flag;
        let actions: Vec<&str> = states
            .iter()
            .filter_map(|page| page.variant(flag))
            .collect();
        let last = states.last().and_then(|page| {
            let action = self.truth.position(page.variant(flag)?)?;
            Some((action, page.receipt(flag)?.to_owned()))
        });
        let Some((action, receipt)) = last else {
            return (Seen::Nothing, None);
        };
        let arm = audience.arms.get(action).copied();
        let reward = arm.filter(|arm| luck < arm.rate).map(|arm| arm.value);
        let event = reward.map(|value| RewardEvent {
            id: format!("sim-{:x}-{index}", self.seed),
            kind: "reward",
            receipt,
            metric: self.target.bandit.reward().metric.to_string(),
            value,
        });
        let moved = actions.windows(2).any(|pair| pair.first() != pair.last());
        let decision = Decision {
            audience: number,
            action,
            reward: reward.unwrap_or(0.0),
            variants: states.first().map(variants_by_split).unwrap_or_default(),
            moved,
        };
        (Seen::Decision(decision), event)
    }

    /// One page view; `None` when nobody answered in time, or not with a page.
    fn page(&self, jar: &mut Jar, headers: &[(String, String)]) -> Option<PageState> {
        let mut patience = Patience::new(self.patience);
        loop {
            let wished = match self.edge.visit(self.path, jar, headers) {
                Ok(reply) if reply.status < 300 => {
                    return Some(PageState::find(&reply.body).unwrap_or_default());
                }
                Ok(reply) if reply.is_passing() => reply.retry_after,
                Ok(_) => return None,
                Err(_) => None,
            };
            if !patience.wait(wished) {
                return None;
            }
        }
    }

    /// Sends what is in the outbox; afterwards some of it once more, though it was acknowledged.
    fn send(&self, outbox: &mut Vec<Outgoing>, history: &mut History) {
        let sent = std::mem::take(outbox);
        let events: Vec<RewardEvent> = sent.iter().map(|out| out.event.clone()).collect();
        let traffic = &mut history.traffic;
        let fates = deliver(self.edge, &events, self.patience, traffic);
        let mut again = Vec::new();
        for (out, fate) in sent.into_iter().zip(fates) {
            if fate.counts() && out.is_repeated {
                again.extend(self.replay(&out.event));
                again.push(out.event);
            }
            let action = out.action;
            history.rewards.push(Reported { action, fate });
        }
        let fates = deliver(self.edge, &again, self.patience, &mut history.traffic);
        history.repeats.extend(fates);
    }

    /// The same reward under another id, which changes nothing unless rewards add up.
    fn replay(&self, event: &RewardEvent) -> Option<RewardEvent> {
        (self.target.bandit.reward().repeat == Repeat::Replace).then(|| RewardEvent {
            id: format!("{}-replay", event.id),
            ..event.clone()
        })
    }
}

/// A reward to report.
struct Outgoing {
    action: usize,
    event: RewardEvent,
    is_repeated: bool,
}

fn variants_by_split(state: &PageState) -> BTreeMap<String, String> {
    let by_split = state
        .flags
        .iter()
        .filter(|(_, answer)| answer.reason == "SPLIT");
    by_split
        .filter_map(|(flag, answer)| Some((flag.clone(), answer.variant.clone()?)))
        .collect()
}
