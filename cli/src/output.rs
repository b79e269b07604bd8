//! Where the answer goes and what it is written as.

use crate::fault::Fault;
use anstream::stream::IsTerminal;
use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// What the answer is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text for people, with colours where the terminal has them.
    Human,
    /// JSON.
    Json,
}

impl Format {
    /// For people on a terminal, JSON elsewhere.
    pub(crate) fn of_standard_output() -> Self {
        if io::stdout().is_terminal() {
            Self::Human
        } else {
            Self::Json
        }
    }
}

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Text in a style, which goes away where the stream shows none.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Standard output, buffered.
pub(crate) struct Output {
    pub(crate) format: Format,
    stream: BufWriter<Box<dyn Write>>,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        let stream: Box<dyn Write> = match format {
            Format::Human => Box::new(anstream::stdout()),
            // JSON has no colours to take away.
            Format::Json => Box::new(io::stdout()),
        };
        Self {
            format,
            stream: BufWriter::with_capacity(1 << 16, stream),
        }
    }

    /// One line of text.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.stream, "{text}")
    }

    /// A value as JSON over several lines.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer_pretty(&mut self.stream, value).map_err(io::Error::from)?;
        Ok(writeln!(self.stream)?)
    }

    /// A JSON document, into a file where one is named.
    pub(crate) fn document(
        &mut self,
        out: Option<&Path>,
        document: &impl Serialize,
    ) -> anyhow::Result<()> {
        let Some(out) = out else {
            return self.json(document);
        };
        let mut text = serde_json::to_vec_pretty(document)?;
        text.push(b'\n');
        Ok(write_file(out, &text)?)
    }

    /// A value as JSON on one line.
    pub(crate) fn json_line(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        serde_json::to_writer(&mut self.stream, value).map_err(io::Error::from)?;
        Ok(writeln!(self.stream)?)
    }

    /// A table, without blanks at the ends of its lines.
    pub(crate) fn table(&mut self, table: &Table) -> io::Result<()> {
        table
            .lines()
            .try_for_each(|line| self.line(line.trim_end()))
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A table of names and numbers: the first column to the left, the others to the right.
pub(crate) fn numbers(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(heads);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Writes a file whole.
pub(crate) fn write_file(out: &Path, bytes: &[u8]) -> Result<(), Fault> {
    std::fs::write(out, bytes).map_err(|error| {
        let place = out.display().to_string();
        Fault::unreachable(place, format!("cannot be written: {error}"))
    })
}

/// A remark for the person at the terminal, on standard error.
pub(crate) fn remark(text: &str) {
    anstream::eprintln!("{}: {text}", styled(YELLOW, "note"));
}

/// The error that ended the command, on standard error.
pub(crate) fn error(error: &anyhow::Error) {
    anstream::eprintln!("{}: {error:#}", styled(RED, "error"));
}

/// A sign of life on standard error while there is nothing to count, unless that is no terminal.
pub(crate) fn waiting(what: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// A bar on standard error, unless that is no terminal.
pub(crate) fn progress(what: &str, n_steps: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(n_steps).with_message(what.to_owned());
    let template = "{msg} {wide_bar} {human_pos}/{human_len} {eta}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
