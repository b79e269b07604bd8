//! What an expression without branches says, in parts. What is not understood here is left to the
//! engine, which also says what is wrong with an expression.

use super::sequence::Part;
use super::set::Set;
use crate::condition::Position;
use std::str::Chars;

/// The parts of the expression, and where they are looked for; nothing for one with groups,
/// branches, borders of words, or characters beyond ASCII that are repeated or in a set.
///
/// A repetition at an end without an anchor is as short as it may be: what more it could take
/// decides nothing.
pub(super) fn read(source: &str, fold_case: bool) -> Option<(Position, Vec<Part>)> {
    let mut reader = Reader {
        chars: source.chars(),
        fold_case,
    };
    let is_start = reader.eat('^');
    let mut parts = Vec::new();
    let mut is_end = false;
    while let Some(sign) = reader.chars.next() {
        if sign == '$' && reader.peek().is_none() {
            is_end = true;
            break;
        }
        let mut set = Set::default();
        let item = reader.item(sign, &mut set)?;
        let (min, mut max) = reader.times()?;
        if let Item::Itself(c) = item {
            if (min, max) == (1, 1) && !(fold_case && c.is_ascii_alphabetic()) {
                if !matches!(parts.last(), Some(Part::Text(_))) {
                    parts.push(Part::Text(String::new()));
                }
                if let Some(Part::Text(text)) = parts.last_mut() {
                    text.push(c);
                }
                continue;
            }
            if !c.is_ascii() {
                return None;
            }
            set.add(c, c);
            reader.fold(&mut set)?;
        }
        if parts.is_empty() && !is_start {
            max = min;
        }
        if max > 0 {
            parts.push(Part::Repeated(set, min, max));
        }
    }
    if !is_end {
        for part in parts.iter_mut().rev() {
            let Part::Repeated(_, min, max) = part else {
                break;
            };
            *max = *min;
            if *min > 0 {
                break;
            }
        }
    }
    let position = match (is_start, is_end) {
        (true, true) => Position::Whole,
        (true, false) => Position::Start,
        (false, true) => Position::End,
        (false, false) => Position::Anywhere,
    };
    Some((position, parts))
}

struct Reader<'s> {
    chars: Chars<'s>,
    fold_case: bool,
}

/// What stands for one character.
enum Item {
    /// The character.
    Itself(char),
    /// Those that were put into the set.
    Put,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.clone().next()
    }

    fn eat(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(sign);
        if found {
            self.chars.next();
        }
        found
    }

    fn fold(&self, set: &mut Set) -> Option<()> {
        if self.fold_case { set.fold() } else { Some(()) }
    }

    fn item(&mut self, sign: char, set: &mut Set) -> Option<Item> {
        match sign {
            '.' => *set = Set::IN_LINE,
            '[' => self.brackets(set)?,
            '\\' => return self.escaped(set),
            '+' | '*' | '?' | '(' | ')' | '|' | '{' | '^' | '$' => return None,
            _ => return Some(Item::Itself(sign)),
        }
        Some(Item::Put)
    }

    /// How often at least and at most what stands before is repeated.
    fn times(&mut self) -> Option<(u32, u32)> {
        let times = match self.peek() {
            Some('?') => (0, 1),
            Some('*') => (0, u32::MAX),
            Some('+') => (1, u32::MAX),
            Some('{') => {
                self.chars.next();
                let min = self.number()?;
                let max = if !self.eat(',') {
                    min
                } else if self.peek() == Some('}') {
                    u32::MAX
                } else {
                    self.number()?
                };
                if self.peek() != Some('}') || min > max {
                    return None;
                }
                (min, max)
            }
            _ => return Some((1, 1)),
        };
        self.chars.next();
        // Whether few or many are preferred makes no difference to whether the text is found.
        self.eat('?');
        Some(times)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit @ '0'..='9') = self.peek() {
            self.chars.next();
            let tens = number.unwrap_or(0) * 10;
            // More than there may be steps stays more.
            number = Some((tens + u32::from(digit) - u32::from('0')).min(u16::MAX.into()));
        }
        number
    }

    /// What a backslash and the sign behind it stand for.
    fn escaped(&mut self, set: &mut Set) -> Option<Item> {
        let sign = self.chars.next()?;
        let (low, high) = match sign.to_ascii_lowercase() {
            'd' => (Set::DIGITS, 0),
            'w' => (Set::DIGITS, Set::LETTERS),
            's' => (Set::SPACE, 0),
            '<' | '>' => return None,
            _ => return sign.is_ascii_punctuation().then_some(Item::Itself(sign)),
        };
        set.join([low, high, 0], sign.is_ascii_uppercase());
        Some(Item::Put)
    }

    /// The members behind an opening bracket.
    fn brackets(&mut self, set: &mut Set) -> Option<()> {
        let is_negated = self.eat('^');
        let mut members = Set::default();
        let mut is_first = true;
        while is_first || !self.eat(']') {
            self.members(is_first, &mut members)?;
            is_first = false;
        }
        self.fold(&mut members)?;
        set.join(members.0, is_negated);
        Some(())
    }

    /// One member, or all between two.
    fn members(&mut self, is_first: bool, set: &mut Set) -> Option<()> {
        let Item::Itself(first) = self.member(is_first, set)? else {
            return Some(());
        };
        let mut last = first;
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('-') && !matches!(ahead.next()?, '-' | ']') {
            self.chars.next();
            match self.member(false, set)? {
                Item::Itself(sign) if sign >= first => last = sign,
                _ => return None,
            }
        }
        set.add(first, last);
        Some(())
    }

    fn member(&mut self, is_first: bool, set: &mut Set) -> Option<Item> {
        let sign = self.chars.next()?;
        let is_itself = match sign {
            '\\' => return self.escaped(set),
            // The sign of a range is itself where it cannot be one.
            '-' => match self.peek()? {
                ']' => true,
                '-' => false,
                _ => is_first,
            },
            '[' | ']' | '&' | '~' => false,
            _ => sign.is_ascii(),
        };
        is_itself.then_some(Item::Itself(sign))
    }
}
