//! Conditions: trees of and, or, not over tests of attributes and membership in segments.
//!
//! A negated operator is the exact complement of its positive form, so a missing attribute fails
//! every test and satisfies every negated one. Of a list attribute, one matching element is enough.

use crate::context::{Attribute, Gaze, Seen};
use crate::dialect::{Foreign, ForeignTest};
use crate::evaluation::Failure;
use crate::flag::{FlagType, Gate};
use crate::letters::lowercase;
use crate::named::Names;
use crate::pattern::Pattern;
use crate::rare::Rare;
use crate::same::{ends_so, same, starts};
use crate::texts::Texts;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use crate::version::Precedence;
use std::fmt;

/// Whether a subject belongs to the audience of a rule or segment.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Holds when each part does; without parts it holds.
    All(Box<[Condition]>),
    /// Holds when one part does; without parts it does not.
    Any(Box<[Condition]>),
    /// Holds when the part does not.
    Not(Box<Condition>),
    /// Holds for members of the segment with that index in the ruleset.
    Segment(usize),
    /// Holds where a test against a named list does, which stands under that index behind the
    /// segments: many conditions share it.
    Listed(usize),
    /// Holds for these subjects, sorted.
    Subjects(Box<Names>),
    /// Holds when the attribute passes.
    Test(Test),
    /// Holds when another flag answers the subject in a certain way.
    Flag(Box<FlagCondition>),
    /// Holds for a share of subjects.
    Chance(Box<Gate>),
    /// Holds as another system means it.
    Foreign(Foreign<dyn ForeignTest>),
}

/// What another flag has to answer.
#[derive(Debug, Clone)]
pub struct FlagCondition {
    /// Index of the flag in the ruleset.
    pub flag: usize,
    /// What is asked of its answer.
    pub test: FlagTest,
    /// What it means when that flag fails, or is being evaluated already.
    pub on_failure: OnFailure,
}

/// What is asked of another flag's answer; every part that is there.
#[derive(Debug, Clone, Default)]
pub struct FlagTest {
    /// It must not be switched off.
    pub must_be_on: bool,
    /// It must serve a variant reported under one of these names.
    pub variants: Option<Box<[Box<str>]>>,
    /// It must serve this value, to those who ask for this type where values depend on that.
    pub value: Option<(Option<FlagType>, Value)>,
    /// Its value, as the attribute `value`, must pass; null where it serves none.
    pub foreign: Option<Foreign<dyn ForeignTest>>,
}

/// What the failure of another flag means for the condition that asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// The condition does not hold.
    #[default]
    DoesNotHold,
    /// The flag that asks fails too.
    Fails,
    /// It cannot be told whether the condition holds.
    Unknown,
}

/// What conditions ask of a subject beyond its attributes.
pub trait Audience {
    /// Whether the subject belongs to the segment with that index.
    ///
    /// # Errors
    /// `Failure` of a condition taken over from another system.
    fn member(&self, segment: usize) -> Answer;
    /// Whether the subject is listed.
    fn is_named(&self, names: &Names) -> bool;
    /// Whether another flag answers as it should.
    ///
    /// # Errors
    /// `Failure` of that flag, where it counts.
    fn flag(&self, condition: &FlagCondition) -> Answer;
    /// Whether the subject is among the share.
    ///
    /// # Errors
    /// `Failure` when the context lacks what the share is drawn by.
    fn chance(&self, gate: &Gate) -> Answer;
    /// Whether the condition of another system holds.
    ///
    /// # Errors
    /// `Failure` where that system gives up on the flag.
    fn foreign(&self, test: &dyn ForeignTest) -> Answer;
}

/// Whether something holds, or why the whole flag fails.
pub type Answer = Result<Truth, Box<Failure>>;

/// One look at one attribute.
#[derive(Debug, Clone)]
pub struct Test {
    /// What is looked at.
    pub attribute: Attribute,
    /// What it has to be like.
    pub matcher: Matcher,
}

/// What an attribute has to be like.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// Present and not null.
    Exists,
    /// One of these values, numbers by value.
    OneOf(Box<[Value]>),
    /// One of these texts, sorted.
    OneOfTexts(Texts),
    /// Text related to one of the needles.
    Text(TextMatcher),
    /// Text in which the expression is found; linear time.
    Pattern(Rare<Box<Pattern>>),
    /// A number compared with another.
    Number(Comparison, f64),
    /// A time (ISO 8601 text or epoch milliseconds) compared with another.
    Time(Comparison, Rare<UnixMillis>),
    /// A semantic version compared by precedence.
    Version(Comparison, Precedence),
    /// A semantic version inside a range such as `^1.2`.
    VersionRange(Rare<Box<semver::VersionReq>>),
}

/// How text relates to a needle.
#[derive(Debug, Clone)]
pub struct TextMatcher {
    /// Where the needle has to be found.
    pub position: Position,
    /// Any of these; lower case when `fold_case` is on.
    pub needles: Texts,
    /// Whether `A` and `a` are the same.
    pub fold_case: bool,
}

/// Where in a text a needle has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The text is the needle.
    Whole,
    /// At the beginning.
    Start,
    /// At the end.
    End,
    /// Somewhere.
    Anywhere,
}

/// An ordering that a comparison asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether that ordering is the one asked for.
    pub(crate) fn accepts(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Condition {
    /// Whether the condition holds; `audience` answers for what is not in the context.
    ///
    /// Parts are looked at in order, and no further than needed: the first that decides, decides.
    ///
    /// # Errors
    /// `Failure` of a part that was looked at.
    pub(crate) fn holds(&self, gaze: Gaze<'_>, audience: &dyn Audience) -> Answer {
        match self {
            Self::All(parts) => {
                for part in parts {
                    let truth = part.holds(gaze, audience)?;
                    if !truth.is_yes() {
                        return Ok(truth);
                    }
                }
                Ok(Truth::Yes)
            }
            Self::Any(parts) => {
                let mut otherwise = Truth::No;
                for part in parts {
                    match part.holds(gaze, audience)? {
                        Truth::Yes => return Ok(Truth::Yes),
                        Truth::Unknown => otherwise = Truth::Unknown,
                        Truth::No => {}
                    }
                }
                Ok(otherwise)
            }
            Self::Not(part) => Ok(part.holds(gaze, audience)?.negated()),
            Self::Segment(index) | Self::Listed(index) => audience.member(*index),
            Self::Subjects(names) => Ok(audience.is_named(names).into()),
            Self::Test(test) => Ok(test.holds(gaze).into()),
            Self::Flag(condition) => audience.flag(condition),
            Self::Chance(gate) => audience.chance(gate),
            Self::Foreign(test) => audience.foreign(test.code()),
        }
    }

    /// Whether the condition holds for everybody by its form alone.
    #[must_use]
    pub fn is_always(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Adds the indices of all segments and lists it asks about, each once.
    pub(crate) fn collect_segments(&self, found: &mut Vec<usize>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.collect_segments(found));
            }
            Self::Not(part) => part.collect_segments(found),
            Self::Segment(index) | Self::Listed(index) => {
                if !found.contains(index) {
                    found.push(*index);
                }
            }
            Self::Subjects(_)
            | Self::Test(_)
            | Self::Flag(_)
            | Self::Chance(_)
            | Self::Foreign(_) => {}
        }
    }

    /// The condition that holds for everybody.
    #[must_use]
    pub fn always() -> Self {
        Self::All([].into())
    }
}

impl Test {
    /// Whether the context's attribute passes.
    pub(crate) fn holds(&self, gaze: Gaze<'_>) -> bool {
        let seen = gaze.look(&self.attribute);
        seen.is_some_and(|seen| self.matcher.accepts(seen))
    }
}

impl Matcher {
    /// Whether the value passes; of a list one element is enough.
    pub(crate) fn accepts(&self, seen: Seen<'_>) -> bool {
        match seen.value {
            Value::Null => false,
            Value::List(elements) if !matches!(self, Self::Exists) => {
                elements.iter().any(|element| self.matches(element.into()))
            }
            _ => self.matches(seen),
        }
    }

    fn matches(&self, seen: Seen<'_>) -> bool {
        let value = seen.value;
        match self {
            Self::Exists => true,
            Self::OneOf(values) => values.iter().any(|candidate| candidate.same(value)),
            Self::OneOfTexts(texts) => value
                .as_str()
                .is_some_and(|text| texts.contains_sorted(text)),
            Self::Text(matcher) => value.as_str().is_some_and(|text| matcher.matches(text)),
            Self::Pattern(pattern) => value.as_str().is_some_and(|text| pattern.is_match(text)),
            Self::Number(comparison, than) => value
                .as_f64()
                .and_then(|number| number.partial_cmp(than))
                .is_some_and(|ordering| comparison.accepts(ordering)),
            Self::Time(comparison, than) => {
                time_of(value).is_some_and(|time| comparison.accepts(time.cmp(than)))
            }
            Self::Version(comparison, than) => {
                version_of(seen).is_some_and(|version| comparison.accepts(version.compare(than)))
            }
            Self::VersionRange(range) => {
                version_of(seen).is_some_and(|version| range.matches(&version.full()))
            }
        }
    }
}

fn time_of(value: &Value) -> Option<UnixMillis> {
    match value {
        Value::String(text) => UnixMillis::parse_iso(text).ok(),
        Value::Number(number) => Some(UnixMillis(number.as_f64() as i64)),
        _ => None,
    }
}

/// The version that the value is; most are plain ones, and were read when they were put.
fn version_of(seen: Seen<'_>) -> Option<Precedence> {
    match seen.version {
        Some(version) => Some(Precedence::Plain(version)),
        None => Precedence::parse(seen.value.as_str()?).ok(),
    }
}

impl TextMatcher {
    fn matches(&self, text: &str) -> bool {
        if self.fold_case {
            let folded = lowercase(text);
            return self
                .needles
                .iter()
                .any(|needle| self.position.finds(&folded, needle));
        }
        self.needles
            .iter()
            .any(|needle| self.position.finds(text, needle))
    }
}

impl Position {
    /// Whether the needle is there.
    pub(crate) fn finds(self, text: &str, needle: &str) -> bool {
        match self {
            Self::Whole => same(text.as_bytes(), needle.as_bytes()),
            Self::Start => starts(text, needle),
            Self::End => ends_so(text, needle),
            Self::Anywhere => text.contains(needle),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Whole => "equals",
            Self::Start => "starts with",
            Self::End => "ends with",
            Self::Anywhere => "contains",
        }
    }
}

/// The requirement in words, without the attribute's name: `>= 18`, `starts with "a" or "b"`.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("is present"),
            Self::OneOf(values) => alternatives(f, "equals", values.iter().map(short_value)),
            Self::OneOfTexts(texts) => alternatives(f, "equals", texts.iter().map(quoted)),
            Self::Text(matcher) => {
                alternatives(
                    f,
                    matcher.position.words(),
                    matcher.needles.iter().map(quoted),
                )?;
                f.write_str(if matcher.fold_case {
                    ", in any case"
                } else {
                    ""
                })
            }
            Self::Pattern(pattern) => write!(f, "matches /{}/", pattern.as_str()),
            Self::Number(comparison, than) => write!(f, "{} {than}", comparison.symbol()),
            Self::Time(comparison, than) => {
                write!(f, "{} {}", comparison.symbol(), than.to_rfc3339())
            }
            Self::Version(comparison, than) => {
                write!(f, "{} version {than}", comparison.symbol())
            }
            Self::VersionRange(range) => write!(f, "is a version in {}", **range),
        }
    }
}

/// Alternatives listed in words before the rest is only counted.
const LISTED_MAX: usize = 5;

fn alternatives(
    f: &mut fmt::Formatter<'_>,
    verb: &str,
    items: impl ExactSizeIterator<Item = String>,
) -> fmt::Result {
    let rest = items.len().saturating_sub(LISTED_MAX);
    let listed: Vec<String> = items.take(LISTED_MAX).collect();
    write!(f, "{verb} {}", listed.join(" or "))?;
    if rest > 0 {
        write!(f, " or one of {rest} more")
    } else {
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn short_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::List(items) => format!("a list of {}", items.len()),
        Value::Object(members) => format!("an object of {} members", members.len()),
    }
}

#[cfg(test)]
mod tests;
