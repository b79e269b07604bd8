//! How much evaluating a flag may take at most, whoever asks: counted before it is published.

use super::limits::COMPARISONS_MAX;
use crate::condition::{Condition, FlagTest, Matcher};
use crate::dialect::Source;
use crate::flag::{Flag, Rule, Serve};
use crate::pattern::steps;
use crate::ruleset::Segment;
use crate::value::Value;

/// What one step of a regular expression counts for: each character of a text may be held against
/// every step, where another comparison looks at each character once.
const STEP: u64 = 20;

/// Comparisons of segments and flags, by index; what has not been counted yet is free.
#[derive(Debug, Default)]
pub(super) struct Comparisons {
    pub(super) segments: Vec<u64>,
    pub(super) flags: Vec<u64>,
}

/// What is said of a flag or segment that takes too many.
pub(super) fn message(found: u64) -> String {
    format!(
        "evaluating it may take {found} comparisons; at most {COMPARISONS_MAX} are allowed: name \
         subjects in a segment's \"included\", use fewer expressions, or split the flag"
    )
}

impl Comparisons {
    /// Counts the tests against lists, which stand behind that many segments.
    pub(super) fn add(&mut self, n_segments: usize, tests: &[Segment]) {
        self.segments.truncate(n_segments);
        for test in tests {
            let found = self.of_segment(test);
            self.segments.push(found);
        }
    }

    /// Those of a segment's condition.
    pub(super) fn of_segment(&self, segment: &Segment) -> u64 {
        let when = segment.when.as_ref();
        sum([1, when.map_or(0, |when| self.of(when))])
    }

    /// Those of a flag's rules, of the flags it requires and of those it asks. Flags that may ask
    /// each other in a circle are not among `asked`; their evaluations are counted as they happen.
    pub(super) fn of_flag(&self, flag: &Flag, asked: &[usize]) -> u64 {
        let required = flag.requires.iter().map(|requirement| requirement.flag);
        let others = required.chain(asked.iter().copied());
        let others = others.map(|other| at(&self.flags, other));
        sum(others.chain(flag.rules.iter().map(|rule| self.of_rule(rule))))
    }

    fn of_rule(&self, rule: &Rule) -> u64 {
        let served = match &rule.serve {
            Serve::Program(program) => of_source(program.source()),
            _ => 0,
        };
        sum([self.of(&rule.when), rule.gates.len() as u64, served])
    }

    fn of(&self, condition: &Condition) -> u64 {
        let more = match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                sum(parts.iter().map(|part| self.of(part)))
            }
            Condition::Not(part) => self.of(part),
            Condition::Segment(index) | Condition::Listed(index) => at(&self.segments, *index),
            Condition::Test(test) => of_matcher(&test.matcher),
            Condition::Flag(asked) => of_answer(&asked.test),
            Condition::Foreign(test) => of_source(test.source()),
            Condition::Subjects(_) | Condition::Chance(_) => 0,
        };
        more.saturating_add(1)
    }
}

/// Values that are looked at one by one; sorted lists of texts are not.
fn of_matcher(matcher: &Matcher) -> u64 {
    match matcher {
        Matcher::OneOf(candidates) => sum(candidates.iter().map(values)),
        Matcher::Text(matcher) => matcher.needles.len() as u64,
        Matcher::Pattern(pattern) => expression(pattern.as_str()),
        Matcher::Exists
        | Matcher::OneOfTexts(_)
        | Matcher::Number(..)
        | Matcher::Time(..)
        | Matcher::Version(..)
        | Matcher::VersionRange(_) => 0,
    }
}

fn of_answer(test: &FlagTest) -> u64 {
    let names = test.variants.as_ref().map_or(0, |names| names.len() as u64);
    let foreign = test.foreign.as_ref();
    sum([names, foreign.map_or(0, |test| of_source(test.source()))])
}

fn expression(source: &str) -> u64 {
    steps(source).saturating_mul(STEP)
}

/// All values of an operand, expressions for what they are, and a query or a list that is written
/// as one text for each of its words.
fn of_source(source: &Source) -> u64 {
    let text = match &*source.dialect {
        "goff" | "flipt" => words,
        _ => |_: &str| 0,
    };
    within(&source.value, cost_by(&source.op).unwrap_or(text))
}

/// What a text costs.
type Cost = fn(&str) -> u64;

fn within(value: &Value, text: Cost) -> u64 {
    let inside = match value {
        Value::String(value) => text(value),
        Value::List(items) => sum(items.iter().map(|item| within(item, text))),
        Value::Object(members) => {
            // Tests of elements, and kinds of patterns, say what they are beside what they test.
            let said = |(_, value): &(_, Value)| value.as_str().and_then(cost_by);
            let beside = members.iter().find_map(said);
            sum(members.iter().map(|member| {
                let beside = beside.filter(|_| said(member).is_none());
                within(&member.1, cost_by(&member.0).or(beside).unwrap_or(text))
            }))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    inside.saturating_add(1)
}

/// What each text of an operand costs, where its operator, of ours or of another system, or its
/// kind takes patterns.
fn cost_by(op: &str) -> Option<Cost> {
    match op {
        "urlMatches" | "simple" => Some(wildcards),
        _ => is_expression(op).then_some(expression as Cost),
    }
}

/// A pattern with `*`: what stands behind the first one may be held against each character of an
/// address, and each parameter looks for its own.
fn wildcards(pattern: &str) -> u64 {
    let behind = pattern
        .split_once('*')
        .map_or(0, |(_, behind)| behind.len());
    let parameters = pattern.matches(['?', '&']).count();
    (behind as u64)
        .saturating_add(parameters as u64)
        .saturating_mul(STEP)
}

/// Whether an operator, of ours or of another system, takes regular expressions.
fn is_expression(op: &str) -> bool {
    const OPS: [&str; 12] = [
        "matches",
        "notMatches",
        "not matches",
        "regex",
        "not_regex",
        "REGEX",
        "REGEX/i",
        "MATCHES",
        "NOT_MATCHES",
        "MATCHES_STRING",
        "$regex",
        "$regexi",
    ];
    OPS.contains(&op)
}

fn words(text: &str) -> u64 {
    let ends = text.bytes().filter(|byte| b" \t\r\n,()".contains(byte));
    ends.count() as u64
}

/// The value, and all values inside it.
fn values(value: &Value) -> u64 {
    let inside = match value {
        Value::List(items) => sum(items.iter().map(values)),
        Value::Object(members) => sum(members.iter().map(|(_, member)| values(member))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    inside.saturating_add(1)
}

fn at(counts: &[u64], index: usize) -> u64 {
    counts.get(index).copied().unwrap_or_default()
}

fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{Answer, Audience, FlagCondition};
    use crate::context::EvaluationContext;
    use crate::dialect::ForeignTest;
    use crate::flag::Gate;
    use crate::named::Names;
    use crate::truth::Truth;
    use std::cell::Cell;

    /// Answers that no segment has the subject, and counts how often it is asked.
    struct Counting(Cell<u64>);

    impl Audience for Counting {
        fn member(&self, _: usize) -> Answer {
            self.0.set(self.0.get() + 1);
            Ok(Truth::No)
        }
        fn is_named(&self, _: &Names) -> bool {
            false
        }
        fn flag(&self, _: &FlagCondition) -> Answer {
            Ok(Truth::No)
        }
        fn chance(&self, _: &Gate) -> Answer {
            Ok(Truth::No)
        }
        fn foreign(&self, _: &dyn ForeignTest) -> Answer {
            Ok(Truth::No)
        }
    }

    /// `depth` levels of `any` and `all` in turn, each of `width` parts, over segments.
    fn nested(depth: usize, width: usize) -> Condition {
        if depth == 0 {
            return Condition::Segment(0);
        }
        let parts: Box<[Condition]> = (0..width).map(|_| nested(depth - 1, width)).collect();
        if depth.is_multiple_of(2) {
            Condition::Not(Box::new(Condition::All(parts)))
        } else {
            Condition::Any(parts)
        }
    }

    #[test]
    fn evaluation_asks_no_more_often_than_was_counted() {
        let counted = Comparisons::default();
        for (depth, width) in [(1, 10_000), (2, 100), (5, 8), (12, 2)] {
            let condition = nested(depth, width);
            let counting = Counting(Cell::new(0));
            condition
                .holds((&EvaluationContext::new()).into(), &counting)
                .expect("an answer");
            let (asked, most) = (counting.0.get(), counted.of(&condition));
            assert!(asked <= most, "{asked} of {most}");
            // Parts and what is around them: growth is that of the condition's own size.
            let leaves = (width as u64).pow(depth as u32);
            assert!(most < 4 * leaves, "{most} for {leaves}");
        }
    }
}
