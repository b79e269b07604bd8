//! Written rules and requirements to compiled ones.

use super::scope::{Scope, unknown_message};
use super::split::Shares;
use crate::condition::Condition;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::flag::{OnMiss, Requirement, Rule, Serve};
use crate::wire::ruleset::{OnMissWire, RequirementWire, RuleWire, ServeWire};

impl Scope<'_> {
    pub(super) fn rules(&mut self, wires: Vec<RuleWire>, place: &Place<'_>) -> Vec<Rule> {
        let mut rules = Vec::with_capacity(wires.len());
        for (index, wire) in wires.into_iter().enumerate() {
            let place = place.index(index);
            let id = wire.id.unwrap_or_else(|| format!("rule-{}", index + 1));
            self.unique_rule(&rules, &id, &place.key("id"));
            let when = wire
                .when
                .map(|when| self.condition(when, &place.key("when")));
            let gates_place = place.key("gates");
            let gates = wire.gates.into_iter().enumerate();
            let gates: Box<[_]> = gates
                .map(|(position, gate)| self.gate(gate, &gates_place.index(position)))
                .collect();
            let serve = self.serve(wire.serve, &place.key("serve"));
            let window = self.window(wire.schedule.as_ref(), &place.key("schedule"));
            let on_miss = match wire.on_miss {
                OnMissWire::Next => OnMiss::Next,
                OnMissWire::End => OnMiss::End,
            };
            let when = when.unwrap_or_else(Condition::always);
            rules.extend(serve.map(|serve| Rule {
                id: id.into(),
                when,
                window,
                gates,
                serve,
                on_miss,
            }));
        }
        rules
    }

    fn serve(&mut self, wire: ServeWire, place: &Place<'_>) -> Option<Serve> {
        match (wire.variant, wire.split, wire.bandit) {
            (Some(variant), None, None) => self
                .variant(&variant, &place.key("variant"))
                .map(Serve::Variant),
            (None, Some(split), None) => {
                let place = place.key("split");
                let shares = Shares {
                    weights: split.weights.as_ref(),
                    ranges: split.ranges.as_deref(),
                };
                let ranges = self.ranges(&shares, &place);
                let bucketing = self.bucketing(split.bucketing, &place);
                Some(Serve::Split { bucketing, ranges })
            }
            (None, None, Some(bandit)) => self.serve_bandit(&bandit, &place.key("bandit")),
            _ => {
                let message = "\"serve\" has exactly one of \"variant\", \"split\" and \"bandit\"";
                self.fault(place, DiagnosticCode::Malformed, message.to_owned());
                None
            }
        }
    }

    /// Serving a bandit: each of its actions must be a variant of the flag.
    pub(super) fn serve_bandit(&mut self, key: &str, place: &Place<'_>) -> Option<Serve> {
        let Some(index) = self.neighbours.bandit_names.index(key) else {
            self.unknown(place, "bandit", key, self.neighbours.bandit_names);
            return None;
        };
        let Some(Some(bandit)) = self.neighbours.bandits.get(index) else {
            let message = format!("the bandit \"{key}\" has errors of its own");
            self.fault(place, DiagnosticCode::BrokenDependency, message);
            return None;
        };
        let mut variants = Vec::with_capacity(bandit.actions().len());
        for action in bandit.actions() {
            let Some(variant) = self.answers.index(action) else {
                let message = format!(
                    "the bandit's action \"{action}\" is no variant of this flag; {}",
                    unknown_message("variant", action, self.answers.iter())
                );
                self.fault(place, DiagnosticCode::UnknownReference, message);
                return None;
            };
            variants.push(variant);
        }
        Some(Serve::Bandit {
            bandit: index,
            variants: variants.into(),
        })
    }

    pub(super) fn requirements(
        &mut self,
        wires: &[RequirementWire],
        place: &Place<'_>,
    ) -> Box<[Requirement]> {
        let mut requirements = Vec::with_capacity(wires.len());
        for (index, wire) in wires.iter().enumerate() {
            let place = place.index(index);
            let Some(flag) = self.flags.index(&wire.flag) else {
                self.unknown(&place.key("flag"), "flag", &wire.flag, self.flags);
                continue;
            };
            if wire.variants.is_empty() {
                let message = "name at least one variant that satisfies".to_owned();
                self.fault(&place.key("variants"), DiagnosticCode::Missing, message);
            }
            let Some(Some(answers)) = self.neighbours.answers.get(flag) else {
                // The other flag cannot be read: unmet, and its own diagnostic says why.
                requirements.push(Requirement {
                    flag,
                    variants: Box::default(),
                });
                continue;
            };
            let variants_place = place.key("variants");
            let names = wire.variants.iter().enumerate();
            let variants = names
                .filter_map(|(position, name)| {
                    self.variant_of(answers, name, &variants_place.index(position))
                })
                .collect();
            requirements.push(Requirement { flag, variants });
        }
        requirements.into()
    }
}
