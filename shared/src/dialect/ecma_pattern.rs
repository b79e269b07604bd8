//! Regular expressions as `JavaScript` writes them, for an engine that takes linear time.
//!
//! An expression is rewritten once, when a ruleset is compiled. Look-around and back-references,
//! which no engine has in linear time, are refused.

use crate::compile::limits::PATTERN_BYTES_MAX;
use crate::letters::{lower, upper};
use crate::pattern::Unbuilt;
use regex_lite::Regex;
use std::fmt::Write as _;

/// Why an expression has no meaning here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPattern {
    /// `JavaScript` refuses it too.
    Malformed,
    /// It looks around or back, or is larger than an expression may be here.
    Unsupported,
}

/// Whether `A` and `a` are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// They are not.
    Exact,
    /// They are: the flag `i`.
    AnyCase,
}

/// The expression, to be searched for in a text; without the flag `u`, as `new RegExp` reads it.
///
/// # Errors
/// `NoPattern` says whose fault it is.
/// # Source
/// ECMA-262, the grammar of patterns and its annex for web browsers.
/// DIFFERENCE: a character outside the basic plane counts as one, and `\s` is white space of
/// ASCII.
/// # Examples
/// ```
/// use bandera_shared::dialect::ecma_pattern::{Letters, NoPattern, compile};
/// assert!(compile("^v[[0-9]", Letters::Exact).is_ok_and(|regex| regex.is_match("v[")));
/// assert_eq!(compile("(?=a)", Letters::Exact).err(), Some(NoPattern::Unsupported));
/// ```
pub fn compile(source: &str, letters: Letters) -> Result<Regex, NoPattern> {
    if source.len() > PATTERN_BYTES_MAX {
        return Err(NoPattern::Unsupported);
    }
    let mut reader = Reader {
        rest: source,
        out: String::with_capacity(source.len() * 2),
        letters,
        repeats: Repeats::Nothing,
    };
    reader.pattern()?;
    let built = crate::pattern::build(&reader.out, letters == Letters::AnyCase);
    built.map_err(|fault| match fault {
        Unbuilt::TooLong | Unbuilt::TooManySteps(_) => NoPattern::Unsupported,
        Unbuilt::Malformed(_) => NoPattern::Malformed,
    })
}

/// Whether a repetition may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeats {
    /// Nothing that could be repeated.
    Nothing,
    /// Something, once.
    Once,
    /// A repetition, which a question mark makes lazy.
    Repetition,
}

struct Reader<'s> {
    rest: &'s str,
    out: String,
    letters: Letters,
    repeats: Repeats,
}

/// One member of a class.
enum Member {
    Char(char),
    Escape(char),
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn pattern(&mut self) -> Result<(), NoPattern> {
        while let Some(next) = self.next() {
            let mut after = Repeats::Once;
            match next {
                '\\' => after = self.escape()?,
                '[' => self.class()?,
                '(' => {
                    self.open()?;
                    after = Repeats::Nothing;
                }
                '.' => self.out.push_str("[^\\n\\r\\u{2028}\\u{2029}]"),
                '^' | '$' | '|' => {
                    self.out.push(next);
                    after = Repeats::Nothing;
                }
                '*' | '+' | '?' => after = self.repetition(next)?,
                '{' => match self.bounds() {
                    Some(bounds) => {
                        if self.repeats != Repeats::Once {
                            return Err(NoPattern::Malformed);
                        }
                        self.out.push_str(&bounds);
                        after = Repeats::Repetition;
                    }
                    None => self.literal('{'),
                },
                ')' => self.out.push(')'),
                other => self.literal(other),
            }
            self.repeats = after;
        }
        Ok(())
    }

    /// A star, a plus or a question mark.
    fn repetition(&mut self, sign: char) -> Result<Repeats, NoPattern> {
        self.out.push(sign);
        match (self.repeats, sign) {
            (Repeats::Once, _) => Ok(Repeats::Repetition),
            (Repeats::Repetition, '?') => Ok(Repeats::Nothing),
            _ => Err(NoPattern::Malformed),
        }
    }

    /// What stands between braces, braces included, when it is a repetition.
    fn bounds(&mut self) -> Option<String> {
        let (inside, rest) = self.rest.split_once('}')?;
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if least.is_empty() || !digits(least) || !digits(most) {
            return None;
        }
        self.rest = rest;
        Some(format!("{{{inside}}}"))
    }

    fn open(&mut self) -> Result<(), NoPattern> {
        self.out.push('(');
        if !self.eat("?") {
            return Ok(());
        }
        self.out.push('?');
        if self.eat(":") {
            self.out.push(':');
            return Ok(());
        }
        let looks = ["=", "!", "<=", "<!"];
        if looks.iter().any(|look| self.rest.starts_with(look)) {
            return Err(NoPattern::Unsupported);
        }
        // What is left is a group with a name.
        let named = self
            .rest
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'));
        let (name, rest) = named.ok_or(NoPattern::Malformed)?;
        self.rest = rest;
        // Writing to a string cannot fail.
        let _ = write!(self.out, "<{name}>");
        Ok(())
    }

    fn escape(&mut self) -> Result<Repeats, NoPattern> {
        let next = self.next().ok_or(NoPattern::Malformed)?;
        match next {
            'b' | 'B' => {
                self.out.push('\\');
                self.out.push(next);
                return Ok(Repeats::Nothing);
            }
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => {
                self.out.push('\\');
                self.out.push(next);
            }
            '1'..='9' => return Err(NoPattern::Unsupported),
            'k' if self.rest.starts_with('<') => return Err(NoPattern::Unsupported),
            other => {
                let meant = self.escaped(other)?;
                self.literal(meant);
            }
        }
        Ok(Repeats::Once)
    }

    /// The character that an escape means; any that means nothing else means itself.
    fn escaped(&mut self, letter: char) -> Result<char, NoPattern> {
        Ok(match letter {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'f' => '\u{c}',
            '0' if !self.rest.starts_with(|next: char| next.is_ascii_digit()) => '\0',
            '0' => return Err(NoPattern::Unsupported),
            'x' => self.hex(2).unwrap_or(Ok('x'))?,
            'u' => self.hex(4).unwrap_or(Ok('u'))?,
            'c' if self
                .rest
                .starts_with(|next: char| next.is_ascii_alphabetic()) =>
            {
                let control = self.next().map_or(0, |next| next as u32 % 32);
                char::from_u32(control).ok_or(NoPattern::Malformed)?
            }
            other => other,
        })
    }

    /// A character by its number in so many hexadecimal digits, when they are there.
    fn hex(&mut self, digits: usize) -> Option<Result<char, NoPattern>> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        if !number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.rest = rest;
        let number = u32::from_str_radix(number, 16).ok()?;
        // Half of a character outside the basic plane is none.
        Some(char::from_u32(number).ok_or(NoPattern::Unsupported))
    }

    fn literal(&mut self, meant: char) {
        if self.letters == Letters::AnyCase && !meant.is_ascii() {
            self.out.push('[');
            self.member(meant);
            self.out.push(']');
        } else {
            code(&mut self.out, meant);
        }
    }

    /// A character of a class, in both cases where that matters; the engine itself sees to ASCII.
    fn member(&mut self, meant: char) {
        code(&mut self.out, meant);
        if self.letters == Letters::AnyCase && !meant.is_ascii() {
            let same = canonical(meant);
            for other in [same, lower(same), lower(meant)] {
                if canonical(other) == same {
                    code(&mut self.out, other);
                }
            }
        }
    }

    fn class(&mut self) -> Result<(), NoPattern> {
        let negated = self.eat("^");
        if self.eat("]") {
            // Nothing at all, or anything.
            self.out
                .push_str(if negated { "[\\s\\S]" } else { "[^\\s\\S]" });
            return Ok(());
        }
        self.out.push_str(if negated { "[^" } else { "[" });
        while !self.eat("]") {
            let from = self.class_member()?;
            let ranges = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !ranges {
                self.put(&from);
                continue;
            }
            self.next();
            match (from, self.class_member()?) {
                (Member::Char(from), Member::Char(to)) => {
                    if from > to {
                        return Err(NoPattern::Malformed);
                    }
                    code(&mut self.out, from);
                    self.out.push('-');
                    code(&mut self.out, to);
                }
                (from, to) => {
                    self.put(&from);
                    self.put(&Member::Char('-'));
                    self.put(&to);
                }
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn class_member(&mut self) -> Result<Member, NoPattern> {
        let next = self.next().ok_or(NoPattern::Malformed)?;
        if next != '\\' {
            return Ok(Member::Char(next));
        }
        let letter = self.next().ok_or(NoPattern::Malformed)?;
        Ok(match letter {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => Member::Escape(letter),
            'b' => Member::Char('\u{8}'),
            '1'..='9' => return Err(NoPattern::Unsupported),
            other => Member::Char(self.escaped(other)?),
        })
    }

    fn put(&mut self, member: &Member) {
        match member {
            Member::Char(meant) => self.member(*meant),
            Member::Escape(letter) => {
                self.out.push('\\');
                self.out.push(*letter);
            }
        }
    }
}

/// What characters of one meaning have in common where case does not count; no character outside
/// ASCII means one inside.
fn canonical(letter: char) -> char {
    let upper = upper(letter);
    if upper.is_ascii() { letter } else { upper }
}

/// A character as itself where it means nothing else, by its number otherwise.
fn code(out: &mut String, meant: char) {
    if meant.is_alphanumeric() || matches!(meant, ' ' | '_' | '/' | '"' | ':' | '=' | ',') {
        out.push(meant);
    } else {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{{{:x}}}", meant as u32);
    }
}

#[cfg(test)]
mod tests;
