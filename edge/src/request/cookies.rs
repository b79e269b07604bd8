//! Cookies: reading the `Cookie` header, writing `Set-Cookie` lines (RFC 6265).

/// The value of the first cookie of that name, without the quotes it may stand in.
#[must_use]
pub(crate) fn find<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    pairs(header)
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Names and values of a `Cookie` header, in order; what is no pair is skipped.
fn pairs(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let unquoted = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        Some((name.trim(), unquoted.unwrap_or(value)))
    })
}

/// Who may read a cookie in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readable {
    /// The edge and the origin only (`HttpOnly`).
    ByServers,
    /// Scripts of the page too.
    ByScripts,
}

/// How the cookies of one site are set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CookieScope<'s> {
    /// The `Domain` attribute; the host alone where absent.
    pub(crate) domain: Option<&'s str>,
}

impl CookieScope<'_> {
    /// A `Set-Cookie` line; `value` must hold cookie octets only.
    ///
    /// Always `Secure`, `SameSite=Lax` and for the whole site, so names with the `__Host-` prefix
    /// work where no domain is set.
    pub(crate) fn line(self, name: &str, value: &str, age_s: u32, readable: Readable) -> String {
        let domain = self
            .domain
            .map(|domain| format!("; Domain={domain}"))
            .unwrap_or_default();
        let http_only = match readable {
            Readable::ByServers => "; HttpOnly",
            Readable::ByScripts => "",
        };
        format!("{name}={value}; Path=/; Max-Age={age_s}{domain}; Secure{http_only}; SameSite=Lax")
    }

    /// A `Set-Cookie` line that makes the browser forget the cookie.
    pub(crate) fn removal(self, name: &str) -> String {
        self.line(name, "", 0, Readable::ByServers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_cookie_of_a_name() {
        let check = |header, expected| assert_eq!(find(header, "a"), expected, "{header}");
        check("a=1", Some("1"));
        check("b=2; a=1; a=3", Some("1"));
        check("aa=2;a=\"1\"", Some("1"));
        check("a=x=y", Some("x=y"));
        check("a", None);
        check("", None);
    }

    #[test]
    fn lines_are_secure_and_for_the_whole_site() {
        let host_only = CookieScope { domain: None };
        assert_eq!(
            host_only.line("s", "v", 60, Readable::ByServers),
            "s=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        );
        let wide = CookieScope {
            domain: Some("example.com"),
        };
        assert_eq!(
            wide.line("s", "v", 60, Readable::ByScripts),
            "s=v; Path=/; Max-Age=60; Domain=example.com; Secure; SameSite=Lax"
        );
        assert!(
            wide.removal("s")
                .starts_with("s=; Path=/; Max-Age=0; Domain=example.com")
        );
    }
}
