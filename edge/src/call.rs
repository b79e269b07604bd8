//! One request with everything needed to answer it.

use crate::isolate::Isolate;
use crate::request::RequestHead;
use crate::store::Current;
use std::rc::Rc;
use worker::web_sys::Request;
use worker::{Context, Env};

/// One request.
#[derive(Clone, Copy)]
pub(crate) struct Call<'c> {
    /// The request itself; its body can be read once.
    pub(crate) request: &'c Request,
    /// Its head.
    pub(crate) head: &'c RequestHead,
    /// The isolate's state.
    pub(crate) isolate: &'c Rc<Isolate>,
    /// Bindings.
    pub(crate) env: &'c Env,
    /// What may go on after the response.
    pub(crate) ctx: &'c Context,
    /// Whether it came through the entry point that only service bindings reach.
    pub(crate) by_binding: bool,
}

impl Call<'_> {
    /// The ruleset to serve from.
    pub(crate) async fn ruleset(&self) -> Option<Current> {
        self.isolate
            .ruleset(self.env, self.ctx, self.head.now_ms)
            .await
    }

    /// The token that the caller presents, if any.
    pub(crate) fn presented_token(&self) -> Option<&str> {
        let bearer = self
            .head
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        bearer
            .or_else(|| self.head.header("x-api-key"))
            .map(str::trim)
    }

    /// Whether a server of the site calls: by service binding, or with a token of the environment.
    pub(crate) fn is_server(&self) -> bool {
        let secrets = &self.isolate.secrets;
        self.by_binding
            || self
                .presented_token()
                .is_some_and(|token| secrets.is_server(token))
    }

    /// Whether the request is not to be evaluated: parts of pages, and the paths of the settings.
    pub(crate) fn is_skipped(&self) -> bool {
        let paths = &self.isolate.settings.skip.paths;
        self.head.is_subresource()
            || paths
                .iter()
                .any(|pattern| matches(pattern, &self.head.path))
    }
}

/// Whether the path is the pattern, or starts with it up to a trailing `*`.
fn matches(pattern: &str, path: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(path == pattern, |prefix| path.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_exact_or_prefixes() {
        assert!(matches("/a", "/a") && !matches("/a", "/a/b"));
        assert!(matches("/a/*", "/a/b") && !matches("/a/*", "/a"));
        assert!(matches("*", "/"));
    }
}
