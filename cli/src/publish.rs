//! `bandera publish`: what publishing a draft would do, without publishing it.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{DIM, Format, GREEN, Output, RED, styled, write_file};
use bandera_shared::bucketing::BUCKETS;
use bandera_shared::flag::{Flag, Serve};
use bandera_shared::split::OwnedRange;
use bandera_shared::{PublishError, Ruleset, Severity, compile, publish};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

const AFTER: &str = "\
Ranges are laid out from those of --previous, so that the fewest subjects move. Nothing is sent
anywhere: the admin API publishes, with the very same code.

Exit codes: 0 could be published, 1 refused because of errors in the draft, 2 wrong usage,
3 a file cannot be read or written.

Examples:
  bandera publish --draft draft.json
  bandera publish --previous live.json --draft draft.json
  bandera publish --previous live.json --draft draft.json --out next.json";

/// The arguments of `bandera publish`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct PublishArgs {
    /// The ruleset now in force; without it every range is laid out anew
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// The ruleset to publish; `-` is standard input
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    /// Where to write the published document; nowhere when absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where to write what edges would read of it; nowhere when absent
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// What came out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    hash: String,
    bytes: usize,
    bundle_bytes: usize,
    flags: usize,
    warnings: usize,
    splits: Vec<Split>,
}

/// A split, and the share of subjects whose variant changes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Split {
    flag: String,
    rule: String,
    /// Absent where the split is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_buckets: Option<u64>,
}

pub(crate) fn run(args: &PublishArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let previous = args.previous.as_deref().map(input::read).transpose()?;
    let draft = input::read(&args.draft)?;
    let published = match publish(previous.as_deref(), &draft) {
        Ok(published) => published,
        Err(PublishError::Refused(diagnostics)) => {
            return refused(&diagnostics, output);
        }
        Err(error @ PublishError::Unreadable(_)) => {
            return Err(Fault::unreachable(input::name(&args.draft), error).into());
        }
        Err(error @ PublishError::PreviousUnreadable(_)) => {
            return Err(Fault::unreachable("--previous", error).into());
        }
    };
    let outputs = [
        (&args.out, &published.bytes),
        (&args.bundle, &published.bundle),
    ];
    for (out, bytes) in outputs {
        let Some(out) = out else { continue };
        write_file(out, bytes)?;
    }
    let before = previous
        .as_deref()
        .and_then(|bytes| compile(bytes).ok())
        .map(|compiled| compiled.ruleset)
        .unwrap_or_default();
    let report = Report {
        hash: published.hash,
        bytes: published.bytes.len(),
        bundle_bytes: published.bundle.len(),
        flags: published.compiled.ruleset.len(),
        warnings: published.compiled.diagnostics.len(),
        splits: splits(&before, &published.compiled.ruleset),
    };
    match output.format {
        Format::Json => output.json(&report)?,
        Format::Human => print(&report, output)?,
    }
    Ok(Exit::Fine)
}

fn refused(
    diagnostics: &[bandera_shared::Diagnostic],
    output: &mut Output,
) -> anyhow::Result<Exit> {
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(ToString::to_string);
    match output.format {
        Format::Json => {
            output.json(&serde_json::json!({ "refused": errors.collect::<Vec<_>>() }))?;
        }
        Format::Human => {
            for error in errors {
                output.line(&error)?;
            }
            output.line(&styled(RED, "refused: the draft has errors"))?;
        }
    }
    Ok(Exit::Findings)
}

fn print(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    for split in &report.splits {
        let Split { flag, rule, .. } = split;
        let moved = match split.moved_buckets {
            None => "new".to_owned(),
            Some(0) => "nobody moves".to_owned(),
            Some(moved) => {
                let percentage = moved as f64 * 100.0 / BUCKETS as f64;
                format!("{percentage:.4} % of subjects get another variant")
            }
        };
        output.line(&format!("{flag} {}: {moved}", styled(DIM, rule)))?;
    }
    let Report {
        hash,
        bytes,
        bundle_bytes,
        flags,
        ..
    } = report;
    let verdict = styled(GREEN, "can be published");
    output.line(&format!(
        "{verdict}: {flags} flags, {bytes} bytes, {bundle_bytes} for edges, sha256 {hash}"
    ))?;
    Ok(())
}

/// Every split of the new ruleset, compared with the one of the same flag and rule before.
fn splits(before: &Ruleset, after: &Ruleset) -> Vec<Split> {
    let mut splits = Vec::new();
    for flag in after.flags() {
        let former = before.flag(&flag.key);
        for (rule, ranges) in ranges_of(flag) {
            let moved_buckets = former.and_then(|former| {
                let (_, earlier) = ranges_of(former).find(|(name, _)| *name == rule)?;
                Some(moved((former, earlier), (flag, ranges)))
            });
            splits.push(Split {
                flag: flag.key.to_string(),
                rule: rule.to_owned(),
                moved_buckets,
            });
        }
    }
    splits
}

fn ranges_of(flag: &Flag) -> impl Iterator<Item = (&str, &[OwnedRange])> {
    flag.rules.iter().filter_map(|rule| match &rule.serve {
        Serve::Split { ranges, .. } => Some((&*rule.id, &**ranges)),
        _ => None,
    })
}

type Owned<'a> = (&'a Flag, &'a [OwnedRange]);

/// Buckets that another variant owns than before, or that nobody owned or owns.
fn moved(before: Owned<'_>, after: Owned<'_>) -> u64 {
    let mut edges: Vec<u64> = [before.1, after.1]
        .iter()
        .flat_map(|ranges| ranges.iter())
        .flat_map(|owned| [owned.range.from(), owned.range.to()])
        .collect();
    edges.sort_unstable();
    edges.dedup();
    let pieces = edges.iter().zip(edges.iter().skip(1));
    let changed = pieces.filter(|(from, _)| owner(before, **from) != owner(after, **from));
    changed.map(|(from, to)| to - from).sum()
}

fn owner((flag, ranges): Owned<'_>, bucket: u64) -> Option<&str> {
    let holds = |owned: &&OwnedRange| (owned.range.from()..owned.range.to()).contains(&bucket);
    let variant = flag.variants.get(ranges.iter().find(holds)?.owner)?;
    Some(&variant.key)
}
