//! How large a file, a tour of a crate, and a line may be.

use super::repository::{Source, example, has_extension, none, sources};

const FILE_LINES_MAX: usize = 600;
const LIB_LINES_MAX: usize = 80;
const LINE_CHARS_MAX: usize = 100;
/// No formatter breaks TypeScript lines here; this is where a reader would.
const TYPESCRIPT_LINE_CHARS_MAX: usize = 120;

fn too_many_lines(source: &Source, lines_max: usize) -> Option<String> {
    let lines = source.lines().count();
    (lines > lines_max).then(|| format!("{}: {lines} lines of {lines_max}", source.path))
}

/// Whether the first line says that a program wrote the file; nobody reads those from end to end.
fn is_generated(source: &Source) -> bool {
    let first = source.text.lines().next().unwrap_or_default();
    first.starts_with("// Made by ") && first.contains("Do not edit")
}

fn too_long_lines(source: &Source, chars_max: usize) -> Vec<String> {
    let long = source
        .lines()
        .filter(|(_, line)| line.chars().count() > chars_max);
    long.map(|(number, line)| format!("{}:{number}: {} chars", source.path, line.chars().count()))
        .collect()
}

#[test]
fn files_are_short_enough_to_read() {
    let code = sources(|path| has_extension(path, &["rs", "ts", "mjs", "js", "css", "html"]));
    let findings: Vec<String> = code
        .iter()
        .filter(|source| !is_generated(source))
        .filter_map(|source| too_many_lines(source, FILE_LINES_MAX))
        .collect();
    none("split these files", &findings);
}

#[test]
fn a_lib_is_a_tour_and_not_a_place() {
    let libs = sources(|path| path.ends_with("src/lib.rs"));
    let findings: Vec<String> = libs
        .iter()
        .filter_map(|source| too_many_lines(source, LIB_LINES_MAX))
        .collect();
    none("a lib.rs names the nouns and re-exports them", &findings);
}

#[test]
fn lines_fit_beside_each_other() {
    let mut findings = Vec::new();
    for source in sources(|path| has_extension(path, &["rs"])) {
        findings.extend(too_long_lines(&source, LINE_CHARS_MAX));
    }
    for source in sources(|path| has_extension(path, &["ts", "mjs"])) {
        findings.extend(too_long_lines(&source, TYPESCRIPT_LINE_CHARS_MAX));
    }
    none("break these lines", &findings);
}

#[test]
fn sizes_are_found_out() {
    let at_limit = example("a.rs", &"x\n".repeat(FILE_LINES_MAX));
    assert_eq!(too_many_lines(&at_limit, FILE_LINES_MAX), None);
    let past = example("a.rs", &"x\n".repeat(FILE_LINES_MAX + 1));
    assert_eq!(
        too_many_lines(&past, FILE_LINES_MAX).unwrap(),
        "a.rs: 601 lines of 600"
    );

    let line = "é".repeat(LINE_CHARS_MAX);
    let at_limit = example("a.rs", &line);
    assert!(too_long_lines(&at_limit, LINE_CHARS_MAX).is_empty());
    let past = example("a.rs", &format!("\n{line}x"));
    assert_eq!(too_long_lines(&past, LINE_CHARS_MAX), ["a.rs:2: 101 chars"]);
}
