//! `bandera simulate bandit`: a bandit's declaration against a known truth, without a server.
//!
//! What decides, counts, merges and publishes is the code of the Workers. Only time is made up: a
//! snapshot sees what came in before its window was over, so the price of windows can be told from
//! the price of learning.

mod course;
mod print;
mod report;
mod shard;
mod world;

use super::truth;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::input;
use crate::output::{Format, Output, progress};
use bandera_shared::bandit::{Bandit, wire};
use bandera_shared::slate::POSITIONS_MAX;
use bandera_shared::{Ruleset, compile};
use clap::Args;
use course::Course;
use report::Report;
use serde_json::json;
use std::path::PathBuf;
use world::World;

/// Longest window and longest delay: a week.
const SECONDS_MAX: f64 = 604_800.0;

const AFTER: &str = "\
Each visitor belongs to an audience of the truth, is decided for once, by the snapshot of the
moment, and is rewarded --delay later as the truth says. Events wait until their window is over;
then every shard counts its own, the coordinator merges them and publishes the next snapshot.
Window 0 is the yardstick: every decision knows every event before it. All windows meet the same
visitors with the same luck, so what a window costs is known better than any regret.

A bandit that looks at the context gets an audience's \"attributes\", and its cookies as the
attribute \"cookies\".

Exit codes: 0 simulated, 2 wrong usage, 3 a file cannot be read.

Examples:
  bandera simulate bandit --truth a=0.05,b=0.045 --traffic 10 --decisions 20000
  bandera simulate bandit --truth a=0.12,b=0.05 --bandit forgets.json --swap-at 5000
  bandera simulate bandit --truth a=0.3,b=0.2,c=0.12,d=0.08 --positions 2
  bandera simulate bandit --truth craft=0.05,gift=0.12 --windows 5,60,300 --delay 30 --json
  bandera simulate bandit --ruleset www/demo/ruleset.json --bandit hero \\
      --truth www/demo/visitors.json --traffic 2 --decisions 5000";

/// The arguments of `bandera simulate bandit`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct BanditArgs {
    /// How often each action is rewarded: action=rate,..., action=rate@value,..., or a JSON file,
    /// also one that lists audiences
    #[arg(long, value_name = "TRUTH")]
    truth: String,
    /// A file with the bandit's declaration, or with --ruleset its key. Absent: one that learns
    /// without contexts, of the truth's actions
    #[arg(long, value_name = "FILE|KEY")]
    bandit: Option<String>,
    /// The ruleset that declares the bandit
    #[arg(long, value_name = "FILE", requires = "bandit")]
    ruleset: Option<PathBuf>,
    /// Decisions a second
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = positive)]
    traffic: f64,
    /// Decisions of a run
    #[arg(long, value_name = "N", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    decisions: u32,
    /// Show each visitor a list of so many actions, who reads from the top and takes the first one
    /// that attracts; what is given away is against the best list
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u16).range(1..=POSITIONS_MAX as i64))]
    positions: u16,
    /// Seconds that events wait for the next snapshot; 0, which learns at once, is always there
    #[arg(long, value_name = "SECONDS", default_value = "5,60", value_delimiter = ',',
          value_parser = seconds)]
    windows: Vec<f64>,
    /// Seconds between a decision and its reward
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, value_parser = seconds)]
    delay: f64,
    /// Turn the truth around from that decision on: the last action is as the first one was, and so
    /// on
    #[arg(long, value_name = "DECISION")]
    swap_at: Option<u32>,
    /// Shards that count
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = clap::value_parser!(u16).range(1..=1_024))]
    shards: u16,
    /// Runs to average over, each with a seed of its own
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(2..=10_000))]
    runs: u32,
    /// The seed of the first run
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (1e-3..=1e6).contains(&number) => Ok(number),
        _ => Err("write a number from 0.001 to 1000000".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=SECONDS_MAX).contains(&number) => Ok(number),
        _ => Err(format!("write seconds from 0 to {SECONDS_MAX}")),
    }
}

pub(super) fn run(args: &BanditArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let told = truth::read(&args.truth)?;
    let bandit = args.declared(&told)?;
    if bandit.takes_offers() {
        let cause = "its actions are those that each request offers, and a truth has none";
        return Err(Fault::usage("--bandit", cause)
            .fix("declare the actions, and features of the context alone")
            .into());
    }
    let world = World {
        truth: truth::check(told, &bandit)?,
        bandit,
        traffic: args.traffic,
        n_decisions: args.decisions,
        n_positions: args.positions.into(),
        delay_ms: (args.delay * 1e3) as i64,
        n_shards: args.shards,
        swap_at: args.swap_at,
    };
    world.check()?;
    let mut windows_ms: Vec<i64> = args.windows.iter().map(|it| (it * 1e3) as i64).collect();
    windows_ms.push(0);
    windows_ms.sort_unstable();
    windows_ms.dedup();
    let bar = progress("runs", u64::from(args.runs) * windows_ms.len() as u64);
    let mut courses = vec![Vec::new(); windows_ms.len()];
    for run in 0..u64::from(args.runs) {
        for (window_ms, courses) in windows_ms.iter().zip(&mut courses) {
            let seed = args.seed.wrapping_add(run);
            courses.push(Course::run(&world, *window_ms, seed)?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let report = Report::new(args, &world, &windows_ms, &courses);
    match output.format {
        Format::Json => output.json(&report)?,
        Format::Human => print::print(&report, output)?,
    }
    Ok(Exit::Fine)
}

impl BanditArgs {
    fn declared(&self, told: &truth::Told) -> Result<Bandit, Fault> {
        let Some(named) = &self.bandit else {
            let actions: Vec<&String> = told.iter().flat_map(|(_, arms)| arms.keys()).collect();
            let mut actions: Vec<&str> = actions.into_iter().map(|it| &**it).collect();
            actions.sort_unstable();
            actions.dedup();
            let bandit = json!({
                "actions": actions,
                "reward": {"metric": "reward", "kind": "binary"},
            });
            return wire::parse("simulated", &bandit.to_string()).map_err(|error| {
                Fault::usage("--truth", error)
                    .fix("declare the bandit with --bandit FILE, for instance for other rewards")
            });
        };
        let Some(ruleset) = &self.ruleset else {
            let text = input::text_or_file(&format!("@{named}"))?;
            return wire::parse("simulated", &text)
                .map_err(|error| Fault::usage(format!("--bandit {named}"), error));
        };
        let place = format!("--ruleset {}", ruleset.display());
        let compiled = compile(&input::read(ruleset)?);
        let ruleset: Ruleset = compiled
            .map_err(|error| Fault::usage(&place, error))?
            .ruleset;
        let bandits = ruleset.bandits();
        let found = bandits.iter().find(|bandit| bandit.key() == named);
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = bandits.iter().map(Bandit::key).collect();
            Fault::usage(&place, format!("there is no bandit \"{named}\""))
                .fix(format!("its bandits are {}", known.join(", ")))
        })
    }
}
