//! `bandera optimise`: which settings to try next, and which to keep.

mod study;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{BOLD, Format, Output, styled};
use bandera_lab::optimise::{InvalidStudy, Study};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::path::PathBuf;
use study::Point;

const AFTER: &str = "\
A study is a JSON file. Trials bring the mean outcome of a setting and the standard error of that
mean; settings that run at the moment are pending. Scales are linear (default) or log, kinds real
(default) or integer; a constraint bounds a weighted sum of values.

  {
    \"goal\": \"maximise\",
    \"parameters\": [
      {\"key\": \"discount\", \"low\": 0, \"high\": 30},
      {\"key\": \"delayMs\", \"low\": 10, \"high\": 10000, \"scale\": \"log\"},
      {\"key\": \"columns\", \"low\": 1, \"high\": 6, \"kind\": \"integer\"}
    ],
    \"constraints\": [{\"coefficients\": {\"discount\": 2, \"columns\": 1}, \"atMost\": 40}],
    \"trials\": [
      {\"point\": {\"discount\": 5, \"delayMs\": 300, \"columns\": 3}, \"mean\": 0.052,
       \"standardError\": 0.004}
    ],
    \"pending\": []
  }

The same study and seed give the same answer.

Exit codes: 0 answered, 2 wrong usage, 3 the study cannot be read or is wrong.

Examples:
  bandera optimise ask --study study.json --n 4
  bandera optimise recommend --study study.json --json";

/// The arguments of `bandera optimise`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct OptimiseArgs {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Name settings that are worth trying next, all at once
    #[command(after_help = AFTER)]
    Ask {
        /// The study; `-` is standard input
        #[arg(long, value_name = "FILE")]
        study: PathBuf,
        /// How many settings
        #[arg(long, value_name = "N", default_value_t = 1)]
        n: usize,
        /// Where random numbers come from
        #[arg(long, value_name = "S", default_value_t = 0)]
        seed: u32,
    },
    /// Name the setting whose outcome is believed to be best
    #[command(after_help = AFTER)]
    Recommend {
        /// The study; `-` is standard input
        #[arg(long, value_name = "FILE")]
        study: PathBuf,
        /// Where random numbers come from
        #[arg(long, value_name = "S", default_value_t = 0)]
        seed: u32,
    },
}

#[derive(Debug, Serialize)]
struct Asked {
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Recommended {
    point: Point,
    mean: f64,
    standard_deviation: f64,
}

pub(crate) fn run(args: &OptimiseArgs, output: &mut Output) -> anyhow::Result<Exit> {
    match &args.question {
        Question::Ask {
            study: path,
            n,
            seed,
        } => {
            let study = study::read(path)?;
            let asked = study.ask(*n, *seed).map_err(|error| match error {
                InvalidStudy::BatchCount(_) => Fault::usage("--n", error),
                other => Fault::unreachable(input::name(path), other),
            })?;
            let points = asked.iter().map(|point| named(&study, point)).collect();
            ask(&Asked { points }, output)?;
        }
        Question::Recommend { study: path, seed } => {
            let study = study::read(path)?;
            let found = study.recommend(*seed);
            let found = found.map_err(|error| Fault::unreachable(input::name(path), error))?;
            let recommended = Recommended {
                point: named(&study, &found.point),
                mean: found.mean,
                standard_deviation: found.standard_deviation,
            };
            recommend(&recommended, output)?;
        }
    }
    Ok(Exit::Fine)
}

fn ask(asked: &Asked, output: &mut Output) -> anyhow::Result<()> {
    if output.format == Format::Json {
        return output.json(asked);
    }
    for (at, point) in asked.points.iter().enumerate() {
        output.line(&format!(
            "{}  {}",
            styled(BOLD, &format!("{}.", at + 1)),
            words(point)
        ))?;
    }
    Ok(())
}

fn recommend(recommended: &Recommended, output: &mut Output) -> anyhow::Result<()> {
    if output.format == Format::Json {
        return output.json(recommended);
    }
    output.line(&styled(BOLD, &words(&recommended.point)))?;
    output.line(&format!(
        "expected outcome {:.6}, give or take {:.6} (one standard deviation)",
        recommended.mean, recommended.standard_deviation
    ))?;
    Ok(())
}

fn named(study: &Study, point: &[f64]) -> Point {
    let keys = study
        .space()
        .parameters()
        .iter()
        .map(|each| each.key.clone());
    keys.zip(point.iter().copied()).collect()
}

fn words(point: &Point) -> String {
    let each = point.iter().map(|(key, value)| format!("{key} = {value}"));
    each.collect::<Vec<_>>().join(", ")
}
