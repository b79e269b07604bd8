//! The cookies that a visit sets: only those that change, so that most answers set none.

use super::{FirstExposures, Inputs, Visit};
use crate::request::cookies::{CookieScope, Readable};
use crate::subject::{Source, forgetting};
use crate::variants;
use bandera_shared::Visibility;
use bandera_shared::sticky::StickyDecisions;

/// How long the cookie of sent exposures lives: as long as its marks do.
const EXPOSED_AGE_S: u32 = 86_400;

impl Visit<'_> {
    /// `Set-Cookie` lines of the answer.
    ///
    /// `exposures` are those that will be sent. Where nothing may be remembered, what an earlier
    /// visit left is removed. A preview leaves the visitor's own cookies alone.
    #[must_use]
    pub(crate) fn cookie_lines(&self, exposures: Option<&FirstExposures>) -> Vec<String> {
        let Inputs {
            settings,
            head,
            identity,
            preview,
            ..
        } = self.inputs;
        if !identity.may_remember {
            return forgetting(head, settings);
        }
        let Some(subject) = &identity.subject else {
            return Vec::new();
        };
        let scope = CookieScope {
            domain: settings.subject.domain.as_deref(),
        };
        let age_s = settings.subject.age_s;
        let mut lines = Vec::new();
        if subject.source == Source::Fresh {
            let name = &settings.subject.cookie;
            lines.push(scope.line(name, &subject.id, age_s, Readable::ByServers));
        }
        if preview.is_some() {
            return lines;
        }
        if let Some(token) = self.changed_sticky_token() {
            lines.push(scope.line(&settings.cookies.sticky, &token, age_s, Readable::ByServers));
        }
        if let Some(exposures) = exposures {
            let name = &settings.cookies.exposed;
            lines.push(scope.line(name, &exposures.token, EXPOSED_AGE_S, Readable::ByServers));
        }
        if let Some(name) = &settings.cookies.variants {
            let value = self.variants_cookie();
            if head.cookie(name).unwrap_or_default() != value {
                lines.push(scope.line(name, &value, age_s, Readable::ByScripts));
            }
        }
        lines
    }

    /// The cookie of kept decisions, where it changes: other decisions, or the same ones under the
    /// newest key, so that they stay when the former one is retired.
    fn changed_sticky_token(&self) -> Option<String> {
        let Inputs {
            settings,
            head,
            sticky,
            ..
        } = self.inputs;
        let (keys, subject) = self.inputs.keys.zip(self.subject_hash)?;
        let has_any = sticky.iter().next().is_some();
        let sent = head.cookie(&settings.cookies.sticky).filter(|_| has_any);
        let is_old = sent.is_some_and(|token| StickyDecisions::is_to_renew(token, &keys.sticky));
        (is_old || self.sticky != *sticky).then(|| self.sticky.to_token(&keys.sticky, &subject))
    }

    /// Variants that scripts of the page may read.
    fn variants_cookie(&self) -> String {
        let visible = self
            .answers()
            .filter(|(flag, _)| flag.visibility == Visibility::Client);
        variants::cookie_value(
            visible.filter_map(|(flag, answer)| Some((&*flag.key, &*answer.variant()?.key))),
        )
    }
}
