//! The languages a reader prefers, from `Accept-Language` (RFC 9110, section 12.5.4).

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
    ranges.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    ranges.into_iter().map(|(tag, _)| tag).collect()
}

fn is_tag(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A quality in thousandths; what is no quality counts as none.
fn quality(text: &str) -> u16 {
    text.parse::<f64>()
        .map_or(0, |quality| (quality.clamp(0.0, 1.0) * 1_000.0) as u16)
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
        check("", &[]);
    }
}
