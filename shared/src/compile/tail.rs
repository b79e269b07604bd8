//! The part of a flag that its status chooses, lowered to rules and a fallback.
//!
//! All parts that are written are compiled and checked, so that a change of status holds no
//! surprise; only the chosen one takes part.

use super::scope::Scope;
use super::split::{Shares, first_buckets, traffic_gate};
use crate::condition::Condition;
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
    pub(super) rollout: Option<Box<RolloutWire<'w>>>,
    pub(super) experiment: Option<Box<ExperimentWire<'w>>>,
    pub(super) canary: Option<Box<CanaryWire<'w>>>,
}

/// What a status adds to a flag.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) rules: Vec<Rule>,
    pub(super) fallback: Option<usize>,
}

/// The tails of all statuses; those whose part is not written are absent.
pub(super) struct Tails {
    enabled: Tail,
    rollout: Option<Tail>,
    experiment: Option<Tail>,
    canary: Option<Tail>,
}

impl Scope<'_, '_> {
    pub(super) fn tails(
        &mut self,
        wires: TailWires<'_>,
        off: Option<usize>,
        default: Option<usize>,
        place: &Place<'_>,
    ) -> Tails {
        let or_off = |rules| Tail {
            rules,
            fallback: off,
        };
        let rollout = wires
            .rollout
            .map(|wire| self.rollout(*wire, &place.key("rollout")));
        let canary = wires
            .canary
            .map(|wire| self.canary(*wire, &place.key("canary")));
        let experiment = wires.experiment.map(|wire| {
            let tail = self.experiment(*wire, &place.key("experiment"));
            Tail {
                fallback: tail.fallback.or(default),
                ..tail
            }
        });
        Tails {
            enabled: Tail {
                rules: Vec::new(),
                fallback: default,
            },
            rollout: rollout.map(or_off),
            experiment,
            canary: canary.map(or_off),
        }
    }

    /// The tail of the status; a missing one is reported.
    pub(super) fn choose_tail(
        &mut self,
        status: StatusWire,
        tails: Tails,
        place: &Place<'_>,
    ) -> Tail {
        let (tail, part) = match status {
            StatusWire::Disabled => return Tail::default(),
            StatusWire::Enabled => return tails.enabled,
            StatusWire::GradualRollout => (tails.rollout, "rollout"),
            StatusWire::Canary => (tails.canary, "canary"),
            StatusWire::AbTest => (tails.experiment, "experiment"),
        };
        tail.unwrap_or_else(|| {
            let message = format!("the status needs a \"{part}\"");
            self.fault(&place.key(part), DiagnosticCode::Missing, message);
            Tail::default()
        })
    }

    /// Refuses authors' rules that have the name of a rule made here.
    pub(super) fn reserved_names(&mut self, rules: &[Rule], place: &Place<'_>) {
        let reserved = [
            ROLLOUT_RULE,
            EXPERIMENT_RULE,
            CANARY_RULE,
            CANARY_SHARE_RULE,
        ];
        for rule in rules.iter().filter(|rule| reserved.contains(&&*rule.id)) {
            let message = format!("the rule name \"{}\" is reserved", rule.id);
            self.fault(place, DiagnosticCode::Duplicate, message);
        }
    }

    fn rollout(&mut self, wire: RolloutWire<'_>, place: &Place<'_>) -> Vec<Rule> {
        let variant = self.variant(&wire.variant, &place.key("variant"));
        if wire.percentage.is_none() && wire.ramp.is_none() {
            let message = "a rollout needs a \"percentage\" or a \"ramp\"".to_owned();
            self.fault(place, DiagnosticCode::Missing, message);
        }
        let initial = self.percentage(wire.percentage.unwrap_or(0.0), &place.key("percentage"));
        let share = match &wire.ramp {
            Some(ramp) => self.ramp(ramp, initial, &place.key("ramp")),
            None => first_buckets(initial),
        };
        let bucketing = self.bucketing(wire.bucketing, place);
        let gates = [Gate { bucketing, share }].into();
        let serve = variant.map(Serve::Variant);
        serve
            .map(|serve| rule(ROLLOUT_RULE, Condition::always(), gates, serve))
            .into_iter()
            .collect()
    }

    fn experiment(&mut self, wire: ExperimentWire<'_>, place: &Place<'_>) -> Tail {
        let control = wire.control.as_deref();
        let control = self.optional_variant(control, place, "control");
        let bucketing = self.bucketing(wire.bucketing, place);
        let traffic = self.percentage(wire.traffic.unwrap_or(100.0), &place.key("traffic"));
        let gate = (traffic < Range::FULL.width()).then(|| traffic_gate(&bucketing, traffic));
        let serve = match (&wire.bandit, &wire.weights, &wire.ranges) {
            (Some(bandit), None, None) => self.serve_bandit(bandit, None, place),
            (Some(_), ..) => {
                let message = "a bandit allocates by itself: drop \"weights\" and \"ranges\"";
                self.fault(place, DiagnosticCode::InvalidSplit, message.to_owned());
                None
            }
            (None, weights, ranges) => {
                let shares = Shares {
                    bucketing: &bucketing,
                    weights: weights.as_ref(),
                    ranges: ranges.as_deref(),
                };
                let ranges = self.ranges(&shares, place);
                Some(Serve::Split {
                    bucketing,
                    ranges,
                    propensities: None,
                })
            }
        };
        let gates = gate.into_iter().collect();
        let made = serve.map(|serve| rule(EXPERIMENT_RULE, Condition::always(), gates, serve));
        Tail {
            rules: made.into_iter().collect(),
            fallback: control,
        }
    }

    fn canary(&mut self, wire: CanaryWire<'_>, place: &Place<'_>) -> Vec<Rule> {
        let variant = self.variant(&wire.variant, &place.key("variant"));
        let count = self.percentage(wire.percentage, &place.key("percentage"));
        let bucketing = self.bucketing(wire.bucketing, place);
        let mut audience = Vec::new();
        let mut subjects: Vec<Box<str>> = wire.subjects.into_iter().map(Into::into).collect();
        if !subjects.is_empty() {
            subjects.sort_unstable();
            audience.push(Condition::Subjects(subjects.into()));
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
