//! Cloudflare Flagship: values compared as `JavaScript` converts them, moments as such where the
//! flag names one.
//!
//! An attribute that is absent passes nothing, negated operators included; null is unequal to
//! everything and in no list. Lists are asked for their items alone, objects for nothing.

use super::{ForeignTest, Source, View, javascript};
use crate::condition::Comparison;
use crate::context::{Attribute, EvaluationContext};
use crate::dialect::{Unfit, unfit};
use crate::evaluation::Failure;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use std::sync::Arc;

/// Names on the way to an attribute inside of others.
pub const PATH_NAMES_MAX: usize = 5;

/// The condition that a source means; an unknown operator passes nothing, as there.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, Unfit> {
    let names: Vec<&str> = source.attribute.iter().flat_map(Attribute::names).collect();
    let [name] = &*names else {
        return Err(unfit!("\"{}\" needs one plain attribute", source.op));
    };
    Ok(Arc::new(Test {
        name: (*name).into(),
        path: path(name),
        check: Check::read(&source.op, &source.value),
    }))
}

/// The names on the way to an attribute that is not in the context under its whole name.
#[must_use]
pub fn path(name: &str) -> Box<[Box<str>]> {
    let names: Box<[Box<str>]> = name.split('.').map(Into::into).collect();
    if (2..=PATH_NAMES_MAX).contains(&names.len()) {
        names
    } else {
        Box::default()
    }
}

#[derive(Debug)]
struct Test {
    name: Box<str>,
    /// Empty where the attribute is in no other.
    path: Box<[Box<str>]>,
    check: Check,
}

impl Test {
    fn find<'c>(&self, context: &'c EvaluationContext) -> Option<&'c Value> {
        context.attribute(&self.name).or_else(|| {
            let (first, rest) = self.path.split_first()?;
            let top = context.attribute(first)?;
            rest.iter().try_fold(top, |value, name| value.member(name))
        })
    }
}

impl ForeignTest for Test {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let found = self.find(view.context);
        let truth = found.map_or(matches!(self.check, Check::Drawable), |value| {
            self.check.holds(value)
        });
        Ok(truth.into())
    }
}

/// What an attribute has to be like.
#[derive(Debug)]
enum Check {
    Never,
    /// Written as one of these texts, sorted, or as none of them.
    Among {
        texts: Box<[Box<str>]>,
        wanted: bool,
    },
    Contains(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    /// A list with an item written so, or without.
    Has {
        text: Box<str>,
        wanted: bool,
    },
    Ordered {
        comparison: Comparison,
        than: f64,
        /// The moment, where the flag names one.
        moment: Option<i64>,
    },
    /// Something that a rollout can be drawn by, or nothing at all.
    Drawable,
}

impl Check {
    fn read(op: &str, operand: &Value) -> Self {
        let text = || javascript::text(operand).into();
        let among = |wanted, texts: &[Value]| {
            let texts = texts.iter().map(|text| javascript::text(text).into());
            let mut texts: Vec<Box<str>> = texts.collect();
            texts.sort_unstable();
            Self::Among {
                texts: texts.into(),
                wanted,
            }
        };
        let ordered = |comparison| match operand {
            Value::Null => Self::Never,
            scalar => Self::Ordered {
                comparison,
                than: number(scalar),
                moment: scalar.as_str().and_then(written_moment),
            },
        };
        // Null is in no list, though a list may name it.
        let listed = |wanted, items: &[Value]| {
            let items = items.iter().filter(|item| **item != Value::Null);
            among(wanted, &items.cloned().collect::<Vec<_>>())
        };
        match (op, operand) {
            ("drawable", _) => Self::Drawable,
            ("in", Value::List(items)) => listed(true, items),
            ("not_in", Value::List(items)) => listed(false, items),
            (_, Value::List(_) | Value::Object(_)) => Self::Never,
            ("equals", value) => among(true, std::slice::from_ref(value)),
            ("not_equals", value) => among(false, std::slice::from_ref(value)),
            ("contains", _) => Self::Contains(text()),
            ("starts_with", _) => Self::StartsWith(text()),
            ("ends_with", _) => Self::EndsWith(text()),
            ("has", _) => Self::Has {
                text: text(),
                wanted: true,
            },
            ("not_has", _) => Self::Has {
                text: text(),
                wanted: false,
            },
            ("greater_than", _) => ordered(Comparison::Greater),
            ("greater_than_or_equals", _) => ordered(Comparison::GreaterOrEqual),
            ("less_than", _) => ordered(Comparison::Less),
            ("less_than_or_equals", _) => ordered(Comparison::LessOrEqual),
            _ => Self::Never,
        }
    }

    fn holds(&self, actual: &Value) -> bool {
        let text = || javascript::text(actual);
        match (self, actual) {
            (Self::Drawable, actual) => !is_structured(actual),
            (Self::Has { text, wanted }, Value::List(items)) => {
                let scalars = items
                    .iter()
                    .filter(|item| **item != Value::Null && !is_structured(item));
                scalars.map(javascript::text).any(|item| *item == **text) == *wanted
            }
            (Self::Among { wanted, .. }, Value::Null) => !wanted,
            (Self::Never | Self::Has { .. }, _)
            | (_, Value::Null | Value::List(_) | Value::Object(_)) => false,
            (Self::Among { texts, wanted }, _) => {
                let text = text();
                let found = texts.binary_search_by(|other| (**other).cmp(&*text));
                found.is_ok() == *wanted
            }
            (Self::Contains(part), _) => text().contains(&**part),
            (Self::StartsWith(part), _) => text().starts_with(&**part),
            (Self::EndsWith(part), _) => text().ends_with(&**part),
            (
                Self::Ordered {
                    comparison,
                    than,
                    moment,
                },
                _,
            ) => {
                let own = moment.and_then(|_| moment_of(actual.as_str()?));
                let ordering = match (own, moment) {
                    (Some(own), Some(than)) => Some(own.cmp(than)),
                    _ => number(actual).partial_cmp(than),
                };
                ordering.is_some_and(|ordering| comparison.accepts(ordering))
            }
        }
    }
}

fn is_structured(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Object(_))
}

/// The number that a value stands for; blank text stands for none.
fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) if text.trim().is_empty() => f64::NAN,
        other => javascript::number(other),
    }
}

/// The moment that a flag names: date, time of day with seconds, and offset, nothing less.
fn written_moment(text: &str) -> Option<i64> {
    let shape = "0000-00-00T00:00:00";
    let (start, rest) = text.split_at_checked(shape.len())?;
    let fits = start
        .bytes()
        .zip(shape.bytes())
        .all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            sign => byte == sign,
        });
    let has_offset = rest.ends_with('Z') || rest.contains(['+', '-']);
    (fits && has_offset).then(|| moment_of(text))?
}

/// The moment that an attribute names, in milliseconds: a date or a date and a time, in UTC where
/// it has no offset.
///
/// # Source
/// ECMA-262, the date time string format; and the format of mail headers, which engines read too.
/// DIFFERENCE: no other way to write a date is known here, though engines read many.
fn moment_of(text: &str) -> Option<i64> {
    if let Ok(moment) = UnixMillis::parse_iso(text) {
        return Some(moment.0);
    }
    mail_moment(text)
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Zones that mail headers name, and their hours (RFC 2822, section 4.3).
const ZONES: [(&str, &str); 12] = [
    ("GMT", "Z"),
    ("UT", "Z"),
    ("UTC", "Z"),
    ("Z", "Z"),
    ("EST", "-05:00"),
    ("EDT", "-04:00"),
    ("CST", "-06:00"),
    ("CDT", "-05:00"),
    ("MST", "-07:00"),
    ("MDT", "-06:00"),
    ("PST", "-08:00"),
    ("PDT", "-07:00"),
];

/// A moment as mail headers write it, `Mon, 15 Jan 2024 10:00:00 +0100`: by way of the form that
/// everything else has, since the reader of the other one is eight kilobytes of a Worker.
fn mail_moment(text: &str) -> Option<i64> {
    let text = text.split_once(',').map_or(text, |(_, date)| date);
    let mut parts = text.split_ascii_whitespace();
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (clock, zone) = (parts.next()?, parts.next()?);
    let month = MONTHS
        .iter()
        .position(|name| month.eq_ignore_ascii_case(name))?;
    let named = ZONES
        .iter()
        .find(|(name, _)| zone.eq_ignore_ascii_case(name));
    let offset = match (named, zone.split_at_checked(3)) {
        (Some((_, offset)), _) => (*offset).to_owned(),
        (None, Some((hours, minutes))) => format!("{hours}:{minutes}"),
        (None, None) => return None,
    };
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let iso = format!("{year}-{:02}-{day:0>2}T{clock}{seconds}{offset}", month + 1);
    let moment = UnixMillis::parse(&iso).ok()?;
    parts.next().is_none().then_some(moment.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::EvaluationContext;

    #[track_caller]
    fn check(op: &str, actual: impl Into<Value>, operand: impl Into<Value>, expected: bool) {
        let source = Source {
            dialect: "flagship".into(),
            op: op.into(),
            attribute: Some(Attribute::named("a")),
            value: operand.into(),
        };
        let context = EvaluationContext::new().with("a", actual);
        let view = View {
            context: &context,
            at: UnixMillis(0),
            draw: 0,
        };
        let found = test(&source).map(|test| test.holds(&view));
        assert_eq!(found, Ok(Ok(expected.into())), "{source}");
        let nobody = EvaluationContext::new();
        let nobody = View {
            context: &nobody,
            ..view
        };
        let found = test(&source).map(|test| test.holds(&nobody));
        assert_eq!(found, Ok(Ok(Truth::No)), "{source} without the attribute");
    }

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| Value::from(*item)).collect())
    }

    #[test]
    fn values_are_compared_as_text() {
        check("equals", 1, "1", true);
        check("equals", true, "true", true);
        check("equals", 1.5, 1.5, true);
        check("equals", "A", "a", false);
        check("equals", list(&["a", "b"]), "a,b", false);
        check("not_equals", 2, "1", true);
        check("not_equals", "1", 1, false);
        check("in", 7, list(&["6", "7"]), true);
        check("in", "8", list(&["6", "7"]), false);
        check("in", "7", "7", false);
        check("not_in", "8", list(&["6", "7"]), true);
        check("not_in", "7", list(&["6", "7"]), false);
        check("not_in", "x", list(&[]), true);
        check("not_in", "8", "7", false);
        check("contains", 12_345, 234, true);
        check("contains", "abc", "", true);
        check("starts_with", "abc", "ab", true);
        check("starts_with", "abc", "bc", false);
        check("ends_with", "abc", "bc", true);
        check("ends_with", false, "e", true);
        check("matches", "a", "a", false);
    }

    /// As the evaluation in miniflare 5.20261117.0-beta has it.
    #[test]
    fn null_is_unequal_and_lists_are_asked_for_items() {
        check("equals", Value::Null, "null", false);
        check("not_equals", Value::Null, "null", true);
        check("in", Value::Null, list(&["null"]), false);
        check("not_in", Value::Null, list(&["null"]), true);
        check("contains", Value::Null, "null", false);
        check("equals", "null", Value::Null, true);
        let with_null = Value::List([Value::Null, "a".into()].into());
        check("in", "null", with_null.clone(), false);
        check("not_equals", list(&["a"]), "b", false);
        check("not_in", list(&["a"]), list(&["b"]), false);
        check("has", list(&["a", "b"]), "b", true);
        check("has", list(&["a"]), "A", false);
        check("not_has", list(&["a"]), "b", true);
        check("not_has", list(&["a"]), "a", false);
        check("has", Value::List([1.into()].into()), "1", true);
        check("has", with_null, Value::Null, false);
        check("has", "a", "a", false);
        check("not_has", "a", "b", false);
    }

    #[test]
    fn an_attribute_may_lie_inside_others_unless_one_has_the_whole_name() {
        let holds = |context: &EvaluationContext, name: &str| {
            let source = Source {
                dialect: "flagship".into(),
                op: "equals".into(),
                attribute: Some(Attribute::named(name)),
                value: "x".into(),
            };
            let view = View {
                context,
                at: UnixMillis(0),
                draw: 0,
            };
            let test = test(&source).expect("a test");
            test.holds(&view).expect("it never fails") == Truth::Yes
        };
        let nested = |names: &[&str]| {
            let inner = Value::from("x");
            names.iter().rev().fold(inner, |value, name| {
                Value::Object([((*name).into(), value)].into())
            })
        };
        let context = EvaluationContext::new().with("a", nested(&["b", "c", "d", "e"]));
        assert!(holds(&context, "a.b.c.d.e"));
        assert!(!holds(&context, "a.b.c.d"));
        let deep = EvaluationContext::new().with("a", nested(&["b", "c", "d", "e", "f"]));
        assert!(!holds(&deep, "a.b.c.d.e.f"));
        let whole = context.with("a.b.c.d.e", "y");
        assert!(!holds(&whole, "a.b.c.d.e"));
    }

    #[test]
    fn numbers_are_compared_as_javascript_converts_them() {
        check("greater_than", "10", 9, true);
        check("greater_than", 9, "9", false);
        check("greater_than_or_equals", 9, "9", true);
        check("less_than", " ", 1, false);
        check("less_than", 1, "", false);
        check("less_than", Value::Null, 1, false);
        check("less_than", 0, Value::Null, false);
        check("less_than_or_equals", true, 1, true);
        check("less_than", "x", 1, false);
        check("less_than", 1, "x", false);
    }

    #[test]
    fn moments_are_compared_where_the_flag_names_one() {
        let noon = "2026-03-01T12:00:00Z";
        check("greater_than", "2026-03-01T12:00:01+00:00", noon, true);
        check("greater_than", "2026-03-01T13:00:00+01:00", noon, false);
        check(
            "greater_than_or_equals",
            "2026-03-01T13:00:00.000+01:00",
            noon,
            true,
        );
        check("less_than", "2026-03-01", noon, true);
        check("less_than", "2026-03", noon, true);
        check("less_than", "2027", noon, false);
        check("less_than", "2026-03-01T11:59", noon, true);
        check("less_than", "2026-03-01 11:59:59", noon, true);
        check("less_than", "Sun, 01 Mar 2026 11:59:59 GMT", noon, true);
        check("less_than", "yesterday", noon, false);
        // A number is no moment, and the moment no number.
        check("less_than", 0, noon, false);
        check("less_than", "2026-02-01T00:00:00Z", "2026-03-01", false);
        check(
            "less_than",
            "2026-02-01T00:00:00Z",
            "2026-03-01T12:00Z",
            false,
        );
    }

    #[test]
    fn it_needs_one_attribute() {
        let source = |attribute| Source {
            dialect: "flagship".into(),
            op: "equals".into(),
            attribute,
            value: Value::Null,
        };
        assert!(test(&source(None)).is_err());
        assert!(test(&source(Some(Attribute::nested("a", ["b"])))).is_err());
    }

    /// Beside the library that reads mail headers.
    #[test]
    fn mail_dates_are_read_as_a_library_reads_them() {
        let check = |text: &str| {
            let library = chrono::DateTime::parse_from_rfc2822(text).ok();
            let expected = library.map(|moment| moment.timestamp_millis());
            assert_eq!(mail_moment(text), expected, "{text}");
        };
        for days in (0..80_000).step_by(7) {
            let moment = chrono::DateTime::from_timestamp(days * 86_399, 0).unwrap();
            check(&moment.to_rfc2822());
            let hours = 3_600 * (days as i32 / 7 % 23 - 11);
            let zone = chrono::FixedOffset::east_opt(hours).unwrap();
            check(&moment.with_timezone(&zone).to_rfc2822());
        }
        for text in [
            "1 Mar 2026 11:59 EST",
            "01 Mar 2026 11:59:59 pdt",
            "Sun, 1 MAR 2026 11:59:59 -0330",
            "Sun, 31 Feb 2026 11:59:59 GMT",
            "Sun, 1 Mar 2026",
            "Sun, 1 Mrz 2026 11:59:59 GMT",
            "1 Mar 2026 25:00:00 GMT",
            "1 Mar 2026 11:59:59 GMT again",
            "",
        ] {
            check(text);
        }
    }
}
