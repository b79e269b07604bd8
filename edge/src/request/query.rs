//! The query string: its pairs, and the same query without one of them.

use percent_encoding::percent_decode_str;

/// More pairs than this are not looked at.
const PAIRS_MAX: usize = 100;

/// Names and values, decoded, in order; `query` may start with its `?`.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    raw(query).take(PAIRS_MAX).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// The first value of that name, decoded.
#[must_use]
pub(crate) fn find(query: &str, name: &str) -> Option<String> {
    pairs(query)
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// The same query without that name, with its `?`; nothing when nothing is left.
#[must_use]
pub(crate) fn without(query: &str, name: &str) -> String {
    let kept: Vec<&str> = raw(query)
        .filter(|pair| decode(pair.split('=').next().unwrap_or(pair)) != name)
        .collect();
    if kept.is_empty() {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    }
}

fn raw(query: &str) -> impl Iterator<Item = &str> {
    query
        .strip_prefix('?')
        .unwrap_or(query)
        .split('&')
        .filter(|pair| !pair.is_empty())
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_pairs() {
        let all: Vec<_> = pairs("?a=1&b=x%20y+z&c&=4&").collect();
        let check = |index: usize, name: &str, value: &str| {
            assert_eq!(all[index], (name.to_owned(), value.to_owned()));
        };
        check(0, "a", "1");
        check(1, "b", "x y z");
        check(2, "c", "");
        check(3, "", "4");
        assert_eq!(find("?a=1&a=2", "a").as_deref(), Some("1"));
    }

    #[test]
    fn leaves_a_name_out_and_the_rest_as_it_was() {
        let check = |query, expected: &str| assert_eq!(without(query, "p"), expected, "{query}");
        check("?a=%20&p=1&b", "?a=%20&b");
        check("?p=1", "");
        check("?%70=1&a", "?a");
        check("", "");
    }
}
