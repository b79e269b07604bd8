//! Runs the command and keeps what it says.

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a run of the command said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect(&self.stderr)
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

/// Runs the command with nothing on standard input.
pub(crate) fn bandera(args: &[&str]) -> Ran {
    bandera_reading(args, b"")
}

/// Runs the command with these bytes on standard input.
pub(crate) fn bandera_reading(args: &[&str], stdin: &[u8]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bandera"))
        .args(args)
        .env_remove("BANDERA_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // From a thread of its own: the command may write before it has read everything. One that
    // ends without reading closes the pipe, which is no fault here.
    let feeder = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let done = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Ran {
        code: done.status.code().unwrap(),
        stdout: String::from_utf8(done.stdout).unwrap(),
        stderr: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A file with this text, below the build folder; the name says which test it belongs to.
pub(crate) fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A ruleset with one flag of each kind that the tests ask for.
pub(crate) const RULESET: &str = r#"{
  "schemaVersion": 1,
  "salt": "test",
  "bandits": {
    "hero": {
      "actions": ["a", "b"],
      "reward": { "metric": "purchase", "kind": "binary" }
    }
  },
  "flags": {
    "button": {
      "type": "string",
      "status": "enabled",
      "variants": { "loud": { "value": "LOUD" }, "calm": { "value": "calm" } },
      "offVariant": "calm",
      "defaultVariant": "calm",
      "rules": [
        {
          "id": "spain",
          "when": { "attribute": "country", "op": "equals", "value": "ES" },
          "serve": { "variant": "loud" }
        }
      ]
    },
    "headline": {
      "type": "string",
      "status": "enabled",
      "variants": { "a": { "value": "A" }, "b": { "value": "B" } },
      "rules": [{ "id": "learn", "serve": { "bandit": "hero" } }]
    },
    "panel": {
      "type": "json",
      "status": "enabled",
      "variants": { "on": { "value": { "columns": 3 } } },
      "defaultVariant": "on"
    },
    "spring": {
      "type": "boolean",
      "status": "enabled",
      "variants": { "on": { "value": true } },
      "defaultVariant": "on",
      "schedule": { "startAt": "2026-03-20T00:00:00Z" }
    },
    "test": {
      "type": "boolean",
      "status": "ab_test",
      "variants": { "no": { "value": false }, "yes": { "value": true } },
      "experiment": { "control": "no", "weights": { "no": 1, "yes": 1 } }
    }
  }
}
"#;
