//! Versions as Split compares them: three numbers of any length, leading zeros removed.

use std::cmp::Ordering;

/// A version of Split's.
///
/// # Source
/// Split's SDKs, flags specification 1.1 (semantic versions). DIFFERENCE to Semantic Versioning
/// 2.0.0: leading zeros are allowed and removed, any text is an identifier, and a number and a text
/// are compared as texts.
#[derive(Debug)]
pub(super) struct Version {
    numbers: Box<[Box<str>]>,
    /// Empty in a release.
    identifiers: Box<[Box<str>]>,
    /// The whole, without leading zeros, with its metadata.
    text: Box<str>,
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, metadata) = match text.split_once('+') {
            Some((_, "")) => return None,
            Some((rest, metadata)) => (rest, Some(metadata)),
            None => (text, None),
        };
        let (core, identifiers) = match rest.split_once('-') {
            Some((core, identifiers)) => (core, Some(identifiers)),
            None => (rest, None),
        };
        let numbers: Box<[Box<str>]> = core
            .split('.')
            .map(|number| is_numeric(number).then(|| trimmed(number)))
            .collect::<Option<_>>()?;
        let identifiers: Box<[Box<str>]> = identifiers
            .into_iter()
            .flat_map(|identifiers| identifiers.split('.'))
            .map(|part| (!part.is_empty()).then(|| trimmed(part)))
            .collect::<Option<_>>()?;
        if numbers.len() != 3 {
            return None;
        }
        let mut text = numbers.join(".");
        if !identifiers.is_empty() {
            text.push('-');
            text.push_str(&identifiers.join("."));
        }
        if let Some(metadata) = metadata {
            text.push('+');
            text.push_str(metadata);
        }
        Some(Self {
            numbers,
            identifiers,
            text: text.into(),
        })
    }

    /// Whether both are written alike, metadata included.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.text == other.text
    }

    /// The order of both, whatever their metadata.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        in_order(&self.numbers, &other.numbers).then_with(|| {
            match (self.identifiers.is_empty(), other.identifiers.is_empty()) {
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                _ => in_order(&self.identifiers, &other.identifiers)
                    .then(self.identifiers.len().cmp(&other.identifiers.len())),
            }
        })
    }
}

/// The order of the first parts that differ.
fn in_order(these: &[Box<str>], those: &[Box<str>]) -> Ordering {
    let mut orders = these.iter().zip(those).map(|(this, that)| part(this, that));
    orders
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Numbers without leading zeros: the longer one is the larger one.
fn part(this: &str, that: &str) -> Ordering {
    let by_length = if is_numeric(this) && is_numeric(that) {
        this.len().cmp(&that.len())
    } else {
        Ordering::Equal
    };
    by_length.then_with(|| this.cmp(that))
}

fn is_numeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The text, of a number without its leading zeros.
fn trimmed(text: &str) -> Box<str> {
    if !is_numeric(text) {
        return text.into();
    }
    match text.trim_start_matches('0') {
        "" => "0".into(),
        number => number.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(this: &str, expected: Ordering, that: &str) {
        let parse = |text: &str| Version::parse(text).expect("a version");
        assert_eq!(parse(this).order(&parse(that)), expected, "{this} {that}");
        assert_eq!(parse(that).order(&parse(this)), expected.reverse());
    }

    #[test]
    fn are_ordered_by_numbers_then_by_identifiers() {
        check("1.2.3", Ordering::Less, "1.10.0");
        check("01.2.3", Ordering::Equal, "1.002.3");
        check("1.2.3+a", Ordering::Equal, "1.2.3+b");
        check("1.2.3-rc", Ordering::Less, "1.2.3");
        check("1.2.3-rc.2", Ordering::Less, "1.2.3-rc.10");
        check("1.2.3-rc", Ordering::Less, "1.2.3-rc.0");
        check("1.2.3-9", Ordering::Less, "1.2.3-a");
        // A number and a text are texts.
        check("1.2.3-10", Ordering::Less, "1.2.3-2a");
        check("1.2.3-x-y.1", Ordering::Greater, "1.2.3-x-y");
        let large = "99999999999999999999999.0.0";
        check(large, Ordering::Greater, "9999999999999999999999.9.9");
    }

    #[test]
    fn are_alike_with_their_metadata_only() {
        let check = |this: &str, that: &str, expected: bool| {
            let parse = |text: &str| Version::parse(text).expect("a version");
            assert_eq!(parse(this).is(&parse(that)), expected, "{this} {that}");
        };
        check("1.2.3+a", "1.2.3+a", true);
        check("1.2.3+a", "1.2.3", false);
        check("01.2.3-04", "1.2.3-4", true);
        check("1.2.3-04z", "1.2.3-4z", false);
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "1.2.x",
            "1.2.3-",
            "1.2.3-a..b",
            "1.2.3+",
            "1..3",
            " 1.2.3",
            "+1.2.3",
            "1.2.-3",
        ] {
            assert!(Version::parse(text).is_none(), "{text}");
        }
    }
}
