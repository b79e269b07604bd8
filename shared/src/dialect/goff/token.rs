//! Words, values and signs of a query.

use crate::dialect::{Unfit, unfit};
use std::fmt;

/// Something in a query.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Whether there is a space, tab or line break before it.
    pub(super) is_spaced: bool,
}

/// What it is.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    /// A comparison written as a sign, by the word for it.
    Symbol(&'static str),
    /// Names joined by dots, or a word of the language.
    Word(Box<str>),
    Text(Box<str>),
    /// A number or a version.
    Number(Box<str>),
}

impl Token {
    /// Whether it is that word, all small or all large.
    pub(super) fn is_word(&self, word: &str) -> bool {
        match &self.kind {
            Kind::Word(other) => **other == *word || (word == "not" && **other == *"NOT"),
            _ => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("\"(\""),
            Self::Close => f.write_str("\")\""),
            Self::OpenList => f.write_str("\"[\""),
            Self::CloseList => f.write_str("\"]\""),
            Self::Comma => f.write_str("a comma"),
            Self::Symbol(name) => write!(f, "\"{name}\""),
            Self::Word(text) | Self::Text(text) | Self::Number(text) => write!(f, "{text:?}"),
        }
    }
}

const SYMBOLS: [(&str, &str); 6] = [
    ("==", "eq"),
    ("!=", "ne"),
    (">=", "ge"),
    ("<=", "le"),
    (">", "gt"),
    ("<", "lt"),
];

/// The tokens of a query.
///
/// # Errors
/// What is no token, for people.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Unfit> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        let is_spaced = trimmed.len() < rest.len();
        let Some(first) = trimmed.chars().next() else {
            return Ok(tokens);
        };
        let (kind, length) = token(first, trimmed)?;
        rest = trimmed.get(length..).unwrap_or_default();
        tokens.push(Token { kind, is_spaced });
    }
}

/// The token at the beginning, and its bytes.
fn token(first: char, text: &str) -> Result<(Kind, usize), Unfit> {
    let single = match first {
        '(' => Some(Kind::Open),
        ')' => Some(Kind::Close),
        '[' => Some(Kind::OpenList),
        ']' => Some(Kind::CloseList),
        ',' => Some(Kind::Comma),
        _ => None,
    };
    if let Some(kind) = single {
        return Ok((kind, 1));
    }
    if let Some((symbol, name)) = SYMBOLS.iter().find(|(symbol, _)| text.starts_with(symbol)) {
        return Ok((Kind::Symbol(name), symbol.len()));
    }
    let run = |is_part: fn(char) -> bool| {
        let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
        (text.get(..length).unwrap_or_default(), length)
    };
    match first {
        '"' => quoted(text),
        'A'..='Z' | 'a'..='z' => {
            let (word, length) =
                run(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'));
            let begins = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
            if word.split('.').all(begins) {
                Ok((Kind::Word(word.into()), length))
            } else {
                Err(unfit!("\"{word}\" is no attribute"))
            }
        }
        '0'..='9' | '-' => {
            let (number, length) =
                run(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
            Ok((Kind::Number(number.into()), length))
        }
        other => Err(unfit!("{other:?} means nothing in a query")),
    }
}

/// Text between quotes; a backslash keeps the next character from ending it.
fn quoted(text: &str) -> Result<(Kind, usize), Unfit> {
    let mut is_escaped = false;
    for (position, c) in text.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => {
                let inner = text.get(1..position).unwrap_or_default();
                return Ok((Kind::Text(inner.into()), position + 1));
            }
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    Err("a text is not closed".into())
}
