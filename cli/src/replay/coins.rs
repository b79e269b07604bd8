//! `bandera replay --bernoulli`: a policy without contexts, on coins of known biases.

use super::ReplayArgs;
use super::forget::forgetting;
use crate::draws::Draws;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::{Format, Output, progress};
use crate::shares::{BestShares, recovery};
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
    /// Standard deviation of rewards between 0 and 1, in place of coins
    #[arg(long, value_name = "SD", requires = "bernoulli")]
    deviation: Option<f64>,
    /// Also say what was given away by the end of these rounds
    #[arg(
        long,
        value_name = "ROUNDS",
        value_delimiter = ',',
        requires = "bernoulli",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    at: Vec<u32>,
    /// Share of decisions that `epsilon-greedy` leaves to chance, 0 to 1
    #[arg(long, value_name = "SHARE", requires = "bernoulli")]
    epsilon: Option<f64>,
    /// How fast that falls: it is divided by the round to this power, 0 to 1
    #[arg(long, value_name = "POWER", requires = "bernoulli")]
    decay: Option<f64>,
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
    /// The same by the end of earlier rounds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    curve: Vec<CurvePoint>,
    /// Share of the best action in each tenth of a run.
    best_shares: Vec<f64>,
    /// Rounds after the order of biases was turned around until the best action had 80 % of a
    /// hundredth of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered_after: Option<u32>,
}

/// What was given away by the end of a round.
#[derive(Debug, Serialize)]
struct CurvePoint {
    rounds: u32,
    regret: f64,
    standard_error: f64,
}

pub(super) fn run(args: &ReplayArgs, means: &[f64], output: &mut Output) -> anyhow::Result<Exit> {
    let name = args.policy.to_string_lossy();
    let rule = rule(&name, &args.coins)?;
    let trial = trial(args, means)?;
    for seed in &args.seed {
        let report = report(args, &trial, rule, *seed)?;
        match output.format {
            Format::Json => output.json_line(&report)?,
            Format::Human => {
                output.line(&format!(
                    "{name}: gave away {:.2} ± {:.2} rewards in {} rounds (mean of {} runs, seed \
                     {seed}), {:.2} µs per round",
                    report.regret,
                    report.standard_error,
                    report.rounds,
                    report.runs,
                    report.micros_per_round
                ))?;
                for point in &report.curve {
                    let CurvePoint {
                        rounds,
                        regret,
                        standard_error,
                    } = point;
                    let by_then = format!("{regret:.2} ± {standard_error:.2}");
                    output.line(&format!("by round {rounds}: {by_then} rewards"))?;
                }
                if let Some(from) = trial.reversed_from {
                    let recovered = recovery(report.recovered_after);
                    output.line(&format!("after the swap at round {from}: {recovered}"))?;
                }
            }
        }
    }
    Ok(Exit::Fine)
}

/// The rule of that name, with the numbers that were given for it.
fn rule(name: &str, coins: &CoinsArgs) -> Result<AllocationRule, Fault> {
    let rule = rule_named(name).ok_or_else(|| {
        Fault::usage("--policy", format!("there is no rule \"{name}\"")).fix(RULES.join(", "))
    })?;
    let unit = |place: &str, value: f64| {
        let is_sound = (0.0..=1.0).contains(&value);
        let fault = || Fault::usage(place, "is not in 0..1");
        is_sound.then_some(value).ok_or_else(fault)
    };
    match (rule, coins.epsilon, coins.decay) {
        (_, None, None) => Ok(rule),
        (AllocationRule::EpsilonGreedy { epsilon, decay }, given, falling) => {
            Ok(AllocationRule::EpsilonGreedy {
                epsilon: unit("--epsilon", given.unwrap_or(epsilon))?,
                decay: unit("--decay", falling.unwrap_or(decay))?,
            })
        }
        _ => {
            let cause = "--epsilon and --decay belong to the policy `epsilon-greedy`";
            Err(Fault::usage("--policy", cause))
        }
    }
}

/// The world and how a policy lives in it.
fn trial(args: &ReplayArgs, means: &[f64]) -> Result<BernoulliTrial, Fault> {
    let coins = &args.coins;
    let mut trial = BernoulliTrial::new(means, coins.rounds).map_err(|_| {
        Fault::usage("--bernoulli", "a bias is not in 0..1").fix("write 0.05,0.045 for two coins")
    })?;
    if let Some(deviation) = coins.deviation {
        trial = trial.with_deviation(deviation).map_err(|_| {
            let cause = "is not above 0 and below that of a coin, sqrt(mean * (1 - mean))";
            Fault::usage("--deviation", cause)
        })?;
    }
    if !(0.0..=1.0).contains(&coins.floor) {
        return Err(Fault::usage("--floor", "is not in 0..1"));
    }
    trial.every = args.every;
    trial.share = MeasuredShare {
        floor_parts: (coins.floor * f64::from(PARTS)) as u32,
    };
    if args.reverse_at.is_some_and(|from| from >= coins.rounds) {
        return Err(Fault::usage(
            "--reverse-at",
            "is beyond the last of --rounds",
        ));
    }
    trial.reversed_from = args.reverse_at;
    if coins.at.iter().any(|at| *at > coins.rounds) {
        return Err(Fault::usage("--at", "is beyond the last of --rounds"));
    }
    trial.checkpoints.clone_from(&coins.at);
    trial.forgetting = forgetting(args.memory, args.window, args.adaptive)?;
    Ok(trial)
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
    let mut by_then = vec![Vec::with_capacity(runs as usize); trial.checkpoints.len()];
    let mut shares = BestShares::of(rounds);
    for stream in 0..u64::from(runs) {
        let mut draws = Draws::stream(seed, stream);
        let played = trial
            .run(rule, &mut || draws.bits())
            .map_err(|error| Fault::usage("--floor", error))?;
        regrets.push(played.regret);
        for (regrets, regret) in by_then.iter_mut().zip(&played.regrets) {
            regrets.push(*regret);
        }
        shares.add(&played.best);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let n_rounds = f64::from(runs) * f64::from(rounds.max(1));
    let micros = started.elapsed().as_secs_f64() * 1e6;
    let MeanRegret {
        mean,
        standard_error,
    } = MeanRegret::of(&regrets);
    let points = trial.checkpoints.iter().zip(&by_then);
    let curve = points.map(|(rounds, regrets)| {
        let MeanRegret {
            mean,
            standard_error,
        } = MeanRegret::of(regrets);
        CurvePoint {
            rounds: *rounds,
            regret: mean,
            standard_error,
        }
    });
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
        curve: curve.collect(),
        best_shares: shares.tenths(),
        recovered_after: trial
            .reversed_from
            .and_then(|from| shares.recovered_after(from)),
    })
}
