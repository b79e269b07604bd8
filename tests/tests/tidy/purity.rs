//! `shared` and `lab` name no platform; only `wire` modules know JSON; externs have two homes.

use super::repository::{Source, example, none, sources};

/// What a pure crate never names, and why.
const IMPURE: [(&str, &str); 20] = [
    ("worker::", "no platform"),
    ("js_sys", "no platform"),
    ("web_sys", "no platform"),
    ("wasm_bindgen", "no platform"),
    ("std::time", "time is a parameter"),
    ("std::env", "settings are parameters"),
    ("std::fs", "no I/O"),
    ("std::net", "no I/O"),
    ("std::io", "no I/O"),
    ("std::process", "no I/O"),
    ("std::thread", "no effects"),
    ("println!", "no I/O"),
    ("HashMap", "its order differs from run to run"),
    ("HashSet", "its order differs from run to run"),
    ("thread_local!", "no global state"),
    ("static mut", "no global state"),
    ("LazyLock", "no global state"),
    ("Mutex", "no global state"),
    ("getrandom", "randomness is a parameter"),
    ("rand::rng", "randomness is a parameter"),
];

fn impure(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, code) in source.code() {
        for (word, why) in IMPURE {
            if code.contains(word) {
                findings.push(format!("{}:{number}: `{word}` ({why})", source.path));
            }
        }
    }
    findings
}

/// Whether the path is a wire module, or a test, which may speak JSON to say what it expects.
fn may_know_json(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "wire" | "wire.rs" | "tests" | "tests.rs"))
}

fn json_outside_wire(source: &Source) -> Vec<String> {
    if may_know_json(&source.path) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, code) in source.code() {
        // What follows in the file is its unit tests.
        if code.trim() == "#[cfg(test)]" {
            break;
        }
        if code.contains("serde_json") {
            findings.push(format!(
                "{}:{number}: JSON outside a wire module",
                source.path
            ));
        }
    }
    findings
}

fn externs(source: &Source) -> Vec<String> {
    let declared = source
        .code()
        .filter(|(_, code)| code.contains("extern \"C\""));
    declared
        .map(|(number, _)| format!("{}:{number}: an extern", source.path))
        .collect()
}

#[test]
fn pure_crates_name_no_platform() {
    let pure = sources(|path| path.starts_with("shared/src/") || path.starts_with("lab/src/"));
    let findings: Vec<String> = pure.iter().flat_map(impure).collect();
    none("shared and lab are pure", &findings);
}

#[test]
fn only_wire_modules_know_json() {
    let shared = sources(|path| path.starts_with("shared/src/"));
    let findings: Vec<String> = shared.iter().flat_map(json_outside_wire).collect();
    none("parse once, at the edge of the crate", &findings);
}

#[test]
fn externs_live_in_platform_and_browser() {
    let homes = ["platform/", "www/browser/", "tests/"];
    let others = sources(|path| {
        std::path::Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "rs")
            && !homes.iter().any(|home| path.starts_with(home))
    });
    let findings: Vec<String> = others.iter().flat_map(externs).collect();
    none(
        "only platform and the browser crate declare externs",
        &findings,
    );
}

#[test]
fn impurity_is_found_out() {
    for (word, _) in IMPURE {
        let offence = example("shared/src/a.rs", &format!("fn f() {{ {word}x }}"));
        assert!(!impure(&offence).is_empty(), "{word}");
        let comment = example("shared/src/a.rs", &format!("// never {word}"));
        assert!(impure(&comment).is_empty(), "{word}");
    }
    let json = "use serde_json::Value;";
    assert_eq!(
        json_outside_wire(&example("shared/src/flag.rs", json)).len(),
        1
    );
    assert!(json_outside_wire(&example("shared/src/wire/flag.rs", json)).is_empty());
    let in_tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{ {json} }}");
    assert!(json_outside_wire(&example("shared/src/flag.rs", &in_tests)).is_empty());
    assert_eq!(
        externs(&example("edge/src/a.rs", "extern \"C\" {")).len(),
        1
    );
}
