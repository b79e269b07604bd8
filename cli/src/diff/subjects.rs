//! The subjects whose answers are compared: made up, or read from a file of contexts.

use crate::fault::Fault;
use crate::input;
use bandera_shared::EvaluationContext;
use bandera_shared::wire::read_context;
use std::io::{BufRead, BufReader, Lines, Read};
use std::path::{Path, PathBuf};

/// Most subjects made up in one run: a hundred flags of them take minutes.
const SUBJECTS_MAX: u64 = 100_000_000;

/// Contexts, one for each subject.
pub(super) enum Subjects {
    MadeUp {
        next: u64,
        n: u64,
        common: EvaluationContext,
    },
    Read {
        path: PathBuf,
        number: u64,
        lines: Lines<BufReader<Box<dyn Read>>>,
    },
}

impl Subjects {
    /// That many made-up subjects, or those of a file.
    pub(super) fn new(subjects: &str, context: Option<&str>) -> Result<Self, Fault> {
        if let Ok(n) = subjects.parse::<u64>() {
            if n > SUBJECTS_MAX {
                let cause = format!("at most {SUBJECTS_MAX} subjects are made up");
                return Err(Fault::usage("--subjects", cause));
            }
            let text = context.map_or_else(|| Ok("{}".to_owned()), input::text_or_file)?;
            let common = read_context(&text).map_err(|error| {
                Fault::usage(
                    format!("--context {}", error.pointer).trim_end(),
                    error.message,
                )
            })?;
            return Ok(Self::MadeUp { next: 0, n, common });
        }
        if context.is_some() {
            let cause = "goes with made-up subjects; those of a file have their own";
            return Err(Fault::usage("--context", cause));
        }
        let path = Path::new(subjects);
        let lines = BufReader::new(input::open(path)?).lines();
        Ok(Self::Read {
            path: path.to_owned(),
            number: 0,
            lines,
        })
    }

    /// How many there are, where that is known.
    pub(super) fn n_expected(&self) -> u64 {
        match self {
            Self::MadeUp { n, .. } => *n,
            Self::Read { .. } => 0,
        }
    }
}

impl Iterator for Subjects {
    type Item = Result<EvaluationContext, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::MadeUp { next, n, common } => {
                let subject = (*next < *n).then(|| format!("subject-{next}"))?;
                *next += 1;
                Some(Ok(common.clone().with_targeting_key(&subject)))
            }
            Self::Read {
                path,
                number,
                lines,
            } => {
                let line =
                    lines.find(|line| !matches!(line, Ok(line) if line.trim().is_empty()))?;
                *number += 1;
                let place = || format!("{}: context {number}", input::name(path));
                Some(match line {
                    Ok(line) => read_context(&line).map_err(|error| {
                        Fault::unreachable(place(), format!("{} {}", error.pointer, error.message))
                            .fix("each line is a JSON object with targetingKey and attributes")
                    }),
                    Err(error) => Err(Fault::unreachable(place(), error)),
                })
            }
        }
    }
}
