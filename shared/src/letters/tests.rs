#![expect(
    clippy::disallowed_methods,
    reason = "the standard library is what is compared with"
)]

use super::*;

/// The one character of a case, where it is one and another.
fn single(letter: char, mut other: impl Iterator<Item = char>) -> Option<(u32, i32)> {
    let found = other.next().filter(|_| other.next().is_none())?;
    let distance = i64::from(u32::from(found)) - i64::from(u32::from(letter));
    (distance != 0).then_some((letter.into(), distance as i32))
}

/// Letters in runs as long as can be, of neighbours or of every second character.
fn runs(letters: &[(u32, i32)]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut rest = letters;
    while let Some((first, distance)) = rest.first().copied() {
        let length = |every: u32| {
            let next = (first..)
                .step_by(every as usize)
                .map(|code| (code, distance));
            rest.iter()
                .copied()
                .zip(next)
                .take_while(|(a, b)| a == b)
                .count()
        };
        let (near, far) = (length(1), length(2));
        let (count, every) = if far > near { (far, 2) } else { (near, 1) };
        runs.push((first, count as u8, every, distance));
        rest = &rest[count..];
    }
    runs
}

/// Borders of a kind of characters, written as the tables have them.
fn borders(is_of_kind: impl Fn(char) -> bool) -> Vec<u8> {
    let (mut bytes, mut last, mut is_in) = (Vec::new(), 0, false);
    let mut put = |code: u32| {
        let mut length = code - last;
        while length > 0x7F {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        last = code;
    };
    for code in 0..=u32::from(char::MAX) {
        let is_of = char::from_u32(code).is_some_and(&is_of_kind);
        if is_of != is_in {
            put(code);
        }
        is_in = is_of;
    }
    bytes
}

#[test]
fn the_tables_are_those_of_the_standard_library() {
    let all = || '\0'..=char::MAX;
    let to_lower: Vec<_> = all().filter_map(|c| single(c, c.to_lowercase())).collect();
    let to_upper: Vec<_> = all().filter_map(|c| single(c, c.to_uppercase())).collect();
    assert_eq!(runs(&to_lower), TO_LOWER);
    assert_eq!(runs(&to_upper), TO_UPPER);
    let is_final = |text: String| text.to_lowercase().ends_with('ς');
    let is_cased = |c| is_final(format!("{c}Σ"));
    assert_eq!(borders(is_cased), CASED);
    let is_ignored = |c| is_final(format!("a{c}Σ")) && !is_cased(c);
    assert_eq!(borders(is_ignored), IGNORED);
}

#[test]
fn every_character_has_the_case_that_the_standard_library_gives_it() {
    for letter in '\0'..=char::MAX {
        let text = letter.to_string();
        assert_eq!(lowercase(&text), text.to_lowercase(), "{letter:?}");
        let (mut to_lower, mut to_upper) = (letter.to_lowercase(), letter.to_uppercase());
        let one = |other: &mut dyn ExactSizeIterator<Item = char>| match other.len() {
            1 => other.next().unwrap(),
            _ => letter,
        };
        assert_eq!(lower(letter), one(&mut to_lower), "{letter:?}");
        assert_eq!(upper(letter), one(&mut to_upper), "{letter:?}");
    }
}

#[test]
fn words_end_where_the_standard_library_says() {
    // A letter, one without a case, what is ignored, both, and sigma itself.
    let parts = [
        "Σ", "A", "ß", "ª", "日", ".", "\u{301}", "\u{345}", " ", "İ", "😀", "",
    ];
    for a in parts {
        for b in parts {
            for c in parts {
                for d in parts {
                    for text in [format!("{a}{b}Σ{c}{d}"), format!("{a}Σ{b}{c}Σ{d}")] {
                        assert_eq!(lowercase(&text), text.to_lowercase(), "{text:?}");
                    }
                }
            }
        }
    }
}
