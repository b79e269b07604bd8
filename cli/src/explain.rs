//! `bandera explain`: why a flag serves what it serves, and what would have to change.

use crate::exit::Exit;
use crate::input;
use crate::output::{BOLD, DIM, Format, Output, RED, styled};
use crate::question::QuestionArgs;
use bandera_shared::Outcome;
use bandera_shared::evaluate::Explanation;
use bandera_shared::wire::evaluation::{EvaluationWire, ExplanationWire};
use clap::Args;
use std::path::PathBuf;

const AFTER: &str = "\
Exit codes: 0 explained, 1 the evaluation ends in an error, 2 wrong usage,
3 a file cannot be read.

Examples:
  bandera explain --ruleset ruleset.json --flag shop.hero --targeting-key ana
  bandera explain --ruleset ruleset.json --flag search.new --context @subject.json
  bandera explain --ruleset ruleset.json --flag spring.sale --at 2026-03-20T00:00:00Z
  bandera explain --ruleset ruleset.json --flag shop.hero --targeting-key ana --json";

/// The arguments of `bandera explain`.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct ExplainArgs {
    /// The ruleset; `-` is standard input
    #[arg(long, value_name = "FILE")]
    ruleset: PathBuf,
    /// The flag
    #[arg(long, value_name = "KEY")]
    flag: String,
    #[command(flatten)]
    question: QuestionArgs,
}

pub(crate) fn run(args: &ExplainArgs, output: &mut Output) -> anyhow::Result<Exit> {
    let ruleset = input::ruleset(&args.ruleset)?;
    let context = args.question.context()?;
    let mut moment = args.question.moment.read()?;
    let draw = moment.draws.bits();
    let explanation = moment
        .evaluator(&ruleset, &context, draw)
        .explain(&args.flag);
    match output.format {
        Format::Json => output.json(&ExplanationWire::from(&explanation))?,
        Format::Human => print(&explanation, output)?,
    }
    let failed = matches!(explanation.evaluation.outcome, Outcome::Failed { .. });
    Ok(if failed { Exit::Findings } else { Exit::Fine })
}

fn print(explanation: &Explanation<'_>, output: &mut Output) -> anyhow::Result<()> {
    output.line(&headline(&(&explanation.evaluation).into())?)?;
    for (index, step) in explanation.steps.iter().enumerate() {
        let rule = step.rule.as_deref().map(|rule| format!("{rule}: "));
        let rule = styled(BOLD, &rule.unwrap_or_default());
        output.line(&format!("  {}. {rule}{}", index + 1, step.what))?;
        for change in &step.change {
            output.line(&styled(DIM, &format!("     to change that: {change}")))?;
        }
    }
    Ok(())
}

/// The answer on one line: `shop.hero serves "gift" (variant gift, SPLIT)`.
pub(crate) fn headline(evaluation: &EvaluationWire<'_>) -> anyhow::Result<String> {
    let key = styled(BOLD, evaluation.key);
    let reason = evaluation.reason;
    Ok(match (evaluation.value, evaluation.error_code) {
        (_, Some(code)) => {
            let detail = evaluation.error_details.unwrap_or_default();
            let error = styled(RED, code);
            format!("{key} cannot be evaluated: {error} ({detail}); the caller's default is served")
        }
        (Some(value), None) => {
            let value = styled(BOLD, &serde_json::to_string(value)?);
            let variant = evaluation.variant.unwrap_or_default();
            format!("{key} serves {value} (variant {variant}, {reason})")
        }
        (None, None) => format!("{key} serves the caller's default ({reason})"),
    })
}
