//! The figures of a simulation, for people.

use super::report::{Report, SampleRatioReport};
use super::settle::CountsReport;
use crate::output::{BOLD, GREEN, Output, RED, YELLOW, numbers, styled};
use comfy_table::{CellAlignment, Table};

/// Characters of the longest bar.
const BAR_CHARS: f64 = 30.0;

/// Prints everything, the most important last.
pub(super) fn print(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    header(report, output)?;
    over_time(report, output)?;
    arms(report, output)?;
    audiences(report, output)?;
    sample_ratios(&report.sample_ratios, output)?;
    regret(report, output)?;
    events(report, output)?;
    if let Some(counts) = &report.counts {
        ledger(counts, output)?;
    }
    verdict(report, output)
}

fn header(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let Report {
        edge,
        flag,
        bandit,
        metric,
        seed,
        seconds,
        ..
    } = report;
    let came = report.visitors.came;
    let pace = came as f64 / seconds.max(f64::MIN_POSITIVE);
    output.line(&format!(
        "{} at {edge}: {came} visitors in {seconds:.1} s ({pace:.0} per second), seed {seed}",
        styled(BOLD, flag)
    ))?;
    output.line(&format!("bandit {bandit}, rewarded by {metric}"))?;
    Ok(output.line("")?)
}

fn over_time(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let best = &report.regret.best;
    let bar = |share: f64| "█".repeat((share * BAR_CHARS).round() as usize);
    let mut names: Vec<&str> = report.arms.iter().map(|arm| &*arm.action).collect();
    names.sort_by_key(|name| name != best);
    let mut heads = vec!["visitors"];
    heads.extend(&names);
    heads.extend(["mean reward", "regret so far", "share of the best"]);
    let mut table = numbers(&heads);
    let mut from = 1;
    for window in &report.over_time {
        let to = from + window.visitors - 1;
        let share = |name: &str| window.shares.get(name).copied().unwrap_or_default();
        let mut cells = vec![format!("{from}-{to}")];
        cells.extend(names.iter().map(|name| percent(share(name))));
        cells.push(format!("{:.4}", window.mean_reward));
        cells.push(format!("{:.1}", window.regret));
        cells.push(bar(window.best_share));
        table.add_row(cells);
        from = to + 1;
    }
    if let Some(column) = table.column_iter_mut().last() {
        column.set_cell_alignment(CellAlignment::Left);
    }
    show(&table, output)
}

fn arms(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let mut table = numbers(&[
        "action",
        "true mean",
        "visitors",
        "share",
        "95 % interval",
        "rewards",
        "mean reward",
    ]);
    for arm in &report.arms {
        let [low, high] = arm.share_interval;
        table.add_row([
            arm.action.clone(),
            format!("{:.4}", arm.true_mean),
            arm.visitors.to_string(),
            percent(arm.share),
            format!("{} to {}", percent(low), percent(high)),
            arm.rewards.to_string(),
            format!("{:.4}", arm.mean_reward),
        ]);
    }
    show(&table, output)
}

fn audiences(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let Some(fixed) = &report.beside_fixed else {
        return Ok(());
    };
    let mut table = numbers(&[
        "audience",
        "best action",
        "visitors",
        "saw it",
        "of the last third",
    ]);
    for audience in &report.audiences {
        table.add_row([
            audience.audience.clone(),
            audience.best.clone(),
            audience.visitors.to_string(),
            percent(audience.best_share),
            percent(audience.best_share_of_last),
        ]);
    }
    show(&table, output)?;
    output.line(&format!(
        "beside \"{}\" for all  {:+.1} % ({:.4} a visitor, {:.4} expected of it); {:+.1} % in the \
         last third; {:+.1} % is possible",
        fixed.best_fixed,
        fixed.margin * 100.0,
        fixed.chosen,
        fixed.fixed,
        fixed.margin_of_last * 100.0,
        fixed.margin_possible * 100.0,
    ))?;
    Ok(output.line("")?)
}

fn sample_ratios(splits: &[SampleRatioReport], output: &mut Output) -> anyhow::Result<()> {
    for split in splits {
        let variants: Vec<String> = split
            .variants
            .iter()
            .map(|variant| {
                let share = percent(variant.declared_share);
                format!("{} {} of {share}", variant.variant, variant.visitors)
            })
            .collect();
        let verdict = if split.mismatch {
            styled(RED, "sample ratio mismatch")
        } else {
            styled(GREEN, "as declared")
        };
        let (flag, p_value) = (&split.flag, split.p_value);
        let variants = variants.join(", ");
        output.line(&format!(
            "split {flag}: {variants}: {verdict} (p = {p_value:.3})"
        ))?;
    }
    if !splits.is_empty() {
        output.line("")?;
    }
    Ok(())
}

fn regret(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let regret = &report.regret;
    let interval = regret
        .realised_interval
        .map_or(String::new(), |[low, high]| {
            format!(" (95 %: {low:.1} to {high:.1})")
        });
    output.line(&format!("reward          {:.1} in all", regret.reward))?;
    output.line(&format!(
        "regret          {:.1} against \"{}\" by choice; {:.1}{interval} with the luck of rewards",
        regret.pseudo, regret.best, regret.realised
    ))?;
    let even = regret.of_even_split;
    Ok(output.line(&format!("an even split   would have given away {even:.1}"))?)
}

fn events(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let events = &report.events;
    output.line(&format!(
        "events          {} rewards, {} acknowledged ({} left to the queue), {} not acknowledged",
        events.rewards, events.acknowledged, events.queued, events.unacknowledged
    ))?;
    output.line(&format!(
        "                {} posted: {} resent for want of an answer, {} on purpose, of which {} \
         were recognised",
        events.sent, events.resent, events.repeated, events.repeats_recognised
    ))?;
    for (code, n) in &events.rejected {
        output.line(&format!(
            "                {n} {}",
            styled(RED, &format!("rejected: {code}"))
        ))?;
    }
    if let Some(exposures) = report.exposures {
        output.line(&format!(
            "exposures       {} attempted = {} committed + {} dropped ({} retried)",
            exposures.attempted, exposures.committed, exposures.dropped, exposures.retried
        ))?;
    }
    let moved = report.visitors.moved;
    output.line(&format!(
        "cookies         {moved} visitors saw another action on a later page"
    ))?;
    Ok(output.line("")?)
}

fn ledger(counts: &CountsReport, output: &mut Output) -> anyhow::Result<()> {
    let mut table = numbers(&[
        "Ledger",
        "rewards acknowledged",
        "counted",
        "exposures shown",
        "counted",
    ]);
    for arm in &counts.arms {
        table.add_row([
            arm.action.clone(),
            arm.rewards_acknowledged.to_string(),
            arm.rewards_counted.to_string(),
            arm.exposures_shown
                .map_or("unknown".to_owned(), |shown| shown.to_string()),
            arm.exposures_counted.to_string(),
        ]);
    }
    show(&table, output)
}

fn verdict(report: &Report, output: &mut Output) -> anyhow::Result<()> {
    let visitors = &report.visitors;
    let lost = visitors.without_decision + visitors.unreachable;
    if lost > 0 {
        let text = format!(
            "{} visitors saw a page without a decision, {} saw no page",
            visitors.without_decision, visitors.unreachable
        );
        output.line(&styled(RED, &text))?;
    }
    if let Some(fault) = &report.counts_fault {
        return Ok(output.line(&styled(RED, fault))?);
    }
    let text = match &report.counts {
        None => styled(YELLOW, "counts not checked: give --admin and --token"),
        Some(counts) if !counts.rewards_exact => styled(
            RED,
            "the Ledger's rewards are not those that were acknowledged",
        ),
        Some(counts) if counts.exposures_exact == Some(false) => styled(
            YELLOW,
            "rewards are exact; exposures are not those that were shown",
        ),
        Some(_) => styled(GREEN, "the Ledger's counts are exact"),
    };
    Ok(output.line(&text)?)
}

fn show(table: &Table, output: &mut Output) -> anyhow::Result<()> {
    output.table(table)?;
    Ok(output.line("")?)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
