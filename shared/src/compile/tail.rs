//! The part of a flag that its status chooses, lowered to rules and a fallback.
//!
//! All parts that are written are compiled and checked, so that a change of status holds no
//! surprise; only the chosen one takes part.

use super::flag::{Answers, Neighbours};
use super::scope::Scope;
use super::split::{Shares, first_buckets, traffic_gate};
use crate::condition::{Condition, Matcher, Test};
use crate::context::Attribute;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::flag::{Gate, OnMiss, Rule, Serve};
use crate::split::Range;
use crate::time::Window;
use crate::wire::ruleset::{CanaryWire, ExperimentWire, RolloutWire, StatusWire};

/// Names of the rules that statuses make; authors' rules may not use them.
pub const ROLLOUT_RULE: &str = "rollout";
/// See [`ROLLOUT_RULE`].
pub const EXPERIMENT_RULE: &str = "experiment";
/// See [`ROLLOUT_RULE`].
pub const CANARY_RULE: &str = "canary";
/// See [`ROLLOUT_RULE`].
pub const CANARY_SHARE_RULE: &str = "canary-share";

/// The written parts.
pub(super) struct TailWires<'w> {
    pub(super) key: &'w str,
    pub(super) rollout: Option<RolloutWire>,
    pub(super) experiment: Option<ExperimentWire>,
    pub(super) canary: Option<CanaryWire>,
}

/// The compiled parts: rules, and the experiment's control.
pub(super) struct Tails {
    rollout: Option<Vec<Rule>>,
    experiment: Option<(Vec<Rule>, Option<usize>)>,
    canary: Option<Vec<Rule>>,
}

impl Scope<'_> {
    pub(super) fn tails(
        &mut self,
        wires: TailWires<'_>,
        answers: &Answers,
        neighbours: &Neighbours<'_>,
        place: &Place<'_>,
    ) -> Tails {
        let salt = self.default_salt(wires.key);
        Tails {
            rollout: wires
                .rollout
                .map(|wire| self.rollout(wire, &salt, answers, &place.key("rollout"))),
            experiment: wires.experiment.map(|wire| {
                self.experiment(wire, &salt, answers, neighbours, &place.key("experiment"))
            }),
            canary: wires
                .canary
                .map(|wire| self.canary(wire, &salt, answers, &place.key("canary"))),
        }
    }

    /// Appends the rules of the status and returns the fallback.
    pub(super) fn choose_tail(
        &mut self,
        status: StatusWire,
        tails: Tails,
        rules: &mut Vec<Rule>,
        off: Option<usize>,
        default: Option<usize>,
        place: &Place<'_>,
    ) -> Option<usize> {
        for rule in rules.iter() {
            let reserved = [
                ROLLOUT_RULE,
                EXPERIMENT_RULE,
                CANARY_RULE,
                CANARY_SHARE_RULE,
            ];
            if reserved.contains(&&*rule.id) {
                let message = format!("the rule name \"{}\" is reserved", rule.id);
                self.fault(&place.key("rules"), DiagnosticCode::Duplicate, message);
            }
        }
        let (tail, fallback, part) = match status {
            StatusWire::Disabled => return None,
            StatusWire::Enabled => return default,
            StatusWire::GradualRollout => (tails.rollout, off, "rollout"),
            StatusWire::Canary => (tails.canary, off, "canary"),
            StatusWire::AbTest => match tails.experiment {
                Some((tail, control)) => (Some(tail), control.or(default), "experiment"),
                None => (None, default, "experiment"),
            },
        };
        match tail {
            Some(tail) => rules.extend(tail),
            None => {
                let message = format!("the status needs a \"{part}\"");
                self.fault(&place.key(part), DiagnosticCode::Missing, message);
            }
        }
        fallback
    }

    fn rollout(
        &mut self,
        wire: RolloutWire,
        salt: &str,
        answers: &Answers,
        place: &Place<'_>,
    ) -> Vec<Rule> {
        let variant = self.variant(&wire.variant, answers, &place.key("variant"));
        if wire.percentage.is_none() && wire.ramp.is_none() {
            let message = "a rollout needs a \"percentage\" or a \"ramp\"".to_owned();
            self.fault(place, DiagnosticCode::Missing, message);
        }
        let initial = self.percentage(wire.percentage.unwrap_or(0.0), &place.key("percentage"));
        let share = match &wire.ramp {
            Some(ramp) => self.ramp(ramp, initial, &place.key("ramp")),
            None => first_buckets(initial),
        };
        let bucketing = self.bucketing(wire.bucketing, salt, place);
        let gates = [Gate { bucketing, share }].into();
        let serve = variant.map(Serve::Variant);
        serve
            .map(|serve| rule(ROLLOUT_RULE, Condition::always(), gates, serve))
            .into_iter()
            .collect()
    }

    fn experiment(
        &mut self,
        wire: ExperimentWire,
        salt: &str,
        answers: &Answers,
        neighbours: &Neighbours<'_>,
        place: &Place<'_>,
    ) -> (Vec<Rule>, Option<usize>) {
        let control = wire.control.as_deref();
        let control = self.optional_variant(control, answers, place, "control");
        let bucketing = self.bucketing(wire.bucketing, salt, place);
        let traffic = self.percentage(wire.traffic.unwrap_or(100.0), &place.key("traffic"));
        let gate = (traffic < Range::FULL.width()).then(|| traffic_gate(&bucketing, traffic));
        let serve = match (&wire.bandit, &wire.weights, &wire.ranges) {
            (Some(bandit), None, None) => {
                self.serve_bandit(bandit, answers, neighbours, &place.key("bandit"))
            }
            (Some(_), ..) => {
                let message = "a bandit allocates by itself: drop \"weights\" and \"ranges\"";
                self.fault(place, DiagnosticCode::InvalidSplit, message.to_owned());
                None
            }
            (None, weights, ranges) => {
                let shares = Shares {
                    weights: weights.as_ref(),
                    ranges: ranges.as_deref(),
                };
                let ranges = self.ranges(&shares, answers, place);
                Some(Serve::Split { bucketing, ranges })
            }
        };
        let gates = gate.into_iter().collect();
        let made = serve.map(|serve| rule(EXPERIMENT_RULE, Condition::always(), gates, serve));
        (made.into_iter().collect(), control)
    }

    fn canary(
        &mut self,
        wire: CanaryWire,
        salt: &str,
        answers: &Answers,
        place: &Place<'_>,
    ) -> Vec<Rule> {
        let variant = self.variant(&wire.variant, answers, &place.key("variant"));
        let count = self.percentage(wire.percentage, &place.key("percentage"));
        let bucketing = self.bucketing(wire.bucketing, salt, place);
        let mut audience = Vec::new();
        let mut subjects: Vec<Box<str>> = wire.subjects.into_iter().map(Into::into).collect();
        if !subjects.is_empty() {
            subjects.sort_unstable();
            let matcher = Matcher::OneOfTexts(subjects.into());
            let attribute = Attribute::targeting_key();
            audience.push(Condition::Test(Test { attribute, matcher }));
        }
        let segments_place = place.key("segments");
        for (index, key) in wire.segments.iter().enumerate() {
            let segment = self.segment(key, &segments_place.index(index));
            audience.extend(segment.map(Condition::Segment));
        }
        let Some(variant) = variant else {
            return Vec::new();
        };
        let named = Condition::Any(audience.into());
        let gates = [Gate {
            bucketing,
            share: first_buckets(count),
        }]
        .into();
        vec![
            rule(CANARY_RULE, named, Box::default(), Serve::Variant(variant)),
            rule(
                CANARY_SHARE_RULE,
                Condition::always(),
                gates,
                Serve::Variant(variant),
            ),
        ]
    }
}

fn rule(id: &str, when: Condition, gates: Box<[Gate]>, serve: Serve) -> Rule {
    Rule {
        id: id.into(),
        when,
        window: Window::default(),
        gates,
        serve,
        on_miss: OnMiss::Next,
    }
}
