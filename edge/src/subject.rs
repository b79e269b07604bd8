//! Who the request is about, and whether anything may be remembered of them.

use crate::request::RequestHead;
use crate::request::cookies::CookieScope;
use crate::settings::{ConsentSettings, Settings, SubjectHeaderSettings, Trust};
use bandera_shared::UnixMillis;
use bandera_shared::subject_proof::SubjectProofKey;
use percent_encoding::percent_decode_str;

/// Longest subject id believed.
const SUBJECT_BYTES_MAX: usize = 256;

/// What a subject header may be believed by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Credentials<'k> {
    /// Whether the request came through the entry point that only service bindings reach.
    pub(crate) by_binding: bool,
    /// The secret of signed subject headers.
    pub(crate) proof_key: Option<&'k SubjectProofKey>,
}

/// Where the subject's id comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A header that can be believed.
    Header,
    /// The cookie of an earlier visit.
    Cookie,
    /// Made now; the cookie has to be set.
    Fresh,
}

/// A subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The targeting key.
    pub(crate) id: String,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// Whom the request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Nobody where nothing may be remembered and no header names one, and for bots.
    pub(crate) subject: Option<Subject>,
    /// Whether cookies may be set and events recorded: there is consent where it is asked for,
    /// and no Global Privacy Control.
    pub(crate) may_remember: bool,
    /// Whether a program asks.
    pub(crate) is_bot: bool,
}

impl Identity {
    /// Whether the subject takes part in experiments and bandits.
    #[must_use]
    pub(crate) fn participates(&self) -> bool {
        self.subject.is_some() && self.may_remember && !self.is_bot
    }
}

/// Identifies the subject: a believed header first, then the cookie, then a fresh id.
///
/// A bot without cookie gets no id: it would be a new subject with every request.
#[must_use]
pub(crate) fn identify(
    head: &RequestHead,
    settings: &Settings,
    credentials: Credentials<'_>,
    is_bot: bool,
    fresh_id: impl FnOnce() -> String,
) -> Identity {
    let subject = &settings.subject;
    let may_remember = may_remember(head, settings);
    let named = subject
        .header
        .as_ref()
        .and_then(|header| believed(head, header, credentials));
    let cookie = || head.cookie(&subject.cookie).filter(|id| is_our_id(id));
    let subject = match (named, may_remember) {
        (Some(id), _) => Some(Subject {
            id: id.to_owned(),
            source: Source::Header,
        }),
        (None, false) => None,
        (None, true) => match cookie() {
            Some(id) => Some(Subject {
                id: id.to_owned(),
                source: Source::Cookie,
            }),
            None if is_bot => None,
            None => Some(Subject {
                id: fresh_id(),
                source: Source::Fresh,
            }),
        },
    };
    Identity {
        subject,
        may_remember,
        is_bot,
    }
}

/// Lines that make a browser forget what an earlier visit left, where nothing may be remembered.
#[must_use]
pub(crate) fn forgetting(head: &RequestHead, settings: &Settings) -> Vec<String> {
    let cookies = &settings.cookies;
    let scope = CookieScope {
        domain: settings.subject.domain.as_deref(),
    };
    [
        Some(&settings.subject.cookie),
        Some(&cookies.sticky),
        Some(&cookies.exposed),
    ]
    .into_iter()
    .chain([cookies.variants.as_ref()])
    .flatten()
    .filter(|name| head.cookie(name).is_some())
    .map(|name| scope.removal(name))
    .collect()
}

/// Whether the visitor may be remembered: there is consent where it is asked for, and no Global
/// Privacy Control.
pub(crate) fn may_remember(head: &RequestHead, settings: &Settings) -> bool {
    consents(head, settings.subject.consent.as_ref()) && !opts_out(head)
}

/// Whether the visitor has agreed to being remembered.
fn consents(head: &RequestHead, consent: Option<&ConsentSettings>) -> bool {
    let Some(consent) = consent else { return true };
    let Some(value) = head.cookie(&consent.cookie) else {
        return false;
    };
    consent.contains.as_ref().is_none_or(|wanted| {
        percent_decode_str(value)
            .decode_utf8_lossy()
            .contains(wanted.as_str())
    })
}

/// Whether the browser sends Global Privacy Control.
pub(crate) fn opts_out(head: &RequestHead) -> bool {
    head.header("sec-gpc") == Some("1")
}

fn believed<'h>(
    head: &'h RequestHead,
    settings: &SubjectHeaderSettings,
    credentials: Credentials<'_>,
) -> Option<&'h str> {
    let name = settings.name.to_ascii_lowercase();
    let id = head
        .header(&name)
        .filter(|id| !id.is_empty() && id.len() <= SUBJECT_BYTES_MAX)?;
    let holds = match settings.trust {
        Trust::Binding => credentials.by_binding,
        Trust::Signature => {
            let proof = head.header(&format!("{name}-signature"))?;
            let at = UnixMillis(head.now_ms);
            credentials
                .proof_key?
                .verify(id, proof, at, settings.signature_age_s)
        }
    };
    holds.then_some(id)
}

/// Ids of ours are 22 characters of base64url; others of the same alphabet are accepted, so that
/// a site can keep the ids it has.
fn is_our_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::head;

    fn identified(json: &str, headers: &[(&str, &str)], is_bot: bool) -> Identity {
        let key = SubjectProofKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let credentials = Credentials {
            by_binding: false,
            proof_key: Some(&key),
        };
        let settings = Settings::parse(json).unwrap();
        identify(&head(headers), &settings, credentials, is_bot, || {
            "fresh".into()
        })
    }

    #[track_caller]
    fn check(json: &str, headers: &[(&str, &str)], expected: Option<(&str, Source)>) {
        let subject = identified(json, headers, false).subject;
        let found = subject
            .as_ref()
            .map(|subject| (&*subject.id, subject.source));
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn a_cookie_is_kept_and_rubbish_replaced() {
        check("{}", &[], Some(("fresh", Source::Fresh)));
        check(
            "{}",
            &[("cookie", "bandera_subject=ana-1")],
            Some(("ana-1", Source::Cookie)),
        );
        check(
            "{}",
            &[("cookie", "bandera_subject=a<b")],
            Some(("fresh", Source::Fresh)),
        );
        check(
            "{}",
            &[("cookie", "bandera_subject=")],
            Some(("fresh", Source::Fresh)),
        );
    }

    #[test]
    fn nothing_is_remembered_without_consent() {
        let json = r#"{"subject":{"consent":{"cookie":"cmp","contains":"\"stats\":true"}}}"#;
        check(json, &[("cookie", "bandera_subject=ana")], None);
        check(json, &[("cookie", "cmp=%7B%22stats%22%3Afalse%7D")], None);
        let given = "bandera_subject=ana; cmp=%7B%22stats%22%3Atrue%7D";
        check(json, &[("cookie", given)], Some(("ana", Source::Cookie)));
        let any = r#"{"subject":{"consent":{"cookie":"cmp"}}}"#;
        check(any, &[("cookie", "cmp=")], Some(("fresh", Source::Fresh)));
    }

    #[test]
    fn privacy_control_forgets() {
        let headers = [
            ("sec-gpc", "1"),
            ("cookie", "bandera_subject=ana; bandera_sticky=x; a=b"),
        ];
        let identity = identified("{}", &headers, false);
        assert_eq!(identity.subject, None);
        assert!(!identity.participates());
        let lines = forgetting(&head(&headers), &Settings::default());
        assert_eq!(lines.len(), 2);
        assert!(
            lines.iter().all(|line| line.contains("Max-Age=0")),
            "{lines:?}"
        );
    }

    #[test]
    fn a_header_is_believed_only_with_a_reason() {
        let signed = r#"{"subject":{"header":{"name":"X-Account","trust":"signature"}}}"#;
        let key = SubjectProofKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let proof = key.prove("ana", UnixMillis(1_700_000_000_000));
        let with = |proof: &str, expected| {
            check(
                signed,
                &[("x-account", "ana"), ("x-account-signature", proof)],
                expected,
            );
        };
        with(&proof, Some(("ana", Source::Header)));
        with("t=1,v1=00", Some(("fresh", Source::Fresh)));
        check(
            signed,
            &[("x-account", "ana")],
            Some(("fresh", Source::Fresh)),
        );
        let bound = r#"{"subject":{"header":{"name":"X-Account","trust":"binding"}}}"#;
        check(
            bound,
            &[("x-account", "ana")],
            Some(("fresh", Source::Fresh)),
        );
        let settings = Settings::parse(bound).unwrap();
        let credentials = Credentials {
            by_binding: true,
            proof_key: None,
        };
        let headers = head(&[("x-account", "ana")]);
        let identity = identify(&headers, &settings, credentials, false, String::new);
        assert_eq!(identity.subject.unwrap().source, Source::Header);
    }

    #[test]
    fn a_bot_is_no_new_subject_each_time() {
        assert_eq!(identified("{}", &[], true).subject, None);
        let known = identified("{}", &[("cookie", "bandera_subject=ana")], true);
        assert!(known.subject.is_some());
        assert!(!known.participates());
    }
}
