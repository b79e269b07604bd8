//! Words that no declared name contains, because another word says it better.

use super::repository::{Source, example, has_extension, none, sources};

/// A word, and what to say.
const BANNED: [(&str, &str); 9] = [
    ("toggle", "flag"),
    ("user", "subject"),
    ("group", "segment, layer or arm"),
    ("manager", "what it does"),
    ("helper", "what it does"),
    ("helpers", "what they do"),
    ("util", "what it does"),
    ("utils", "what they do"),
    ("misc", "what it is"),
];

const KEYWORDS: [&str; 12] = [
    "fn",
    "struct",
    "enum",
    "trait",
    "mod",
    "type",
    "const",
    "static",
    "function",
    "class",
    "interface",
    "let",
];

/// The names that a line declares: what follows a declaring keyword.
fn declared(code: &str) -> Vec<&str> {
    let words: Vec<&str> = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty() && *word != "mut")
        .collect();
    let pairs = words.windows(2).filter(|pair| KEYWORDS.contains(&pair[0]));
    pairs.map(|pair| pair[1]).collect()
}

/// The lower-case words of a name in snake or camel case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            words.push(String::new());
        }
        if c != '_' {
            words.last_mut().unwrap().extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn banned(name: &str) -> Option<&'static str> {
    if name == "weight" {
        return Some("split_weight, coefficient, propensity or importance_weight");
    }
    let words = words(name);
    let agent = words
        .windows(2)
        .any(|pair| pair[0] == "user" && pair[1] == "agent");
    BANNED
        .into_iter()
        .filter(|(word, _)| !(agent && *word == "user"))
        .find_map(|(word, instead)| words.iter().any(|found| found == word).then_some(instead))
}

fn badly_named(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, code) in source.code() {
        for name in declared(code) {
            if let Some(instead) = banned(name) {
                findings.push(format!("{}:{number}: `{name}`: say {instead}", source.path));
            }
        }
    }
    findings
}

#[test]
fn names_are_our_own_words() {
    // This folder holds the offences that the rule is tried on.
    let own = |path: &str| path.starts_with("tests/tests/tidy/");
    let code = sources(|path| has_extension(path, &["rs", "ts"]) && !own(path));
    let findings: Vec<String> = code.iter().flat_map(badly_named).collect();
    none("banned names", &findings);
}

#[test]
fn bad_names_are_found_out() {
    let offences = [
        "struct FlagManager;",
        "fn toggle_flag() {}",
        "let mut user_id = 1;",
        "mod utils;",
        "const weight = 1;",
        "export class EventHelper {",
        "enum SubjectGroup {}",
    ];
    for code in offences {
        assert_eq!(badly_named(&example("a.rs", code)).len(), 1, "{code}");
    }
    let fine = [
        "fn user_agent() {}",
        "struct UserAgent;",
        "let split_weight = 1;",
        "// mod utils",
    ];
    for code in fine {
        assert!(badly_named(&example("a.rs", code)).is_empty(), "{code}");
    }
}
