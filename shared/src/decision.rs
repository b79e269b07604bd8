//! One decision of a bandit: which action, with what probability, under which policy revision.
//!
//! A decision is a fact: once made it never changes, and everything a reward must later prove is
//! in it. Making one is pure; the random number of a request is passed in.

use std::cell::OnceCell;
use std::fmt;

use crate::bandit::wire::is_key;
use crate::bandit::{
    Bandit, ContextVector, Distribution, KEY_BYTES_MAX, OFFERED_MAX, Propensity, Stickiness,
};
use crate::context::{Action, EvaluationContext};
use crate::snapshot::PolicySnapshot;
use crate::sorted::arrange;
use crate::sticky::StickyDecisions;
use crate::time::UnixMillis;

/// Separates the parts that are hashed together; no part may be confused with the next.
const SEPARATOR: u8 = 0x1F;

/// 128 bits that identify a decision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DecisionId(pub [u8; 16]);

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecisionId({self})")
    }
}

/// A decision, as it is logged, signed and rewarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Identifies the decision; the same inputs make the same one.
    pub decision_id: DecisionId,
    /// Key of the bandit.
    pub bandit: Box<str>,
    /// The chosen action, a variant name.
    pub action: Box<str>,
    /// Its probability when it was chosen.
    pub propensity: Propensity,
    /// Revision of the policy that chose it; 0 is the uniform start.
    pub revision: u64,
    /// When it was made.
    pub decided_at: UnixMillis,
    /// The last moment whose reward still counts for it: the attribution window as it was then.
    pub reward_until: UnixMillis,
    /// Where it is counted, when that is already settled (kept decisions); else by subject.
    pub shard: Option<u16>,
    /// What it was made from; empty for bandits that look at no context.
    pub features: ContextVector,
}

/// Inputs of one decision.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// The bandit asked.
    pub bandit: &'a Bandit,
    /// Its latest snapshot; `None` before the first, which means uniform, revision 0.
    pub snapshot: Option<&'a PolicySnapshot>,
    /// Decisions this subject already has.
    pub sticky: &'a StickyDecisions,
    /// What is known of the request.
    pub context: &'a EvaluationContext,
    /// The unit of allocation, usually the targeting key.
    pub unit: &'a str,
    /// The random number of the request; matters only for [`Stickiness::Request`].
    pub draw: u64,
    /// The moment of the request.
    pub at: UnixMillis,
}

/// Chooses an action.
///
/// A kept decision is returned as it was, provided that its action is still offered. Otherwise one
/// is drawn from the snapshot's distribution over the bandit's actions, or those of the request:
/// for [`Stickiness::Subject`] by the hash of (bandit, unit), so that also a client without cookies
/// moves as little as the distribution does; for `Revision` by the hash of (bandit, unit,
/// revision); for `Request` by `draw`. A contextual bandit's distribution is that of the request's
/// context; a snapshot that learned from other features counts as none.
///
/// # Returns
/// `None` only for a bandit without actions whose request offers none, which
/// [`crate::bandit::wire`] and [`check_offers`] never let through.
///
/// # Determinism
/// The same bits natively and in wasm; integers decide.
#[must_use]
pub fn decide(choice: &Choice<'_>) -> Option<Decision> {
    if choice.bandit.stickiness() == Stickiness::Subject
        && let Some(kept) = choice.sticky.get(choice.bandit.key())
        && choice.has(&kept.action)
    {
        return Some(kept.clone());
    }
    place(choice, &Offered::to(choice), 0).map(|(decision, _)| decision)
}

impl Choice<'_> {
    /// Whether it is among the actions to choose from.
    fn has(&self, action: &str) -> bool {
        if self.bandit.takes_offers() {
            let mut offered = self.context.actions().iter();
            return offered.any(|it| *it.name == *action);
        }
        self.bandit.actions().iter().any(|it| **it == *action)
    }
}

/// Actions to draw from, and what they are judged by.
pub(crate) struct Offered {
    actions: Vec<Box<str>>,
    /// One for all of them, or one for each where the policy looks at actions.
    seen: Vec<ContextVector>,
    /// What is hoped of each of those that the request offers: the same at every position.
    hoped: OnceCell<Option<Vec<Option<f64>>>>,
}

impl Offered {
    /// All that the choice is among; what a request offers in the order of its names, so that
    /// nothing depends on the order in which it was sent.
    pub(crate) fn to(choice: &Choice<'_>) -> Self {
        let Choice {
            bandit, context, ..
        } = *choice;
        let Some(features) = bandit.features() else {
            return Self {
                actions: bandit.actions().to_vec(),
                seen: vec![ContextVector::default()],
                hoped: OnceCell::new(),
            };
        };
        if !bandit.takes_offers() {
            return Self {
                actions: bandit.actions().to_vec(),
                seen: vec![features.vector(context)],
                hoped: OnceCell::new(),
            };
        }
        let mut offered: Vec<&Action> = context.actions().iter().collect();
        arrange(&mut offered, |a, b| a.name < b.name);
        Self {
            actions: offered.iter().map(|action| action.name.clone()).collect(),
            seen: features.vectors(context, &offered),
            hoped: OnceCell::new(),
        }
    }

    /// What is left to draw from.
    pub(crate) fn actions(&self) -> &[Box<str>] {
        &self.actions
    }

    /// Takes an action out.
    pub(crate) fn remove(&mut self, place: usize) {
        self.actions.remove(place);
        if self.seen.len() > 1 {
            self.seen.remove(place);
        }
        if let Some(Some(hoped)) = self.hoped.get_mut() {
            hoped.remove(place);
        }
    }

    /// What a snapshot hopes of each action that the request offers.
    fn hoped(&self, snapshot: &PolicySnapshot) -> Option<&[Option<f64>]> {
        let hoped = self.hoped.get_or_init(|| snapshot.hoped_over(&self.seen));
        hoped.as_deref()
    }

    /// What an action is judged by.
    fn seen(&self, place: usize) -> Option<&ContextVector> {
        self.seen.get(place).or_else(|| self.seen.first())
    }

    /// Tells what is offered apart from anything else.
    fn identity(&self) -> u64 {
        let mut bytes = Vec::new();
        for (action, seen) in self.actions.iter().zip(&self.seen) {
            bytes.extend_from_slice(action.as_bytes());
            bytes.push(SEPARATOR);
            bytes.extend(seen.bytes());
        }
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }
}

/// Whether a request offers what a bandit that takes offers can choose among.
///
/// # Errors
/// What is wrong with the actions, for people: there are none, more than [`OFFERED_MAX`], or names
/// that no receipt holds.
pub(crate) fn check_offers(context: &EvaluationContext) -> Result<(), String> {
    let offered = context.actions();
    if offered.is_empty() {
        let message = "the flag chooses among actions that the request offers, and it offers none: \
                       send them beside the context, as \"actions\"";
        return Err(message.to_owned());
    }
    if offered.len() > OFFERED_MAX {
        return Err(format!(
            "the request offers {} actions to a bandit; at most {OFFERED_MAX} are allowed",
            offered.len()
        ));
    }
    match offered.iter().position(|action| !is_key(&action.name)) {
        None => Ok(()),
        Some(place) => Err(format!(
            "the name of the request's action {} is none: names have 1 to {KEY_BYTES_MAX} bytes, \
             none of them control",
            place + 1
        )),
    }
}

/// Draws an action for a place in a list, of those that do not stand above it.
///
/// # Arguments
/// `offered`: the actions to draw from; all of them for place 0, whose decision is that of a bandit
/// without lists.
///
/// # Returns
/// The decision and what it was drawn from; `None` where nothing is left.
pub(crate) fn place(
    choice: &Choice<'_>,
    offered: &Offered,
    position: u16,
) -> Option<(Decision, Distribution)> {
    let Choice {
        bandit,
        snapshot,
        unit,
        draw,
        at,
        ..
    } = *choice;
    let left = offered.actions();
    let takes_offers = bandit.takes_offers();
    let allotted = snapshot.and_then(|snapshot| {
        let distribution = match bandit.features() {
            None if position == 0 => snapshot.distribution(left),
            _ if takes_offers => snapshot.distribution_of(offered.hoped(snapshot)?, bandit)?,
            _ => snapshot.distribution_among(left, offered.seen(0)?, bandit)?,
        };
        Some((snapshot.revision(), distribution))
    });
    let (revision, distribution) = match allotted {
        Some(allotted) => allotted,
        None => (0, Distribution::uniform(left.len()).ok()?),
    };
    let revision_bytes = revision.to_le_bytes();
    let draw_bytes = draw.to_le_bytes();
    let position_bytes = position.to_le_bytes();
    let key = bandit.key().as_bytes();
    let unit = unit.as_bytes();
    let mut identity: Vec<&[u8]> = vec![key, unit, &revision_bytes];
    let mut drawn: Vec<&[u8]> = match bandit.stickiness() {
        Stickiness::Subject => vec![key, unit],
        Stickiness::Revision => identity.clone(),
        Stickiness::Request => {
            identity.push(&draw_bytes);
            vec![&draw_bytes]
        }
    };
    if position > 0 {
        drawn.push(&position_bytes);
    }
    let u = match bandit.stickiness() {
        Stickiness::Request if position == 0 => draw,
        _ => hash(&drawn),
    };
    let (index, propensity) = distribution.sample(u);
    let features = offered.seen(index)?.clone();
    let seen = features.bytes();
    if !features.is_empty() {
        // Another context is another decision: what is learned of one belongs to one vector.
        identity.push(&seen);
    }
    // So is one among other actions: it has another propensity.
    let among = takes_offers.then(|| offered.identity().to_le_bytes());
    identity.extend(among.as_ref().map(<[u8; 8]>::as_slice));
    if position > 0 {
        identity.push(&position_bytes);
    }
    let decision = Decision {
        decision_id: identify(&identity),
        bandit: bandit.key().into(),
        action: left.get(index)?.clone(),
        propensity,
        revision,
        decided_at: at,
        reward_until: UnixMillis(at.0.saturating_add_unsigned(bandit.attribution_window_ms())),
        shard: None,
        features,
    };
    Some((decision, distribution))
}

/// The place of the action that [`decide`] takes before anything was learned: all that an engine
/// tells which knows no policies, keeps no decisions and signs none.
///
/// # Returns
/// `None` only for a bandit without actions of its own.
#[must_use]
pub fn start(bandit: &Bandit, unit: &str, draw: u64) -> Option<usize> {
    let uniform = Distribution::uniform(bandit.actions().len()).ok()?;
    Some(uniform.sample(number(bandit, unit, 0, draw)).0)
}

/// Where in the distribution a unit is.
fn number(bandit: &Bandit, unit: &str, revision: u64, draw: u64) -> u64 {
    let (key, unit) = (bandit.key().as_bytes(), unit.as_bytes());
    match bandit.stickiness() {
        Stickiness::Subject => hash(&[key, unit]),
        Stickiness::Revision => hash(&[key, unit, &revision.to_le_bytes()]),
        Stickiness::Request => draw,
    }
}

/// The parts, each followed by the separator, behind a prefix no flag's salt starts with.
fn joined(domain: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = domain.to_vec();
    for part in parts {
        bytes.push(SEPARATOR);
        bytes.extend_from_slice(part);
    }
    bytes
}

fn hash(parts: &[&[u8]]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&joined(b"\0draw", parts))
}

fn identify(parts: &[&[u8]]) -> DecisionId {
    DecisionId(xxhash_rust::xxh3::xxh3_128(&joined(b"\0decision", parts)).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandit::wire;

    fn bandit(stickiness: &str) -> Bandit {
        let json = format!(
            r#"{{"actions":["a","b"],"reward":{{"metric":"m","kind":"binary"}},
                "stickiness":"{stickiness}"}}"#
        );
        wire::parse("hero", &json).unwrap()
    }

    fn ask(bandit: &Bandit, sticky: &StickyDecisions, draw: u64) -> Decision {
        let at = UnixMillis(1_000);
        let unit = "visitor-1";
        decide(&Choice {
            bandit,
            snapshot: None,
            sticky,
            context: &EvaluationContext::new(),
            unit,
            draw,
            at,
        })
        .unwrap()
    }

    #[test]
    fn ids_and_draws_never_change() {
        let decision = ask(&bandit("subject"), &StickyDecisions::default(), 7);
        assert_eq!(
            decision.decision_id.to_string(),
            "ced36dd2dae330e6e5a24a9c91d90499"
        );
        assert_eq!(&*decision.action, "b");
        assert_eq!(
            (decision.propensity.parts(), decision.revision),
            (500_000, 0)
        );
    }

    #[test]
    fn only_request_decisions_depend_on_the_draw() {
        let sticky = StickyDecisions::default();
        let check = |stickiness, same| {
            let bandit = bandit(stickiness);
            let pair = (ask(&bandit, &sticky, 1), ask(&bandit, &sticky, u64::MAX));
            assert_eq!(
                pair.0.decision_id == pair.1.decision_id,
                same,
                "{stickiness}"
            );
        };
        check("subject", true);
        check("revision", true);
        check("request", false);
    }

    #[test]
    fn the_start_is_the_first_decision() {
        let sticky = StickyDecisions::default();
        for stickiness in ["subject", "revision", "request"] {
            let bandit = bandit(stickiness);
            for draw in [0, 7, u64::MAX / 2, u64::MAX] {
                let decision = ask(&bandit, &sticky, draw);
                let place = start(&bandit, "visitor-1", draw).unwrap();
                assert_eq!(
                    bandit.actions()[place],
                    decision.action,
                    "{stickiness} {draw}"
                );
            }
        }
    }

    #[test]
    fn a_kept_decision_is_returned_while_its_action_is_offered() {
        let bandit = bandit("subject");
        let mut sticky = StickyDecisions::default();
        let mut kept = ask(&bandit, &sticky, 0);
        kept.propensity = Propensity::from_parts(123).unwrap();
        kept.shard = Some(3);
        sticky.keep(kept.clone());
        assert_eq!(ask(&bandit, &sticky, 0), kept);
        let mut retired = kept;
        retired.action = "gone".into();
        sticky.keep(retired);
        assert_eq!(ask(&bandit, &sticky, 0).shard, None);
    }
}
