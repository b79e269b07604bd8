//! Rounds whose every reward is known, read from JSON lines.

use crate::fault::Fault;
use crate::input;
use crate::lines::Lines;
use serde::Deserialize;
use std::path::Path;

/// Most numbers of a log: half a gigabyte.
const NUMBERS_MAX: usize = 1 << 26;

/// A log, checked.
#[derive(Debug)]
pub(super) struct Log {
    /// The file, as a person calls it.
    pub(super) place: String,
    pub(super) dataset: String,
    pub(super) d: usize,
    pub(super) n_actions: usize,
    /// The round from which on rewards follow from contexts in another way, where it is known.
    pub(super) changed_from: Option<u32>,
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
    change_at: Option<u32>,
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
        const HEAD: &str = "the first line is {\"meta\": {\"dataset\", \"d\", \"arms\"}}";
        let mut lines = Lines::open(path)?;
        let HeadWire { meta } = match lines.next() {
            Ok(Some(head)) => head,
            Ok(None) => return Err(lines.fault("the log is empty").fix(HEAD)),
            Err(fault) => return Err(fault.fix(HEAD)),
        };
        let mut log = Self {
            place: input::name(path),
            dataset: meta.dataset,
            d: meta.d,
            n_actions: meta.arms,
            changed_from: meta.change_at,
            rounds: Vec::new(),
        };
        let mut n_numbers = 0_usize;
        while let Some(round) = lines.next()? {
            let round = log.round(round).map_err(|error| lines.fault(error))?;
            n_numbers += log.d + 2 * log.n_actions;
            if n_numbers > NUMBERS_MAX {
                let cause = format!("the log has over {NUMBERS_MAX} numbers");
                return Err(lines.fault(cause).fix("replay a part of it"));
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

    /// Turns the order of the actions around from a round on.
    ///
    /// # Errors
    /// A round that the log does not have, or a log that changes by itself.
    pub(super) fn reverse_from(&mut self, from: u32) -> Result<(), Fault> {
        let cause = match self.changed_from {
            Some(at) => format!("{} changes by itself, from round {at} on", self.place),
            None if from as usize >= self.rounds.len() => {
                format!("{} has {} rounds", self.place, self.rounds.len())
            }
            None => String::new(),
        };
        if !cause.is_empty() {
            return Err(Fault::usage("--reverse-at", cause));
        }
        self.changed_from = Some(from);
        for round in self.rounds.iter_mut().skip(from as usize) {
            round.rewards.reverse();
            if let Some(means) = &mut round.means {
                means.reverse();
            }
        }
        Ok(())
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
