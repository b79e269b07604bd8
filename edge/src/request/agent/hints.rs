//! What client hints say: `Sec-CH-UA`, `Sec-CH-UA-Full-Version-List`, `Sec-CH-UA-Platform` and
//! `Sec-CH-UA-Platform-Version`.
//!
//! A field is an RFC 9651 list of texts, some with a parameter `v`; one text is a list of one. A
//! field that is anything else says nothing.

use super::{Product, version};
use crate::request::RequestHead;

/// Brands by how much they say: a browser that is built on another one names both, and one that
/// exists nowhere besides.
const BRANDS: [(&str, &str); 11] = [
    ("Microsoft Edge", "edge"),
    ("Opera", "opera"),
    ("Opera Mobile", "opera"),
    ("Samsung Internet", "samsung"),
    ("YaBrowser", "yandex"),
    ("Yandex", "yandex"),
    ("Brave", "brave"),
    ("DuckDuckGo", "duckduckgo"),
    ("Android WebView", "webview"),
    ("Google Chrome", "chrome"),
    ("Chromium", "chromium"),
];

const PLATFORMS: [(&str, &str); 8] = [
    ("Windows", "windows"),
    ("macOS", "macos"),
    ("iOS", "ios"),
    ("Android", "android"),
    ("Chrome OS", "chromeos"),
    ("Chromium OS", "chromeos"),
    ("Linux", "linux"),
    ("Fuchsia", "fuchsia"),
];

/// The browser that the brands name, with the full version where a site has asked for it.
pub(super) fn browser(head: &RequestHead) -> Option<Product> {
    let full = head.header("sec-ch-ua-full-version-list").and_then(brand);
    full.or_else(|| head.header("sec-ch-ua").and_then(brand))
}

/// The platform, with its version where a site has asked for it.
pub(super) fn os(head: &RequestHead) -> Option<Product> {
    let platform = texts(head.header("sec-ch-ua-platform")?)?;
    let (text, _) = *platform.first()?;
    let (_, name) = PLATFORMS.iter().find(|(known, _)| *known == text)?;
    let version = head
        .header("sec-ch-ua-platform-version")
        .and_then(texts)
        .and_then(|texts| version(texts.first()?.0));
    let version = match *name {
        "windows" => version.and_then(|version| windows_release(&version)),
        _ => version,
    };
    Some(Product { name, version })
}

fn brand(field: &str) -> Option<Product> {
    let texts = texts(field)?;
    BRANDS.iter().find_map(|(brand, name)| {
        let (_, v) = texts.iter().find(|(text, _)| text == brand)?;
        let version = v.and_then(version);
        Some(Product { name, version })
    })
}

/// The release that people speak of; the hint counts releases of an interface instead.
///
/// # Source
/// Microsoft, "Detect Windows 11 and CPU architecture using User-Agent Client Hints".
fn windows_release(contract: &str) -> Option<String> {
    let (major, minor) = contract.split_once('.')?;
    let release = match major {
        "0" if minor.starts_with("1.") => "7.0.0",
        "0" if minor.starts_with("2.") => "8.0.0",
        "0" if minor.starts_with("3.") => "8.1.0",
        "0" => return None,
        _ if major.len() == 1 || matches!(major, "10" | "11" | "12") => "10.0.0",
        _ => "11.0.0",
    };
    Some(release.to_owned())
}

/// The texts of the field, each with its parameter `v`.
///
/// Of RFC 9651 no more is read than such fields consist of. A text is taken as it is written:
/// escapes, which no known name has, are only stepped over.
fn texts(field: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut texts = Vec::new();
    let mut rest = field.trim_matches(' ');
    loop {
        let (text, after) = quoted(rest)?;
        let (v, after) = parameters(after)?;
        texts.push((text, v));
        let after = after.trim_start_matches([' ', '\t']);
        if after.is_empty() {
            return Some(texts);
        }
        rest = after.strip_prefix(',')?.trim_start_matches([' ', '\t']);
    }
}

/// A text in quotes, and what comes after it.
fn quoted(from: &str) -> Option<(&str, &str)> {
    let inside = from.strip_prefix('"')?;
    let mut is_escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })?;
    Some((inside.get(..end)?, inside.get(end + 1..)?))
}

/// The last parameter `v` that is a text, and what comes after all parameters.
fn parameters(from: &str) -> Option<(Option<&str>, &str)> {
    let mut v = None;
    let mut rest = from;
    while let Some(after) = rest.strip_prefix(';') {
        let after = after.trim_start_matches(' ');
        let (key, after) = word(after)?;
        rest = after;
        let mut value = None;
        if let Some(after) = rest.strip_prefix('=') {
            if after.starts_with('"') {
                let (text, after) = quoted(after)?;
                (value, rest) = (Some(text), after);
            } else {
                (_, rest) = word(after)?;
            }
        }
        if key == "v" {
            v = value;
        }
    }
    Some((v, rest))
}

/// A key, number, token or boolean, and what comes after it.
fn word(from: &str) -> Option<(&str, &str)> {
    let end = from.find([';', ',', '=', ' ', '"', '(', ')']);
    let (word, after) = from.split_at(end.unwrap_or(from.len()));
    (!word.is_empty()).then_some((word, after))
}
