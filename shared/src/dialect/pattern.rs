//! Regular expressions as other systems write them, for an engine that takes linear time.
//!
//! RE2's syntax is nearly that of `regex_lite`; what differs is rewritten here, once, when a
//! ruleset is compiled. What no linear-time engine has (look-around, back-references) is refused.

use crate::compile::limits::PATTERN_BYTES_MAX;
use crate::pattern::{self, Unbuilt};
use regex_lite::Regex;

/// Whether upper and lower case are the same to an expression that does not say so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `A` is not `a`.
    Kept,
    /// `A` is `a`, for ASCII letters.
    Ignored,
}

/// An expression in RE2's syntax, to be found anywhere in a text.
///
/// DIFFERENCE: letters beyond ASCII keep their case, and classes of Unicode such as `\p{Greek}`
/// are refused.
///
/// # Errors
/// What is wrong with the expression.
/// # Examples
/// ```
/// use bandera_shared::dialect::pattern::{Case, re2};
/// assert!(re2("^[[:alpha:]]+$", Case::Kept).is_ok_and(|regex| regex.is_match("Ana")));
/// assert!(re2("(?=a)", Case::Kept).is_err());
/// ```
pub fn re2(text: &str, case: Case) -> Result<Regex, Unbuilt> {
    build(text, Dialect::Re2, case)
}

/// An expression in `Python`'s syntax, to be found at the beginning of a text, as its `re.match`
/// looks for it.
///
/// DIFFERENCE: classes such as `\d` and `\w` know ASCII alone, and `$` is only the very end.
///
/// # Errors
/// What is wrong with the expression; look-around and back-references are refused.
pub fn python(text: &str) -> Result<Regex, Unbuilt> {
    // Read by itself first, so that no bracket in it closes the group around it.
    build(text, Dialect::Python, Case::Kept)?;
    build(&format!("\\A(?:{text})"), Dialect::Python, Case::Kept)
}

/// Whose syntax it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Re2,
    Python,
}

fn build(text: &str, dialect: Dialect, case: Case) -> Result<Regex, Unbuilt> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(Unbuilt::TooLong);
    }
    pattern::build(&rewritten(text, dialect), case == Case::Ignored)
}

/// The same expression in the engine's syntax.
fn rewritten(text: &str, dialect: Dialect) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    let mut class = Class::Outside;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        rest = match (first, class) {
            ('\\', _) => escape(after, dialect, &mut out),
            ('[', Class::Outside) => {
                out.push('[');
                class = Class::Inside;
                opening(after, &mut out)
            }
            // A named class such as `[:alpha:]`, or a bracket that means itself.
            ('[', Class::Inside) => {
                if let Some((name, after)) = named(rest) {
                    out.push_str(name);
                    after
                } else {
                    out.push_str("\\[");
                    after
                }
            }
            (']', Class::Inside) => {
                class = Class::Outside;
                out.push(']');
                after
            }
            // Set operations there, plain characters in RE2.
            ('&' | '~', Class::Inside) => {
                out.push('\\');
                out.push(first);
                after
            }
            ('{', Class::Outside) if dialect == Dialect::Python && at_most(after) => {
                out.push_str("{0");
                after
            }
            ('{', Class::Outside) if !repeats(after) => {
                out.push_str("\\{");
                after
            }
            _ => {
                out.push(first);
                after
            }
        };
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    Inside,
}

/// Copies what may stand at the beginning of a class alone: `^`, and a `]` that means itself.
fn opening<'t>(mut rest: &'t str, out: &mut String) -> &'t str {
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str("\\]");
        rest = after;
    }
    rest
}

/// Copies what follows a backslash.
fn escape<'t>(rest: &'t str, dialect: Dialect, out: &mut String) -> &'t str {
    if dialect == Dialect::Python
        && let Some(after) = rest.strip_prefix('Z')
    {
        out.push_str("\\z");
        return after;
    }
    if dialect == Dialect::Re2
        && let Some(quoted) = rest.strip_prefix('Q')
    {
        let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
        out.push_str(&regex_lite::escape(literal));
        return after;
    }
    let Some(next) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    // The engine takes `\<` and `\>` for ends of words.
    if !matches!(next, '<' | '>') {
        out.push('\\');
    }
    out.push(next);
    rest.get(next.len_utf8()..).unwrap_or_default()
}

/// `[:alpha:]` at the beginning of a text, and what follows it.
fn named(text: &str) -> Option<(&str, &str)> {
    let end = text.strip_prefix("[:")?.find(":]")? + 4;
    text.split_at_checked(end)
}

/// Whether a repetition without a beginning, such as `{,5}`, has begun.
fn at_most(rest: &str) -> bool {
    let most = rest.strip_prefix(',').and_then(|rest| rest.split_once('}'));
    most.is_some_and(|(most, _)| most.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a repetition such as `{2}`, `{2,}` or `{2,5}` has begun.
fn repeats(rest: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((inside, _)) = rest.split_once('}') else {
        return false;
    };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, text: &str, expected: Option<bool>) {
        let found = re2(pattern, Case::Kept).ok();
        assert_eq!(found.map(|regex| regex.is_match(text)), expected);
    }

    #[test]
    fn means_what_re2_means() {
        check("b", "abc", Some(true));
        check("^(?i)abc$", "aBC", Some(true));
        check("(?m)^foo$", "x\nfoo\ny", Some(true));
        check("^foo$", "x\nfoo\ny", Some(false));
        check("^(?s)a.b$", "a\nb", Some(true));
        check("^[[:alpha:]]+$", "Ana", Some(true));
        check("^[^[:alpha:]]+$", "12", Some(true));
        check(r"^\d+$", "١", Some(false));
        check("(?i)É", "é", Some(false));
    }

    #[test]
    fn rewrites_what_only_re2_has() {
        check("^[[]$", "[", Some(true));
        check("^[]a]+$", "a]", Some(true));
        check("^[^]a]$", "b", Some(true));
        check("^[a&&b]+$", "a&", Some(true));
        check("^[a~~b]+$", "~", Some(true));
        check(r"^\Qa.b\E+$", "a.bb", Some(true));
        check(r"^\Qa.b", "axb", Some(false));
        check("^a{,3}$", "a{,3}", Some(true));
        check("^{}$", "{}", Some(true));
        check("^a{2,}$", "aaa", Some(true));
        check("^a{2}$", "aaa", Some(false));
        check(r"^\<b\>$", "<b>", Some(true));
        check(r"^[\]x]$", "]", Some(true));
    }

    #[test]
    fn refuses_what_takes_more_than_linear_time() {
        check("(?=a)b", "ab", None);
        check(r"^(a)\1$", "aa", None);
        check("(regex", "(regex", None);
        check("a\\", "a", None);
        check("[a", "a", None);
    }

    #[test]
    fn long_expressions_are_refused() {
        assert!(re2(&"a".repeat(PATTERN_BYTES_MAX), Case::Kept).is_ok());
        assert!(re2(&"a".repeat(PATTERN_BYTES_MAX + 1), Case::Kept).is_err());
    }

    #[test]
    fn python_looks_at_the_beginning() {
        let check = |pattern, text, expected: Option<bool>| {
            assert_eq!(
                python(pattern).ok().map(|regex| regex.is_match(text)),
                expected
            );
        };
        check("a|b", "xb", Some(false));
        check("a|b", "bx", Some(true));
        check("a{,2}b", "aab", Some(true));
        check("a{,2}b", "aaab", Some(false));
        check(r"\{,2}", "{,2}", Some(true));
        check("[{,]+$", "0", Some(false));
        check(r"a\Z", "ab", Some(false));
        check("(?i)A", "a", Some(true));
        check("a)(b", "ab", None);
        check("(?<=a)b", "ab", None);
    }

    #[test]
    fn case_may_be_ignored() {
        assert!(re2("^abc$", Case::Ignored).is_ok_and(|regex| regex.is_match("ABC")));
    }
}
