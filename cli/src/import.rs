//! `bandera import`: another system's flags, with every subject in its bucket.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{BOLD, DIM, Format, GREEN, Output, RED, YELLOW, remark, styled};
use bandera_import::{Fidelity, Imported, Note, PEERS, Peer, Report, import};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use std::io;
use std::path::PathBuf;

const AFTER: &str = "\
Every flag is taken over with that system's own hash, so no subject changes its bucket. What was
approximated or left out is reported on standard error; nothing is dropped silently. A single
broken flag is imported as one that answers with an error.

Exit codes: 0 imported, 1 refused by --strict because something is not exactly as it was,
2 wrong usage, 3 a file cannot be read or written, or is no export of that system.

Examples:
  bandera import --from launchdarkly --in flags.json --out ruleset.json
  bandera import --from unleash --in features.json --strict --out ruleset.json
  bandera import --from growthbook --in - < payload.json > ruleset.json";

/// The arguments of `bandera import`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ImportArgs {
    /// The system the export comes from
    #[arg(long, value_name = "PEER", value_parser = known_peers())]
    from: String,
    /// The export; `-` is standard input
    #[arg(long = "in", value_name = "FILE")]
    export: PathBuf,
    /// Where to write the ruleset; standard output when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Refuse what is not exactly as it was
    #[arg(long)]
    strict: bool,
}

fn known_peers() -> PossibleValuesParser {
    PossibleValuesParser::new(PEERS.map(|(name, _)| name))
}

/// What became of the export.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'i> {
    from: &'i str,
    written: bool,
    #[serde(flatten)]
    report: &'i Report,
}

pub(crate) fn run(args: &ImportArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let name = input::name(&args.export);
    let peer = Peer::named(&args.from)
        .ok_or_else(|| Fault::usage("--from", format!("unknown system \"{}\"", args.from)))?;
    let bytes = input::read(&args.export)?;
    let Imported { ruleset, report } = import(peer, &bytes).map_err(|error| {
        let fix = format!("--in takes an export of {}, unmodified", peer.name());
        Fault::unreachable(&name, error).fix(fix)
    })?;
    for note in &report.notes {
        remark(&words(note));
    }
    if !report.idle.is_empty() {
        let names = report.idle.join(", ");
        remark(&format!(
            "not taken over, since no answer depends on it: {names}"
        ));
    }
    let is_refused = args.strict && !report.is_exact();
    if is_refused {
        remark("nothing was written: --strict refuses what is not exactly as it was");
    } else {
        output.document(args.out.as_deref(), &ruleset)?;
    }
    if args.out.is_some() {
        let summary = Summary {
            from: peer.name(),
            written: !is_refused,
            report: &report,
        };
        match output.format {
            Format::Json => output.json(&summary)?,
            Format::Human => print_report(&report, &format!("of {}", summary.from), output)?,
        }
    }
    Ok(if is_refused {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

/// A note for people, on one line.
pub(crate) fn words(note: &Note) -> String {
    let (style, word) = match note.fidelity {
        Fidelity::Mapped => (DIM, "mapped"),
        Fidelity::Approximated => (YELLOW, "approximated"),
        Fidelity::Dropped => (RED, "left out"),
    };
    format!("{} {}: {}", styled(style, word), note.pointer, note.message)
}

/// How faithfully flags were written, on one line.
pub(crate) fn print_report(report: &Report, whose: &str, output: &mut Output) -> io::Result<()> {
    let count = |fidelity| {
        let notes = report.notes.iter();
        notes.filter(|note| note.fidelity == fidelity).count()
    };
    let flags = styled(BOLD, &format!("{} flags", report.n_flags));
    let (near, out) = (count(Fidelity::Approximated), count(Fidelity::Dropped));
    let verdict = if report.is_exact() {
        styled(GREEN, "exactly as they were")
    } else {
        format!("{near} parts approximated, {out} left out")
    };
    output.line(&format!("{flags} {whose}: {verdict}"))
}
