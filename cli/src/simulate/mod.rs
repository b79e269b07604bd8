//! `bandera simulate`: visitors with a known truth, through real HTTP, cookies and events; as
//! `bandera simulate bandit`, without a server; or, as `bandera simulate site`, what a site costs.

mod audience;
mod bandit;
mod crowd;
mod health;
mod ledger;
mod outbox;
mod page;
mod patience;
mod print;
mod report;
mod settle;
mod site;
mod target;
mod truth;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::http::Server;
use crate::input;
use crate::output::{Format, Output, progress, waiting};
use bandit::BanditArgs;
use clap::{Args, Subcommand};
use crowd::Crowd;
use ledger::Ledger;
use report::Report;
use site::SiteArgs;
use std::time::{Duration, Instant};
use target::Target;

const AFTER: &str = "\
Each visitor fetches a page, keeps its cookies, reads its variants and receipts from the page,
draws a reward from the truth of the action it was shown, and reports it with its receipt. What
nobody acknowledges is sent again; some of what was acknowledged is sent again too.

What a visitor draws follows from --seed and its number. Ids come from the edge, so who sees which
action differs from run to run; with --bring-subjects ids follow from the seed too (a second run
with the same seed then meets decisions that are already rewarded).

With --admin and --token the Ledger's counts are compared with what was acknowledged, action by
action. Nobody else may send traffic for the same bandit meanwhile.

Exit codes: 0 simulated, 1 counts do not agree, rewards stayed unacknowledged, or pages had no
decision, 2 wrong usage, 3 the edge or the admin API cannot be reached.

Examples:
  bandera simulate --edge http://127.0.0.1:8787 --visitors 2000 \\
      --truth craft=0.05,evening=0.08,gift=0.15
  bandera simulate --edge http://127.0.0.1:8787 --visitors 2000 --truth truth.json \\
      --admin http://127.0.0.1:8788 --token @.bandera/dev-token
  bandera simulate --edge http://127.0.0.1:8787 --visitors 500 --truth a=0.1@30,b=0.2@12 \\
      --flag shop.offer --duplicates 0.2 --json > report.json
  bandera simulate bandit --truth a=0.05,b=0.045 --traffic 10 --decisions 20000
  bandera simulate site --requests 50000 --shards 16 --queues 2";

/// The arguments of `bandera simulate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct SimulateArgs {
    #[command(subcommand)]
    instead: Option<Instead>,
    #[command(flatten)]
    visitors: Option<VisitorArgs>,
    // Not among theirs: arguments that hold further ones cannot be absent as a whole.
    #[command(flatten)]
    ledger: LedgerArgs,
}

/// What is simulated without an edge.
#[derive(Debug, Subcommand)]
enum Instead {
    /// Run a bandit's declaration against a known truth, and say what waiting for snapshots costs
    Bandit(BanditArgs),
    /// Say what a site of some size needs of the platform, and what that costs a month
    Site(SiteArgs),
}

/// How visitors come to a running edge.
#[derive(Debug, Args)]
struct VisitorArgs {
    /// Address of the edge
    #[arg(long, value_name = "URL")]
    edge: String,
    /// How many visitors come
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    visitors: u64,
    /// How often each action is rewarded: action=rate,..., action=rate@value,..., or a JSON file,
    /// also one that lists audiences
    #[arg(long, value_name = "TRUTH")]
    truth: String,
    /// The flag whose rewards are simulated; needed where several are served by bandits
    #[arg(long, value_name = "KEY")]
    flag: Option<String>,
    /// The metric that must reward the flag's bandit; whatever the bandit says when absent
    #[arg(long, value_name = "KEY")]
    metric: Option<String>,
    /// Where random numbers come from
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// The page that visitors fetch
    #[arg(long, value_name = "PATH", default_value = "/")]
    path: String,
    /// How often each visitor fetches it
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..=100)
    )]
    pages: u32,
    /// How many visitors come at the same time
    #[arg(
        long,
        value_name = "C",
        default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=256)
    )]
    concurrency: u16,
    /// How many rewards are posted together
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=500)
    )]
    batch: u16,
    /// Share of acknowledged rewards that are sent again, under the same id and under another one
    #[arg(long, value_name = "P", default_value_t = 0.05, value_parser = share)]
    duplicates: f64,
    /// How long a page or an event may go on failing
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
    /// Visitors bring ids made from the seed, in the cookie of this name
    #[arg(long, value_name = "COOKIE", num_args = 0..=1, default_missing_value = "bandera_subject")]
    bring_subjects: Option<String>,
}

/// Where the counts can be read.
#[derive(Debug, Args)]
struct LedgerArgs {
    /// Address of the admin API, to compare the Ledger's counts
    #[arg(long, value_name = "URL", requires = "token")]
    admin: Option<String>,
    /// A token with the role viewer, or @FILE
    #[arg(
        long,
        value_name = "TOKEN|@FILE",
        env = "BANDERA_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// The environment that the edge serves
    #[arg(long, value_name = "NAME", default_value = "demo")]
    environment: String,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("write a number from 0 to 1".to_owned()),
    }
}

pub(crate) fn run(args: &SimulateArgs, output: &mut Output) -> anyhow::Result<Exit> {
    match (&args.instead, &args.visitors) {
        (Some(Instead::Bandit(args)), _) => bandit::run(args, output),
        (Some(Instead::Site(args)), _) => site::run(args, output),
        (None, Some(visitors)) => send(visitors, &args.ledger, output),
        (None, None) => Err(Fault::usage("--edge", "an edge is needed, or a bandit")
            .fix("bandera simulate --help has examples of both")
            .into()),
    }
}

fn send(args: &VisitorArgs, ledger: &LedgerArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let arms = truth::read(&args.truth)?;
    let n_lanes = usize::from(args.concurrency);
    let edge = Server::new("--edge", &args.edge, n_lanes)?;
    let target = published(&edge, args)?;
    let truth = truth::check(arms, &target.bandit)?;
    let ledger = ledger.open(target.bandit.key())?;
    let before = ledger.as_ref().map(Ledger::counts).transpose()?;
    let health_before = health::read(&edge);

    let crowd = Crowd {
        edge: &edge,
        target: &target,
        truth: &truth,
        path: &args.path,
        n_visitors: args.visitors,
        n_pages: args.pages,
        n_lanes,
        n_batch: usize::from(args.batch),
        seed: args.seed,
        duplicates: args.duplicates,
        patience: Duration::from_secs(args.patience),
        subject_cookie: args.bring_subjects.as_deref(),
    };
    let started = Instant::now();
    let bar = progress("visitors", args.visitors);
    let history = crowd.run(&bar);
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();

    let mut report = Report::new(&crowd, &history)?;
    report.seconds = seconds;
    report.edge.clone_from(&args.edge);
    if let (Some(ledger), Some(before)) = (&ledger, &before) {
        let spinner = waiting("waiting until the Ledger has counted everything");
        match settle::settled(ledger, before, &report.expected(&history)) {
            Ok(counts) => report.counts = Some(counts),
            Err(fault) => report.counts_fault = Some(fault.to_string()),
        }
        spinner.finish_and_clear();
    }
    report.exposures = health::since(health_before, health::read(&edge));
    match output.format {
        Format::Json => output.json(&report)?,
        Format::Human => print::print(&report, output)?,
    }
    Ok(if report.is_fine() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

/// The flag to simulate, from the ruleset that the edge publishes to browsers.
fn published(edge: &Server, args: &VisitorArgs) -> Result<Target, Fault> {
    let path = "/bandera/v1/ruleset";
    let place = edge.address(path);
    let reply = edge.get(path).map_err(|error| {
        Fault::unreachable(&place, error).fix("is the edge running? npm start brings one up")
    })?;
    if reply.status != 200 {
        let cause = format!("answers {}: {}", reply.status, reply.body.trim());
        return Err(Fault::unreachable(place, cause).fix("has a ruleset been published?"));
    }
    let target = Target::find(reply.body.as_bytes(), args.flag.as_deref(), &place)?;
    let metric = &*target.bandit.reward().metric;
    match &args.metric {
        Some(wanted) if wanted != metric => Err(Fault::usage(
            format!("--metric {wanted}"),
            format!(
                "the bandit \"{}\" is rewarded by \"{metric}\"",
                target.bandit.key()
            ),
        )),
        _ => Ok(target),
    }
}

impl LedgerArgs {
    fn open(&self, bandit: &str) -> Result<Option<Ledger>, Fault> {
        let (Some(admin), Some(token)) = (&self.admin, &self.token) else {
            return Ok(None);
        };
        let token = input::text_or_file(token)?.trim().to_owned();
        let admin = Server::new("--admin", admin, 1)?.with_token(token);
        Ok(Some(Ledger::new(admin, &self.environment, bandit)))
    }
}
