//! Pages by their address: patterns with wildcards, or regular expressions.

use super::address::Address;
use crate::dialect::ecma_pattern::{Letters, compile};
use crate::dialect::javascript;
use crate::letters::lowercase;
use crate::value::Value;
use regex_lite::Regex;

/// Stands for an asterisk where an asterisk would be no part of an address.
const WILDCARD: &str = "_____";

/// What relative addresses of pages are relative to.
const NOWHERE: &str = "_";

/// Pages that are meant, and pages that are not.
#[derive(Debug)]
pub(super) struct Pages(Box<[Pattern]>);

#[derive(Debug)]
struct Pattern {
    is_excluded: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Host, path, the fragment and each parameter that the pattern has, with wildcards.
    Simple(Address),
    Regex(Regex),
    /// It cannot be read, and never matches.
    Nothing,
}

impl Pages {
    /// The pages of a list of `{"type", "pattern", "include"}`.
    pub(super) fn read(value: &Value) -> Self {
        let Value::List(items) = value else {
            return Self(Box::default());
        };
        let patterns = items.iter().map(|item| Pattern {
            is_excluded: item.member("include") == Some(&Value::Bool(false)),
            kind: Kind::read(item),
        });
        Self(patterns.collect())
    }

    /// Whether the address is one of them: a page of each kind that is asked for, and none of
    /// those that are excluded. No pattern at all means no page.
    pub(super) fn contain(&self, address: &Value) -> bool {
        let text = match address {
            Value::Null => String::new(),
            other => javascript::text(other).into_owned(),
        };
        let address = Address::parse(&text, NOWHERE);
        let matches = |pattern: &Pattern| {
            address
                .as_ref()
                .is_some_and(|page| pattern.kind.matches(page))
        };
        let (excluded, included): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|pattern| pattern.is_excluded);
        if self.0.is_empty() || excluded.into_iter().any(matches) {
            return false;
        }
        included.is_empty() || included.into_iter().any(matches)
    }
}

impl Kind {
    fn read(item: &Value) -> Self {
        let pattern = item.member("pattern").and_then(Value::as_str);
        let kind = item.member("type").and_then(Value::as_str);
        let read = match (kind, pattern) {
            (Some("simple"), Some(pattern)) => simple(pattern),
            (Some("regex"), Some(pattern)) => {
                compile(pattern, Letters::Exact).ok().map(Self::Regex)
            }
            _ => None,
        };
        read.unwrap_or(Self::Nothing)
    }

    fn matches(&self, page: &Address) -> bool {
        match self {
            Self::Simple(pattern) => {
                fits(&page.host, &pattern.host)
                    && fits_path(&page.path, &pattern.path)
                    && (pattern.fragment.is_empty() || fits(&page.fragment, &pattern.fragment))
                    && pattern.parameters().iter().all(|(name, wanted)| {
                        let found = page.parameters().into_iter().find(|(own, _)| own == name);
                        fits(&found.map(|(_, value)| value).unwrap_or_default(), wanted)
                    })
            }
            Self::Regex(regex) => {
                regex.is_match(&page.to_string()) || regex.is_match(&page.after_origin())
            }
            Self::Nothing => false,
        }
    }
}

/// A pattern that may lack the protocol, or everything before the path.
fn simple(pattern: &str) -> Option<Kind> {
    let begins_with_host = pattern
        .find([':', '/', '?'])
        .map_or(pattern, |end| pattern.get(..end).unwrap_or_default())
        .contains('.');
    let whole = if begins_with_host {
        format!("https://{pattern}")
    } else {
        pattern.to_owned()
    };
    Address::parse(&whole.replace('*', WILDCARD), WILDCARD).map(Kind::Simple)
}

/// Whether a text is like a pattern with wildcards, in any case.
fn fits(text: &str, pattern: &str) -> bool {
    fits_folded(&lowercase(text), &lowercase(pattern))
}

fn fits_folded(text: &str, pattern: &str) -> bool {
    let Some((first, after)) = pattern.split_once(WILDCARD) else {
        return text == pattern;
    };
    let (middle, last) = after.rsplit_once(WILDCARD).unwrap_or(("", after));
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    for part in middle.split(WILDCARD) {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

/// The same of paths, which may have a slash more or less at either end.
fn fits_path(text: &str, pattern: &str) -> bool {
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    let pattern = lowercase(pattern.strip_suffix('/').unwrap_or(pattern));
    let text = lowercase(text);
    let unled = text.strip_prefix('/');
    [Some(&*text), unled].into_iter().flatten().any(|text| {
        let untrailed = text.strip_suffix('/');
        fits_folded(text, &pattern) || untrailed.is_some_and(|text| fits_folded(text, &pattern))
    })
}
