//! `bandera export`: flags in another system's form, so that nobody is locked in.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::import::{print_report, words};
use crate::input;
use crate::output::{Format, Output, remark};
use bandera_import::{Exported, Report, export_flagd};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;

const AFTER: &str = "\
Flags that were taken over from flagd come back as they were. Of others, values, variants,
conditions, schedules and overrides are kept. Where chance decides by our hash, flagd's hash
spreads subjects anew in the same shares. What is not exactly as it was, or has no counterpart, is
reported on standard error; nothing is dropped silently.

Exit codes: 0 exported, 1 refused by --strict because something is not exactly as it was,
2 wrong usage, 3 a file cannot be read or written, or is no ruleset without errors.

Examples:
  bandera export --to flagd --in ruleset.json --out flags.flagd.json
  bandera export --to flagd --in ruleset.json --strict > flags.flagd.json";

/// A system whose files can be written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    /// `OpenFeature`'s flagd
    Flagd,
}

/// The arguments of `bandera export`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ExportArgs {
    /// The system to write for
    #[arg(long, value_name = "SYSTEM")]
    to: Target,
    /// The ruleset; `-` is standard input
    #[arg(long = "in", value_name = "FILE")]
    ruleset: PathBuf,
    /// Where to write the file; standard output when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Refuse what is not exactly as it was
    #[arg(long)]
    strict: bool,
}

/// What became of the ruleset.
#[derive(Debug, Serialize)]
struct Summary<'r> {
    to: &'static str,
    written: bool,
    #[serde(flatten)]
    report: &'r Report,
}

pub(crate) fn run(args: &ExportArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let name = input::name(&args.ruleset);
    let bytes = input::read(&args.ruleset)?;
    let (to, exported) = match args.to {
        Target::Flagd => ("flagd", export_flagd(&bytes)),
    };
    let Exported { file, report } = exported.map_err(|error| {
        let fix = format!("bandera validate {name} says more");
        Fault::unreachable(&name, error).fix(fix)
    })?;
    for note in &report.notes {
        remark(&words(note));
    }
    let is_refused = args.strict && !report.is_exact();
    if is_refused {
        remark("nothing was written: --strict refuses what is not exactly as it was");
    } else {
        output.document(args.out.as_deref(), &file)?;
    }
    if args.out.is_some() {
        match output.format {
            Format::Json => output.json(&Summary {
                to,
                written: !is_refused,
                report: &report,
            })?,
            Format::Human => print_report(&report, &format!("for {to}"), output)?,
        }
    }
    Ok(if is_refused {
        Exit::Findings
    } else {
        Exit::Fine
    })
}
