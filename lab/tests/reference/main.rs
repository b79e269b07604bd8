//! Figures of named reference programs, beside ours.
//!
//! The folder of `BANDERA_REFERENCE`, or the one that lies beside the checkout, holds a file for
//! each family: `{"family", "tolerance": {"rel", "abs"}, "cases": [{"id", "in", "out"}]}`. Every
//! case goes through our own estimators. Without either folder there is nothing to compare, and
//! that is said.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the data lie outside, and a test may panic"
)]

mod families;

use serde::Deserialize;
use serde_json::{Map, Value};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct FamilyWire {
    family: String,
    tolerance: Tolerance,
    cases: Vec<CaseWire>,
}

#[derive(Deserialize, Clone, Copy)]
struct Tolerance {
    rel: f64,
    abs: f64,
}

#[derive(Deserialize)]
struct CaseWire {
    id: String,
    r#in: Value,
    out: Map<String, Value>,
}

impl Tolerance {
    fn allows(self, found: f64, expected: f64) -> bool {
        (found - expected).abs() <= self.abs + self.rel * expected.abs()
    }
}

/// What is wrong with a case; empty where it passes.
fn faults(case: &CaseWire, found: &Map<String, Value>, tolerance: Tolerance) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, expected) in &case.out {
        compare(name, found.get(name), expected, tolerance, &mut faults);
    }
    let strange = found.keys().filter(|name| !case.out.contains_key(*name));
    faults.extend(strange.map(|name| format!("the file has no {name}")));
    faults
        .iter()
        .map(|fault| format!("{}: {fault}", case.id))
        .collect()
}

/// Numbers are equal within the tolerance, objects member by member, and all else as it is.
fn compare(
    name: &str,
    found: Option<&Value>,
    expected: &Value,
    tolerance: Tolerance,
    faults: &mut Vec<String>,
) {
    let Some(found) = found else {
        faults.push(format!("nothing of ours is its {name}"));
        return;
    };
    if let (Value::Object(found), Value::Object(expected)) = (found, expected) {
        for (member, expected) in expected {
            let name = format!("{name}.{member}");
            compare(&name, found.get(member), expected, tolerance, faults);
        }
        let strange = found.keys().filter(|name| !expected.contains_key(*name));
        faults.extend(strange.map(|member| format!("the file has no {name}.{member}")));
        return;
    }
    let numbers = found.as_f64().zip(expected.as_f64());
    let is_equal = numbers.map_or(found == expected, |(found, expected)| {
        tolerance.allows(found, expected)
    });
    if !is_equal {
        faults.push(format!("{name} is {found}, not {expected}"));
    }
}

/// Runs a file; gives what is wrong with it.
fn run(path: &Path, said: &mut impl Write) -> Vec<String> {
    let name = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let wire: FamilyWire = match serde_json::from_str(&text) {
        Ok(wire) => wire,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let family = wire.family.as_str();
    let Some(ours) = families::find(family) else {
        return vec![format!("{name}: nothing of ours estimates {family}")];
    };
    if wire.cases.is_empty() {
        return vec![format!("{name}: there is no case")];
    }
    let mut wrong = Vec::new();
    let mut n_passed = 0;
    for case in &wire.cases {
        let found = match ours(&case.r#in) {
            Ok(found) => faults(case, &found, wire.tolerance),
            Err(error) => vec![format!("{}: {error}", case.id)],
        };
        n_passed += usize::from(found.is_empty());
        wrong.extend(found);
    }
    // One write, so that nothing of another test comes in between.
    let line = format!("{family} {n_passed}/{}\n", wire.cases.len());
    said.write_all(line.as_bytes()).unwrap();
    wrong
}

/// The folder, and whether it was asked for by name.
fn folder() -> (PathBuf, bool) {
    let beside = "../../shared/reference/stats";
    std::env::var_os("BANDERA_REFERENCE").map_or_else(
        || (Path::new(env!("CARGO_MANIFEST_DIR")).join(beside), false),
        |folder| (folder.into(), true),
    )
}

#[test]
fn every_case_of_every_family() {
    // Said past the capture of the test harness: counts are what a reader looks for.
    let mut said = std::io::stderr();
    let (folder, by_name) = folder();
    if !by_name && !folder.is_dir() {
        writeln!(said, "no reference data beside the checkout").unwrap();
        return;
    }
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    // The folder beside the checkout also holds what is yet to be estimated; one that was asked
    // for must be covered whole.
    if !by_name {
        paths.retain(|path| {
            let known = path.file_stem().and_then(|stem| stem.to_str());
            known.is_some_and(|stem| families::find(stem).is_some())
        });
    }
    assert!(
        !paths.is_empty(),
        "{}: there is no family",
        folder.display()
    );
    let wrong: Vec<String> = paths.iter().flat_map(|path| run(path, &mut said)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_differs_is_named() {
    let case = |out: &str| CaseWire {
        id: "a".to_owned(),
        r#in: Value::Null,
        out: serde_json::from_str(out).unwrap(),
    };
    let tolerance = Tolerance {
        rel: 1e-3,
        abs: 1e-6,
    };
    let check = |out: &str, expected: &[&str]| {
        let found = serde_json::from_str(r#"{"x": 1.0, "of": {"a": "b"}}"#).unwrap();
        assert_eq!(faults(&case(out), &found, tolerance), expected);
    };
    check(r#"{"x": 1.0009, "of": {"a": "b"}}"#, &[]);
    check(
        r#"{"x": 1.002, "of": {"a": "c"}}"#,
        &["a: of.a is \"b\", not \"c\"", "a: x is 1.0, not 1.002"],
    );
    check(
        r#"{"of": {}}"#,
        &["a: the file has no of.a", "a: the file has no x"],
    );
    check(
        r#"{"x": 1, "of": {"a": "b", "d": 3}, "y": 2}"#,
        &[
            "a: nothing of ours is its of.d",
            "a: nothing of ours is its y",
        ],
    );
}
