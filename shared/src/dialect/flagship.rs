//! Cloudflare Flagship: values compared as `JavaScript` converts them, moments as such where the
//! flag names one.
//!
//! An attribute that is absent passes nothing, negated operators included; null is the text `null`.

use super::{ForeignTest, Source, View, javascript};
use crate::condition::Comparison;
use crate::context::Attribute;
use crate::evaluation::Failure;
use crate::time::UnixMillis;
use crate::truth::Truth;
use crate::value::Value;
use std::sync::Arc;

/// The condition that a source means; an unknown operator passes nothing, as there.
pub(super) fn test(source: &Source) -> Result<Arc<dyn ForeignTest>, String> {
    let names: Vec<&str> = source.attribute.iter().flat_map(Attribute::names).collect();
    let [name] = &*names else {
        return Err(format!("\"{}\" needs one plain attribute", source.op));
    };
    Ok(Arc::new(Test {
        attribute: (*name).into(),
        check: Check::read(&source.op, &source.value),
    }))
}

#[derive(Debug)]
struct Test {
    attribute: Box<str>,
    check: Check,
}

impl ForeignTest for Test {
    fn holds(&self, view: &View<'_>) -> Result<Truth, Box<Failure>> {
        let value = view.context.attribute(&self.attribute);
        Ok(value.is_some_and(|value| self.check.holds(value)).into())
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
    Ordered {
        comparison: Comparison,
        than: f64,
        /// The moment, where the flag names one.
        moment: Option<i64>,
    },
}

impl Check {
    fn read(op: &str, operand: &Value) -> Self {
        let text = || javascript::text(operand).into();
        let among = |wanted, texts: &[Value]| {
            let mut texts: Vec<Box<str>> = texts
                .iter()
                .map(|text| javascript::text(text).into())
                .collect();
            texts.sort_unstable();
            Self::Among {
                texts: texts.into(),
                wanted,
            }
        };
        let ordered = |comparison| Self::Ordered {
            comparison,
            than: javascript::number(operand),
            moment: operand.as_str().and_then(written_moment),
        };
        match (op, operand) {
            ("equals", value) => among(true, std::slice::from_ref(value)),
            ("not_equals", value) => among(false, std::slice::from_ref(value)),
            ("in", Value::List(items)) => among(true, items),
            ("not_in", Value::List(items)) => among(false, items),
            ("contains", _) => Self::Contains(text()),
            ("starts_with", _) => Self::StartsWith(text()),
            ("ends_with", _) => Self::EndsWith(text()),
            ("greater_than", _) => ordered(Comparison::Greater),
            ("greater_than_or_equals", _) => ordered(Comparison::GreaterOrEqual),
            ("less_than", _) => ordered(Comparison::Less),
            ("less_than_or_equals", _) => ordered(Comparison::LessOrEqual),
            _ => Self::Never,
        }
    }

    fn holds(&self, actual: &Value) -> bool {
        let text = || javascript::text(actual);
        match self {
            Self::Never => false,
            Self::Among { texts, wanted } => {
                let text = text();
                let found = texts.binary_search_by(|other| (**other).cmp(&*text));
                found.is_ok() == *wanted
            }
            Self::Contains(part) => text().contains(&**part),
            Self::StartsWith(part) => text().starts_with(&**part),
            Self::EndsWith(part) => text().ends_with(&**part),
            Self::Ordered {
                comparison,
                than,
                moment,
            } => {
                let own = moment.and_then(|_| moment_of(actual.as_str()?));
                let ordering = match (own, moment) {
                    (Some(own), Some(than)) => Some(own.cmp(than)),
                    _ => javascript::number(actual).partial_cmp(than),
                };
                ordering.is_some_and(|ordering| comparison.accepts(ordering))
            }
        }
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
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    let date = match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        _ => date.to_owned(),
    };
    let (clock, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let clock = match clock.len() {
        0 if time.is_empty() => "00:00:00".to_owned(),
        5 => format!("{clock}:00"),
        _ => clock.to_owned(),
    };
    let iso = UnixMillis::parse(&format!("{date}T{clock}{offset}"));
    if let Ok(moment) = iso {
        return Some(moment.0);
    }
    let mail = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    Some(mail.timestamp_millis())
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
        check("equals", Value::Null, "null", true);
        check("equals", list(&["a", "b"]), "a,b", true);
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

    #[test]
    fn numbers_are_compared_as_javascript_converts_them() {
        check("greater_than", "10", 9, true);
        check("greater_than", 9, "9", false);
        check("greater_than_or_equals", 9, "9", true);
        check("less_than", "", 1, true);
        check("less_than", Value::Null, 1, true);
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
}
