//! Browser and operating system: names from closed lists, versions that version operators read.
//!
//! Client hints come first (`Sec-CH-UA` and its kin, RFC 9651 fields), the user agent stands in for
//! what they leave out. What neither says is absent. Nothing here tells a person from a program;
//! that is the business of `bots`.

mod hints;
mod told;

use super::RequestHead;

/// Numbers of a version that count: major, minor and patch.
const NUMBERS: usize = 3;
/// Digits of a number that are still a version's.
const DIGITS_MAX: usize = 9;

/// A program by name, and which release of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Product {
    /// From the list in `docs/edge.md`.
    pub(crate) name: &'static str,
    /// Three numbers, such as `130.0.6723`, where it is known.
    pub(crate) version: Option<String>,
}

/// What a request says of the program that sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    /// The browser, where it is one of the list.
    pub(crate) browser: Option<Product>,
    /// The operating system, where it is one of the list.
    pub(crate) os: Option<Product>,
}

/// The program behind the request.
///
/// A version is the user agent's only where hints and user agent name the same product: a browser
/// built on another one repeats that one's number in a hint and its own in the user agent.
#[must_use]
pub(crate) fn read(head: &RequestHead) -> Agent {
    let told = told::read(head.header("user-agent").unwrap_or_default());
    Agent {
        browser: preferred(hints::browser(head), told.browser),
        os: preferred(hints::os(head), told.os),
    }
}

fn preferred(hinted: Option<Product>, told: Option<Product>) -> Option<Product> {
    let Some(mut product) = hinted else {
        return told;
    };
    if product.version.is_none() {
        let same = told.filter(|told| told.name == product.name);
        product.version = same.and_then(|told| told.version);
    }
    Some(product)
}

/// The first three numbers of `text`, the missing ones 0: `17_5` is `17.5.0`.
///
/// Numbers are separated by `.` or `_`; whatever follows them is ignored. Without a number in the
/// beginning, or with one that is too long, there is no version.
#[must_use]
fn version(text: &str) -> Option<String> {
    let mut version = String::new();
    let mut rest = text;
    for place in 0..NUMBERS {
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if n_digits > DIGITS_MAX || (n_digits == 0 && place == 0) {
            return None;
        }
        let (digits, after) = rest.split_at(n_digits);
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        if place > 0 {
            version.push('.');
        }
        version.push_str(digits);
        rest = after.strip_prefix(['.', '_']).unwrap_or_default();
    }
    Some(version)
}

#[cfg(test)]
mod tests;
