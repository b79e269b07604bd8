//! What an evaluation does, step by step, for whoever wants to watch.

use crate::bucketing::Bucket;
use crate::decision::Decision;
use crate::evaluation::KeptOut;
use crate::flag::{Expiry, Flag, Gate, Rule, Variant};
use crate::time::{UnixMillis, Window};

/// Watches an evaluation. Steps are made only for those who look at them.
pub(super) trait Trace<'a> {
    /// Whether anybody looks.
    const WATCHES: bool;
    fn step(&mut self, make: impl FnOnce() -> Step<'a>);
}

/// Watches nothing, at no cost.
pub(super) struct Silent;

impl<'a> Trace<'a> for Silent {
    const WATCHES: bool = false;

    #[inline]
    fn step(&mut self, _make: impl FnOnce() -> Step<'a>) {}
}

/// Keeps every step.
#[derive(Default)]
pub(super) struct Recorder<'a>(pub(super) Vec<Step<'a>>);

impl<'a> Trace<'a> for Recorder<'a> {
    const WATCHES: bool = true;

    fn step(&mut self, make: impl FnOnce() -> Step<'a>) {
        self.0.push(make());
    }
}

/// One step of an evaluation.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "fields repeat the words of the variants")]
pub enum Step<'a> {
    /// The flag is switched off.
    Disabled,
    /// The moment lies outside the flag's schedule.
    OutsideSchedule { window: Window, at: UnixMillis },
    /// The flag's planned life is over.
    Expired { expiry: Expiry },
    /// A required flag was evaluated.
    Requirement {
        flag: &'a Flag,
        served: Option<&'a str>,
        met: bool,
    },
    /// The subject is named in the flag.
    Named { variant: Option<&'a Variant> },
    /// The moment lies outside the rule's schedule.
    RuleOutsideSchedule { rule: &'a Rule, at: UnixMillis },
    /// The rule's condition does not hold.
    ConditionFailed { rule: &'a Rule },
    /// The rule is an experiment in which the subject takes no part.
    KeptOut { rule: &'a Rule, why: KeptOut<'a> },
    /// A gate of chance was tried.
    Gate {
        rule: &'a Rule,
        gate: &'a Gate,
        bucket: Option<Bucket>,
        passes: bool,
        at: UnixMillis,
    },
    /// The subject's bucket belongs to no variant.
    SplitMissed { rule: &'a Rule },
    /// The rule's expression names no variant.
    NoneNamed { rule: &'a Rule },
    /// The rule serves.
    Served {
        rule: &'a Rule,
        variant: Option<&'a Variant>,
        bucket: Option<Bucket>,
        decision: Option<Decision>,
    },
    /// No rule serves.
    Fallback { variant: Option<&'a Variant> },
}
