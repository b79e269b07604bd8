//! References that lead back to where they come from.

use std::collections::BTreeSet;

/// Whether following references leads from one key to another; a key leads to itself.
pub(crate) fn leads<'e>(
    from: &'e str,
    to: &str,
    references: impl Fn(&'e str) -> Vec<&'e str>,
) -> bool {
    let (mut open, mut seen) = (vec![from], BTreeSet::new());
    while let Some(key) = open.pop() {
        if key == to {
            return true;
        }
        if seen.insert(key) {
            open.extend(references(key));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_every_reference_once() {
        let references = |key: &str| match key {
            "a" => vec!["b", "c"],
            "b" => vec!["a"],
            "c" => vec!["d"],
            _ => Vec::new(),
        };
        for (from, to, expected) in [
            ("a", "d", true),
            ("b", "d", true),
            ("d", "a", false),
            ("d", "d", true),
            ("a", "x", false),
        ] {
            assert_eq!(leads(from, to, references), expected, "{from} {to}");
        }
    }
}
