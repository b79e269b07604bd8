//! `bandera simulate site`: what a site of some size needs of the platform, and what that costs.
//!
//! Arithmetic over measured unit costs and list prices, no simulation of visitors: the figures of
//! `docs/scaling.md`, for any site.

mod bill;
mod print;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::{Format, Output};
use bill::Bill;
use clap::Args;
use serde::Serialize;

const AFTER: &str = "\
Every line says how many units a second and a month there are, what is included and what the rest
costs, in US dollars by the list prices of the paid plan in 2026. How each is computed is in
docs/scaling.md. Limits of one queue and of one object are checked.

Exit codes: 0 computed, 1 a queue or an object would have more than it takes, 2 wrong usage.

Examples:
  bandera simulate site
  bandera simulate site --requests 100 --bandits 3 --shards 1 --queues 1 --isolates 5
  bandera simulate site --requests 50000 --shards 16 --queues 2 --json";

/// The arguments of `bandera simulate site`; the defaults are a very large one.
#[derive(Debug, Clone, Args, Serialize)]
#[command(after_help = AFTER)]
#[serde(rename_all = "camelCase")]
pub(super) struct SiteArgs {
    /// Requests a second, all month long
    #[arg(long, value_name = "N", default_value_t = 1e6, value_parser = positive)]
    requests: f64,
    /// Share of requests with a first exposure
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = super::share)]
    exposed: f64,
    /// Share of exposures that are rewarded, once
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = super::share)]
    rewarded: f64,
    /// Bandits, all of which look at contexts
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = whole)]
    bandits: f64,
    /// Actions of each bandit
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = whole)]
    actions: f64,
    /// Shards of the ledger
    #[arg(long, value_name = "N", default_value_t = 64.0, value_parser = whole)]
    shards: f64,
    /// Queues of events
    #[arg(long, value_name = "N", default_value_t = 8.0, value_parser = whole)]
    queues: f64,
    /// Isolates at any time
    #[arg(long, value_name = "N", default_value_t = 10_000.0, value_parser = positive)]
    isolates: f64,
    /// Seconds after which an isolate looks for another ruleset
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = positive)]
    refresh: f64,
    /// Seconds between two snapshots of a bandit
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = positive)]
    interval: f64,
    /// Days in which a decision can be rewarded
    #[arg(long, value_name = "DAYS", default_value_t = 1.0, value_parser = positive)]
    window: f64,
    /// Milliseconds of processor time that an invocation of the Worker takes
    #[arg(long, value_name = "MS", default_value_t = 0.5, value_parser = positive)]
    cpu_ms: f64,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1e12 => Ok(number),
        _ => Err("write a number above 0, at most 1e12".to_owned()),
    }
}

fn whole(text: &str) -> Result<f64, String> {
    match positive(text) {
        Ok(number) if number.fract() == 0.0 => Ok(number),
        _ => Err("write a whole number of at least 1, at most 1e12".to_owned()),
    }
}

pub(super) fn run(args: &SiteArgs, output: &mut Output) -> anyhow::Result<Exit> {
    if args.queues > args.shards {
        let cause = "is more than there are shards, and a shard uses one queue";
        return Err(Fault::usage("--queues", cause).fix("raise --shards").into());
    }
    let bill = Bill::of(args);
    match output.format {
        Format::Human => print::print(&bill, output)?,
        Format::Json => output.json(&bill)?,
    }
    Ok(if bill.fits() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}
