//! The subject of an evaluation as conditions ask about it, and the way that led to a flag.

use super::Walker;
use super::trace::Silent;
use crate::compile::limits::EVALUATION_COST_MAX;
use crate::condition::{Answer, Audience, Condition, FlagCondition, OnFailure};
use crate::context::EvaluationContext;
use crate::dialect::{ForeignTest, View};
use crate::evaluation::{ErrorCode, Failure, Outcome, Reason};
use crate::flag::{Flag, Gate};
use crate::named::{Names, lists};
use crate::truth::Truth;
use crate::value::Value;
use std::cell::Cell;

/// The attribute under which a flag's value is shown to a condition over it.
const VALUE: &str = "value";

/// Flags being evaluated, each asked for by the one before, and how many more may follow.
pub(super) struct Trail<'t> {
    flag: Option<&'t Flag>,
    before: Option<&'t Trail<'t>>,
    left: &'t Cell<u64>,
}

impl Trail<'_> {
    /// Evaluates with a fresh allowance.
    pub(super) fn start<R>(evaluate: impl FnOnce(&Trail<'_>) -> R) -> R {
        let left = Cell::new(EVALUATION_COST_MAX);
        evaluate(&Trail {
            flag: None,
            before: None,
            left: &left,
        })
    }

    /// Evaluates a flag, unless that is going on already or has gone on too long.
    pub(super) fn enter<R>(
        &self,
        flag: &Flag,
        evaluate: impl FnOnce(&Trail<'_>) -> Result<R, Box<Failure>>,
    ) -> Result<R, Box<Failure>> {
        if self.contains(flag) {
            let detail = "flags ask for each other in a circle";
            return Err(Failure::new(ErrorCode::General, detail));
        }
        let Some(left) = self.left.get().checked_sub(1) else {
            let detail = format!("it takes more than {EVALUATION_COST_MAX} evaluations");
            return Err(Failure::new(ErrorCode::General, detail));
        };
        self.left.set(left);
        evaluate(&Trail {
            flag: Some(flag),
            before: Some(self),
            left: self.left,
        })
    }

    fn contains(&self, flag: &Flag) -> bool {
        let here = self.flag.is_some_and(|other| std::ptr::eq(other, flag));
        here || self.before.is_some_and(|before| before.contains(flag))
    }
}

/// The subject of an evaluation.
pub(super) struct Subject<'s, 'a> {
    walker: &'s Walker<'s, 'a>,
    trail: &'s Trail<'s>,
}

impl Walker<'_, '_> {
    /// Whether the condition holds.
    pub(super) fn holds(&self, condition: &Condition, trail: &Trail<'_>) -> Answer {
        let subject = Subject {
            walker: self,
            trail,
        };
        condition.holds(self.gaze, &subject)
    }
}

impl Audience for Subject<'_, '_> {
    fn member(&self, segment: usize) -> Answer {
        let ruleset = self.walker.ruleset;
        let Some(segment) = ruleset.segment_at(segment) else {
            let detail = "a segment that is asked about cannot be read";
            return Err(Failure::new(ErrorCode::ParseError, detail));
        };
        let is_named = !segment.excluded.is_empty() || !segment.included.is_empty();
        if is_named && let Some(name) = ruleset.name_of(self.walker.context) {
            if lists(&segment.excluded, &name) {
                return Ok(Truth::No);
            }
            if lists(&segment.included, &name) {
                return Ok(Truth::Yes);
            }
        }
        match &segment.when {
            Some(when) => when.holds(self.walker.gaze, self),
            None => Ok(Truth::No),
        }
    }

    fn is_named(&self, names: &Names) -> bool {
        let name = self.walker.ruleset.name_of(self.walker.context);
        name.is_some_and(|name| lists(names, &name))
    }

    fn flag(&self, condition: &FlagCondition) -> Answer {
        let Some(flag) = self.walker.ruleset.flag_at(condition.flag) else {
            return Ok(Truth::No);
        };
        let evaluation = self.walker.walk(flag, self.trail, &mut Silent);
        let reason = match &evaluation.outcome {
            Outcome::Resolved { reason, .. } | Outcome::CallerDefault { reason } => *reason,
            Outcome::Failed { code, detail } => {
                return match condition.on_failure {
                    OnFailure::DoesNotHold => Ok(Truth::No),
                    OnFailure::Unknown => Ok(Truth::Unknown),
                    OnFailure::Fails => Err(Failure::new(*code, detail.clone())),
                };
            }
        };
        let test = &condition.test;
        if test.must_be_on && reason == Reason::Disabled {
            return Ok(Truth::No);
        }
        let variant = evaluation.variant();
        if let Some(names) = &test.variants
            && !variant.is_some_and(|variant| names.iter().any(|name| **name == *variant.name()))
        {
            return Ok(Truth::No);
        }
        if let Some((view, wanted)) = &test.value {
            let value = variant.and_then(|variant| match view {
                Some(view) => variant.view(*view),
                None => Some(&variant.value),
            });
            if !value.is_some_and(|value| value.same(wanted)) {
                return Ok(Truth::No);
            }
        }
        let Some(foreign) = &test.foreign else {
            return Ok(Truth::Yes);
        };
        let value = evaluation.value().cloned().unwrap_or(Value::Null);
        let context = EvaluationContext::new().with(VALUE, value);
        foreign.code().holds(&View {
            context: &context,
            ..self.walker.view()
        })
    }

    fn chance(&self, gate: &Gate) -> Answer {
        Ok(self.walker.passes(gate)?.0.into())
    }

    fn foreign(&self, test: &dyn ForeignTest) -> Answer {
        test.holds(&self.walker.view())
    }
}
