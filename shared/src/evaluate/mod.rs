//! Evaluation: total, pure, the same code for the fast answer and for the explanation.
//!
//! Time, randomness, policy snapshots and earlier decisions are inputs. What an evaluation causes
//! (an exposure, a decision to remember) is returned, never done.

mod chance;
mod explain;
mod plan;
mod subject;
#[cfg(test)]
mod tests;
mod trace;
mod words;

use crate::bucketing::Bucket;
use crate::context::{EvaluationContext, Found, Gaze};
use crate::decision::Decision;
use crate::evaluation::{Details, ErrorCode, Evaluation, Failure, Outcome, Reason};
use crate::flag::{ExpiryAction, Flag, FlagState, OnMiss, Rule, Serve, Variant};
use crate::preview::Preview;
use crate::ruleset::Ruleset;
use crate::snapshot::PolicySnapshot;
use crate::sticky::StickyDecisions;
use crate::time::UnixMillis;
use std::ops::Deref;

pub use explain::{Explanation, ExplanationStep};
pub(crate) use plan::Plan;
use subject::Trail;
pub use trace::Step;
use trace::{Silent, Trace};

/// The latest snapshots of a ruleset's bandits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies(Vec<PolicySnapshot>);

impl Policies {
    /// These snapshots; of one bandit the latest revision counts.
    #[must_use]
    pub fn new(snapshots: impl IntoIterator<Item = PolicySnapshot>) -> Self {
        let mut list: Vec<PolicySnapshot> = Vec::new();
        for snapshot in snapshots {
            match list.binary_search_by(|known| known.bandit().cmp(snapshot.bandit())) {
                Ok(place) => {
                    if let Some(known) = list.get_mut(place)
                        && known.revision() < snapshot.revision()
                    {
                        *known = snapshot;
                    }
                }
                Err(place) => list.insert(place, snapshot),
            }
        }
        Self(list)
    }

    /// The bandit's snapshot.
    #[must_use]
    pub fn get(&self, bandit: &str) -> Option<&PolicySnapshot> {
        let found = self
            .0
            .binary_search_by(|snapshot| snapshot.bandit().cmp(bandit));
        self.0.get(found.ok()?)
    }

    /// All snapshots, by bandit in rising order.
    pub fn iter(&self) -> impl Iterator<Item = &PolicySnapshot> {
        self.0.iter()
    }
}

/// Whether the subject may take part in experiments and bandits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Participation {
    /// As the ruleset says.
    #[default]
    Full,
    /// Not at all: a bot, or no consent. Such a context needs no targeting key either: gates of
    /// chance that cannot be computed stay shut instead of failing.
    Excluded,
}

/// Everything an evaluation depends on.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    /// The flags.
    pub ruleset: &'a Ruleset,
    /// Who asks.
    pub context: &'a EvaluationContext,
    /// The moment of the request.
    pub at: UnixMillis,
    /// The random number of the request.
    pub draw: u64,
    /// What the bandits have learned.
    pub policies: &'a Policies,
    /// Decisions the subject already has.
    pub sticky: &'a StickyDecisions,
    /// Whether the subject takes part in experiments.
    pub participation: Participation,
}

impl<'a> Evaluator<'a> {
    /// The whole answer for one flag. Never fails: what goes wrong is an [`Outcome`].
    #[must_use]
    pub fn evaluate(&self, key: &'a str) -> Evaluation<'a> {
        match self.ruleset.flag(key) {
            Some(flag) => self.evaluate_flag(flag),
            None => Evaluation::failed(key, ErrorCode::FlagNotFound, "no flag of that key"),
        }
    }

    /// The whole answer for a flag of the ruleset.
    #[must_use]
    pub fn evaluate_flag(&self, flag: &'a Flag) -> Evaluation<'a> {
        self.walker().evaluate(flag)
    }

    /// The answers for all flags, by key in rising order.
    pub fn evaluate_all(&self) -> impl Iterator<Item = Evaluation<'a>> {
        let sweep = self.sweep();
        self.ruleset
            .flags()
            .map(move |flag| sweep.evaluate_flag(flag))
    }

    /// The same evaluator for whoever asks about many flags: what their conditions look at is found
    /// in the context once.
    #[must_use]
    pub fn sweep(&self) -> Sweep<'a> {
        Sweep {
            evaluator: *self,
            found: Found::of(self.ruleset.attributes(), self.context),
            preview: None,
        }
    }

    fn walker(&self) -> Walker<'_, 'a> {
        Walker {
            evaluator: self,
            gaze: self.context.into(),
            preview: None,
        }
    }
}

/// An evaluator that has looked through its context already.
#[derive(Debug, Clone)]
pub struct Sweep<'a> {
    evaluator: Evaluator<'a>,
    found: Found<'a>,
    preview: Option<&'a Preview>,
}

impl<'a> Sweep<'a> {
    /// The same, with the variants that a preview shows in place of what flags would serve, to
    /// those who require or ask them as well.
    #[must_use]
    pub fn previewing(self, preview: Option<&'a Preview>) -> Self {
        Self { preview, ..self }
    }

    /// The whole answer for a flag of the ruleset, as [`Evaluator::evaluate_flag`] gives it.
    #[must_use]
    pub fn evaluate_flag(&self, flag: &'a Flag) -> Evaluation<'a> {
        let walker = Walker {
            evaluator: &self.evaluator,
            gaze: Gaze {
                context: self.evaluator.context,
                found: Some(&self.found),
            },
            preview: self.preview,
        };
        walker.evaluate(flag)
    }
}

/// An evaluator at work.
#[derive(Debug, Clone, Copy)]
struct Walker<'w, 'a> {
    evaluator: &'w Evaluator<'a>,
    gaze: Gaze<'w>,
    preview: Option<&'w Preview>,
}

impl<'a> Deref for Walker<'_, 'a> {
    type Target = Evaluator<'a>;

    fn deref(&self) -> &Evaluator<'a> {
        self.evaluator
    }
}

impl<'a> Walker<'_, 'a> {
    fn evaluate(&self, flag: &'a Flag) -> Evaluation<'a> {
        Trail::start(|trail| self.walk(flag, trail, &mut Silent))
    }

    fn walk<T: Trace<'a>>(
        &self,
        flag: &'a Flag,
        trail: &Trail<'_>,
        trace: &mut T,
    ) -> Evaluation<'a> {
        let mut details = Details::default();
        if let Some(outcome) = self.previewed(flag) {
            return Evaluation {
                flag_key: &flag.key,
                outcome,
                details,
                view: None,
            };
        }
        let resolved = trail.enter(flag, |trail| self.resolve(flag, &mut details, trail, trace));
        let outcome = match resolved {
            Ok((index, reason)) => match index.and_then(|i| Some((i, flag.variants.get(i)?))) {
                Some((index, variant)) => Outcome::Resolved {
                    variant,
                    index,
                    reason,
                },
                None => Outcome::CallerDefault { reason },
            },
            Err(failure) => Outcome::Failed {
                code: failure.code,
                detail: failure.detail,
            },
        };
        Evaluation {
            flag_key: &flag.key,
            outcome,
            details,
            view: None,
        }
    }

    /// What a preview shows of the flag; nothing where it names no variant of it.
    #[inline]
    fn previewed(&self, flag: &'a Flag) -> Option<Outcome<'a>> {
        let wanted = self.preview?.variant(&flag.key)?;
        let mut variants = flag.variants.iter().enumerate();
        let (index, variant) = variants.find(|(_, variant)| &*variant.key == wanted)?;
        Some(Outcome::Resolved {
            variant,
            index,
            reason: Reason::TargetingMatch,
        })
    }

    fn resolve<T: Trace<'a>>(
        &self,
        flag: &'a Flag,
        details: &mut Details<'a>,
        trail: &Trail<'_>,
        trace: &mut T,
    ) -> Result<Served, Box<Failure>> {
        if cfg!(feature = "serving")
            && !T::WATCHES
            && let Some(plan) = flag.plan.get_or_init(|| plan::lay_out(flag))
            && let Some(told) = self.follow(plan, flag, details, trail)
        {
            return told;
        }
        if let FlagState::Broken(detail) = &flag.state {
            return Err(Failure::new(ErrorCode::ParseError, detail.clone()));
        }
        if !self.is_on(flag, details, trace) {
            return Ok((flag.off, Reason::Disabled));
        }
        for requirement in &flag.requires {
            let Some(other) = self.ruleset.flag_at(requirement.flag) else {
                continue;
            };
            let evaluation = self.walk(other, trail, &mut Silent);
            let met = matches!(&evaluation.outcome,
                Outcome::Resolved { index, .. } if requirement.variants.contains(index));
            let served = evaluation.variant().map(Variant::name);
            trace.step(|| Step::Requirement {
                flag: other,
                served,
                met,
            });
            if !met {
                details.unmet = Some(&other.key);
                return Ok((flag.off, Reason::Disabled));
            }
        }
        if let Some(variant) = self.named(flag) {
            trace.step(|| Step::Named {
                variant: flag.variants.get(variant),
            });
            return Ok((Some(variant), Reason::TargetingMatch));
        }
        for rule in &flag.rules {
            match self.try_rule((flag, rule), details, trail, trace)? {
                Tried::Served(served) => return Ok(served),
                Tried::End => break,
                Tried::Next => {}
            }
        }
        let variant = flag.fallback.and_then(|index| flag.variants.get(index));
        trace.step(|| Step::Fallback { variant });
        let reason = if flag.rules.is_empty() {
            Reason::Static
        } else {
            Reason::Default
        };
        Ok((flag.fallback, reason))
    }

    fn is_on<T: Trace<'a>>(
        &self,
        flag: &'a Flag,
        details: &mut Details<'a>,
        trace: &mut T,
    ) -> bool {
        if flag.state == FlagState::Disabled {
            trace.step(|| Step::Disabled);
            return false;
        }
        if !flag.window.contains(self.at) {
            trace.step(|| Step::OutsideSchedule {
                window: flag.window,
                at: self.at,
            });
            return false;
        }
        if let Some(expiry) = flag.expiry.filter(|expiry| expiry.at <= self.at) {
            details.expired = true;
            trace.step(|| Step::Expired { expiry });
            return expiry.action == ExpiryAction::KeepServing;
        }
        true
    }

    /// The variant of a named subject.
    fn named(&self, flag: &Flag) -> Option<usize> {
        if flag.overrides.is_empty() {
            return None;
        }
        let name = self.ruleset.name_of(self.context)?;
        let found = flag
            .overrides
            .binary_search_by(|(subject, _)| (**subject).cmp(&*name));
        flag.overrides.get(found.ok()?).map(|(_, variant)| *variant)
    }

    fn try_rule<T: Trace<'a>>(
        &self,
        (flag, rule): (&'a Flag, &'a Rule),
        details: &mut Details<'a>,
        trail: &Trail<'_>,
        trace: &mut T,
    ) -> Result<Tried, Box<Failure>> {
        if !rule.window.contains(self.at) {
            trace.step(|| Step::RuleOutsideSchedule { rule, at: self.at });
            return Ok(Tried::Next);
        }
        if !self.holds(&rule.when, trail)?.is_yes() {
            trace.step(|| Step::ConditionFailed { rule });
            return Ok(Tried::Next);
        }
        let missed = match rule.on_miss {
            OnMiss::Next => Tried::Next,
            OnMiss::End => Tried::End,
        };
        if rule.is_experimental()
            && let Some(why) = self.kept_out(flag)?
        {
            details.kept_out = Some(why);
            trace.step(|| Step::KeptOut { rule, why });
            return Ok(missed);
        }
        let mut bucket = None;
        for gate in &rule.gates {
            let (passes, drawn) = self.passes(gate)?;
            bucket = drawn;
            trace.step(|| Step::Gate {
                rule,
                gate,
                bucket: drawn,
                passes,
                at: self.at,
            });
            if !passes {
                return Ok(missed);
            }
        }
        let drawn = match self.choose(flag, rule, details)? {
            Choosing::Drawn(drawn) => drawn,
            Choosing::Default => {
                trace.step(|| Step::Served {
                    rule,
                    variant: None,
                    bucket,
                    decision: None,
                });
                details.rule = Some(&rule.id);
                return Ok(Tried::Served((None, Reason::Default)));
            }
            Choosing::Fallback => return Ok(none_named(rule, trace)),
        };
        let Some((variant, drawn, decision)) = drawn else {
            trace.step(|| Step::SplitMissed { rule });
            return Ok(missed);
        };
        let by_chance = !rule.gates.is_empty() || rule.is_experimental();
        let reason = reason(rule, by_chance);
        details.rule = Some(&rule.id);
        details.bucket = drawn.or(bucket);
        details.tracked = by_chance && flag.tracked;
        let variant_served = flag.variants.get(variant);
        trace.step(|| Step::Served {
            rule,
            variant: variant_served,
            bucket: drawn,
            decision: decision.as_deref().cloned(),
        });
        details.decision = decision;
        self.choose_by_policy(variant_served, details);
        Ok(Tried::Served((Some(variant), reason)))
    }
}

impl<'a> Walker<'_, 'a> {
    /// What the variant's policy chooses, where it has one.
    fn choose_by_policy(&self, served: Option<&'a Variant>, details: &mut Details<'a>) {
        if let Some(policy) = served.and_then(|variant| variant.policy.as_ref()) {
            details.chosen = policy.code().choose(&self.view());
        }
    }
}

/// The end of a rule whose expression names no variant.
fn none_named<'a, T: Trace<'a>>(rule: &'a Rule, trace: &mut T) -> Tried {
    trace.step(|| Step::NoneNamed { rule });
    Tried::End
}

/// A variant's index, or the caller's default; and why.
type Served = (Option<usize>, Reason);

/// A variant's index, the bucket behind it, the decision behind it.
type Drawn = (usize, Option<Bucket>, Option<Box<Decision>>);

/// What a rule's serving comes to.
enum Choosing {
    /// A variant; nothing where chance misses.
    Drawn(Option<Drawn>),
    /// The caller's default.
    Default,
    /// The flag's fallback.
    Fallback,
}

enum Tried {
    Served(Served),
    Next,
    End,
}

/// Why a rule's variant is served.
fn reason(rule: &Rule, by_chance: bool) -> Reason {
    // An expression decides by what the context says, as a condition does.
    let is_decided = !rule.when.is_always() || matches!(rule.serve, Serve::Program(_));
    match (by_chance, is_decided) {
        (true, _) => Reason::Split,
        (false, true) => Reason::TargetingMatch,
        (false, false) => Reason::Static,
    }
}
