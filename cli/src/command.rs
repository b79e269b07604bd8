//! The command line as a whole: the list of commands and what holds for all of them.

use crate::bandit::BanditArgs;
use crate::diff::DiffArgs;
use crate::evaluate::EvaluateArgs;
use crate::explain::ExplainArgs;
use crate::export::ExportArgs;
use crate::import::ImportArgs;
use crate::optimise::OptimiseArgs;
use crate::output::Format;
use crate::preview::PreviewArgs;
use crate::publish::PublishArgs;
use crate::replay::ReplayArgs;
use crate::schema::SchemaArgs;
use crate::simulate::SimulateArgs;
use crate::validate::ValidateArgs;
use clap::{Args, Parser, Subcommand};

const AFTER: &str = "\
Output:
  For people on a terminal, JSON elsewhere. Progress and errors go to standard error.

Exit codes:
  0  done, and nothing is wrong
  1  done, and something is wrong: errors in a ruleset, an evaluation that ended in an error,
     counts that do not agree
  2  wrong usage: an argument is missing, misspelt or malformed
  3  not done: a file or an address cannot be read

Examples:
  bandera validate ruleset.json
  bandera schema > ruleset.schema.json
  bandera evaluate --ruleset ruleset.json --flag shop.hero --targeting-key ana
  bandera evaluate --ruleset ruleset.json --cases cases.ndjson
  bandera explain --ruleset ruleset.json --flag shop.hero --context '{\"country\": \"ES\"}'
  bandera diff live.json draft.json --subjects 100000
  bandera import --from launchdarkly --in flags.json --out ruleset.json
  bandera export --to flagd --in ruleset.json --out flags.flagd.json
  bandera preview --url https://shop.example/ --show shop.hero=craft --for 8h
  bandera publish --previous live.json --draft draft.json --out next.json
  bandera optimise ask --study study.json --n 4
  bandera replay --policy default --log rounds.jsonl.gz
  bandera bandit evaluate --log decisions.jsonl.gz --policy default
  bandera simulate --edge http://127.0.0.1:8787 --visitors 2000 --truth craft=0.05,gift=0.12

Run `bandera COMMAND --help` for the examples of a command.";

/// Feature flags, experiments and bandits that learn at the edge.
#[derive(Debug, Parser)]
#[command(name = "bandera", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    form: Form,
}

impl Cli {
    /// What the answer is written as.
    pub(crate) fn format(&self) -> Format {
        match (self.form.json, self.form.human) {
            (true, _) => Format::Json,
            (_, true) => Format::Human,
            _ => Format::of_standard_output(),
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct Form {
    /// Answer in JSON, also on a terminal
    #[arg(long, global = true)]
    json: bool,
    /// Answer for people, also into a file or a pipe
    #[arg(long, global = true, conflicts_with = "json")]
    human: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check rulesets and point at every fault
    Validate(ValidateArgs),
    /// Print the JSON Schema of a ruleset, for editors
    Schema(SchemaArgs),
    /// Evaluate one flag, or a file of cases
    Evaluate(EvaluateArgs),
    /// Say why a flag serves what it serves, and what would have to change
    Explain(ExplainArgs),
    /// Say whose answers a change of ruleset changes, and why
    Diff(DiffArgs),
    /// Take over the flags of another system, with every subject in its bucket
    Import(ImportArgs),
    /// Write flags for another system, so that nobody is locked in
    Export(ExportArgs),
    /// Make a link that shows chosen variants until it expires
    Preview(PreviewArgs),
    /// Lay out the ranges of a draft as publishing would, and say who moves
    Publish(PublishArgs),
    /// Name settings of continuous parameters to try next, and the one to keep
    Optimise(OptimiseArgs),
    /// Run a contextual policy over rounds whose every reward is known
    Replay(ReplayArgs),
    /// Judge what a bandit would earn or has learned, from a log of its decisions
    Bandit(BanditArgs),
    /// Send visitors with a known truth through a running edge, and check what was learned
    Simulate(SimulateArgs),
}
