//! Forms that both questions answer in.

use bandera_lab::Interval;
use serde::Serialize;

/// From `low` to `high`.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct IntervalWire {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl From<Interval> for IntervalWire {
    fn from(interval: Interval) -> Self {
        Self {
            low: interval.low,
            high: interval.high,
        }
    }
}

/// `low to high`, or a dash.
pub(super) fn words(interval: Option<IntervalWire>) -> String {
    interval.map_or_else(
        || "-".to_owned(),
        |IntervalWire { low, high }| format!("{low:.4} to {high:.4}"),
    )
}
