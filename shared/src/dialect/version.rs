//! Semantic versions, strictly.

use semver::Version;
use std::cmp::Ordering;

/// The version that a text is, by the letter of Semantic Versioning 2.0.0: three numbers without
/// leading zeros, no `v`.
#[must_use]
pub fn strict(text: &str) -> Option<Version> {
    Version::parse(text).ok()
}

/// How a text's version ranks against another; build metadata is ignored, as section 10 says.
/// `None` where the text is no version.
///
/// # Examples
/// ```
/// use bandera_shared::dialect::version::{rank, strict};
/// let release = strict("2.0.0").expect("a version");
/// assert_eq!(rank("2.0.0-rc.1", &release), Some(std::cmp::Ordering::Less));
/// assert_eq!(rank("v2.0.0", &release), None);
/// ```
#[must_use]
pub fn rank(text: &str, than: &Version) -> Option<Ordering> {
    Some(strict(text)?.cmp_precedence(than))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_as_the_specification_says() {
        let check = |text, than, expected| {
            let than = strict(than).expect("a version");
            assert_eq!(rank(text, &than), expected, "{text}");
        };
        check("1.2.3", "1.2.3", Some(Ordering::Equal));
        check("1.2.3+a", "1.2.3+b", Some(Ordering::Equal));
        check("1.10.0", "1.9.0", Some(Ordering::Greater));
        check("2.0.0-alpha.4", "2.0.0-alpha.10", Some(Ordering::Less));
        check("2.0.0-alpha", "2.0.0-alpha.1", Some(Ordering::Less));
        for bad in ["1.2", "01.2.3", "v1.2.3", "1.2.3-01", "", "1.2.3 "] {
            check(bad, "1.2.3", None);
        }
    }
}
