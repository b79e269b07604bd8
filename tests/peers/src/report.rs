//! Medians and ratios, as a table for people or as JSON for scripts.

use crate::measure::Measured;
use serde_json::json;

/// The middle of the values.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn nanoseconds(measured: &Measured) -> f64 {
    median(measured.rounds.iter().copied())
}

/// Median of the ratios within each round: what slows one case slows the other beside it.
fn ratio(measured: &Measured, to: &Measured) -> f64 {
    let pairs = measured.rounds.iter().zip(&to.rounds);
    median(pairs.map(|(ours, theirs)| ours / theirs))
}

/// What the cases of one work are compared with: the fastest peer, or the first case where all of
/// them are ours.
fn base<'m>(work: &str, all: &'m [Measured]) -> Option<&'m Measured> {
    let of_work = || all.iter().filter(|measured| measured.work == work);
    let peers = of_work().filter(|measured| !measured.is_ours);
    let best = peers.min_by(|a, b| nanoseconds(a).total_cmp(&nanoseconds(b)));
    best.or_else(|| of_work().next())
}

/// Prints every case with its ratio to the best peer of its work.
pub fn print(all: &[Measured], as_json: bool) {
    let rows = all.iter().filter_map(|measured| {
        let base = base(measured.work, all)?;
        Some((measured, nanoseconds(measured), ratio(measured, base)))
    });
    if as_json {
        let rows = rows.map(|(measured, ns, ratio)| {
            let name = format!("{}, {}", measured.work, measured.name);
            json!({ "name": name, "ns": ns, "ratio": ratio })
        });
        println!("{}", json!(rows.collect::<Vec<_>>()));
        return;
    }
    println!(
        "{:<24} {:<36} {:>14} {:>12}",
        "work", "engine", "median ns", "x best peer"
    );
    for (measured, ns, ratio) in rows {
        println!(
            "{:<24} {:<36} {ns:>14.1} {ratio:>12.3}",
            measured.work, measured.name
        );
    }
}
