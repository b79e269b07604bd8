//! Which other sites' pages may call the API: listed origins, echoed exactly, with credentials.

use bandera_platform::HeaderChanges;

/// Methods and headers that the API knows.
const METHODS: &str = "GET, POST, OPTIONS";
const HEADERS: &str = "content-type, if-none-match";
const EXPOSED: &str = "etag, retry-after";
/// How long a browser may keep the answer of a preflight.
const PREFLIGHT_AGE_S: &str = "600";

/// Headers for an answer to a page of `origin`.
///
/// `Vary: Origin` always, because the answer depends on it; the grant only for a listed origin.
#[must_use]
pub(crate) fn answer(listed: &[String], origin: Option<&str>) -> HeaderChanges {
    let mut changes = HeaderChanges::default();
    changes.append("vary", "Origin");
    if let Some(origin) = allowed(listed, origin) {
        changes.set("access-control-allow-origin", origin);
        changes.set("access-control-allow-credentials", "true");
        changes.set("access-control-expose-headers", EXPOSED);
    }
    changes
}

/// Headers for the answer to a preflight; without a grant the browser refuses by itself.
#[must_use]
pub(crate) fn preflight(listed: &[String], origin: Option<&str>) -> HeaderChanges {
    let mut changes = answer(listed, origin);
    if allowed(listed, origin).is_some() {
        changes.set("access-control-allow-methods", METHODS);
        changes.set("access-control-allow-headers", HEADERS);
        changes.set("access-control-max-age", PREFLIGHT_AGE_S);
    }
    changes
}

fn allowed<'o>(listed: &[String], origin: Option<&'o str>) -> Option<&'o str> {
    origin.filter(|origin| listed.iter().any(|listed| listed == origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(listed: &str, origin: Option<&str>) -> Option<String> {
        let changes = preflight(&[listed.to_owned()], origin);
        assert!(
            changes
                .append
                .contains(&("vary".to_owned(), "Origin".to_owned()))
        );
        changes
            .set
            .into_iter()
            .find(|(name, _)| name == "access-control-allow-origin")
            .map(|(_, value)| value)
    }

    #[test]
    fn only_listed_origins_are_echoed() {
        let check = |origin, expected: Option<&str>| {
            assert_eq!(
                granted("https://a.example", origin).as_deref(),
                expected,
                "{origin:?}"
            );
        };
        check(Some("https://a.example"), Some("https://a.example"));
        check(Some("https://a.example.evil"), None);
        check(Some("http://a.example"), None);
        check(Some("null"), None);
        check(None, None);
    }
}
