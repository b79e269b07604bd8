//! Replays as a table, for people.

use super::report::Report;
use crate::output::Output;
use crate::shares::recovery;
use comfy_table::{CellAlignment, Table, presets};

const HEADS: [&str; 8] = [
    "dataset",
    "seed",
    "rounds",
    "policy",
    "mean reward",
    "regret",
    "changes",
    "µs per round",
];

pub(super) fn print(reports: &[Report], output: &mut Output) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(HEADS);
    for report in reports {
        table.add_row([
            report.dataset.clone(),
            report.seed.to_string(),
            report.rounds.to_string(),
            report.policy.clone(),
            format!("{:.4}", report.mean_reward),
            report
                .regret
                .map_or_else(|| "unknown".to_owned(), |regret| format!("{regret:.4}")),
            report.changes.to_string(),
            format!("{:.1}", report.micros_per_round),
        ]);
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        if HEADS.get(i) != Some(&"dataset") && HEADS.get(i) != Some(&"policy") {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    output.table(&table)?;
    for report in reports {
        if let Some(from) = report.changed_from {
            let (dataset, seed) = (&report.dataset, report.seed);
            let recovered = recovery(report.recovered_after);
            output.line(&format!(
                "{dataset}, seed {seed}, from round {from} on: {recovered}"
            ))?;
        }
    }
    Ok(())
}
