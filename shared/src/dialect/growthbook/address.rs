//! Addresses of pages, taken apart as browsers do.
//!
//! Not a parser for every address there is: names of hosts in other scripts are compared as they
//! are written, and what is no web address has no host.

use crate::letters::lowercase;
use std::fmt::Write as _;

/// An address of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    scheme: String,
    /// In lower case, with the port unless it is the usual one.
    pub(super) host: String,
    /// From its slash on.
    pub(super) path: String,
    /// With its question mark, or empty.
    query: String,
    /// With its number sign, or empty.
    pub(super) fragment: String,
}

/// Schemes of web addresses, and the ports that go without saying.
const WEB: [(&str, &str); 4] = [
    ("https", "443"),
    ("http", "80"),
    ("wss", "443"),
    ("ws", "80"),
];

/// Characters that no host contains.
const FORBIDDEN: [char; 15] = [
    ' ', '#', '/', '<', '>', '?', '@', '[', '\\', ']', '^', '|', '%', '"', '`',
];

impl Address {
    /// The address that a text is, relative to the root of a host.
    ///
    /// # Source
    /// WHATWG URL: the states of its basic parser that web addresses go through.
    pub(super) fn parse(text: &str, base: &str) -> Option<Self> {
        let text = text.trim_matches(|c: char| c <= ' ');
        let text: String = text
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
            .collect();
        let (text, fragment) = cut(&text, '#');
        let (scheme, rest) = match scheme(text) {
            Some((scheme, rest)) => (scheme, rest),
            None => ("https".to_owned(), text),
        };
        let port = WEB
            .iter()
            .find(|(name, _)| *name == scheme)
            .map(|(_, port)| *port);
        let is_absolute = rest.len() < text.len();
        let (rest, query) = cut(rest, '?');
        let (authority, path) = match port {
            Some(_) => {
                let rest = rest.replace('\\', "/");
                let has_host = is_absolute || rest.starts_with("//");
                split_host(&rest, has_host)
            }
            None => match rest.strip_prefix("//") {
                Some(rest) => split_host(rest, true),
                // An address of something else: a mail box, a script.
                None => (None, rest.to_owned()),
            },
        };
        let host = match (authority, port) {
            (Some(authority), _) => host(&authority, port.unwrap_or_default())?,
            (None, Some(_)) => base.to_owned(),
            (None, None) => String::new(),
        };
        Some(Self {
            path: if port.is_some() { normal(&path) } else { path },
            query: marked('?', query, " \"#<>'"),
            fragment: marked('#', fragment, " \"<>`"),
            scheme,
            host,
        })
    }

    /// Everything after scheme, host and port.
    pub(super) fn after_origin(&self) -> String {
        [&*self.path, &self.query, &self.fragment].concat()
    }

    /// Names and values of the query, decoded.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let query = self.query.strip_prefix('?').unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decoded(name), decoded(value))
            })
            .collect()
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slashes = if self.host.is_empty() { "" } else { "//" };
        write!(
            f,
            "{}:{slashes}{}{}",
            self.scheme,
            self.host,
            self.after_origin()
        )
    }
}

/// What is before a mark, and what is after it where it is there.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// The scheme in lower case, and what follows its colon.
fn scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut chars = scheme.chars();
    let is_scheme = chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// Host with everything around it, and path.
fn split_host(rest: &str, has_host: bool) -> (Option<String>, String) {
    if !has_host {
        return (None, rest.to_owned());
    }
    let rest = rest.trim_start_matches('/');
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    (Some(host.to_owned()), path.to_owned())
}

/// The host in lower case with its port; `None` where it can be none.
fn host(authority: &str, usual_port: &str) -> Option<String> {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    let is_address = name.starts_with('[') && name.ends_with(']');
    if name.is_empty() || (!is_address && name.contains(FORBIDDEN)) {
        return None;
    }
    let mut host = lowercase(name);
    if !port.is_empty() {
        let number: u16 = port.parse().ok()?;
        if port != usual_port {
            // Writing to a string cannot fail.
            let _ = write!(host, ":{number}");
        }
    }
    Some(host)
}

/// The path from its slash on, without dots, and with what no path contains encoded.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut steps = path.split('/').peekable();
    while let Some(step) = steps.next() {
        let is_last = steps.peek().is_none();
        match &*step.to_ascii_lowercase().replace("%2e", ".") {
            "." => {}
            ".." => {
                parts.pop();
            }
            _ => {
                parts.push(step);
                continue;
            }
        }
        if is_last {
            parts.push("");
        }
    }
    let mut out = String::new();
    for part in parts {
        out.push('/');
        encode(&mut out, part, " \"<>`{}^");
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

/// A query or fragment with its mark; nothing where nothing follows it.
fn marked(mark: char, text: Option<&str>, encoded: &str) -> String {
    let mut out = String::new();
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.push(mark);
        encode(&mut out, text, encoded);
    }
    out
}

fn encode(out: &mut String, text: &str, encoded: &str) {
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_control() && !encoded.contains(c) {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Plus signs and escapes to what they mean.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after.split_at_checked(2).filter(|_| *first == b'%');
        let number = escape.and_then(|(digits, after)| Some((byte(digits)?, after)));
        let (byte, after) = number.unwrap_or((if *first == b'+' { b' ' } else { *first }, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that two hexadecimal digits write.
fn byte(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    let is_hex = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_hex.then(|| u8::from_str_radix(text, 16).ok())?
}
