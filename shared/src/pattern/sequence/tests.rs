//! Sequences beside the engine: what is taken for one is answered as the engine answers it.

use super::super::{Compiled, Pattern, Unbuilt, build};
use super::*;
use crate::compile::limits::PATTERN_STEPS_MAX;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn compiled(source: &str, fold_case: bool) -> Compiled {
    Compiled::new(source, fold_case).unwrap_or_else(|error| panic!("{source:?}: {error}"))
}

/// Compares with the engine in all texts, if the expression does without it. Whether it does.
fn agrees(source: &str, fold_case: bool, texts: &[String]) -> bool {
    let Ok(simple) = Compiled::new(source, fold_case) else {
        assert!(build(source, fold_case).is_err(), "{source:?} is refused");
        return false;
    };
    if let Compiled::Expression(_) = simple {
        return false;
    }
    let engine = build(source, fold_case).unwrap_or_else(|error| panic!("{source:?}: {error}"));
    for text in texts {
        let expected = engine.is_match(text);
        assert_eq!(
            simple.is_match(text),
            expected,
            "{source:?} in {text:?}, {simple:?}"
        );
    }
    true
}

/// All texts of at most so many characters of these.
fn texts(alphabet: &str, length_max: u32) -> Vec<String> {
    let mut texts = ::std::vec![String::new()];
    let mut from = 0;
    for _ in 0..length_max {
        let longest = texts.split_off(from);
        from += longest.len();
        let longer: Vec<_> = longest
            .iter()
            .flat_map(|text| alphabet.chars().map(move |c| format!("{text}{c}")))
            .collect();
        texts.extend(longest);
        texts.extend(longer);
    }
    texts
}

const ANCHORS: [[&str; 2]; 4] = [["^", "$"], ["^", ""], ["", "$"], ["", ""]];
const TIMES: [&str; 8] = ["", "?", "*", "+", "{2}", "{1,2}", "{0,2}?", "{2,}"];

/// Every pair of repeated items, in every text that is short.
#[test]
fn pairs_mean_the_same() {
    let items = ["a", "b", "[ab]", "[^a]", ".", r"\W"];
    let parts: Vec<_> = items
        .iter()
        .flat_map(|item| TIMES.map(|times| format!("{item}{times}")))
        .chain(["ñ".to_owned(), String::new()])
        .collect();
    let texts = [texts("ab\n", 4), texts("añ", 4)].concat();
    let (mut n_simple, mut n_expressions) = (0, 0);
    for first in &parts {
        for second in &parts {
            for [start, end] in ANCHORS {
                n_expressions += 1;
                let source = format!("{start}{first}{second}{end}");
                n_simple += u32::from(agrees(&source, false, &texts));
            }
        }
    }
    assert_eq!((n_simple, n_expressions), (7_468, 10_000));
}

/// Longer expressions, by chance from one seed, in texts of what they are made of.
#[test]
fn longer_ones_mean_the_same() {
    let items = [
        "a", "B", "7", "-", "ñ", "n", ".", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\.", "[ab]",
        "[^b]", "[a-z]", "[A-z]", "[^A-C7]", r"[\w-]", r"[^\s.]", r"[-\d]", r"[\D]",
    ];
    let part = (select(items.to_vec()), select(TIMES.to_vec()))
        .prop_map(|(item, times)| item.to_owned() + times);
    let expression = (vec(part, 1..6), select(ANCHORS.to_vec()), any::<bool>());
    let text = vec(
        select(::std::vec![
            "a", "b", "A", "B", "z", "7", "-", ".", "\n", "ñ", "n"
        ]),
        0..10,
    );
    let cases = (expression, vec(text.prop_map(|parts| parts.concat()), 60));
    let mut runner = TestRunner::deterministic();
    let mut n_simple = 0;
    for _ in 0..8_000 {
        let ((parts, [start, end], fold_case), texts) =
            cases.new_tree(&mut runner).unwrap().current();
        let source = format!("{start}{}{end}", parts.concat());
        n_simple += u32::from(agrees(&source, fold_case, &texts));
    }
    assert!(n_simple > 3_500, "{n_simple}");
}

/// Every sign of ASCII, alone, behind a backslash and in brackets, at every place.
#[test]
fn signs_mean_the_same() {
    let mut n_simple = 0;
    for sign in (0..128_u8).map(char::from).chain(['ñ', '\u{1F}', '日']) {
        for part in [
            sign.to_string(),
            format!("\\{sign}"),
            format!("[{sign}]"),
            format!("[b{sign}]"),
            format!("[^\\{sign}]"),
        ] {
            let inside = format!("a{sign}b");
            let texts = ["", "a", "b", "ab", "\n", &part, &inside]
                .map(|text| [text.to_owned(), format!("{text}b"), format!("{text}\n")])
                .concat();
            for source in [
                part.clone(),
                format!("^{part}"),
                format!("{part}$"),
                format!("^{part}b$"),
                format!("a{part}b"),
                format!("^{part}{part}"),
                format!("^a{part}"),
            ] {
                n_simple += u32::from(agrees(&source, false, &texts));
                n_simple += u32::from(agrees(&source, true, &texts));
            }
        }
    }
    assert!(n_simple > 6_000, "{n_simple}");
}

/// Every two signs in brackets, as members and as a range.
#[test]
fn brackets_mean_the_same() {
    let signs: Vec<_> = ('!'..'0')
        .chain(":;<=>?@[\\]^_`{|}~09AKZakz\n ñ".chars())
        .collect();
    let texts: Vec<_> = signs.iter().map(char::to_string).collect();
    let mut n_simple = 0;
    for a in &signs {
        for b in &signs {
            for source in [
                format!("^[{a}{b}]$"),
                format!("^[{a}-{b}]$"),
                format!("^[^{a}-{b}-]$"),
                format!("^[b-\\{a}{b}]$"),
            ] {
                n_simple += u32::from(agrees(&source, false, &texts));
                n_simple += u32::from(agrees(&source, true, &texts));
            }
        }
    }
    assert!(n_simple > 5_500, "{n_simple}");
}

#[test]
fn one_pass_decides_what_never_gives_back() {
    for (source, expected) in [
        (r"^subject\.[a-z0-9]+@[a-z]+", true),
        (r"[a-z0-9]+@partner-1\.example$", true),
        (r"^[\w.+-]+@[\w.-]+\.example$", true),
        (r"^v?\d+\.\d+\.\d+$", true),
        (r"^\d{4}-\d{2}-\d{2}$", true),
        (r"\d{1,3}-\d{1,3}", true),
        (r"[a-z]+@", true),
        ("^.*b$", true),
        ("^a.*b$", true),
        ("^a*b*c?$", true),
        ("^a.*b", false),
        ("a.*b", false),
        ("a.*b$", false),
        ("ab*c", false),
        ("^a*b?a", false),
        ("^a*b?a*$", false),
        ("^a+a{2}", false),
        ("^a{1,2}a", false),
        ("^é+", false),
        ("^(a)b+", false),
        ("^a+|b", false),
        (r"^a+\b", false),
        ("^a+^", false),
        ("^a+$b", false),
    ] {
        let found = matches!(compiled(source, false), Compiled::Sequence(_));
        assert_eq!(found, expected, "{source}");
    }
    for (source, position, text) in [
        (r"@acme\.test$", Position::End, "@acme.test"),
        ("^a.*", Position::Start, "a"),
        (".*a[b]?", Position::Anywhere, "a"),
    ] {
        let Compiled::Sequence(found) = compiled(source, false) else {
            panic!("{source} is a text");
        };
        assert_eq!(found.position, position, "{source}");
        let ([Part::Text(part)] | [Part::Text(part), Part::Repeated(.., 0)]) = &*found.parts else {
            panic!("{found:?}");
        };
        assert_eq!(part, text);
    }
}

/// Whoever decides an expression: what is none, or has too many steps, is refused.
#[test]
fn what_the_engine_refuses_is_refused() {
    let most = PATTERN_STEPS_MAX / 2 - 1;
    assert!(Pattern::new(&format!("^a{{{most}}}$"), false).is_ok());
    for source in [format!("^a{{{}}}$", most + 1), "a{9}{999}".to_owned()] {
        let refused = Pattern::new(&source, false);
        assert!(matches!(refused, Err(Unbuilt::TooManySteps(_))), "{source}");
        assert!(!Pattern::deferred(&source, false).is_match(&"a".repeat(9_000)));
    }
    for source in [
        "a{2,1}", "a{,2}", "a{+1}", "a{1", "a{}", "a{1,x}", "[b-a]", "[a", "[]", "[^]", "[a--b]",
        "[!--]", "[a&&b]", "[a~~b]", r"[a-\d]", r"[\d-a]", "[[a]]", r"\e", "*", "a(", "a)", "\\",
    ] {
        let refused = Pattern::new(source, false);
        assert!(matches!(refused, Err(Unbuilt::Malformed(_))), "{source}");
    }
}
