use super::*;

#[track_caller]
fn check(pattern: &str, text: &str, expected: bool) {
    let found = compile(pattern, Letters::Exact).map(|regex| regex.is_match(text));
    assert_eq!(found, Ok(expected), "/{pattern}/ in {text}");
}

#[track_caller]
fn refused(pattern: &str, why: NoPattern) {
    let found = compile(pattern, Letters::Exact).err();
    assert_eq!(found, Some(why), "/{pattern}/");
}

#[test]
fn means_what_javascript_means() {
    check("a.c", "abc", true);
    check("a.c", "a\rc", false);
    check("^b", "a\nb", false);
    check("b$", "b\n", false);
    check("a{2}", "aa", true);
    check("^a{2}$", "a{2}", false);
    check("^a{,2}$", "a{,2}", true);
    check("^x{y}$", "x{y}", true);
    check("[[]", "[", true);
    check("^[a&&b]$", "&", true);
    check("^[+--]$", ",", true);
    check("^[a-]$", "-", true);
    check(r"^[\w-.]$", "-", true);
    check(r"^[\b]$", "\u{8}", true);
    check("[]", "", false);
    check("^[^]$", "\n", true);
    check(r"^\/\-\_\<$", "/-_<", true);
    check(r"^\u0041\x42\cA$", "AB\u{1}", true);
    check(r"^\u41$", "u41", true);
    check(r"\bend\b", "the end.", true);
    check("^(?<year>[0-9]{4})-(?:0[1-9])+?$", "2026-03", true);
    check("^]}$", "]}", true);
}

#[test]
fn refuses_what_javascript_refuses() {
    for pattern in [
        "*", "a**", "a++", "(?i)a", "(?P<n>a)", "[z-a]", "[a", "(a", "a\\", "^*",
    ] {
        refused(pattern, NoPattern::Malformed);
    }
}

#[test]
fn refuses_what_takes_more_than_linear_time() {
    for pattern in [
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        r"(a)\1",
        r"(?<n>a)\k<n>",
    ] {
        refused(pattern, NoPattern::Unsupported);
    }
    refused(&"a".repeat(PATTERN_BYTES_MAX + 1), NoPattern::Unsupported);
    assert!(compile(&"a".repeat(PATTERN_BYTES_MAX), Letters::Exact).is_ok());
}

#[test]
fn letters_of_any_script_may_be_of_any_case() {
    let found =
        |pattern, text| compile(pattern, Letters::AnyCase).is_ok_and(|regex| regex.is_match(text));
    assert!(found("^straße É$", "STRAßE é"));
    assert!(found("^[ä-ö]$", "ö"));
    assert!(found("^[Ä]$", "ä"));
    assert!(!found("^ä$", "a"));
}

/// Asked of `new RegExp(pattern, "i").test(text)`.
#[test]
fn letters_that_become_two_or_leave_their_script_are_themselves_alone() {
    let check = |pattern: &str, text: &str, expected| {
        let found = compile(pattern, Letters::AnyCase).map(|regex| regex.is_match(text));
        assert_eq!(found.ok(), Some(expected), "{pattern} {text}");
    };
    check("^ß$", "S", false);
    check("^[ß]$", "ß", true);
    check("^ß$", "ẞ", false);
    check("^ſ$", "s", false);
    check("^\u{212A}$", "k", false);
    check("^\u{212B}$", "å", false);
    check("^ς$", "σ", true);
    check("^[σ]$", "Σ", true);
    check("^ǅ$", "ǆ", true);
    check("^ᾀ$", "ᾈ", false);
    check("^µ$", "μ", true);
}
