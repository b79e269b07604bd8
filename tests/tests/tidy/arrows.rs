//! Which package may depend on which, and what the pure ones must never pull in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::repository::{cargo, none, packages};

/// Every package of the workspace, its folder, and the packages of ours it may depend on.
const ARROWS: [(&str, &str, &[&str]); 12] = [
    ("bandera-shared", "shared", &[]),
    ("bandera-import", "import", &["bandera-shared"]),
    ("bandera-lab", "lab", &["bandera-shared"]),
    ("bandera-platform", "platform", &["bandera-shared"]),
    (
        "bandera-edge",
        "edge",
        &["bandera-platform", "bandera-shared"],
    ),
    (
        "bandera-ledger",
        "ledger",
        &["bandera-platform", "bandera-shared"],
    ),
    (
        "bandera-admin",
        "admin",
        &[
            "bandera-import",
            "bandera-lab",
            "bandera-platform",
            "bandera-shared",
        ],
    ),
    (
        "bandera-cli",
        "cli",
        &["bandera-import", "bandera-lab", "bandera-shared"],
    ),
    ("bandera-browser", "www/browser", &["bandera-shared"]),
    ("bandera-tests", "tests", &["bandera-lab", "bandera-shared"]),
    (
        "bandera-bench",
        "tests/bench",
        &["bandera-platform", "bandera-shared"],
    ),
    (
        "bandera-timing",
        "tests/timing",
        &["bandera-lab", "bandera-shared"],
    ),
];

/// Packages that know a Workers runtime.
const ON_WORKERS: [&str; 5] = [
    "bandera-platform",
    "bandera-edge",
    "bandera-ledger",
    "bandera-admin",
    "bandera-bench",
];

/// What no pure package pulls in, at any depth.
const PLATFORM: [&str; 8] = [
    "worker",
    "wasm-bindgen",
    "js-sys",
    "web-sys",
    "getrandom",
    "tokio",
    "mio",
    "reqwest",
];

fn name(package: &Value) -> &str {
    package["name"].as_str().unwrap()
}

/// Names of the package's dependencies that are part of what it ships.
fn shipped(package: &Value) -> BTreeSet<&str> {
    let dependencies = package["dependencies"].as_array().unwrap().iter();
    dependencies
        .filter(|dependency| dependency["kind"].is_null())
        .map(name)
        .collect()
}

fn wrong_arrows(package: &Value) -> Vec<String> {
    let Some((_, _, allowed)) = ARROWS.iter().find(|(known, ..)| *known == name(package)) else {
        return vec![format!("{} has no place in the map", name(package))];
    };
    let wrong = shipped(package).into_iter().filter(|dependency| {
        let foreign = dependency.starts_with("bandera-") && !allowed.contains(dependency);
        let runtime = *dependency == "worker" && !ON_WORKERS.contains(&name(package));
        foreign || runtime
    });
    wrong
        .map(|dependency| format!("{} -> {dependency}", name(package)))
        .collect()
}

fn platform_in(tree: &str) -> Vec<String> {
    let named = tree.lines().filter(|line| PLATFORM.contains(line));
    named.map(str::to_owned).collect()
}

/// Every package below the given one, one name a line.
fn tree(package: &str, target: &[&str]) -> String {
    let shape = [
        "tree", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{lib}",
    ];
    let tree = cargo(&[&shape[..], target].concat());
    tree.lines()
        .map(|line| line.replace('_', "-"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn every_package_is_where_the_map_says() {
    let packages = packages();
    let found: BTreeSet<(String, bool)> = packages
        .iter()
        .map(|package| {
            let manifest = package["manifest_path"].as_str().unwrap();
            let folder = ARROWS.iter().find(|(known, ..)| *known == name(package));
            let placed = folder
                .is_some_and(|(_, folder, _)| manifest.ends_with(&format!("/{folder}/Cargo.toml")));
            (name(package).to_owned(), placed)
        })
        .collect();
    let wanted = ARROWS
        .iter()
        .map(|(package, ..)| ((*package).to_owned(), true))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn arrows_point_one_way() {
    let findings: Vec<String> = packages().iter().flat_map(wrong_arrows).collect();
    none("dependencies that the map does not allow", &findings);
}

#[test]
fn pure_packages_pull_in_no_platform() {
    for package in ["bandera-shared", "bandera-import", "bandera-lab"] {
        for target in [&["--target", "wasm32-unknown-unknown"][..], &[]] {
            let tree = tree(package, target);
            assert!(
                tree.contains("xxhash-rust"),
                "{package}: this is no tree:\n{tree}"
            );
            none(
                &format!("{package} pulls in a platform"),
                &platform_in(&tree),
            );
        }
    }
}

#[test]
fn wrong_arrows_are_found_out() {
    let package = |name: &str, dependency: &str| {
        let dependencies = [json!({ "name": dependency, "kind": null })];
        json!({ "name": name, "dependencies": dependencies })
    };
    assert_eq!(
        wrong_arrows(&package("bandera-lab", "bandera-edge")),
        ["bandera-lab -> bandera-edge"]
    );
    assert_eq!(
        wrong_arrows(&package("bandera-cli", "worker")),
        ["bandera-cli -> worker"]
    );
    assert_eq!(wrong_arrows(&package("bandera-alien", "serde")).len(), 1);
    assert!(wrong_arrows(&package("bandera-edge", "worker")).is_empty());
    let runtime = platform_in(&tree("bandera-platform", &[]));
    assert!(runtime.contains(&"worker".to_owned()));
}

/// Whatever a package asks of others: name, version, features; places are its own.
fn asked(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap();
    let text = |one: &Value| {
        let of = ["name", "kind", "features", "uses_default_features"].map(|name| &one[name]);
        format!("{} {:?}", one["req"], of)
    };
    dependencies.iter().map(text).collect()
}

#[test]
fn the_edge_is_fuzzed_with_what_it_is_built_with() {
    let manifest = ["--manifest-path", "fuzz/edge/Cargo.toml"];
    let shape = ["metadata", "--no-deps", "--format-version", "1"];
    let fuzzed: Value = serde_json::from_str(&cargo(&[&shape[..], &manifest].concat())).unwrap();
    let edge = |packages: &[Value]| {
        let edge = packages.iter().find(|one| one["name"] == "bandera-edge");
        asked(edge.unwrap())
    };
    let fuzzed = edge(fuzzed["packages"].as_array().unwrap());
    assert!(fuzzed.len() > 5, "{fuzzed:?}");
    assert_eq!(fuzzed, edge(&packages()));
}
