//! `bandera schema`: what a ruleset looks like, for editors and other programs.

use crate::exit::Exit;
use crate::output::Output;
use clap::Args;
use std::path::PathBuf;

/// JSON Schema, draft 2020-12, of the document that [`bandera_shared::compile()`] reads.
const SCHEMA: &str = include_str!("../ruleset.schema.json");

const AFTER: &str = "\
An editor that knows JSON Schema completes names and marks mistakes while you write; name the file
in a ruleset's \"$schema\", or in the editor's settings. References, types of values and limits that
depend on several members are for `bandera validate`.

Exit codes: 0 printed, 2 wrong usage, 3 the file cannot be written.

Examples:
  bandera schema > ruleset.schema.json
  bandera schema --out ruleset.schema.json";

/// The arguments of `bandera schema`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct SchemaArgs {
    /// Where to write it; standard output when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &SchemaArgs, output: &mut Output) -> anyhow::Result<Exit> {
    match &args.out {
        Some(out) => crate::output::write_file(out, SCHEMA.as_bytes())?,
        None => output.line(SCHEMA.trim_end())?,
    }
    Ok(Exit::Fine)
}
