//! Written rules and requirements to compiled ones.

use super::scope::{Scope, unknown_message};
use super::split::Shares;
use crate::bucketing::Bucketing;
use crate::condition::Condition;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::dialect::{self, Foreign, Source, Unfit};
use crate::evaluation::{ErrorCode, Failure};
use crate::flag::{Gate, OnMiss, Requirement, Rule, Serve, Share};
use crate::split::Range;
use crate::value::Value;
use crate::wire::condition::ForeignWire;
use crate::wire::ruleset::{
    ErrorWire, OnMissWire, RequirementWire, RuleWire, ServeWire, SplitWire,
};
use crate::wire::text::Text;
use std::sync::Arc;

impl Scope<'_, '_> {
    pub(super) fn rules(&mut self, wires: Vec<RuleWire<'_>>, place: &Place<'_>) -> Vec<Rule> {
        let mut rules = Vec::with_capacity(wires.len());
        for (index, wire) in wires.into_iter().enumerate() {
            let place = place.index(index);
            let number = || format!("rule-{}", index + 1).into();
            let id: Text<'_> = wire.id.unwrap_or_else(number);
            self.unique_rule(&rules, &id, &place.key("id"));
            let when = wire
                .when
                .map(|when| self.condition(*when, &place.key("when")));
            let gates_place = place.key("gates");
            let gates = wire.gates.into_iter().enumerate();
            let gates: Box<[_]> = gates
                .map(|(position, gate)| self.gate(gate, &gates_place.index(position)))
                .collect();
            let is_weighed = wire
                .serve
                .split
                .as_ref()
                .is_some_and(|it| it.weights.is_some());
            let serve = self.serve(wire.serve, &place.key("serve"));
            if let Some(Serve::Split { bucketing, .. }) = &serve
                && is_weighed
            {
                self.same_draw(&gates, bucketing, &gates_place);
            }
            let window = self.window(wire.schedule.as_deref(), &place.key("schedule"));
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

    /// Warns of a gate that draws the very bucket that the split behind it draws: those whom it
    /// lets through lie in the first part of the split.
    fn same_draw(&mut self, gates: &[Gate], split: &Bucketing, place: &Place<'_>) {
        let is_same = |gate: &Gate| {
            gate.bucketing.is_ours()
                && gate.bucketing == *split
                && gate.share != Share::Ranges([Range::FULL].into())
        };
        if let Some(position) = gates.iter().position(is_same) {
            let message = "this gate and the split draw the same bucket, so that the weights do \
                           not hold for those it lets through: give it a \"salt\" of its own in \
                           \"bucketing\"";
            let pointer = place.index(position).pointer();
            let code = DiagnosticCode::InvalidSplit;
            self.diagnostics.warn(pointer, code, message.to_owned());
        }
    }

    fn serve(&mut self, wire: ServeWire<'_>, place: &Place<'_>) -> Option<Serve> {
        let forms = usize::from(wire.variant.is_some() && wire.bandit.is_none())
            + usize::from(wire.split.is_some())
            + usize::from(wire.bandit.is_some())
            + usize::from(wire.expression.is_some())
            + usize::from(wire.default == Some(true))
            + usize::from(wire.error.is_some());
        if forms != 1 {
            let message = "\"serve\" has exactly one of \"variant\", \"split\", \"bandit\", \
                           \"expression\", \"default\" and \"error\"";
            self.fault(place, DiagnosticCode::Malformed, message.to_owned());
            return None;
        }
        if let Some(bandit) = wire.bandit {
            return self.serve_bandit(&bandit, wire.variant.as_deref(), place);
        }
        if let Some(variant) = wire.variant {
            let index = self.variant(&variant, &place.key("variant"));
            return index.map(Serve::Variant);
        }
        if let Some(split) = wire.split {
            return Some(self.split(*split, &place.key("split")));
        }
        if let Some(expression) = wire.expression {
            let place = place.key("expression");
            let program = self.foreign(*expression, dialect::program, &place);
            return program.map(Serve::Program);
        }
        match wire.error {
            Some(error) => self.serve_error(*error, &place.key("error")),
            None => Some(Serve::Nothing),
        }
    }

    fn split(&mut self, wire: SplitWire<'_>, place: &Place<'_>) -> Serve {
        let bucketing = self.bucketing(wire.bucketing, place);
        let shares = Shares {
            bucketing: &bucketing,
            weights: wire.weights.as_ref(),
            ranges: wire.ranges.as_deref(),
        };
        let ranges = self.ranges(&shares, place);
        let place = place.key("propensities");
        let propensities = wire.propensities.map(|by_name| {
            let mut list = vec![0.0; self.answers.len()];
            for (name, propensity) in by_name.0 {
                let place = place.key(&name);
                if !(0.0..=1.0).contains(&propensity) {
                    let message = format!("{propensity} is no probability");
                    self.fault(&place, DiagnosticCode::InvalidSplit, message);
                }
                let index = self.variant(&name, &place);
                if let Some(slot) = index.and_then(|index| list.get_mut(index)) {
                    *slot = propensity;
                }
            }
            list.into()
        });
        Serve::Split {
            bucketing,
            ranges,
            propensities,
        }
    }

    fn serve_error(&mut self, wire: ErrorWire<'_>, place: &Place<'_>) -> Option<Serve> {
        let code = ErrorCode::named(&wire.code);
        if code.is_none() {
            let message = format!("\"{}\" is no error code of OpenFeature", wire.code);
            self.fault(&place.key("code"), DiagnosticCode::Malformed, message);
        }
        let detail = wire.message.into();
        code.map(|code| Serve::Failure(Failure { code, detail }))
    }

    /// Something in another system's words; what is wrong with it is reported.
    pub(super) fn foreign<T: ?Sized>(
        &mut self,
        wire: ForeignWire<'_>,
        make: impl FnOnce(&Source) -> Result<Arc<T>, Unfit>,
        place: &Place<'_>,
    ) -> Option<Foreign<T>> {
        let source = Source {
            dialect: wire.dialect.into(),
            op: wire.op.into(),
            attribute: wire.attribute.map(Into::into),
            value: wire.value.unwrap_or(Value::Null),
        };
        self.foreign_source(source, make, place)
    }

    /// See [`Scope::foreign`].
    pub(super) fn foreign_source<T: ?Sized>(
        &mut self,
        source: Source,
        make: impl FnOnce(&Source) -> Result<Arc<T>, Unfit>,
        place: &Place<'_>,
    ) -> Option<Foreign<T>> {
        match Foreign::new(source, make) {
            Ok(foreign) => Some(foreign),
            Err(unfit) => {
                self.fault(place, DiagnosticCode::InvalidCondition, unfit.to_string());
                None
            }
        }
    }

    /// Serving a bandit: each of its actions must be a variant of the flag. Where requests offer
    /// them, `variant` stands for whatever is chosen.
    pub(super) fn serve_bandit(
        &mut self,
        key: &str,
        variant: Option<&str>,
        serve: &Place<'_>,
    ) -> Option<Serve> {
        let place = &serve.key("bandit");
        let Some(index) = self.bandits.index(key) else {
            self.unknown(place, "bandit", key, self.bandits);
            return None;
        };
        let Some(Some(bandit)) = self.neighbours.bandits.get(index) else {
            let message = format!("the bandit \"{key}\" has errors of its own");
            self.fault(place, DiagnosticCode::BrokenDependency, message);
            return None;
        };
        let fault = match (bandit.takes_offers(), variant) {
            (true, None) => Some(
                "each request offers the bandit's actions: serve it in a rule, with the \
                 \"variant\" that stands for the chosen one beside \"bandit\"",
            ),
            (false, Some(_)) => Some(
                "the bandit's actions are variants of this flag: leave \"variant\" out beside \
                 \"bandit\"",
            ),
            _ => None,
        };
        if let Some(message) = fault {
            self.fault(serve, DiagnosticCode::Malformed, message.to_owned());
            return None;
        }
        if let Some(variant) = variant {
            let variants = [self.variant(variant, &serve.key("variant"))?].into();
            return Some(Serve::Bandit {
                bandit: index,
                variants,
            });
        }
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
        wires: &[RequirementWire<'_>],
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
