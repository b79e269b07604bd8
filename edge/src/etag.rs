//! Entity tags: `If-None-Match` by weak comparison (RFC 9110, section 13.1.2).

/// Whether any of the listed tags is this one, weak or strong; `*` is any.
#[must_use]
pub(crate) fn matches(if_none_match: Option<&str>, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    if_none_match.is_some_and(|listed| {
        listed.trim() == "*"
            || listed
                .split(',')
                .any(|listed| opaque(listed) == opaque(tag))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_weakly() {
        let check = |listed, expected| assert_eq!(matches(listed, "\"a\""), expected, "{listed:?}");
        check(None, false);
        check(Some("\"a\""), true);
        check(Some("W/\"a\""), true);
        check(Some("\"b\", W/\"a\""), true);
        check(Some("*"), true);
        check(Some("a"), false);
        check(Some("\"ab\""), false);
    }
}
