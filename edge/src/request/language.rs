//! The languages a reader prefers, from `Accept-Language` (RFC 9110, section 12.5.4).

use bandera_shared::sorted::arrange;

/// More than this many ranges is no reader's list.
const RANGES_MAX: usize = 20;

/// Language tags, best first; equal qualities keep their order, quality 0 and `*` are left out.
#[must_use]
pub(crate) fn preferred(header: &str) -> Vec<&str> {
    let mut ranges: Vec<(&str, u16)> = header
        .split(',')
        .take(RANGES_MAX)
        .filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().filter(|tag| is_tag(tag))?;
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1_000, quality);
            (quality > 0).then_some((tag, quality))
        })
        .collect();
    arrange(&mut ranges, |(_, a), (_, b)| a > b);
    ranges.into_iter().map(|(tag, _)| tag).collect()
}

fn is_tag(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A quality in thousandths: `1`, or `0` and up to three digits; what is none counts as 0.
///
/// The library's parser of numbers is ten kilobytes of tables, which nobody else here needs.
fn quality(text: &str) -> u16 {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if is_number(digits) => 1_000,
        "0" | "" if is_number(digits) => {
            let digits = digits.bytes().chain(std::iter::repeat(b'0')).take(3);
            digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_by_quality() {
        let check = |header, expected: &[&str]| assert_eq!(preferred(header), expected, "{header}");
        check("es-ES,es;q=0.9,en;q=0.8", &["es-ES", "es", "en"]);
        check("en;q=0.1, de;q=0.9 , *;q=0.5", &["de", "en"]);
        check("fr;q=0, pt;q=nonsense, it", &["it"]);
        check("a;q=0.5,b;q=0.501,c;q=1.0,d;q=0.05", &["c", "b", "a", "d"]);
        check("", &[]);
    }
}
