//! How large a regular expression is: what it may cost to look for it, known before it is compiled.

/// Steps of an expression with its repetitions written out: an upper bound of what each character
/// of a text is held against.
///
/// # Formula
/// One for each character, escape, and sign outside classes, and for each character of a class; a
/// pair of brackets is two. A repetition `{n,m}` takes what it repeats, and one, `m` times; `{n,}`
/// `n + 1` times, `{,m}` `m` times. Where white space may mean nothing (the flag `x`), everything
/// is taken for repeated as often as all repetitions together. What is no expression has steps,
/// too.
/// # Determinism
/// Same number everywhere: it knows nothing of the engine.
/// # Examples
/// ```
/// use bandera_shared::pattern::steps;
/// assert_eq!(steps("^ab+$"), 5);
/// assert_eq!(steps("[a-z]{2,8}"), 32);
/// assert_eq!(steps("(a{30}){30}"), 1_890);
/// ```
#[must_use]
pub fn steps(source: &str) -> u64 {
    let may_be_spaced = source.contains("(?") && source.contains('x');
    if may_be_spaced && source.chars().any(|c| c == '#' || c.is_whitespace()) {
        return product(source);
    }
    let mut reader = Reader {
        bytes: source.as_bytes(),
        at: 0,
    };
    // Of the brackets that are open: what they have before them, and their last part.
    let mut around: Vec<(u64, u64)> = Vec::new();
    let (mut before, mut last): (u64, u64) = (0, 0);
    while let Some(byte) = reader.next() {
        if byte == b'{'
            && let Some(times) = reader.times()
        {
            last = last.saturating_add(1).saturating_mul(times);
            continue;
        }
        match byte {
            b'(' => {
                around.push((before.saturating_add(last), 2));
                (before, last) = (0, 0);
                reader.flags();
                continue;
            }
            b')' => {
                let inside = before.saturating_add(last);
                let (outside, own) = around.pop().unwrap_or((0, 1));
                (before, last) = (outside, inside.saturating_add(own));
                continue;
            }
            // A sign belongs to what it repeats.
            b'*' | b'+' | b'?' => {
                last = last.saturating_add(1);
                continue;
            }
            // The bytes after the first of a character are part of it.
            0x80..=0xBF => continue,
            _ => before = before.saturating_add(last),
        }
        last = match byte {
            b'[' => reader.class(),
            b'\\' => reader.escape(),
            _ => 1,
        };
    }
    let open = around.iter().map(|(outside, own)| outside + own);
    open.fold(before.saturating_add(last), u64::saturating_add)
}

/// More steps than any reading of the text has.
fn product(source: &str) -> u64 {
    let mut reader = Reader {
        bytes: source.as_bytes(),
        at: 0,
    };
    let mut product = 2 * source.len() as u64;
    while let Some(byte) = reader.next() {
        if byte == b'{' {
            product = product.saturating_mul(reader.times().unwrap_or_else(|| reader.commented()));
        }
    }
    product
}

struct Reader<'s> {
    bytes: &'s [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.at += 1;
            let before: u64 = number.unwrap_or_default();
            let next = before.saturating_mul(10);
            number = Some(next.saturating_add(u64::from(digit - b'0')));
            // The flag `x` allows it between digits.
            self.spaces();
        }
        number
    }

    /// Passes over white space of Unicode, and over what is no expression there anyway.
    fn spaces(&mut self) {
        let may_be_space = |byte: u8| byte <= b' ' || byte >= 0x80;
        while self.peek().is_some_and(may_be_space) {
            self.at += 1;
        }
    }

    /// How often at most, behind an opening brace; nothing when it is no repetition.
    fn times(&mut self) -> Option<u64> {
        let start = self.at;
        self.spaces();
        let least = self.number();
        self.spaces();
        let has_comma = self.eat(b',');
        self.spaces();
        let most = self.number();
        self.spaces();
        let times = match (least, most) {
            (Some(least), None) => Some(least.saturating_add(u64::from(has_comma))),
            (least, Some(most)) => Some(most.max(least.unwrap_or(0))),
            (None, None) => None,
        };
        let times = times.filter(|_| self.eat(b'}')).map(|times| times.max(1));
        if times.is_none() {
            self.at = start;
        }
        times
    }

    /// How often at most, where a comment may stand between the digits.
    fn commented(&self) -> u64 {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (mut has_comment, mut has_digit) = (false, false);
        for byte in rest {
            has_comment |= *byte == b'#';
            has_digit |= byte.is_ascii_digit();
            if *byte == b'}' {
                break;
            }
        }
        if has_comment && has_digit {
            u64::MAX
        } else {
            1
        }
    }

    /// Passes over what stands behind an opening bracket and matches nothing: `?:`, a name.
    fn flags(&mut self) {
        if !self.eat(b'?') {
            return;
        }
        while let Some(byte) = self.peek() {
            if byte == b')' {
                return;
            }
            self.at += 1;
            if matches!(byte, b':' | b'>' | b'=' | b'!') {
                return;
            }
        }
    }

    /// The characters of a class, which is done with here.
    fn class(&mut self) -> u64 {
        let (mut depth, mut found) = (1_u32, 0);
        self.eat(b'^');
        let mut is_first = true;
        while let Some(byte) = self.next() {
            match byte {
                b'\\' => found += self.escape(),
                b'[' => depth += 1,
                b']' if !is_first => depth -= 1,
                0x80..=0xBF => {}
                _ => found += 1,
            }
            is_first = false;
            if depth == 0 {
                break;
            }
        }
        found.max(1)
    }

    /// Whether a word stands in the braces that come next.
    fn is_before_word(&self) -> bool {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let first = rest.iter().find(|byte| !byte.is_ascii_whitespace());
        first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'-')
    }

    /// What follows a backslash, with the braces that belong to it.
    fn escape(&mut self) -> u64 {
        let escaped = self.next();
        let takes_braces = match escaped {
            Some(b'x' | b'u' | b'U' | b'p' | b'P') => true,
            // `\b{start}` is a border of a word, `\b{5}` a repetition.
            Some(b'b') => self.is_before_word(),
            _ => false,
        };
        if takes_braces && self.peek() == Some(b'{') {
            while self.next().is_some_and(|byte| byte != b'}') {}
        }
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_written_out() {
        let check = |source, expected| assert_eq!(steps(source), expected, "{source}");
        check("", 0);
        check("abc", 3);
        check("añ", 2);
        check("a|b", 3);
        check("a*?", 3);
        check(r"\d\.\x{1F600}", 3);
        check("[a-z_]", 4);
        check("[]a]", 2);
        check("[[:alpha:]x]", 8);
        check("(ab)", 4);
        check("(?P<name>ab)", 4);
        check("(?i)a", 3);
        check("a{3}", 6);
        check("a{3}{3}", 21);
        check("a{,3}", 6);
        check("a{2,5}b", 11);
        check("a{2,}", 6);
        check("a{x}", 4);
        check("a{0}", 2);
        check("ñ{3}", 6);
        check("[é-ü]{2}", 8);
        check("(?x)(ab #(\n){9}){9}", 2 * 19 * 81);
        check("{3}", 3);
        check("(a{10}){10}", 230);
        check(r"\b{5}", 10);
        check(r"\b{start}a", 2);
        check("a{\u{b}3}", 6);
        check("a{\u{a0}3}", 6);
        check("(?x)a{1 0}", 2 * 10 * 10);
        check("(?x)a{#c\n1000}", u64::MAX);
        // What is no expression is counted without complaint.
        check("a)b(c", 6);
        check("[a", 1);
        check("\\", 1);
        check("((a{99999999999}){99999999999}){99999999999}", u64::MAX);
    }
}
