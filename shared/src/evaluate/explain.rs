//! The same evaluation in words: why this, and what would have to change.

use super::subject::Trail;
use super::trace::{Recorder, Step};
use super::{Evaluator, Walker, words};
use crate::condition::{Condition, FlagTest, Test};
use crate::context::Attribute;
use crate::decision::Decision;
use crate::dialect::Source;
use crate::evaluation::{ErrorCode, Evaluation, KeptOut};
use crate::flag::{ExpiryAction, Gate, Serve, Share};
use crate::truth::Truth;
use crate::value::Value;

/// An evaluation and the steps that led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation<'a> {
    /// The answer, from the same code as the fast path.
    pub evaluation: Evaluation<'a>,
    /// What was done, in order.
    pub steps: Vec<ExplanationStep>,
}

/// One step, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationStep {
    /// The rule concerned.
    pub rule: Option<String>,
    /// What happened.
    pub what: String,
    /// What would have to be different for the step to go the other way.
    pub change: Vec<String>,
}

impl<'a> Evaluator<'a> {
    /// Evaluates the flag and says how.
    #[must_use]
    pub fn explain(&self, key: &'a str) -> Explanation<'a> {
        let Some(flag) = self.ruleset.flag(key) else {
            let code = ErrorCode::FlagNotFound;
            let evaluation = Evaluation::failed(key, code, "no flag of that key");
            return Explanation {
                evaluation,
                steps: Vec::new(),
            };
        };
        let mut recorder = Recorder::default();
        let walker = self.walker();
        let evaluation = Trail::start(|trail| walker.walk(flag, trail, &mut recorder));
        let steps = recorder.0.iter().map(|step| walker.words(step)).collect();
        Explanation { evaluation, steps }
    }
}

impl Walker<'_, '_> {
    fn words(&self, step: &Step<'_>) -> ExplanationStep {
        let rule = rule_of(step).map(str::to_owned);
        let (what, change) = match step {
            Step::ConditionFailed { rule } => {
                let mut change = Vec::new();
                Trail::start(|trail| self.obstacles(&rule.when, trail, true, &mut change));
                let truth = Trail::start(|trail| self.holds(&rule.when, trail));
                let what = match truth {
                    Ok(Truth::Unknown) => "nobody can tell whether its condition holds",
                    _ => "its condition does not hold",
                };
                (what.to_owned(), change)
            }
            Step::NoneNamed { rule } => {
                let change = match &rule.serve {
                    Serve::Program(program) => one(&format!(
                        "its expression must name one: {}",
                        program.source().value
                    )),
                    _ => Vec::new(),
                };
                ("its expression names no variant".to_owned(), change)
            }
            Step::Gate {
                gate,
                bucket,
                passes,
                at,
                ..
            } => gate_words(gate, *bucket, *passes, *at),
            Step::Served {
                decision: Some(decision),
                ..
            } => {
                let (what, change) = step.plain_words();
                (
                    format!("{what} ({})", self.decision_words(decision)),
                    change,
                )
            }
            other => other.plain_words(),
        };
        ExplanationStep { rule, what, change }
    }
}

impl Walker<'_, '_> {
    /// By which bandit, of what kind, with how much known, and how likely.
    fn decision_words(&self, decision: &Decision) -> String {
        let mut bandits = self.ruleset.bandits().iter();
        let bandit = bandits.find(|bandit| bandit.key() == &*decision.bandit);
        let kind = bandit.map_or("", |bandit| bandit.policy().kind().name());
        format!(
            "bandit \"{}\" by {kind}, revision {}, propensity {}",
            decision.bandit,
            decision.revision,
            decision.propensity.as_f64()
        )
    }
}

fn rule_of<'s>(step: &'s Step<'_>) -> Option<&'s str> {
    match step {
        Step::RuleOutsideSchedule { rule, .. }
        | Step::ConditionFailed { rule }
        | Step::KeptOut { rule, .. }
        | Step::Gate { rule, .. }
        | Step::SplitMissed { rule }
        | Step::NoneNamed { rule }
        | Step::Served { rule, .. } => Some(&rule.id),
        _ => None,
    }
}

impl Step<'_> {
    fn plain_words(&self) -> (String, Vec<String>) {
        let or_default = |variant: Option<&crate::flag::Variant>| match variant {
            Some(variant) => format!("\"{}\"", variant.name()),
            None => "the caller's default".to_owned(),
        };
        match self {
            Self::Disabled => ("the flag is disabled".to_owned(), one("enable the flag")),
            Self::OutsideSchedule { window, at } => {
                let what = format!("{} is outside the flag's schedule", at.to_rfc3339());
                (what, schedule_change(*window))
            }
            Self::Expired { expiry } => {
                let then = match expiry.action {
                    ExpiryAction::ServeOff => "and is off",
                    ExpiryAction::KeepServing => "and goes on serving",
                };
                let what = format!("the flag expired at {} {then}", expiry.at.to_rfc3339());
                (what, one("move its expiry"))
            }
            Self::Requirement { flag, served, met } => {
                let served = served.map_or("no variant".to_owned(), |v| format!("\"{v}\""));
                let verdict = if *met {
                    "as required"
                } else {
                    "which is not what is required"
                };
                (
                    format!("the flag \"{}\" serves {served}, {verdict}", flag.key),
                    Vec::new(),
                )
            }
            Self::Named { variant } => (
                format!("the subject is named for {}", or_default(*variant)),
                Vec::new(),
            ),
            Self::RuleOutsideSchedule { rule, at } => {
                let what = format!("{} is outside its schedule", at.to_rfc3339());
                (what, schedule_change(rule.window))
            }
            Self::KeptOut { why, .. } => (kept_out_words(why), Vec::new()),
            Self::SplitMissed { .. } => (
                "the subject's bucket belongs to no variant".to_owned(),
                one("widen the ranges"),
            ),
            Self::Served {
                variant, bucket, ..
            } => {
                let bucket = bucket.map(|bucket| format!(" (bucket {})", bucket.index()));
                let bucket = bucket.unwrap_or_default();
                let what = format!("serves {}{bucket}", or_default(*variant));
                (what, Vec::new())
            }
            Self::Fallback { variant } => (
                format!("no rule serves: {}", or_default(*variant)),
                Vec::new(),
            ),
            Self::ConditionFailed { .. } | Self::Gate { .. } | Self::NoneNamed { .. } => {
                (String::new(), Vec::new())
            }
        }
    }
}

fn one(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

fn schedule_change(window: crate::time::Window) -> Vec<String> {
    let start = window
        .start
        .map(|start| format!("not before {}", start.to_rfc3339()));
    let end = window.end.map(|end| format!("before {}", end.to_rfc3339()));
    start
        .into_iter()
        .chain(end)
        .map(|bound| format!("evaluate {bound}"))
        .collect()
}

fn kept_out_words(why: &KeptOut<'_>) -> String {
    match why {
        KeptOut::NotParticipating => {
            "the visitor takes no part in experiments (a bot, or no consent)".to_owned()
        }
        KeptOut::Holdout(key) => format!("the subject is in the holdout \"{key}\""),
        KeptOut::Layer(key) => {
            format!("the subject's bucket of the layer \"{key}\" is not this flag's")
        }
    }
}

/// The share in percent, cut off after two digits.
fn percent(width: u64, scale: u64) -> String {
    let hundredths = (width as f64 * 10_000.0 / scale.max(1) as f64) as u64;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

fn gate_words(
    gate: &crate::flag::Gate,
    bucket: Option<crate::bucketing::Bucket>,
    passes: bool,
    at: crate::time::UnixMillis,
) -> (String, Vec<String>) {
    let verdict = if passes { "passes" } else { "does not pass" };
    let bucket = match bucket {
        Some(bucket) => format!("bucket {} of {}", bucket.index(), gate.bucketing.scale),
        None => "everybody".to_owned(),
    };
    let share = match &gate.share {
        Share::Ranges(ranges) if ranges.is_empty() => String::new(),
        Share::Ranges(ranges) => {
            let list = ranges
                .iter()
                .map(|range| format!("{}..{}", range.from(), range.to()));
            let list = list.collect::<Vec<_>>().join(", ");
            let width = ranges.iter().map(|range| range.width()).sum();
            format!("{list} ({})", percent(width, gate.bucketing.scale))
        }
        Share::Ramp(ramp) => {
            let n = ramp.buckets_at(at);
            let share = percent(n, gate.bucketing.scale);
            format!("0..{n} ({share}) at {}", at.to_rfc3339())
        }
    };
    let share = if share.is_empty() {
        "no buckets".to_owned()
    } else {
        share
    };
    let change = if passes {
        Vec::new()
    } else {
        one("widen the share, or name the subject")
    };
    (format!("{bucket} {verdict} the gate of {share}"), change)
}

impl Walker<'_, '_> {
    /// Collects what keeps a condition from being `wanted`.
    fn obstacles(
        &self,
        condition: &Condition,
        trail: &Trail<'_>,
        wanted: bool,
        found: &mut Vec<String>,
    ) {
        match self.holds(condition, trail) {
            Ok(truth) if truth == Truth::from(wanted) => return,
            Ok(_) => {}
            Err(failure) => return found.push(failure.detail.into()),
        }
        let must = if wanted { "must" } else { "must not" };
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                for part in parts {
                    self.obstacles(part, trail, wanted, found);
                }
                if parts.is_empty() {
                    let always = if wanted {
                        "can never hold"
                    } else {
                        "always holds"
                    };
                    found.push(format!("the condition is empty and {always}"));
                }
            }
            Condition::Not(part) => self.obstacles(part, trail, !wanted, found),
            Condition::Segment(index) => {
                let segment = self.ruleset.segment_at(*index);
                let key = segment.map_or("", |segment| &*segment.key);
                found.push(format!("the subject {must} be in the segment \"{key}\""));
                if let Some(when) = segment.and_then(|segment| segment.when.as_ref()) {
                    let mut inside = Vec::new();
                    self.obstacles(when, trail, wanted, &mut inside);
                    let inside = inside.into_iter();
                    found.extend(inside.map(|why| format!("for that segment: {why}")));
                }
            }
            Condition::Listed(index) => {
                let segment = self.ruleset.segment_at(*index);
                let listed = segment.and_then(|it| Some((&it.key, it.when.as_ref()?)));
                let Some((list, when)) = listed else { return };
                let mut words = Vec::new();
                self.obstacles(when, trail, wanted, &mut words);
                let of_list = |words| format!("{words} (the list \"{list}\")");
                found.extend(words.into_iter().map(of_list));
            }
            Condition::Subjects(_) => {
                found.push(format!("the subject {must} be among those listed by name"));
            }
            Condition::Test(test) => found.push(self.test_words(test, wanted)),
            Condition::Flag(condition) => {
                let flag = self.ruleset.flag_at(condition.flag);
                let key = flag.map_or("", |flag| &*flag.key);
                found.push(format!(
                    "the flag \"{key}\" {must} {}",
                    flag_words(&condition.test)
                ));
            }
            Condition::Chance(gate) if let Some(key) = self.holdout_of(gate) => {
                found.push(format!("the subject {must} be in the holdout \"{key}\""));
            }
            Condition::Chance(gate) => {
                let bucket = self.passes(gate).ok().and_then(|(_, bucket)| bucket);
                let (what, _) = gate_words(gate, bucket, !wanted, self.at);
                found.push(format!("{what}; it {must}"));
            }
            Condition::Foreign(test) => {
                found.push(self.foreign_words(test.source(), must));
            }
        }
    }

    /// The holdout whose subjects are exactly those whom the gate lets through.
    fn holdout_of(&self, gate: &Gate) -> Option<&str> {
        let Share::Ranges(ranges) = &gate.share else {
            return None;
        };
        let mut holdouts = self.ruleset.holdouts().iter();
        let holdout = holdouts.find(|holdout| {
            holdout.bucketing == gate.bucketing && holdout.range.as_slice() == &**ranges
        })?;
        Some(&holdout.key)
    }

    fn foreign_words(&self, source: &Source, must: &str) -> String {
        let asked = match words::asked(source) {
            Ok(asked) => asked,
            Err(said) => return said,
        };
        match (
            words::place(source, self.context),
            source.value.member("constant"),
        ) {
            (Some(attribute), Some(constant)) => {
                format!(
                    "{attribute} is {constant} for everybody; \"{attribute} {asked}\" {must} hold"
                )
            }
            (Some(attribute), None) => {
                let written = source.attribute.as_ref().unwrap_or(&attribute);
                let is_private = self.ruleset.private().covers(written);
                let is = self.value_words(if is_private { written } else { &attribute });
                format!("{attribute} {is}; \"{attribute} {asked}\" {must} hold")
            }
            (None, _) => format!("{asked} {must} hold"),
        }
    }

    fn test_words(&self, test: &Test, wanted: bool) -> String {
        let must = if wanted { "must hold" } else { "must not hold" };
        let is = self.value_words(&test.attribute);
        format!(
            "{} {is}; \"{} {}\" {must}",
            test.attribute, test.attribute, test.matcher
        )
    }

    /// What the attribute is; of a private one nothing is said.
    fn value_words(&self, attribute: &Attribute) -> String {
        if self.ruleset.private().covers(attribute) {
            return "is private".to_owned();
        }
        value_words(self.context.get(attribute))
    }
}

/// What is asked of another flag: `be on and serve "a" or "b"`.
fn flag_words(test: &FlagTest) -> String {
    let mut parts = Vec::new();
    if test.must_be_on {
        parts.push("be on".to_owned());
    }
    if let Some(names) = &test.variants {
        let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
        parts.push(format!("serve {}", names.join(" or ")));
    }
    if let Some((_, value)) = &test.value {
        parts.push(format!("have the value {value}"));
    }
    if let Some(foreign) = &test.foreign {
        // Null stands for any answer, if there is one.
        parts.push(match &foreign.source().value {
            Value::Null => "have an answer".to_owned(),
            _ => match words::asked(foreign.source()) {
                // An expression has no verb.
                Ok(asked) if asked.starts_with("the ") => {
                    format!("have a value for which {asked} holds")
                }
                Ok(asked) => format!("have a value that {asked}"),
                Err(said) => said,
            },
        });
    }
    parts.join(" and ")
}

fn value_words(value: Option<&Value>) -> String {
    match value {
        None => "is missing".to_owned(),
        Some(Value::String(text)) => format!("is {text:?}"),
        Some(Value::Number(number)) => format!("is {number}"),
        Some(Value::Bool(truth)) => format!("is {truth}"),
        Some(Value::List(items)) => format!("is a list of {}", items.len()),
        Some(_) => "is an object".to_owned(),
    }
}
