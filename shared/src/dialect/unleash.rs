//! Constraints as Unleash means them.
//!
//! A context's values are text there. A missing one fails every operator but `NOT_IN`. What is
//! compared with and cannot be read never matches; inversion is a `not` around the test.
//!
//! # Source
//! Unleash client specification, version 5: suites 09, 11, 13, 14, 21 and 22.

use super::network::Network;
use super::pattern::{Case, re2};
use super::text::{number_in, text_of, texts_of};
use super::version::{rank, strict};
use super::{ForeignTest, Source, View};
use crate::condition::{Comparison, Position};
use crate::context::Attribute;
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::letters::lowercase;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use core::net::IpAddr;
use regex_lite::Regex;
use semver::Version;
use std::sync::Arc;

/// The attribute that is the moment of the request where the context does not say otherwise.
const CURRENT_TIME: &str = "currentTime";

/// Behind an operator: upper and lower case are the same.
const IGNORE_CASE: &str = "/i";

/// A constraint.
#[derive(Debug)]
struct Constraint {
    attribute: Attribute,
    is_current_time: bool,
    wanted: Wanted,
}

/// What the attribute has to be like.
#[derive(Debug)]
enum Wanted {
    /// One of these texts, sorted.
    OneOf(Vec<Box<str>>),
    /// None of these texts, sorted; nothing at all will do.
    NoneOf(Vec<Box<str>>),
    Text(Position, Vec<Box<str>>, Case),
    Number(Comparison, f64),
    Time(Comparison, UnixMillis),
    Version(Comparison, Version),
    Pattern(Regex),
    InNetwork(Vec<Network>),
    /// Compared with something that cannot be read.
    Never,
}

pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let Some(attribute) = source.attribute.clone() else {
        return Err("a constraint needs an \"attribute\"".into());
    };
    Ok(Arc::new(Constraint {
        is_current_time: attribute.names().eq([CURRENT_TIME]),
        attribute,
        wanted: wanted(&source.op, &source.value)?,
    }))
}

fn wanted(op: &str, value: &Value) -> Result<Wanted, Unfit> {
    let (op, case) = match op.strip_suffix(IGNORE_CASE) {
        Some(op) => (op, Case::Ignored),
        None => (op, Case::Kept),
    };
    let sorted = || {
        let mut texts = texts_of(value);
        texts.sort_unstable();
        texts
    };
    let text = text_of(value).unwrap_or_default();
    let position = |position| {
        let needles = texts_of(value).into_iter();
        let folded = needles.map(|needle| fold(&needle, case).into());
        Wanted::Text(position, folded.collect(), case)
    };
    let number = |comparison| {
        number_in(&text).map_or(Wanted::Never, |than| Wanted::Number(comparison, than))
    };
    let time = |comparison| {
        let than = UnixMillis::parse(&text);
        than.map_or(Wanted::Never, |than| Wanted::Time(comparison, than))
    };
    let version =
        |comparison| strict(&text).map_or(Wanted::Never, |than| Wanted::Version(comparison, than));
    Ok(match op {
        "IN" => Wanted::OneOf(sorted()),
        "NOT_IN" => Wanted::NoneOf(sorted()),
        "STR_STARTS_WITH" => position(Position::Start),
        "STR_ENDS_WITH" => position(Position::End),
        "STR_CONTAINS" => position(Position::Anywhere),
        "NUM_EQ" => number(Comparison::Equal),
        "NUM_GT" => number(Comparison::Greater),
        "NUM_GTE" => number(Comparison::GreaterOrEqual),
        "NUM_LT" => number(Comparison::Less),
        "NUM_LTE" => number(Comparison::LessOrEqual),
        "DATE_AFTER" => time(Comparison::Greater),
        "DATE_BEFORE" => time(Comparison::Less),
        "SEMVER_EQ" => version(Comparison::Equal),
        "SEMVER_GT" => version(Comparison::Greater),
        "SEMVER_GTE" => version(Comparison::GreaterOrEqual),
        "SEMVER_LT" => version(Comparison::Less),
        "SEMVER_LTE" => version(Comparison::LessOrEqual),
        "REGEX" => re2(&text, case).map_or(Wanted::Never, Wanted::Pattern),
        "IN_CIDR" => {
            let entries = texts_of(value).into_iter();
            let networks = entries.filter_map(|entry| Network::parse(entry.trim()));
            Wanted::InNetwork(networks.collect())
        }
        _ => return Err(unfit!("\"{op}\" is no operator of Unleash")),
    })
}

fn fold(text: &str, case: Case) -> String {
    match case {
        Case::Kept => text.to_owned(),
        Case::Ignored => lowercase(text),
    }
}

impl ForeignTest for Constraint {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let value = view.context.get(&self.attribute);
        if let Wanted::Time(comparison, than) = &self.wanted {
            let time = match value {
                None => self.is_current_time.then_some(view.at),
                Some(value) => text_of(value).and_then(|text| UnixMillis::parse(&text).ok()),
            };
            return Ok(time
                .is_some_and(|time| comparison.accepts(time.cmp(than)))
                .into());
        }
        let Some(text) = value.and_then(text_of) else {
            return Ok(matches!(self.wanted, Wanted::NoneOf(_)).into());
        };
        Ok(self.wanted.accepts(&text).into())
    }
}

impl Wanted {
    fn accepts(&self, text: &str) -> bool {
        let listed = |texts: &[Box<str>]| texts.binary_search_by(|t| (**t).cmp(text)).is_ok();
        match self {
            Self::OneOf(texts) => listed(texts),
            Self::NoneOf(texts) => !listed(texts),
            Self::Text(position, needles, Case::Kept) => {
                needles.iter().any(|needle| position.finds(text, needle))
            }
            Self::Text(position, needles, Case::Ignored) => {
                let text = lowercase(text);
                needles.iter().any(|needle| position.finds(&text, needle))
            }
            Self::Number(comparison, than) => number_in(text)
                .and_then(|number| number.partial_cmp(than))
                .is_some_and(|ordering| comparison.accepts(ordering)),
            Self::Version(comparison, than) => {
                rank(text, than).is_some_and(|ordering| comparison.accepts(ordering))
            }
            Self::Pattern(regex) => regex.is_match(text),
            Self::InNetwork(networks) => {
                let address: Result<IpAddr, _> = text.parse();
                address.is_ok_and(|address| networks.iter().any(|net| net.contains(address)))
            }
            // A time is compared before anything is text.
            Self::Time(..) | Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::EvaluationContext;

    const NOON: UnixMillis = UnixMillis(1_643_461_200_000);

    fn holds(op: &str, value: Value, context: &EvaluationContext, attribute: &str) -> bool {
        let source = Source {
            dialect: "unleash".into(),
            op: op.into(),
            attribute: Some(Attribute::named(attribute)),
            value,
        };
        let view = View {
            context,
            at: NOON,
            draw: 0,
        };
        let test = test(&source).expect("a known operator");
        test.holds(&view).expect("it never fails") == Truth::Yes
    }

    #[track_caller]
    fn check(op: &str, found: impl Into<Value>, value: impl Into<Value>, expected: bool) {
        let context = EvaluationContext::new().with("a", found);
        assert_eq!(holds(op, value.into(), &context, "a"), expected);
    }

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| Value::from(*item)).collect())
    }

    #[test]
    fn texts() {
        check("IN", "b", list(&["b", "a"]), true);
        check("IN", "B", list(&["b"]), false);
        check("IN", 7, list(&["7"]), true);
        check("IN", Value::Null, list(&["a"]), false);
        check("NOT_IN", "b", list(&["b"]), false);
        check("NOT_IN", "b", list(&[]), true);
        check("NOT_IN", Value::Null, list(&["b"]), true);
        check("STR_STARTS_WITH", "e2 cool", list(&["e1", "e2"]), true);
        check("STR_ENDS_WITH", "x@Mail", list(&["mail"]), false);
        check("STR_ENDS_WITH/i", "x@Mail", list(&["mAIL"]), true);
        check("STR_CONTAINS", "abc", list(&["b"]), true);
        check("STR_CONTAINS", "abc", list(&[]), false);
        check("STR_CONTAINS", Value::Null, list(&["null"]), false);
    }

    #[test]
    fn numbers() {
        check("NUM_EQ", "12.0", "12", true);
        check("NUM_EQ", 12, "12.0", true);
        check("NUM_GT", 12, 12, false);
        check("NUM_GTE", "12", "12", true);
        check("NUM_LT", "-1", "0", true);
        check("NUM_LTE", "0.1", "0.10", true);
        check("NUM_EQ", "x", "x", false);
        check("NUM_LT", "", "5", false);
    }

    #[test]
    fn versions_are_strict() {
        check("SEMVER_EQ", "1.2.2", "1.2.2", true);
        check("SEMVER_GT", "1.2.10", "1.2.9", true);
        check("SEMVER_GTE", "1.2.2-rc", "1.2.2", false);
        check("SEMVER_LT", "2.0.0-alpha.1", "2.0.0-beta", true);
        check("SEMVER_LTE", "1.2.2", "1.2.2", true);
        check("SEMVER_EQ", "v2.0.0", "v2.0.0", false);
        check("SEMVER_LT", "1.2", "9.0.0", false);
    }

    #[test]
    fn times() {
        let before = "2022-01-29T15:00:00.001+02:00";
        check("DATE_BEFORE", "2022-01-29T13:00:00Z", before, true);
        check("DATE_AFTER", "2022-01-29T13:00:00Z", before, false);
        check("DATE_BEFORE", "tomorrow", before, false);
        let nobody = EvaluationContext::new();
        let now = |op: &str, value: &str, name: &str| holds(op, value.into(), &nobody, name);
        assert!(now("DATE_BEFORE", before, CURRENT_TIME));
        assert!(!now("DATE_BEFORE", "2022-01-29T13:00:00Z", CURRENT_TIME));
        assert!(now("DATE_AFTER", "2022-01-29T12:59:59.999Z", CURRENT_TIME));
        assert!(!now("DATE_BEFORE", before, "birthday"));
        assert!(!now("DATE_BEFORE", "soon", CURRENT_TIME));
    }

    #[test]
    fn patterns_and_networks() {
        check("REGEX", "a cat.", r"\bcat\b", true);
        check("REGEX", "Cat", "^cat$", false);
        check("REGEX/i", "Cat", "^cat$", true);
        check("REGEX", "(regex", "(regex", false);
        check(
            "IN_CIDR",
            "192.168.1.7",
            list(&["127.invalid", " 192.168.1.0/24 "]),
            true,
        );
        check("IN_CIDR", "192.168.2.7", list(&["192.168.1.0/24"]), false);
        check("IN_CIDR", "2001:db8::7", list(&["2001:db8::/32"]), true);
        check("IN_CIDR", "localhost", list(&["0.0.0.0/0"]), false);
    }

    #[test]
    fn unknown_operators_are_refused() {
        let refused = wanted("IS_NEAR", &Value::Null).expect_err("there is no such operator");
        assert_eq!(refused.to_string(), "\"IS_NEAR\" is no operator of Unleash");
    }
}
