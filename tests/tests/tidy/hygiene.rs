//! What no file of the repository contains, and what every manifest does.

use super::repository::{Source, example, files, has_extension, none, packages, sources};

/// Marks of work that was left undone, or of a test that cannot go red. Spelled in two halves,
/// so that this file does not contain them.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("#[ign", "ore"),
    concat!("should_", "panic"),
    concat!("@ts-ign", "ore"),
];

/// Hosts of package registries: which one a machine uses is its own affair.
const HOSTS: [&str; 8] = [
    concat!("npm", "js.org"),
    concat!("npm", "js.com"),
    concat!("static.crates", ".io"),
    concat!("index.crates", ".io"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("deb.deb", "ian.org"),
    concat!("proxy.go", "lang.org"),
];

/// Words of unsafe code, and of the lint against it; in two halves for the same reason.
const UNSAFE: [&str; 2] = [concat!("un", "safe"), concat!("un", "safe_code")];

fn containing(source: &Source, words: &[&str]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        for word in words {
            if line.contains(word) {
                findings.push(format!("{}:{number}: {word}", source.path));
            }
        }
    }
    findings
}

/// Lines with unsafe code, or that would let some pass the lint against it.
fn unchecked(source: &Source) -> Vec<String> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut findings = Vec::new();
    for (number, code) in source.code() {
        let mut words = code.split(|character| !is_word(character));
        if words.any(|word| UNSAFE.contains(&word)) {
            findings.push(format!("{}:{number}: {}", source.path, code.trim()));
        }
    }
    findings
}

/// Whether a path must never be committed.
fn private(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            ".dev.vars" | ".env" | ".bandera" | ".wrangler" | "node_modules" | "target"
        )
    })
}

#[test]
fn nothing_is_left_undone() {
    let code = sources(|path| has_extension(path, &["rs", "ts", "mjs", "js", "html", "css"]));
    let findings: Vec<String> = code
        .iter()
        .flat_map(|source| containing(source, &UNFINISHED))
        .collect();
    none("unfinished work", &findings);
}

#[test]
fn nothing_is_unsafe() {
    let code = sources(|path| has_extension(path, &["rs"]));
    let findings: Vec<String> = code.iter().flat_map(unchecked).collect();
    none("code that no compiler checks", &findings);
}

#[test]
fn no_file_names_a_registry() {
    let text = sources(|path| !has_extension(path, &["png", "wasm", "ico"]));
    let findings: Vec<String> = text
        .iter()
        .flat_map(|source| containing(source, &HOSTS))
        .collect();
    none("hosts of registries", &findings);
}

#[test]
fn the_npm_lock_records_no_download_address() {
    let lock = sources(|path| path == "package-lock.json");
    let findings: Vec<String> = lock
        .iter()
        .flat_map(|source| containing(source, &["\"resolved\""]))
        .collect();
    none("run npm with omit-lockfile-registry-resolved", &findings);
}

#[test]
fn nothing_private_is_tracked() {
    let findings: Vec<String> = files().into_iter().filter(|path| private(path)).collect();
    none("local files", &findings);
}

#[test]
fn every_package_follows_the_workspace() {
    for package in packages() {
        let manifest = package["manifest_path"].as_str().unwrap();
        let text = std::fs::read_to_string(manifest).unwrap();
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{manifest} has its own lints"
        );
        assert_eq!(package["edition"], "2024", "{manifest}");
        assert_eq!(package["license"], "Apache-2.0 OR MIT", "{manifest}");
        assert_eq!(package["publish"], serde_json::json!([]), "{manifest}");
    }
}

#[test]
fn offences_are_found_out() {
    for word in UNFINISHED.iter().chain(&HOSTS) {
        let offence = example("a.rs", &format!("ok\n// {word} later"));
        assert_eq!(containing(&offence, &[word]), [format!("a.rs:2: {word}")]);
    }
    for word in UNSAFE {
        let offence = example("a.rs", &format!("fn f() {{\n    {word} ("));
        assert_eq!(unchecked(&offence).len(), 1, "{word}");
    }
    assert!(unchecked(&example("a.rs", "fn is_safe() {} // as safe as can be")).is_empty());
    assert!(private("admin/.dev.vars") && private("node_modules/x/y.js"));
    assert!(!private("docs/targeting.md"));
}
