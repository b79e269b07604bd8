//! `bandera validate`: every fault of a ruleset, with its place.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::locate::{Position, locate};
use crate::output::{BOLD, DIM, Format, GREEN, Output, RED, YELLOW, styled};
use bandera_shared::{Compiled, Diagnostic, RulesetError, Severity, compile};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

const AFTER: &str = "\
Exit codes: 0 no errors (warnings are listed), 1 errors (with --strict, warnings too),
2 wrong usage, 3 a file cannot be read.

Examples:
  bandera validate ruleset.json
  bandera validate --strict flags/*.json
  bandera validate --json - < ruleset.json | jq '.[].diagnostics'";

/// The arguments of `bandera validate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ValidateArgs {
    /// Rulesets; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Warnings fail too
    #[arg(long)]
    strict: bool,
}

/// What there is to say about one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileReport {
    file: String,
    valid: bool,
    errors: usize,
    warnings: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<Contents>,
    diagnostics: Vec<Remark>,
}

/// How much a ruleset holds.
#[derive(Debug, Clone, Copy, Serialize)]
struct Contents {
    flags: usize,
    segments: usize,
    lists: usize,
    layers: usize,
    holdouts: usize,
    bandits: usize,
}

/// A diagnostic and its place in the file.
#[derive(Debug, Serialize)]
struct Remark {
    severity: &'static str,
    code: &'static str,
    pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: String,
}

pub(crate) fn run(args: &ValidateArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let reports: Vec<FileReport> = args
        .files
        .iter()
        .map(|file| check(file))
        .collect::<Result<_, Fault>>()?;
    match output.format {
        Format::Json => output.json(&reports)?,
        Format::Human => {
            for report in &reports {
                print(report, output)?;
            }
        }
    }
    let fails = |report: &FileReport| !report.valid || (args.strict && report.warnings > 0);
    Ok(if reports.iter().any(fails) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

fn check(file: &Path) -> Result<FileReport, Fault> {
    let bytes = input::read(file)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let (contents, diagnostics) = match compile(&bytes) {
        Ok(compiled) => {
            let contents = Contents::of(&compiled);
            let remarks = compiled.diagnostics.into_iter();
            let remarks = remarks.map(|diagnostic| remark(diagnostic, text)).collect();
            (Some(contents), remarks)
        }
        Err(error) => (None, vec![outline_fault(&error, text)]),
    };
    let count = |severity: &str| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let (errors, warnings) = (count("error"), count("warning"));
    Ok(FileReport {
        file: input::name(file),
        valid: errors == 0,
        errors,
        warnings,
        contents,
        diagnostics,
    })
}

impl Contents {
    fn of(compiled: &Compiled) -> Self {
        let ruleset = &compiled.ruleset;
        Self {
            flags: ruleset.len(),
            segments: compiled.n_segments,
            lists: compiled.n_lists,
            layers: ruleset.layers().len(),
            holdouts: ruleset.holdouts().len(),
            bandits: ruleset.bandits().len(),
        }
    }
}

fn remark(diagnostic: Diagnostic, text: &str) -> Remark {
    let position = locate(text, &diagnostic.pointer);
    Remark {
        severity: match diagnostic.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        code: diagnostic.code.as_str(),
        pointer: diagnostic.pointer,
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        message: diagnostic.message,
    }
}

/// A document that is no ruleset at all, as the one error of its file.
fn outline_fault(error: &RulesetError, text: &str) -> Remark {
    let (code, pointer, message) = match error {
        RulesetError::Malformed { pointer, message } => {
            ("malformed", pointer.clone(), message.clone())
        }
        RulesetError::UnknownSchemaVersion { .. } => (
            "unknown-schema-version",
            "/schemaVersion".to_owned(),
            error.to_string(),
        ),
        RulesetError::TooLarge { .. } => ("limit-exceeded", String::new(), error.to_string()),
        RulesetError::NotText => ("malformed", String::new(), error.to_string()),
    };
    // Text that is no JSON has no pointers; the parser's message then says line and column.
    let position = locate(text, &pointer).or_else(|| position_in(&message));
    Remark {
        severity: "error",
        code,
        pointer,
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
        message,
    }
}

/// The position at the end of the parser's message: `... at line 3 column 7`.
fn position_in(message: &str) -> Option<Position> {
    let (_, place) = message.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some(Position {
        line: line.parse().ok()?,
        column: column.parse().ok()?,
    })
}

fn print(report: &FileReport, output: &mut Output) -> anyhow::Result<()> {
    for remark in &report.diagnostics {
        let style = if remark.severity == "error" {
            RED
        } else {
            YELLOW
        };
        let place = match (remark.line, remark.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", report.file),
            _ => report.file.clone(),
        };
        let kind = styled(style, &format!("{}[{}]", remark.severity, remark.code));
        output.line(&format!("{} {kind}", styled(BOLD, &place)))?;
        output.line(&format!("  {}", remark.message))?;
        if !remark.pointer.is_empty() {
            output.line(&format!(
                "  {}",
                styled(DIM, &format!("at {}", remark.pointer))
            ))?;
        }
        output.line("")?;
    }
    let verdict = match (report.valid, report.warnings) {
        (true, 0) => styled(GREEN, "valid"),
        (true, _) => styled(YELLOW, "valid, with warnings"),
        (false, _) => styled(RED, "not valid"),
    };
    let mut counts = format!(
        "{}, {}",
        counted(report.errors, "error"),
        counted(report.warnings, "warning")
    );
    if let Some(contents) = report.contents {
        let flags = counted(contents.flags, "flag");
        let segments = counted(contents.segments, "segment");
        let bandits = counted(contents.bandits, "bandit");
        let lists = counted(contents.lists, "list");
        counts = format!("{counts}; {flags}, {segments}, {lists}, {bandits}");
    }
    output.line(&format!("{}: {verdict} ({counts})", report.file))?;
    Ok(())
}

fn counted(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{plural}")
}
