//! Settings of one edge Worker, from the variable `BANDERA_SETTINGS`.
//!
//! Everything is optional. A member that is not known, or a value out of bounds, makes the whole
//! text invalid: the Worker then passes requests through and says why in its health, because half
//! of someone's settings could mean cookies where none are wanted. `docs/edge.md` explains each.

mod sections;

use sections::fill;
use serde::Deserialize;

/// The bounds of `kvCacheTtlS`: what the platform accepts.
const KV_CACHE_TTL_S_MIN: u32 = 30;
/// A year; longer is the same as never for what is cached here.
const REFRESH_MS_MAX: u32 = 86_400_000;
/// Browsers cap the age of a cookie at 400 days (RFC 6265bis, section 5.5).
const COOKIE_AGE_S_MAX: u32 = 34_560_000;

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// How old the ruleset may grow before it is looked up again.
    pub(crate) refresh_ms: u32,
    /// `cacheTtl` of KV reads; not sent where absent.
    pub(crate) kv_cache_ttl_s: Option<u32>,
    /// How long a request waits for the isolate's first ruleset.
    pub(crate) cold_wait_ms: u32,
    /// The age of the ruleset from which evaluations are `STALE`; never where absent.
    pub(crate) stale_after_ms: Option<u32>,
    /// Who the subject is.
    pub(crate) subject: SubjectSettings,
    /// What goes into the evaluation context besides what always does.
    pub(crate) context: ContextSettings,
    /// Who counts as a bot besides those who always do.
    pub(crate) bots: BotSettings,
    /// Headers toward the origin.
    pub(crate) headers: HeaderSettings,
    /// Names of cookies.
    pub(crate) cookies: CookieSettings,
    /// What is put into pages.
    pub(crate) page: PageSettings,
    /// Requests that are not evaluated.
    pub(crate) skip: SkipSettings,
    /// What the origin's answers depend on.
    pub(crate) origin: OriginSettings,
    /// Which other sites' pages may call the API.
    pub(crate) cors: CorsSettings,
    /// Whether `Server-Timing` is sent to browsers.
    pub(crate) server_timing: bool,
}

/// Who the subject is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubjectSettings {
    /// Name of the cookie that holds the random subject id.
    pub(crate) cookie: String,
    /// Its age.
    pub(crate) age_s: u32,
    /// Its domain; the host alone where absent. Holds for every cookie of ours.
    pub(crate) domain: Option<String>,
    /// A cookie that must be there before anything is remembered.
    pub(crate) consent: Option<ConsentSettings>,
    /// A header that names the subject instead of the cookie.
    pub(crate) header: Option<SubjectHeaderSettings>,
}

/// How consent is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConsentSettings {
    /// Name of the cookie.
    pub(crate) cookie: String,
    /// Text its decoded value must contain; its presence is enough where absent.
    #[serde(default)]
    pub(crate) contains: Option<String>,
}

/// A header that names the subject, and why it can be believed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubjectHeaderSettings {
    /// Its name.
    pub(crate) name: String,
    /// Why it can be believed.
    pub(crate) trust: Trust,
    /// How old a signature may be.
    #[serde(default = "signature_age_s")]
    pub(crate) signature_age_s: u32,
}

/// Why a subject header can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Trust {
    /// It came through the `Trusted` entry point, which only service bindings reach.
    Binding,
    /// It is signed, in `<name>-Signature`.
    Signature,
}

const fn signature_age_s() -> u32 {
    300
}

/// What goes into the evaluation context besides what always does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ContextSettings {
    /// Names of request headers, as members of `headers`.
    pub(crate) headers: Vec<String>,
    /// Names of cookies, as members of `cookies`.
    pub(crate) cookies: Vec<String>,
}

/// Who counts as a bot besides those who always do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BotSettings {
    /// Further parts of user agents.
    pub(crate) also: Vec<String>,
    /// Parts of user agents that are people.
    pub(crate) never: Vec<String>,
}

/// Headers toward the origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeaderSettings {
    /// `Bandera-Variants` and `Bandera-Receipts`.
    pub(crate) variants: bool,
    /// One `Bandera-Flag-<key>` for each flag, besides.
    pub(crate) per_flag: bool,
}

/// Names of cookies toward the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CookieSettings {
    /// Variants of client-visible flags; none where null.
    pub(crate) variants: Option<String>,
    /// Kept bandit decisions.
    pub(crate) sticky: String,
    /// First exposures already sent.
    pub(crate) exposed: String,
    /// The preview that is on.
    pub(crate) preview: String,
}

/// What is put into pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageSettings {
    /// The script element with client-visible answers and receipts.
    pub(crate) state: bool,
}

/// Requests that pass without being evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SkipSettings {
    /// Paths; a trailing `*` stands for any rest.
    pub(crate) paths: Vec<String>,
}

/// What the origin's answers depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OriginSettings {
    /// Whether caches between the Worker and the origin take part.
    pub(crate) cache: OriginCache,
}

/// Whether caches between the Worker and the origin take part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OriginCache {
    /// They do not: the origin is told the variants and may answer by them.
    #[default]
    Bypass,
    /// They do: the origin is told nothing of the subject, variants act at the edge alone.
    Shared,
}

/// Which other sites' pages may call the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CorsSettings {
    /// Origins such as `https://www.example.com`, compared exactly.
    pub(crate) origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            refresh_ms: 30_000,
            kv_cache_ttl_s: None,
            cold_wait_ms: 1_000,
            stale_after_ms: None,
            subject: SubjectSettings::default(),
            context: ContextSettings::default(),
            bots: BotSettings::default(),
            headers: HeaderSettings::default(),
            cookies: CookieSettings::default(),
            page: PageSettings::default(),
            skip: SkipSettings::default(),
            origin: OriginSettings::default(),
            cors: CorsSettings::default(),
            server_timing: true,
        }
    }
}

impl Default for SubjectSettings {
    fn default() -> Self {
        Self {
            cookie: "bandera_subject".into(),
            age_s: COOKIE_AGE_S_MAX,
            domain: None,
            consent: None,
            header: None,
        }
    }
}

impl Default for HeaderSettings {
    fn default() -> Self {
        Self {
            variants: true,
            per_flag: false,
        }
    }
}

impl Default for CookieSettings {
    fn default() -> Self {
        Self {
            variants: Some("bandera_variants".into()),
            sticky: "bandera_sticky".into(),
            exposed: "bandera_exposed".into(),
            preview: "bandera_preview".into(),
        }
    }
}

impl Default for PageSettings {
    fn default() -> Self {
        Self { state: true }
    }
}

impl Settings {
    /// Settings from their JSON text.
    ///
    /// # Errors
    /// What is wrong and where, for a person.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let mut settings = Self::default();
        let tree = serde_json::from_str(json).map_err(|error| error.to_string());
        tree.and_then(|tree| fill(&mut settings, tree))
            .map_err(|fault| format!("BANDERA_SETTINGS: {fault}"))?;
        settings
            .check()
            .map_err(|fault| format!("BANDERA_SETTINGS at {fault}"))?;
        for name in &mut settings.context.headers {
            name.make_ascii_lowercase();
        }
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        if self
            .kv_cache_ttl_s
            .is_some_and(|ttl| ttl < KV_CACHE_TTL_S_MIN)
        {
            return Err(format!("kvCacheTtlS: at least {KV_CACHE_TTL_S_MIN}"));
        }
        if !(100..=REFRESH_MS_MAX).contains(&self.refresh_ms) {
            return Err(format!("refreshMs: from 100 to {REFRESH_MS_MAX}"));
        }
        if self.subject.age_s > COOKIE_AGE_S_MAX {
            return Err(format!("subject.ageS: at most {COOKIE_AGE_S_MAX}"));
        }
        let cookies = &self.cookies;
        let named = [
            &self.subject.cookie,
            &cookies.sticky,
            &cookies.exposed,
            &cookies.preview,
        ];
        if let Some(name) = named
            .into_iter()
            .chain(&cookies.variants)
            .find(|name| !is_token(name))
        {
            return Err(format!("cookies: {name:?} is no cookie name"));
        }
        let header = self.subject.header.as_ref().map(|header| &header.name);
        if let Some(name) = header.filter(|name| !is_token(name)) {
            return Err(format!("subject.header.name: {name:?} is no header name"));
        }
        let domain = self.subject.domain.as_deref().unwrap_or_default();
        if !domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        {
            return Err(format!("subject.domain: {domain:?} is no domain"));
        }
        Ok(())
    }
}

/// Whether the text is a token as names of headers and cookies must be (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_required() {
        assert_eq!(Settings::parse("{}"), Ok(Settings::default()));
    }

    #[test]
    fn reads_what_is_given_and_keeps_the_rest() {
        let json = r#"{"refreshMs":2000,"subject":{"consent":{"cookie":"cmp"},
            "header":{"name":"X-Account","trust":"signature"}},"context":{"headers":["X-Plan"]}}"#;
        let settings = Settings::parse(json).unwrap();
        assert_eq!(settings.refresh_ms, 2_000);
        assert_eq!(settings.subject.cookie, "bandera_subject");
        assert_eq!(settings.subject.header.unwrap().signature_age_s, 300);
        assert_eq!(settings.context.headers, ["x-plan"]);
    }

    #[test]
    fn says_where_a_fault_is() {
        let check = |json: &str, part: &str| {
            let error = Settings::parse(json).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        check(r#"{"colour":1}"#, "unknown field `colour`");
        check(r#"{"subject":{"ageS":"x"}}"#, "invalid type");
        check(r#"{"kvCacheTtlS":29}"#, "kvCacheTtlS: at least 30");
        check(r#"{"refreshMs":99}"#, "refreshMs");
        check(r#"{"cookies":{"sticky":"a b"}}"#, "no cookie name");
        check(r#"{"subject":{"domain":"a;b"}}"#, "no domain");
        check("[]", "BANDERA_SETTINGS");
    }
}
