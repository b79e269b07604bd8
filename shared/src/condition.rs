//! Conditions: trees of and, or, not over tests of attributes and membership in segments.
//!
//! A negated operator is the exact complement of its positive form, so a missing attribute fails
//! every test and satisfies every negated one. Of a list attribute, one matching element is enough.

use crate::context::{Attribute, EvaluationContext};
use crate::named::Names;
use crate::time::UnixMillis;
use crate::value::Value;
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
    /// Holds for these subjects, sorted.
    Subjects(Box<Names>),
    /// Holds when the attribute passes.
    Test(Test),
}

/// What conditions ask of a subject beyond its attributes.
pub trait Audience {
    /// Whether the subject belongs to the segment with that index.
    fn is_member(&self, segment: usize) -> bool;
    /// Whether the subject is listed.
    fn is_named(&self, names: &Names) -> bool;
}

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
    OneOfTexts(Box<[Box<str>]>),
    /// Text related to one of the needles.
    Text(TextMatcher),
    /// Text in which the expression is found; linear time.
    Pattern(regex_lite::Regex),
    /// A number compared with another.
    Number(Comparison, f64),
    /// A time (RFC 3339 text or epoch milliseconds) compared with another.
    Time(Comparison, UnixMillis),
    /// A semantic version compared by precedence.
    Version(Comparison, semver::Version),
    /// A semantic version inside a range such as `^1.2`.
    VersionRange(semver::VersionReq),
}

/// How text relates to a needle.
#[derive(Debug, Clone)]
pub struct TextMatcher {
    /// Where the needle has to be found.
    pub position: Position,
    /// Any of these; lower case when `fold_case` is on.
    pub needles: Box<[Box<str>]>,
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
    fn accepts(self, ordering: std::cmp::Ordering) -> bool {
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
    /// Whether the condition holds; `audience` answers for segments and named subjects.
    pub fn holds(&self, context: &EvaluationContext, audience: &dyn Audience) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(context, audience)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(context, audience)),
            Self::Not(part) => !part.holds(context, audience),
            Self::Segment(index) => audience.is_member(*index),
            Self::Subjects(names) => audience.is_named(names),
            Self::Test(test) => test.holds(context),
        }
    }

    /// Whether the condition holds for everybody by its form alone.
    #[must_use]
    pub fn is_always(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// The condition that holds for everybody.
    #[must_use]
    pub fn always() -> Self {
        Self::All([].into())
    }
}

impl Test {
    /// Whether the context's attribute passes.
    #[must_use]
    pub fn holds(&self, context: &EvaluationContext) -> bool {
        match context.get(&self.attribute) {
            None => false,
            Some(Value::List(elements)) if !matches!(self.matcher, Matcher::Exists) => {
                elements.iter().any(|element| self.matcher.matches(element))
            }
            Some(value) => self.matcher.matches(value),
        }
    }
}

impl Matcher {
    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Exists => true,
            Self::OneOf(values) => values.iter().any(|candidate| candidate.same(value)),
            Self::OneOfTexts(texts) => value
                .as_str()
                .is_some_and(|text| texts.binary_search_by(|other| (**other).cmp(text)).is_ok()),
            Self::Text(matcher) => value.as_str().is_some_and(|text| matcher.matches(text)),
            Self::Pattern(pattern) => value.as_str().is_some_and(|text| pattern.is_match(text)),
            Self::Number(comparison, than) => value
                .as_f64()
                .and_then(|number| number.partial_cmp(than))
                .is_some_and(|ordering| comparison.accepts(ordering)),
            Self::Time(comparison, than) => {
                time_of(value).is_some_and(|time| comparison.accepts(time.cmp(than)))
            }
            Self::Version(comparison, than) => version_of(value)
                .is_some_and(|version| comparison.accepts(version.cmp_precedence(than))),
            Self::VersionRange(range) => {
                version_of(value).is_some_and(|version| range.matches(&version))
            }
        }
    }
}

fn time_of(value: &Value) -> Option<UnixMillis> {
    match value {
        Value::String(text) => UnixMillis::parse(text).ok(),
        Value::Number(number) => Some(UnixMillis(number.as_f64() as i64)),
        _ => None,
    }
}

fn version_of(value: &Value) -> Option<semver::Version> {
    semver::Version::parse(value.as_str()?).ok()
}

impl TextMatcher {
    fn matches(&self, text: &str) -> bool {
        if self.fold_case {
            let folded = text.to_lowercase();
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
    fn finds(self, text: &str, needle: &str) -> bool {
        match self {
            Self::Whole => text == needle,
            Self::Start => text.starts_with(needle),
            Self::End => text.ends_with(needle),
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
            Self::OneOfTexts(texts) => {
                alternatives(f, "equals", texts.iter().map(|text| quoted(text)))
            }
            Self::Text(matcher) => {
                alternatives(
                    f,
                    matcher.position.words(),
                    matcher.needles.iter().map(|text| quoted(text)),
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
            Self::Version(comparison, than) => write!(f, "{} version {than}", comparison.symbol()),
            Self::VersionRange(range) => write!(f, "is a version in {range}"),
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
mod tests {
    use super::*;

    /// Belongs nowhere.
    struct Nobody;

    impl Audience for Nobody {
        fn is_member(&self, _segment: usize) -> bool {
            false
        }

        fn is_named(&self, _names: &Names) -> bool {
            false
        }
    }

    #[track_caller]
    fn check(matcher: Matcher, value: impl Into<Value>, expected: bool) {
        let test = Test {
            attribute: Attribute::named("a"),
            matcher,
        };
        let context = EvaluationContext::new().with("a", value);
        assert_eq!(test.holds(&context), expected, "{}", test.matcher);
    }

    fn text(position: Position, needle: &str, fold_case: bool) -> Matcher {
        Matcher::Text(TextMatcher {
            position,
            needles: [needle.into()].into(),
            fold_case,
        })
    }

    #[test]
    fn matchers() {
        check(Matcher::Exists, 0, true);
        check(Matcher::Exists, Value::Null, false);
        check(Matcher::OneOf([1.into()].into()), 1.0, true);
        check(Matcher::OneOf([1.into()].into()), "1", false);
        check(
            Matcher::OneOfTexts(["a".into(), "c".into()].into()),
            "c",
            true,
        );
        check(
            Matcher::OneOfTexts(["a".into(), "c".into()].into()),
            "b",
            false,
        );
        check(text(Position::Start, "ba", false), "bandera", true);
        check(text(Position::End, "RA", false), "bandera", false);
        check(text(Position::End, "ra", true), "BANDERA", true);
        check(Matcher::Number(Comparison::GreaterOrEqual, 18.0), 18, true);
        check(Matcher::Number(Comparison::Less, 18.0), "17", false);
        let noon = UnixMillis(43_200_000);
        check(
            Matcher::Time(Comparison::Less, noon),
            "1970-01-01T11:59:59Z",
            true,
        );
        check(Matcher::Time(Comparison::Less, noon), 43_200_000, false);
        let version = semver::Version::new(1, 2, 0);
        check(
            Matcher::Version(Comparison::Less, version.clone()),
            "1.2.0-rc.1",
            true,
        );
        check(Matcher::Version(Comparison::Equal, version), "1.2", false);
    }

    #[test]
    fn one_element_of_a_list_is_enough() {
        let list = Value::List(["x".into(), "y".into()].into());
        check(Matcher::OneOfTexts(["y".into()].into()), list.clone(), true);
        check(Matcher::OneOfTexts(["z".into()].into()), list, false);
    }

    #[test]
    fn a_missing_attribute_fails_the_test_and_satisfies_its_negation() {
        let test = Test {
            attribute: Attribute::named("absent"),
            matcher: Matcher::Exists,
        };
        let negated = Condition::Not(Box::new(Condition::Test(test)));
        assert!(negated.holds(&EvaluationContext::new(), &Nobody));
    }

    #[test]
    fn empty_trees_have_their_logical_value() {
        let nobody = EvaluationContext::new();
        assert!(Condition::always().holds(&nobody, &Nobody));
        assert!(!Condition::Any([].into()).holds(&nobody, &Nobody));
    }

    #[test]
    fn requirements_read_as_words() {
        let many: Box<[Box<str>]> = (0..7).map(|i| format!("c{i}").into()).collect();
        let words = Matcher::OneOfTexts(many).to_string();
        let listed = r#"equals "c0" or "c1" or "c2" or "c3" or "c4" or one of 2 more"#;
        assert_eq!(words, listed);
    }
}
