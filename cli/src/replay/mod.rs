//! `bandera replay`: a contextual policy over rounds whose every reward is known.
//!
//! Progressive validation: in each round the policy sees the context, chooses, and learns the
//! reward of what it chose. One pass, in order; what it was given away is exact.

mod coins;
mod decisions;
mod forget;
mod log;
mod player;
mod print;
mod report;
mod sharded;
mod workers;

use crate::draws::Draws;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::{Format, Output, progress, write_file};
use bandera_shared::policy::contextual::Observation;
use clap::Args;
use coins::CoinsArgs;
use decisions::Decisions;
use forget::forgetting;
use log::Log;
use player::{Declared, Player};
use report::{Report, Tally};
use std::path::PathBuf;
use std::time::Instant;

const AFTER: &str = "\
Logs:
  JSON lines, plain or gzip. First {\"meta\": {\"dataset\": ..., \"d\": features, \"arms\": n}},
  then a line a round: \"x\" (the context), \"r\" (the reward of every action, in 0..1) and, where
  known, \"m\" (its mean, for the regret alone). \"meta\" may say \"change_at\", the round from
  which on the world is another.

Policies:
  `workers` (what contextual bandits in the Workers do); `default`, `bootstrap`, `linucb`,
  `linear-thompson`, `squarecb`, `falcon`, `epsilon-greedy` or `greedy`; or a file that says more
  of one of them, {\"policy\": \"linucb\", \"alpha\": 0.5}, or is an \"aggregate\";
  docs/bandits.md has every member.

Without contexts:
  --bernoulli plays coins of known biases instead of a log (or, by --deviation, rewards that vary
  less); the policies are then `default`, `thompson`, `thompson-uniform`, `thompson-normal`,
  `ucb1`, `kl-ucb`, `kl-ucb-plus`, `kl-moss`, `imed`, `epsilon-greedy`, `greedy` and `top-two`,
  each of which may forget: --memory, --window, --adaptive.

A world that changes:
  --reverse-at turns the actions of a log, or the coins, around at a round. After that, or what
  the log says, it is said how long the new best action took to have 80 %. --stationary is the
  same policy that expects no change.

Exit codes: 0 replayed, 2 wrong usage or no policy, 3 a log cannot be read.

Examples:
  bandera replay --policy default --log iris.jsonl.gz --json
  bandera replay --policy linucb.json --log a.jsonl b.jsonl --seed 0,1,2
  bandera replay --policy default --log edge.jsonl.gz --every 100
  bandera replay --policy bootstrap --log edge.jsonl.gz
  bandera replay --policy default --log edge.jsonl.gz --every 100 --shards 8
  bandera replay --policy workers --log edge.jsonl.gz --every 100 --adaptive 32000
  bandera replay --policy default --stationary --log edge.jsonl.gz --reverse-at 10000
  bandera replay --policy squarecb.json --log edge.jsonl.gz --decisions decisions.jsonl.gz
  bandera replay --policy imed --bernoulli 0.05,0.045 --rounds 10000 --runs 1000
  bandera replay --policy thompson --bernoulli 0.6,0.4 --reverse-at 5000 --window 1000";

/// Most shards of a replay.
const SHARDS_MAX: u32 = 64;

/// The arguments of `bandera replay`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ReplayArgs {
    /// A policy's name, or a file with a policy; `-` is standard input
    #[arg(long, value_name = "NAME|FILE", default_value = "default")]
    policy: PathBuf,
    /// Rounds, as JSON lines, plain or gzip
    #[arg(long, value_name = "FILE", required_unless_present = "bernoulli", num_args = 1..)]
    log: Vec<PathBuf>,
    #[command(flatten)]
    coins: CoinsArgs,
    /// Seeds of the random numbers that choose among actions
    #[arg(long, value_name = "N", default_value = "0", value_delimiter = ',')]
    seed: Vec<u64>,
    /// Write every decision here, as `bandera bandit` reads them; for one log and one seed
    #[arg(long, value_name = "FILE", conflicts_with = "bernoulli")]
    decisions: Option<PathBuf>,
    /// Decide from a snapshot that is taken anew every so many decisions
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = clap::value_parser!(u32).range(1..))]
    every: u32,
    /// Learn in so many shards, merged whenever a snapshot is taken; for one policy's rounds
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "bernoulli",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(SHARDS_MAX)))]
    shards: u32,
    /// Forget: what is so many rounds old counts for 1/e; for `workers`, and without contexts
    #[arg(long, value_name = "ROUNDS", conflicts_with = "window")]
    memory: Option<f64>,
    /// Forget: what is older than so many rounds does not count
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u32).range(1..))]
    window: Option<u32>,
    /// Forget as much as predicts best: of so many rounds the latest part, from all to a sixteenth
    #[arg(long, value_name = "ROUNDS", value_parser = clap::value_parser!(u32).range(1..),
          conflicts_with_all = ["memory", "window"])]
    adaptive: Option<u32>,
    /// Take the world for one that stays as it is: without the watch for change and without
    /// forgetting, whatever the policy declares
    #[arg(long, conflicts_with_all = ["bernoulli", "memory", "window", "adaptive"])]
    stationary: bool,
    /// Turn the order of the actions around from that round on: what the first one brought, the
    /// last one brings
    #[arg(long, value_name = "ROUND")]
    reverse_at: Option<u32>,
}

pub(crate) fn run(args: &ReplayArgs, output: &mut Output) -> anyhow::Result<Exit> {
    if let Some(means) = &args.coins.bernoulli {
        return coins::run(args, means, output);
    }
    let forgetting = forgetting(args.memory, args.window, args.adaptive)?;
    let mut declared = Declared::read(&args.policy)?.forgetting(forgetting)?;
    if args.stationary {
        declared = declared.stationary();
    }
    let n_runs = args.log.len() * args.seed.len();
    if args.decisions.is_some() && n_runs != 1 {
        return Err(Fault::usage("--decisions", "it takes one log and one seed").into());
    }
    let bar = progress("replaying", n_runs as u64);
    let mut reports = Vec::with_capacity(n_runs);
    for path in &args.log {
        let mut log = Log::read(path)?;
        if let Some(from) = args.reverse_at {
            log.reverse_from(from)?;
        }
        for seed in &args.seed {
            let player = declared.player(&log, args.every, args.shards)?;
            let mut written = args
                .decisions
                .as_deref()
                .map(|_| Decisions::of(&log))
                .transpose()?;
            reports.push(replay(
                &log,
                player,
                (*seed, args.every.into()),
                written.as_mut(),
            )?);
            if let Some((written, path)) = written.zip(args.decisions.as_deref()) {
                write_file(path, &written.finish()?)?;
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    match output.format {
        Format::Human => print::print(&reports, output)?,
        Format::Json => {
            for report in &reports {
                output.json_line(report)?;
            }
        }
    }
    Ok(Exit::Fine)
}

/// One pass over the log.
fn replay(
    log: &Log,
    mut player: Box<dyn Player>,
    (seed, every): (u64, u64),
    mut decisions: Option<&mut Decisions>,
) -> anyhow::Result<Report> {
    let mut draws = Draws::new(seed);
    let mut tally = Tally::new(log);
    let started = Instant::now();
    for (i, round) in log.rounds.iter().enumerate() {
        if (i as u64).is_multiple_of(every) {
            player.publish();
        }
        let distribution = player.decide(&round.context);
        let (action, _) = distribution.sample(draws.bits());
        let share = tally.record(round, action, &distribution);
        if let Some(decisions) = decisions.as_mut() {
            decisions.record(round, action, &distribution)?;
        }
        player.observe(Observation {
            context: &round.context,
            action,
            share,
        });
    }
    let micros = started.elapsed().as_secs_f64() * 1e6;
    Ok(tally.report(log, &*player, seed, micros))
}
