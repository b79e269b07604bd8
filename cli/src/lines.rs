//! JSON lines, plain or gzip, one at a time.

use crate::fault::Fault;
use crate::input;
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line: far more than the largest round that a policy takes.
pub(crate) const LINE_BYTES_MAX: u64 = 1 << 20;

/// The lines of a file that are not blank.
pub(crate) struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    number: u64,
    text: String,
}

impl Lines {
    /// Opens a file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let name = input::name(path);
        let mut reader = BufReader::new(input::open(path)?);
        let start = reader
            .fill_buf()
            .map_err(|error| unreadable(&name, &error))?;
        // Gzip begins with these two bytes, and no JSON does.
        let reader: Box<dyn BufRead> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::new(MultiGzDecoder::new(reader)))
        } else {
            Box::new(reader)
        };
        Ok(Self {
            name,
            reader,
            number: 0,
            text: String::new(),
        })
    }

    /// The next line as a value; `None` at the end.
    pub(crate) fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Fault> {
        loop {
            self.text.clear();
            self.number += 1;
            let n_bytes = (&mut self.reader)
                .take(LINE_BYTES_MAX)
                .read_line(&mut self.text)
                .map_err(|error| unreadable(&self.name, &error))?;
            if n_bytes as u64 == LINE_BYTES_MAX {
                return Err(self.fault(format!("the line is longer than {LINE_BYTES_MAX} bytes")));
            }
            if n_bytes == 0 {
                return Ok(None);
            }
            if !self.text.trim().is_empty() {
                let read = serde_json::from_str(&self.text);
                return read.map(Some).map_err(|error| self.fault(error));
            }
        }
    }

    /// A fault of the line that was read last.
    pub(crate) fn fault(&self, cause: impl std::fmt::Display) -> Fault {
        Fault::unreachable(format!("{}:{}", self.name, self.number), cause)
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Fault {
    Fault::unreachable(name, format!("cannot be read: {error}"))
}
