//! `bandera bandit`: what another policy would earn, what a bandit's actions are worth, and what
//! people tell a running one of them.

mod arms;
mod conclude;
mod evaluate;
mod lists;
mod log;
mod report;
mod target;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::Output;
use arms::{ArmArgs, WarmStartArgs};
use bandera_lab::Confidence;
use clap::{Args, Subcommand};
use std::path::PathBuf;

const AFTER: &str = "\
Logs:
  JSON lines, plain or gzip, in order of time. First {\"meta\": {\"d\": features, \"arms\": n}},
  with \"actions\": [names] and \"rewardRange\": [low, high] (else 0..1) where they are known; then
  a line a decision: \"x\" (the context), \"action\" (index or name), \"propensity\",
  \"reward\", and where known \"distribution\" (propensities of all actions).
  `bandera replay --decisions` writes one.

Logs of lists (evaluate-lists):
  First {\"meta\": {\"actions\": [names]}}, then a line a list: \"list\" (from the top, each with
  \"action\", its \"propensity\" given what stands above, and \"target\", the policy's own
  probabilities of all actions there), \"seen\" (positions, down to the choice; all when absent)
  and \"reward\" of the last one seen.

Policies:
  `default` or a file with a contextual policy as for `bandera replay`: it learns from four fifths
  of the log and is judged by the rest, in turn. `uniform`. {\"policy\": \"fixed\",
  \"propensities\": [...]}. `logged-target`: every line has a \"target\" distribution.

Running bandits:
  `reset` and `warm-start` speak to the admin API, with a token of the role publisher. Both are
  written to its audit log.

Exit codes: 0 answered or done, 2 wrong usage, no policy, or nothing of that name, 3 the log cannot
be read or judged, or the admin API did not do it.

Examples:
  bandera bandit evaluate --log decisions.jsonl --policy default
  bandera bandit evaluate --log decisions.jsonl --policy linucb.json --propensity-min 0.02 --json
  bandera bandit evaluate-lists --log lists.jsonl
  bandera bandit conclude --log decisions.jsonl --confidence 0.99
  bandera bandit reset --admin https://admin.example --token @token --environment production \\
      --bandit hero --action craft
  bandera bandit warm-start --admin https://admin.example --token @token \\
      --environment production --bandit hero --action craft --mean 0.08 --weight 500";

/// The arguments of `bandera bandit`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct BanditArgs {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Estimate what another policy would have earned
    #[command(after_help = AFTER)]
    Evaluate(EvaluateArgs),
    /// Estimate what another policy's ranked lists would have earned
    #[command(after_help = AFTER)]
    EvaluateLists(ListArgs),
    /// Say what each action is worth after the bandit ran, and whether one is surely the best
    #[command(after_help = AFTER)]
    Conclude(LogArgs),
    /// Make a running bandit forget what an action has earned so far
    #[command(after_help = AFTER)]
    Reset(ArmArgs),
    /// Let a running bandit believe something of an action from the start
    #[command(after_help = AFTER)]
    WarmStart(WarmStartArgs),
}

#[derive(Debug, Args)]
struct LogArgs {
    /// Decisions, as JSON lines, plain or gzip; `-` is standard input
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// How often intervals cover the truth
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    confidence: f64,
}

impl LogArgs {
    fn level(&self) -> Result<Confidence, Fault> {
        Confidence::new(self.confidence).map_err(|error| Fault::usage("--confidence", error))
    }
}

#[derive(Debug, Args)]
struct EvaluateArgs {
    #[command(flatten)]
    of: LogArgs,
    /// `default`, `uniform`, `logged-target`, or a file with a policy
    #[arg(long, value_name = "NAME|FILE", default_value = "default")]
    policy: PathBuf,
    /// Importance weights above this are cut or not believed
    #[arg(long, value_name = "W", default_value_t = 10.0)]
    bound: f64,
    /// The least propensity that the logging policy ever gives; else the least in the log
    #[arg(long, value_name = "P")]
    propensity_min: Option<f64>,
    /// How often the log is drawn anew for the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(2..=100_000))]
    resamples: u32,
    /// Where random numbers come from
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    of: LogArgs,
    /// How often the log is drawn anew for the bootstrap
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(2..=100_000))]
    resamples: u32,
    /// Where random numbers come from
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
}

pub(crate) fn run(args: &BanditArgs, output: &mut Output) -> anyhow::Result<Exit> {
    match &args.question {
        Question::Evaluate(args) => evaluate::run(args, output),
        Question::EvaluateLists(args) => lists::run(args, output),
        Question::Conclude(args) => conclude::run(args, output),
        Question::Reset(args) => arms::reset(args, output),
        Question::WarmStart(args) => arms::warm_start(args, output),
    }
}
