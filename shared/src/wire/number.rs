//! Numbers in texts, read by the reader of JSON.
//!
//! Reading decimals to the last bit takes tables that no compression makes smaller. A Worker has
//! one set of them, in `serde_json`, and reads every other text with it too.

use serde_json::Value;

/// The number that a text is, read as [`str::parse`] reads it, to the last bit.
///
/// # Returns
/// `None` where the text is no number. `inf`, `infinity` and `nan` are numbers, in any case of
/// letters; what is too large is infinite.
#[must_use]
pub fn from_text(text: &str) -> Option<f64> {
    // Without dialects `serde_json` is built to read nearly to the last bit.
    if !cfg!(feature = "dialects") {
        return text.parse().ok();
    }
    let (sign, unsigned) = match text.split_at_checked(1) {
        Some(("-", unsigned)) => (-1.0, unsigned),
        Some(("+", unsigned)) => (1.0, unsigned),
        _ => (1.0, text),
    };
    let magnitude = word(unsigned).or_else(|| decimal(unsigned))?;
    Some(magnitude * sign)
}

fn word(text: &str) -> Option<f64> {
    let is = |word| text.eq_ignore_ascii_case(word);
    if is("inf") || is("infinity") {
        Some(f64::INFINITY)
    } else {
        is("nan").then_some(f64::NAN)
    }
}

/// Digits with a point or without, and perhaps an exponent.
fn decimal(text: &str) -> Option<f64> {
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = (!whole.is_empty() || !fraction.is_empty())
        && !power.is_empty()
        && [whole, fraction, power].into_iter().all(is_digits);
    if !is_number {
        return None;
    }
    // JSON wants one digit before the point, no zeros before that, and one after it.
    let whole = or_zero(whole.trim_start_matches('0'));
    let json = [whole, ".", or_zero(fraction), "e", exponent].concat();
    let read: Option<Value> = serde_json::from_slice(json.as_bytes()).ok();
    // What is written well and yet refused is too large.
    read.map_or(Some(f64::INFINITY), |number| number.as_f64())
}

fn or_zero(digits: &str) -> &str {
    if digits.is_empty() { "0" } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads as the standard library does.
    #[track_caller]
    fn check(text: &str) {
        let bits = |number: Option<f64>| {
            number.map(|number| {
                (
                    number.is_nan(),
                    number.to_bits() << u32::from(number.is_nan()),
                )
            })
        };
        assert_eq!(bits(from_text(text)), bits(text.parse().ok()), "{text:?}");
    }

    #[test]
    fn numbers_of_every_form() {
        for text in [
            "",
            "+",
            "-",
            ".",
            "1",
            "-0",
            "+1",
            "--1",
            "007",
            "1.",
            ".5",
            "-.5e3",
            "1e",
            "1e+",
            "1e5",
            "1E-5",
            "1e+05",
            "e5",
            ".e5",
            "1.2.3",
            "1_0",
            " 1",
            "1 ",
            "0x1",
            "inf",
            "-INF",
            "Infinity",
            "nan",
            "-NaN",
            "infinit",
            "1e400",
            "-1e400",
            "1e-400",
            "0e999999999999",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "4.9e-324",
            "2e-324",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "9007199254740993",
            "123456789012345678901234567890",
            "0.1000000000000000055511151231257827021181583404541",
            "ä",
            "1ä",
        ] {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn texts_read_as_the_standard_library_reads_them(
            text in "[+-]?[0-9]{0,25}[.]?[0-9]{0,25}([eE][+-]?[0-9]{0,4})?",
        ) {
            check(&text);
        }

        #[test]
        fn what_was_printed_reads_back(bits: u64) {
            let number = f64::from_bits(bits);
            check(&format!("{number}"));
            check(&format!("{number:e}"));
        }

        #[test]
        fn other_texts_are_refused_alike(text in "[-+.0-9eEinfaty ]{0,8}") {
            check(&text);
        }
    }
}
