//! What waits has an end: scripts and end-to-end tests ask Workers only with a deadline.

use super::repository::{Source, example, has_extension, none, sources};

/// The one place that calls `fetch`; see its `fetchInTime`.
const DOOR: &str = "scripts/lib/http.ts";

/// Lines that call the global `fetch`, which waits for as long as a hanging runtime likes.
fn endless_calls(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in source.code() {
        let calls = line.match_indices("fetch(").any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '#'))
        });
        if calls {
            findings.push(format!("{}:{number}: {}", source.path, line.trim()));
        }
    }
    findings
}

#[test]
fn workers_are_asked_with_a_deadline() {
    let asking = sources(|path| {
        let ours = path.starts_with("scripts/") || path.starts_with("tests/e2e/");
        ours && has_extension(path, &["ts", "mjs"]) && path != DOOR
    });
    let findings: Vec<String> = asking.iter().flat_map(endless_calls).collect();
    none("call fetchInTime of scripts/lib/http.ts", &findings);
}

#[test]
fn offences_are_found_out() {
    let code = "const a = await fetch(url);\nenv.EDGE.fetch(request);\nfetchInTime(url); // fetch(";
    let found = endless_calls(&example("tests/e2e/a.test.ts", code));
    assert_eq!(
        found,
        ["tests/e2e/a.test.ts:1: const a = await fetch(url);"]
    );
}
