//! Versions of three numbers: what comes after them is left off.

use crate::wire::number;

/// Major, minor and patch; doubles, as `JavaScript` counts.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Version([f64; 3]);

impl Version {
    /// The version in a text: `v` before it, pre-release, build and further parts are left off,
    /// missing parts are zero. `None` where a part is no number, or has a leading zero.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let base = text.split(['-', '+']).next().unwrap_or_default();
        if base.is_empty() || base.starts_with('.') {
            return None;
        }
        let mut parts = base.split('.').map(|part| match part {
            "" => Some(0.0),
            part => number(part),
        });
        let mut next = || parts.next().unwrap_or(Some(0.0));
        Some(Self([next()?, next()?, next()?]))
    }
}

fn number(part: &str) -> Option<f64> {
    let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
    let has_zero = part.len() > 1 && part.starts_with('0');
    number::from_text(part).filter(|_| is_plain && !has_zero)
}

/// From a version (included) to another (excluded); either may be open.
#[derive(Debug, PartialEq)]
pub(super) struct Bounds {
    from: Option<Version>,
    to: Option<Version>,
}

impl Bounds {
    /// That version alone.
    pub(super) fn only(version: Version) -> Self {
        Self {
            from: Some(version),
            to: Some(after(version)),
        }
    }

    /// Everything before the version.
    pub(super) fn below(version: Version) -> Self {
        Self {
            from: None,
            to: Some(version),
        }
    }

    /// Everything before the version, and itself.
    pub(super) fn up_to(version: Version) -> Self {
        Self {
            from: None,
            to: Some(after(version)),
        }
    }

    /// `~1.2.3`: from the version on, in its minor version.
    pub(super) fn tilde(version: Version) -> Self {
        let Version([major, minor, _]) = version;
        Self {
            from: Some(version),
            to: Some(Version([major, minor + 1.0, 0.0])),
        }
    }

    /// `^1.2.3`: from the version on, as long as its first number that is not zero stays.
    pub(super) fn caret(version: Version) -> Self {
        let Version([major, minor, patch]) = version;
        let to = if major > 0.0 {
            [major + 1.0, 0.0, 0.0]
        } else if minor > 0.0 {
            [0.0, minor + 1.0, 0.0]
        } else {
            [0.0, 0.0, patch + 1.0]
        };
        Self {
            from: Some(version),
            to: Some(Version(to)),
        }
    }

    /// `1.*` or `1.2.*`; further parts are left off.
    pub(super) fn wildcard(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.strip_suffix(".*").unwrap_or(text);
        let text = text.strip_suffix('*').unwrap_or(text);
        let mut parts = text.split('.').filter(|_| !text.is_empty());
        let major = number(parts.next()?)?;
        let (from, to) = match parts.next() {
            None => ([major, 0.0, 0.0], [major + 1.0, 0.0, 0.0]),
            Some(part) => {
                let minor = number(part)?;
                ([major, minor, 0.0], [major, minor + 1.0, 0.0])
            }
        };
        Some(Self {
            from: Some(Version(from)),
            to: Some(Version(to)),
        })
    }

    pub(super) fn contain(&self, version: Version) -> bool {
        self.from.is_none_or(|from| from <= version) && self.to.is_none_or(|to| version < to)
    }
}

/// The first version after another: patches are whole.
fn after(version: Version) -> Version {
    let Version([major, minor, patch]) = version;
    Version([major, minor, patch + 1.0])
}
