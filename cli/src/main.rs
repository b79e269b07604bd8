//! The `bandera` command: flags, experiments and bandits from a terminal or a script.
//!
//! Each command has a module with its arguments and its work. Standard output carries the answer
//! and nothing else; remarks, progress and errors go to standard error.

mod bandit;
mod command;
mod diff;
mod draws;
mod evaluate;
mod exit;
mod explain;
mod export;
mod fault;
mod http;
mod import;
mod input;
mod jar;
mod lines;
mod locate;
mod optimise;
mod output;
mod preview;
mod publish;
mod question;
mod replay;
mod schema;
mod shares;
mod simulate;
mod validate;

use clap::Parser;
use command::{Cli, Command};
use exit::Exit;
use fault::Fault;
use output::Output;
use std::io::ErrorKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::new(cli.format());
    let done = run(cli.command, &mut output).and_then(|exit| {
        output.flush()?;
        Ok(exit)
    });
    match done {
        Ok(exit) => exit.into(),
        Err(error) if is_closed_pipe(&error) => Exit::Fine.into(),
        Err(error) => {
            output::error(&error);
            error
                .downcast_ref::<Fault>()
                .map_or(Exit::Unreachable, |fault| fault.exit)
                .into()
        }
    }
}

fn run(command: Command, output: &mut Output) -> anyhow::Result<Exit> {
    match command {
        Command::Bandit(args) => bandit::run(&args, output),
        Command::Validate(args) => validate::run(&args, output),
        Command::Evaluate(args) => evaluate::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Diff(args) => diff::run(&args, output),
        Command::Import(args) => import::run(&args, output),
        Command::Export(args) => export::run(&args, output),
        Command::Preview(args) => preview::run(&args, output),
        Command::Publish(args) => publish::run(&args, output),
        Command::Optimise(args) => optimise::run(&args, output),
        Command::Replay(args) => replay::run(&args, output),
        Command::Schema(args) => schema::run(&args, output),
        Command::Simulate(args) => simulate::run(&args, output),
    }
}

/// Whether the reader of our output went away, as `head` does: no fault of anybody's.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
