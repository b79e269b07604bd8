//! Patterns of addresses: `https://*.acme.test/products/*`.

use super::{Check, texts};
use crate::dialect::{Unfit, unfit};

/// Longest pattern, in bytes.
pub(super) const PATTERN_BYTES_MAX: usize = 1_000;

/// In a pattern `*` stands for any text, also none, and a trailing slash for nothing. Scheme and
/// host are compared without case; a pattern without scheme fits both, one without `?` fits every
/// query, and no pattern looks at fragments.
pub(super) fn check(operand: &crate::value::Value) -> Result<Check, Unfit> {
    let patterns = texts(operand)?;
    if let Some(long) = patterns
        .iter()
        .find(|pattern| pattern.len() > PATTERN_BYTES_MAX)
    {
        let found = long.len();
        return Err(unfit!(
            "a pattern of {found} bytes; at most {PATTERN_BYTES_MAX} are allowed"
        ));
    }
    let patterns: Vec<Pattern> = patterns
        .iter()
        .map(|pattern| Pattern::new(pattern))
        .collect();
    Ok(Box::new(move |value, _| {
        value
            .as_str()
            .is_some_and(|url| patterns.iter().any(|pattern| pattern.fits(url)))
    }))
}

struct Pattern {
    has_scheme: bool,
    has_query: bool,
    text: String,
}

impl Pattern {
    fn new(pattern: &str) -> Self {
        let has_scheme = pattern.contains("://") || pattern.starts_with('/');
        let has_query = pattern.contains('?');
        Self {
            has_scheme,
            has_query,
            text: normal(pattern, true, has_query, pattern.starts_with('/')),
        }
    }

    fn fits(&self, url: &str) -> bool {
        let is_path = self.text.starts_with('/');
        glob(
            &self.text,
            &normal(url, self.has_scheme, self.has_query, is_path),
        )
    }
}

/// The address as it is compared.
fn normal(url: &str, with_scheme: bool, with_query: bool, path_alone: bool) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (url, None),
    };
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, address),
    };
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let mut text = String::with_capacity(url.len());
    if !path_alone {
        if let (Some(scheme), true) = (scheme, with_scheme) {
            text.push_str(&scheme.to_ascii_lowercase());
            text.push_str("://");
        }
        text.push_str(&host.to_ascii_lowercase());
    }
    text.push_str(path.strip_suffix('/').unwrap_or(path));
    if path_alone && text.is_empty() {
        text.push('/');
    }
    if let (Some(query), true) = (query, with_query) {
        text.push('?');
        text.push_str(query);
    }
    text
}

/// Whether the pattern, in which `*` stands for any text, is the whole text. The time is bounded
/// by the product of both lengths: only the last `*` is ever tried again.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p) == text.get(t) {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            p = star_p + 1;
            t = star_t + 1;
            star = Some((star_p, t));
        } else {
            return false;
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}
