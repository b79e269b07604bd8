//! Rounds whose every reward is known, read from JSON lines.

use crate::fault::Fault;
use crate::input;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Longest line: far more than the largest round that a policy takes.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// Most numbers of a log: half a gigabyte.
const NUMBERS_MAX: usize = 1 << 26;

/// A log, checked.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) dataset: String,
    pub(super) d: usize,
    pub(super) n_actions: usize,
    pub(super) rounds: Vec<Round>,
}

/// One round: every list has the length that the log's first line says.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) context: Box<[f64]>,
    /// Reward of each action, in [0, 1].
    pub(super) rewards: Box<[f64]>,
    /// Mean reward of each action, where the log knows it.
    pub(super) means: Option<Box<[f64]>>,
}

#[derive(Deserialize)]
struct HeadWire {
    meta: MetaWire,
}

#[derive(Deserialize)]
struct MetaWire {
    dataset: String,
    d: usize,
    arms: usize,
}

#[derive(Deserialize)]
struct RoundWire {
    x: Box<[f64]>,
    r: Box<[f64]>,
    m: Option<Box<[f64]>>,
}

impl Log {
    /// Reads a file; `-` is standard input.
    pub(super) fn read(path: &Path) -> Result<Self, Fault> {
        let mut reader = BufReader::new(input::open(path)?);
        let start = reader
            .fill_buf()
            .map_err(|error| unreadable(path, &error))?;
        // Gzip begins with these two bytes, and no JSON does.
        if start.starts_with(&[0x1f, 0x8b]) {
            Self::parse(path, BufReader::new(MultiGzDecoder::new(reader)))
        } else {
            Self::parse(path, reader)
        }
    }

    fn parse(path: &Path, mut reader: impl BufRead) -> Result<Self, Fault> {
        let mut line = String::new();
        next_line(path, &mut reader, &mut line)?;
        let HeadWire { meta } = serde_json::from_str(&line).map_err(|error| {
            let fault = Fault::unreachable(format!("{}:1", input::name(path)), error);
            fault.fix("the first line is {\"meta\": {\"dataset\", \"d\", \"arms\"}}")
        })?;
        let mut log = Self {
            dataset: meta.dataset,
            d: meta.d,
            n_actions: meta.arms,
            rounds: Vec::new(),
        };
        let mut n_numbers = 0_usize;
        for number in 2_u64.. {
            if !next_line(path, &mut reader, &mut line)? {
                break;
            }
            let place = || format!("{}:{number}", input::name(path));
            let round: RoundWire =
                serde_json::from_str(&line).map_err(|error| Fault::unreachable(place(), error))?;
            let round = log
                .round(round)
                .map_err(|error| Fault::unreachable(place(), error))?;
            n_numbers += log.d + 2 * log.n_actions;
            if n_numbers > NUMBERS_MAX {
                let cause = format!("the log has over {NUMBERS_MAX} numbers");
                return Err(Fault::unreachable(place(), cause).fix("replay a part of it"));
            }
            log.rounds.push(round);
        }
        if log.rounds.is_empty() {
            return Err(Fault::unreachable(
                input::name(path),
                "the log has no round",
            ));
        }
        Ok(log)
    }

    fn round(&self, round: RoundWire) -> Result<Round, String> {
        let length = |name: &str, values: &[f64], expected: usize| {
            let found = values.len();
            if found == expected {
                Ok(())
            } else {
                Err(format!("\"{name}\" has {found} numbers, not {expected}"))
            }
        };
        length("x", &round.x, self.d)?;
        length("r", &round.r, self.n_actions)?;
        if let Some(means) = &round.m {
            length("m", means, self.n_actions)?;
        }
        if let Some(reward) = round.r.iter().find(|reward| !(0.0..=1.0).contains(*reward)) {
            return Err(format!("the reward {reward} is not in 0..1"));
        }
        Ok(Round {
            context: round.x,
            rewards: round.r,
            means: round.m,
        })
    }
}

/// The next line that is not blank, and whether there was one.
fn next_line(path: &Path, reader: &mut impl BufRead, line: &mut String) -> Result<bool, Fault> {
    loop {
        line.clear();
        let n_bytes = reader
            .take(LINE_BYTES_MAX)
            .read_line(line)
            .map_err(|error| unreadable(path, &error))?;
        if n_bytes as u64 == LINE_BYTES_MAX {
            let cause = format!("a line is longer than {LINE_BYTES_MAX} bytes");
            return Err(Fault::unreachable(input::name(path), cause));
        }
        if n_bytes == 0 || !line.trim().is_empty() {
            return Ok(n_bytes > 0);
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    Fault::unreachable(input::name(path), format!("cannot be read: {error}"))
}
