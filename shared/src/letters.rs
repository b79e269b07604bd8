//! Upper and lower case, as the standard library has them, in a tenth of its tables.
//!
//! The standard library lists letters one by one, ten kilobytes of every download that compress to
//! half; runs of letters that change alike are some hundred bytes. Both agree on every character,
//! which the tests ask of each. Beside size, an answer does not change with the compiler's Unicode.

mod tables;
#[cfg(test)]
mod tests;

use tables::{CASED, IGNORED, TO_LOWER, TO_UPPER};

/// Letters that change alike: the first one, how many, every which character is one, and how far
/// away their other case is.
type Run = (u32, u8, u8, i32);

/// Sigma, whose lower case depends on where in a word it stands.
const SIGMA: char = 'Σ';

/// The text in lower case, as [`str::to_lowercase`] has it.
///
/// # Examples
/// ```
/// use bandera_shared::letters::lowercase;
/// assert_eq!(lowercase("ÑANDÚ"), "ñandú");
/// assert_eq!(lowercase("ΟΔΟΣ ΣΟΥ"), "οδος σου");
/// ```
#[must_use]
pub fn lowercase(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let finals = text.contains(SIGMA).then(Finals::read);
    let mut lower = String::with_capacity(text.len());
    let mut ends_word = false;
    for (at, letter) in text.char_indices() {
        match letter {
            // The only letter that becomes two.
            'İ' => lower.push_str("i\u{307}"),
            SIGMA if ends_word && !starts_word(finals.as_ref(), text.get(at + 2..)) => {
                lower.push('ς');
            }
            letter => lower.push(other_case(&TO_LOWER, letter)),
        }
        if let Some(finals) = &finals
            && !finals.ignored.has(letter)
        {
            ends_word = finals.cased.has(letter);
        }
    }
    lower
}

/// The letter's upper case, where that is one character; else the letter.
#[must_use]
pub fn upper(letter: char) -> char {
    other_case(&TO_UPPER, letter)
}

/// The letter's lower case, where that is one character; else the letter.
#[must_use]
pub fn lower(letter: char) -> char {
    other_case(&TO_LOWER, letter)
}

/// What the runs make of a letter.
fn other_case(runs: &[Run], letter: char) -> char {
    let code = u32::from(letter);
    let behind = runs.partition_point(|(first, ..)| *first <= code);
    let run = behind.checked_sub(1).and_then(|place| runs.get(place));
    let other = run.and_then(|(first, count, every, distance)| {
        let steps = code - first;
        let (place, between) = (steps / u32::from(*every), steps % u32::from(*every));
        let is_in = between == 0 && place < u32::from(*count);
        is_in.then(|| code.checked_add_signed(*distance))?
    });
    other.and_then(char::from_u32).unwrap_or(letter)
}

/// Whether the first letter that counts has a case.
fn starts_word(finals: Option<&Finals>, rest: Option<&str>) -> bool {
    let (Some(finals), Some(rest)) = (finals, rest) else {
        return false;
    };
    let first = rest.chars().find(|letter| !finals.ignored.has(*letter));
    first.is_some_and(|letter| finals.cased.has(letter))
}

/// What tells the end of a word from its middle; read where a text has a sigma, which is seldom.
struct Finals {
    cased: Borders,
    ignored: Borders,
}

impl Finals {
    fn read() -> Self {
        Self {
            cased: Borders::read(&CASED),
            ignored: Borders::read(&IGNORED),
        }
    }
}

/// Where characters begin and cease to be of a kind, in turns.
struct Borders(Vec<u32>);

impl Borders {
    fn read(bytes: &[u8]) -> Self {
        let (mut borders, mut at) = (Vec::new(), 0);
        let (mut length, mut shift) = (0, 0);
        for byte in bytes {
            length |= u32::from(byte & 0x7F) << shift;
            shift += 7;
            if *byte < 0x80 {
                at += length;
                borders.push(at);
                (length, shift) = (0, 0);
            }
        }
        Self(borders)
    }

    fn has(&self, letter: char) -> bool {
        let passed = self
            .0
            .partition_point(|border| *border <= u32::from(letter));
        passed % 2 == 1
    }
}
