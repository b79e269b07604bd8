//! Time zones by name, laid out as offsets from UTC, so that no edge needs a zone database.

use super::scope::Scope;
use crate::diagnostic::{DiagnosticCode, Place};
use crate::dialect::ours::OFFSETS;
use crate::value::Value;

/// Offsets are laid out for moments in these years.
#[cfg(feature = "pointers")]
const YEARS: std::ops::Range<i16> = 1990..2070;

impl Scope<'_, '_> {
    /// The operand with its zone's offsets; an unknown zone is reported.
    pub(super) fn with_offsets(&mut self, operand: Value, place: &Place<'_>) -> Option<Value> {
        let zone = operand.member("timeZone").and_then(Value::as_str);
        let laid_out = operand.member(OFFSETS).is_some();
        let Some(zone) = zone.filter(|zone| *zone != "UTC" && !laid_out) else {
            return Some(operand);
        };
        let Some(rows) = offsets(zone) else {
            let message = format!("unknown time zone \"{zone}\": use a name such as Europe/Madrid");
            self.fault(&place.key("timeZone"), DiagnosticCode::InvalidTime, message);
            return None;
        };
        let row = |(from, offset): (i64, i64)| Value::List([from.into(), offset.into()].into());
        let rows = Value::List(rows.into_iter().map(row).collect());
        let Value::Object(members) = operand else {
            return Some(operand);
        };
        let mut members = members.into_vec();
        members.push((OFFSETS.into(), rows));
        Some(Value::Object(members.into()))
    }
}

/// Offsets in milliseconds, each with the epoch millisecond from which it holds.
#[cfg(feature = "pointers")]
fn offsets(zone: &str) -> Option<Vec<(i64, i64)>> {
    let zone = jiff::tz::TimeZone::get(zone).ok()?;
    let first = jiff::civil::date(YEARS.start, 1, 1)
        .to_zoned(zone.clone())
        .ok()?;
    let last = jiff::civil::date(YEARS.end, 1, 1)
        .to_zoned(zone.clone())
        .ok()?;
    let milliseconds = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1_000;
    let mut rows = vec![(i64::MIN >> 12, milliseconds(first.offset()))];
    let transitions = zone.following(first.timestamp());
    let within = transitions.take_while(|transition| transition.timestamp() < last.timestamp());
    rows.extend(within.map(|transition| {
        (
            transition.timestamp().as_millisecond(),
            milliseconds(transition.offset()),
        )
    }));
    Some(rows)
}

/// Edges read what was laid out before.
#[cfg(not(feature = "pointers"))]
fn offsets(_zone: &str) -> Option<Vec<(i64, i64)>> {
    None
}
