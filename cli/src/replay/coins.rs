//! `bandera replay --bernoulli`: a policy without contexts, on coins of known biases.

use super::ReplayArgs;
use crate::draws::Draws;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::{Format, Output, progress};
use bandera_lab::{BernoulliTrial, MeanRegret};
use bandera_shared::bandit::PARTS;
use bandera_shared::policy::index::{AllocationRule, MeasuredShare, RULES, rule_named};
use clap::Args;
use serde::Serialize;
use std::time::Instant;

/// The arguments of a trial without contexts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without contexts")]
pub(super) struct CoinsArgs {
    /// Play coins of these biases instead of a log
    #[arg(
        long,
        value_name = "MEAN",
        value_delimiter = ',',
        conflicts_with = "log"
    )]
    pub(super) bernoulli: Option<Vec<f64>>,
    /// Decisions of a run
    #[arg(
        long,
        value_name = "N",
        default_value = "10000",
        requires = "bernoulli"
    )]
    rounds: u32,
    /// Runs to average over
    #[arg(long, value_name = "N", default_value = "200", requires = "bernoulli",
          value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Least share of every action, 0 to 1
    #[arg(
        long,
        value_name = "SHARE",
        default_value = "0",
        requires = "bernoulli"
    )]
    floor: f64,
}

#[derive(Debug, Serialize)]
struct CoinsReport {
    policy: String,
    means: Vec<f64>,
    seed: u64,
    rounds: u32,
    runs: u32,
    every: u32,
    /// Mean over runs of what was given away by the last round, in rewards.
    regret: f64,
    standard_error: f64,
    micros_per_round: f64,
}

pub(super) fn run(args: &ReplayArgs, means: &[f64], output: &mut Output) -> anyhow::Result<Exit> {
    let name = args.policy.to_string_lossy();
    let rule = rule_named(&name).ok_or_else(|| {
        Fault::usage("--policy", format!("there is no rule \"{name}\"")).fix(RULES.join(", "))
    })?;
    let mut trial = BernoulliTrial::new(means, args.coins.rounds).map_err(|_| {
        Fault::usage("--bernoulli", "a bias is not in 0..1").fix("write 0.05,0.045 for two coins")
    })?;
    if !(0.0..=1.0).contains(&args.coins.floor) {
        return Err(Fault::usage("--floor", "is not in 0..1").into());
    }
    trial.every = args.every;
    trial.share = MeasuredShare {
        floor_parts: (args.coins.floor * f64::from(PARTS)) as u32,
    };
    for seed in &args.seed {
        let report = report(args, &trial, rule, *seed)?;
        match output.format {
            Format::Json => output.json_line(&report)?,
            Format::Human => output.line(&format!(
                "{name}: gave away {:.2} ± {:.2} rewards in {} rounds (mean of {} runs, seed \
                 {seed}), {:.2} µs per round",
                report.regret,
                report.standard_error,
                report.rounds,
                report.runs,
                report.micros_per_round
            ))?,
        }
    }
    Ok(Exit::Fine)
}

fn report(
    args: &ReplayArgs,
    trial: &BernoulliTrial,
    rule: AllocationRule,
    seed: u64,
) -> Result<CoinsReport, Fault> {
    let CoinsArgs { runs, rounds, .. } = args.coins;
    let bar = progress("playing", runs.into());
    let started = Instant::now();
    let mut regrets = Vec::with_capacity(runs as usize);
    for stream in 0..u64::from(runs) {
        let mut draws = Draws::stream(seed, stream);
        let regret = trial
            .run(rule, &mut || draws.bits())
            .map_err(|error| Fault::usage("--floor", error))?;
        regrets.push(regret);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let n_rounds = f64::from(runs) * f64::from(rounds.max(1));
    let micros = started.elapsed().as_secs_f64() * 1e6;
    let MeanRegret {
        mean,
        standard_error,
    } = MeanRegret::of(&regrets);
    Ok(CoinsReport {
        policy: args.policy.to_string_lossy().into_owned(),
        means: args.coins.bernoulli.clone().unwrap_or_default(),
        seed,
        rounds,
        runs,
        every: args.every,
        regret: mean,
        standard_error,
        micros_per_round: micros / n_rounds,
    })
}
