//! W5, loading a ruleset: each engine in a process of its own.
//!
//! A Worker loads into memory that nobody has used yet. Here a dozen engines have, and left it full
//! of holes. So for every round and every engine this program is started anew with `--load` and the
//! name of a loader, is handed the bytes, loads them until a batch is full, and prints the
//! nanoseconds that one load took.

use crate::measure::{Case, Work, calibrate, time};
use crate::peers::{Engine, bandera, launchdarkly, posthog};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// The argument that makes this program a process that loads.
const ARGUMENT: &str = "--load";

/// From the bytes of a ruleset to ready to evaluate, by name. Engines that load much slower than
/// these take long and change nothing.
const LOADERS: [(&str, fn(&[u8])); 5] = [
    ("Bandera", bandera::load),
    ("Bandera, compact form", bandera::load_compact),
    ("Bandera, compact form, every flag", bandera::read_compact),
    ("launchdarkly-server-sdk-evaluation", launchdarkly::load),
    ("posthog-rs", posthog::load),
];

/// A load of those bytes, in a process of its own.
pub struct Load<'c> {
    /// Name of the loader.
    name: &'static str,
    bytes: &'c [u8],
}

impl Load<'_> {
    /// Nanoseconds that one load takes.
    pub fn nanoseconds(&self) -> f64 {
        let program = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new(program);
        let command = command.args([ARGUMENT, self.name]);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("another process of this program");
        let mut input = process.stdin.take().expect("its input");
        input.write_all(self.bytes).expect("it reads the bytes");
        drop(input);
        let output = process.wait_with_output().expect("its output");
        assert!(output.status.success(), "{}: {}", self.name, output.status);
        let text = String::from_utf8(output.stdout).expect("text");
        text.trim().parse().expect("nanoseconds")
    }
}

/// Loads what is handed in, where the arguments ask for that; whether they do.
pub fn serve(arguments: &[String]) -> bool {
    let [argument, name] = arguments else {
        return false;
    };
    if argument != ARGUMENT {
        return false;
    }
    let loader = LOADERS.iter().find(|(known, _)| known == name);
    let (_, load) = loader.expect("the name of a loader");
    let mut bytes = Vec::new();
    let read = std::io::stdin().read_to_end(&mut bytes);
    read.expect("the bytes of a ruleset");
    let run = |_| load(&bytes);
    let repetitions = calibrate(&run);
    println!("{}", time(&run, repetitions));
    true
}

/// The cases for rulesets of 100 and of 1,000 flags.
pub fn cases<'c>(
    hundred: &'c [Box<dyn Engine>],
    thousand: &'c [Box<dyn Engine>],
    compact: &'c [Vec<u8>; 2],
) -> Vec<Case<'c>> {
    let [few, many] = compact;
    let sizes = [
        ("W5 load 100", hundred, few),
        ("W5 load 1000", thousand, many),
    ];
    let of_size = |(work, engines, compact): (&'static str, &'c [Box<dyn Engine>], &'c Vec<u8>)| {
        LOADERS.into_iter().map(move |(name, _)| {
            let engine = engines.iter().find(|engine| engine.name() == name);
            Case {
                work,
                name: name.to_owned(),
                is_ours: name.starts_with("Bandera"),
                run: Work::Load(Load {
                    name,
                    bytes: engine.map_or(&**compact, |engine| engine.bytes()),
                }),
            }
        })
    };
    sizes.into_iter().flat_map(of_size).collect()
}
