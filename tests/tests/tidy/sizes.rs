//! How large a file, a tour of a crate, and a line may be.

use super::repository::{Source, example, has_extension, none, sources};

const FILE_LINES_MAX: usize = 600;
const LIB_LINES_MAX: usize = 80;
const LINE_CHARS_MAX: usize = 100;

fn too_many_lines(source: &Source, lines_max: usize) -> Option<String> {
    let lines = source.lines().count();
    (lines > lines_max).then(|| format!("{}: {lines} lines of {lines_max}", source.path))
}

fn too_long_lines(source: &Source) -> Vec<String> {
    let long = source
        .lines()
        .filter(|(_, line)| line.chars().count() > LINE_CHARS_MAX);
    long.map(|(number, line)| format!("{}:{number}: {} chars", source.path, line.chars().count()))
        .collect()
}

#[test]
fn files_are_short_enough_to_read() {
    let code = sources(|path| has_extension(path, &["rs", "ts", "mjs", "js", "css", "html"]));
    let findings: Vec<String> = code
        .iter()
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
    let code = sources(|path| has_extension(path, &["rs", "ts", "mjs"]));
    let findings: Vec<String> = code.iter().flat_map(too_long_lines).collect();
    none("lines are at most 100 characters", &findings);
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
    assert!(too_long_lines(&example("a.rs", &line)).is_empty());
    assert_eq!(
        too_long_lines(&example("a.rs", &format!("\n{line}x"))),
        ["a.rs:2: 101 chars"]
    );
}
