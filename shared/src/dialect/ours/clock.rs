//! The day of the week and the time of day, where the clock stands that is meant.
//!
//! A time zone's rules are no business of an edge: whoever compiles a document lays out the
//! zone's offsets from UTC as `offsets`, and evaluation looks them up.

use super::times::{moment, unit_ms};
use super::{Check, member};
use crate::dialect::{Unfit, unfit};
use crate::value::Value;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const DAYS: [&str; 7] = [
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
];

/// How a time of day is asked for.
const FORM: &str = "{\"from\": \"09:00\", \"to\": \"17:30\", \"timeZone\": \"Europe/Madrid\"}";

/// The member in which a zone's offsets are laid out: `[[from (epoch ms), offset (ms)], ...]`.
pub(crate) const OFFSETS: &str = "offsets";

pub(super) fn check(op: &str, operand: &Value) -> Result<Check, Unfit> {
    let unit_ms = unit_ms(operand)?;
    let offsets = Offsets::new(operand)?;
    if op == "dayOfWeek" {
        let days = days(operand)?;
        return Ok(Box::new(move |value, _| {
            let local = moment(value, unit_ms).map(|time| offsets.local(time));
            // The first day of the epoch was a Thursday.
            let day = local.map(|local| local.div_euclid(DAY_MS).rem_euclid(7) as usize);
            day.is_some_and(|day| days.contains(&day))
        }));
    }
    let minute = |name| {
        let text = member(operand, name, FORM)?.as_str();
        let minute = text.and_then(minute_of_day);
        minute.ok_or_else(|| unfit!("\"{name}\" is no time of day such as 09:00"))
    };
    let (from, to) = (minute("from")?, minute("to")?);
    Ok(Box::new(move |value, _| {
        let local = moment(value, unit_ms).map(|time| offsets.local(time));
        let minute = local.map(|local| local.rem_euclid(DAY_MS) / MINUTE_MS);
        minute.is_some_and(|minute| {
            if from <= to {
                from <= minute && minute < to
            } else {
                // Over midnight.
                from <= minute || minute < to
            }
        })
    }))
}

/// Days since a Thursday.
fn days(operand: &Value) -> Result<Vec<usize>, Unfit> {
    let wrong = || unfit!("the operator needs days: {}", DAYS.join(", "));
    let list = operand.member("days").unwrap_or(operand);
    let names = super::texts(list).map_err(|_| wrong())?;
    let days = names
        .iter()
        .map(|name| DAYS.iter().position(|day| *day == &**name));
    days.collect::<Option<_>>().ok_or_else(wrong)
}

fn minute_of_day(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let valid = (0..24).contains(&hours) && (0..60).contains(&minutes);
    (valid || (hours, minutes) == (24, 0)).then_some(hours * 60 + minutes)
}

/// How far a zone's clock is ahead of UTC, and from when.
struct Offsets(Vec<(i64, i64)>);

impl Offsets {
    fn new(operand: &Value) -> Result<Self, Unfit> {
        let zone = operand.member("timeZone");
        let Some(Value::List(rows)) = operand.member(OFFSETS) else {
            return match zone.map(Value::as_str) {
                None | Some(Some("UTC")) => Ok(Self(Vec::new())),
                _ => Err("the time zone's offsets are not laid out".into()),
            };
        };
        let row = |row: &Value| match row {
            Value::List(pair) => match &**pair {
                [from, offset] => Some((from.as_f64()? as i64, offset.as_f64()? as i64)),
                _ => None,
            },
            _ => None,
        };
        let rows: Option<Vec<_>> = rows.iter().map(row).collect();
        rows.map(Self)
            .ok_or_else(|| "offsets are pairs of milliseconds".into())
    }

    /// What the zone's clock shows, as if it were UTC.
    fn local(&self, time: i64) -> i64 {
        let after = self.0.partition_point(|(from, _)| *from <= time);
        let row = after.checked_sub(1).and_then(|index| self.0.get(index));
        time.saturating_add(row.map_or(0, |(_, offset)| *offset))
    }
}
