//! The figures of a simulated bandit, for people.

use super::report::Report;
use crate::output::{BOLD, Output, numbers, styled};
use crate::shares::recovery;

pub(super) fn print(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    output.line(&format!(
        "{}, {}: {}{} at {} a second, rewards after {} s, {} shards, {} runs from seed {}",
        styled(BOLD, &report.bandit),
        report.policy,
        report.decisions,
        match report.positions {
            1 => " decisions".to_owned(),
            n => format!(" lists of {n}"),
        },
        report.traffic,
        report.delay_seconds,
        report.shards,
        report.runs,
        report.seed
    ))?;
    output.line(&format!(
        "always the best would bring {:.1} rewards, an even split {:.1} less",
        report.possible, report.regret_of_even_split
    ))?;
    output.line("")?;
    let heads = [
        "window",
        "snapshots",
        "regret",
        "",
        "of possible",
        "loss",
        "",
        "of possible",
        "best, tenth 1",
        "2",
        "5",
        "10",
    ];
    let mut table = numbers(&heads);
    for window in &report.windows {
        let best = |tenth: usize| {
            let share = window.best_shares.get(tenth - 1).copied();
            percent(share.unwrap_or_default())
        };
        table.add_row([
            match window.seconds {
                0.0 => "at once".to_owned(),
                seconds => format!("{seconds} s"),
            },
            format!("{:.0}", window.snapshots),
            format!("{:.1}", window.regret.mean),
            format!("± {:.1}", window.regret.standard_error),
            percent(window.regret_share),
            format!("{:.1}", window.loss.mean),
            format!("± {:.1}", window.loss.standard_error),
            percent(window.loss_share),
            best(1),
            best(2),
            best(5),
            best(10),
        ]);
    }
    output.table(&table)?;
    if let Some(from) = report.swap_at {
        output.line("")?;
        for window in &report.windows {
            output.line(&format!(
                "after the swap at decision {from}, window {} s: {}",
                window.seconds,
                recovery(window.recovered_after)
            ))?;
        }
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
