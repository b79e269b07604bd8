//! Values as `Python` reads and writes them, for systems whose engine is written in it.

use crate::value::{Number, Value};
use crate::wire::number;
use std::borrow::Cow;

/// What `str` makes of a value: `True`, `1.0`, `1e+16`. Lists, objects and null have no text here.
#[must_use]
pub fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(truth) => Some(Cow::Borrowed(if *truth { "True" } else { "False" })),
        Value::Number(Number::Float(float)) => Some(Cow::Owned(float_text(*float))),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

/// The shortest digits that read back as the same number: with a point, or with an exponent where
/// the number is below a ten thousandth or has more than sixteen digits.
#[must_use]
pub fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return signed(float, "inf".to_owned());
    }
    let mut buffer = ryu_js::Buffer::new();
    // `1234.5`, `1e+21`, `1.5e-7`: JavaScript needs an exponent later than `Python` does.
    let text = buffer.format_finite(float.abs());
    let (written, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = written.split_once('.').unwrap_or((written, ""));
    let all = [whole, fraction].concat();
    let digits = all.trim_start_matches('0');
    let n_before = whole.len() as i32 - (all.len() - digits.len()) as i32;
    // Ten to this power is the place of the first digit.
    let power = exponent + n_before - 1;
    if (-4..16).contains(&power) || digits.is_empty() {
        let point = if fraction.is_empty() { ".0" } else { "" };
        return signed(float, format!("{text}{point}"));
    }
    let (first, rest) = digits.split_at(1);
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if power < 0 { '-' } else { '+' };
    let power = power.unsigned_abs();
    signed(float, format!("{first}{point}{rest}e{sign}{power:02}"))
}

fn signed(float: f64, text: String) -> String {
    if float.is_sign_negative() {
        return format!("-{text}");
    }
    text
}

/// What `int` reads from a text; `None` where it fails, or beyond 128 bits.
#[must_use]
pub fn integer(text: &str) -> Option<i128> {
    plain_digits(text)?.parse().ok()
}

/// What `float` reads from a text; `None` where it fails.
#[must_use]
pub fn float(text: &str) -> Option<f64> {
    number::from_text(&plain_digits(text)?)
}

/// The text without white space around it, and without underscores between digits.
fn plain_digits(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let is_digit = |part: Option<char>| part.is_some_and(|last| last.is_ascii_digit());
    let parts: Vec<&str> = text.split('_').collect();
    let are_joined = parts.windows(2).all(|pair| match pair {
        [before, after] => is_digit(before.chars().last()) && is_digit(after.chars().next()),
        _ => false,
    });
    are_joined.then(|| Cow::Owned(parts.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `CPython` 3.11 prints them.
    #[test]
    fn floats_print_as_in_python() {
        let check = |float: f64, text: &str| assert_eq!(float_text(float), text);
        check(35.0, "35.0");
        check(-0.0, "-0.0");
        check(0.1, "0.1");
        check(0.0001, "0.0001");
        check(0.000_012_5, "1.25e-05");
        check(1e-7, "1e-07");
        check(1e15, "1000000000000000.0");
        check(1e16, "1e+16");
        check(-1.5e100, "-1.5e+100");
        check(123_456_789.125, "123456789.125");
        check(9_007_199_254_740_993.0, "9007199254740992.0");
        // A quarter: of two ends as near it takes the even one.
        check(f64::from_bits(0x431A_BC9C_1AAF_F655), "1881432010784149.2");
        check(123_456_789_012_345_680.0, "1.2345678901234568e+17");
        check(1.5e300, "1.5e+300");
        check(5e-324, "5e-324");
        check(f64::NEG_INFINITY, "-inf");
        check(f64::NAN, "nan");
    }

    proptest::proptest! {
        /// The standard library finds the same digits.
        #[test]
        fn digits_are_the_shortest(bits: u64, short in -100_000_i32..100_000) {
            let short = f64::from(short);
            for float in [f64::from_bits(bits), short / 1_000.0, short * 1e14] {
                if !float.is_finite() {
                    continue;
                }
                let scientific = format!("{float:e}");
                let (mantissa, power) = scientific.split_once('e').unwrap();
                let power: i32 = power.parse().unwrap();
                let expected = if (-4..16).contains(&power) {
                    format!("{float:?}")
                } else {
                    let sign = if power < 0 { '-' } else { '+' };
                    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
                };
                let found = float_text(float);
                // Of two that are as near and as short Python takes the even one.
                let is_even = |text: &str| text.ends_with(['0', '2', '4', '6', '8']);
                let is_tie = found.len() == expected.len()
                    && (is_even(&found), is_even(&expected)) == (true, false)
                    && found.parse() == Ok(float);
                proptest::prop_assert!(found == expected || is_tie, "{} {}", found, expected);
            }
        }
    }

    #[test]
    fn values_have_a_text() {
        let check = |value: Value, text: Option<&str>| assert_eq!(text_of(&value).as_deref(), text);
        check(true.into(), Some("True"));
        check(false.into(), Some("False"));
        check(7.into(), Some("7"));
        check(7.0.into(), Some("7.0"));
        check("a".into(), Some("a"));
        check(Value::Null, None);
    }

    #[test]
    fn numbers_are_read_as_in_python() {
        assert_eq!(integer(" -12 "), Some(-12));
        assert_eq!(integer("+1_000"), Some(1_000));
        assert_eq!(integer("1__0"), None);
        assert_eq!(integer("_1"), None);
        assert_eq!(integer("2.1"), None);
        assert_eq!(integer(""), None);
        assert_eq!(float("1e3"), Some(1_000.0));
        assert_eq!(float("1_0.5"), Some(10.5));
        assert_eq!(float("inf"), Some(f64::INFINITY));
        assert_eq!(float("x"), None);
    }
}
