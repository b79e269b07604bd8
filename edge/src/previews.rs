//! Previews: `?bandera-preview=<token>` shows chosen variants, and a cookie keeps showing them on
//! the next pages until the token expires. `?bandera-preview=off` ends it.

use crate::keys::Keys;
use crate::request::cookies::{CookieScope, Readable};
use crate::request::{RequestHead, query};
use crate::settings::Settings;
use bandera_shared::UnixMillis;
use bandera_shared::preview::Preview;

/// The query parameter.
pub(crate) const PARAMETER: &str = "bandera-preview";
/// Its value that ends a preview.
const OFF: &str = "off";

/// What a request says of previews.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Previewing {
    /// What is to be shown.
    pub(crate) preview: Option<Preview>,
    /// The cookie to set or remove.
    pub(crate) cookie_line: Option<String>,
    /// The query without the parameter, where it was there: the origin never sees a token.
    pub(crate) query: Option<String>,
}

/// Reads parameter and cookie. A token that is forged, expired or of another environment shows
/// nothing, and its cookie goes.
#[must_use]
pub(crate) fn asked(
    settings: &Settings,
    keys: Option<&Keys>,
    environment: &str,
    head: &RequestHead,
) -> Previewing {
    let name = &settings.cookies.preview;
    let scope = CookieScope {
        domain: settings.subject.domain.as_deref(),
    };
    let read = |token: &str| {
        let at = UnixMillis(head.now_ms);
        Preview::from_token(token, &keys?.preview, environment, at).ok()
    };
    let removal = || head.cookie(name).map(|_| scope.removal(name));
    if let Some(token) = query::find(&head.query, PARAMETER) {
        let query = Some(query::without(&head.query, PARAMETER));
        let preview = if token == OFF { None } else { read(&token) };
        let cookie_line = match &preview {
            Some(preview) => {
                let age_ms = preview.expires_at().0.saturating_sub(head.now_ms);
                let age_s = u32::try_from(age_ms / 1_000).unwrap_or(u32::MAX);
                Some(scope.line(name, &token, age_s, Readable::ByServers))
            }
            None => removal(),
        };
        return Previewing {
            preview,
            cookie_line,
            query,
        };
    }
    let Some(token) = head.cookie(name) else {
        return Previewing::default();
    };
    let preview = read(token);
    let cookie_line = if preview.is_none() { removal() } else { None };
    Previewing {
        preview,
        cookie_line,
        query: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::head;

    fn keys() -> Keys {
        let secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        Keys::parse(Some(&format!("1:{secret}")), Some(secret), "test").unwrap()
    }

    fn token(expires_in_ms: i64) -> String {
        let expires_at = UnixMillis(head(&[]).now_ms + expires_in_ms);
        let preview = Preview::new([("hero", "craft")], expires_at).unwrap();
        preview.to_token(&keys().preview, "demo").unwrap()
    }

    fn previewing(query: &str, cookie: &str) -> Previewing {
        let head = RequestHead {
            query: query.into(),
            ..head(&[("cookie", cookie)])
        };
        asked(&Settings::default(), Some(&keys()), "demo", &head)
    }

    #[test]
    fn a_token_shows_and_is_kept_until_it_expires() {
        let shown = previewing(&format!("?a=1&bandera-preview={}", token(60_000)), "");
        assert_eq!(shown.preview.unwrap().variant("hero"), Some("craft"));
        assert_eq!(shown.query.as_deref(), Some("?a=1"));
        assert!(shown.cookie_line.unwrap().contains("Max-Age=60"));
        let kept = previewing("", &format!("bandera_preview={}", token(1)));
        assert!(kept.preview.is_some() && kept.cookie_line.is_none() && kept.query.is_none());
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let check = |query: &str, cookie: &str, removes: bool| {
            let previewing = previewing(query, cookie);
            assert_eq!(previewing.preview, None);
            let removed = previewing
                .cookie_line
                .is_some_and(|line| line.contains("Max-Age=0"));
            assert_eq!(removed, removes, "{query} {cookie}");
        };
        let expired = token(0);
        check(&format!("?bandera-preview={expired}"), "", false);
        check("", &format!("bandera_preview={expired}"), true);
        check(
            "?bandera-preview=off",
            &format!("bandera_preview={}", token(1)),
            true,
        );
        check("?bandera-preview=forged", "bandera_preview=forged", true);
        check("", "", false);
    }
}
