//! What the rules look at: the files git knows, and the packages Cargo knows.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A text file of the repository.
pub(super) struct Source {
    /// Relative to the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// Its lines, numbered from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// Its lines without comments, numbered from 1. A `//` inside a string ends the line too.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines()
            .map(|(number, line)| match line.split_once("//") {
                Some((code, _comment)) => (number, code),
                None => (number, line),
            })
    }
}

/// The root folder of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn output(program: &str, args: &[&str]) -> String {
    let done = Command::new(program)
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {args:?}: {stderr}");
    String::from_utf8(done.stdout).unwrap()
}

/// What a Cargo command prints.
pub(super) fn cargo(args: &[&str]) -> String {
    output(env!("CARGO"), args)
}

/// Paths of all files that git tracks or would track, and that exist.
pub(super) fn files() -> Vec<String> {
    let listed = output(
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard"],
    );
    let mut files: Vec<String> = listed
        .lines()
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    assert!(files.len() > 50, "git lists only {} files", files.len());
    files
}

/// The text files whose path passes the filter; at least one must.
pub(super) fn sources(wanted: impl Fn(&str) -> bool) -> Vec<Source> {
    let sources: Vec<Source> = files()
        .into_iter()
        .filter(|path| wanted(path))
        .filter_map(|path| {
            let text = String::from_utf8(std::fs::read(root().join(&path)).unwrap()).ok()?;
            Some(Source { path, text })
        })
        .collect();
    assert!(!sources.is_empty(), "no file passes the filter");
    sources
}

/// Whether the path has this extension.
pub(super) fn has_extension(path: &str, extensions: &[&str]) -> bool {
    let found = Path::new(path)
        .extension()
        .and_then(|extension| extension.to_str());
    found.is_some_and(|found| extensions.contains(&found))
}

/// What `cargo metadata` says of the workspace's own packages.
pub(super) fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Fails with every finding on a line of its own.
#[track_caller]
pub(super) fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

/// A file that does not exist, for trying a rule.
pub(super) fn example(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}
