//! Moments between two others, and moments before and after the evaluation.

use super::{Check, member};
use crate::dialect::{Unfit, unfit};
use crate::time::UnixMillis;
use crate::value::Value;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The operand alone, or `{"value": ..., "unit": "seconds"}` where numbers are epoch seconds.
pub(super) fn check(op: &str, operand: &Value) -> Result<Check, Unfit> {
    let unit_ms = unit_ms(operand)?;
    let operand = operand.member("value").unwrap_or(operand);
    if op == "timeBetween" {
        let (from, to) = window(operand)?;
        return Ok(Box::new(move |value, _| {
            moment(value, unit_ms).is_some_and(|time| from <= time && time < to)
        }));
    }
    if op == "before" || op == "after" {
        let than = operand
            .as_str()
            .and_then(|text| UnixMillis::parse_iso(text).ok());
        let than = than
            .ok_or("the operator needs an ISO 8601 time such as \"2026-03-01T09:00:00Z\"")?
            .0;
        let is_before = op == "before";
        return Ok(Box::new(move |value, _| {
            let time = moment(value, unit_ms);
            time.is_some_and(|time| if is_before { time < than } else { time > than })
        }));
    }
    let span = operand.as_str().and_then(span_ms);
    let span = span.ok_or("the operator needs a span of time such as \"7d\" or \"1d 12h 30m\"")?;
    Ok(match op {
        "withinLast" => Box::new(move |value, at| {
            moment(value, unit_ms)
                .is_some_and(|time| at.0.saturating_sub(span) <= time && time <= at.0)
        }),
        "withinNext" => Box::new(move |value, at| {
            moment(value, unit_ms)
                .is_some_and(|time| at.0 <= time && time <= at.0.saturating_add(span))
        }),
        _ => Box::new(move |value, at| {
            moment(value, unit_ms).is_some_and(|time| time < at.0.saturating_sub(span))
        }),
    })
}

/// Milliseconds of the unit in which an attribute counts.
pub(super) fn unit_ms(operand: &Value) -> Result<i64, Unfit> {
    match operand.member("unit").map(Value::as_str) {
        None | Some(Some("milliseconds")) => Ok(1),
        Some(Some("seconds")) => Ok(SECOND_MS),
        Some(_) => Err("the unit is \"seconds\" or \"milliseconds\"".into()),
    }
}

/// Epoch milliseconds of ISO 8601 text or a number of units.
pub(super) fn moment(value: &Value, unit_ms: i64) -> Option<i64> {
    match value {
        Value::String(text) => UnixMillis::parse_iso(text).ok().map(|time| time.0),
        Value::Number(number) => Some((number.as_f64() * unit_ms as f64) as i64),
        _ => None,
    }
}

fn window(operand: &Value) -> Result<(i64, i64), Unfit> {
    const FORM: &str = "{\"from\": \"2026-03-01T00:00:00Z\", \"to\": \"2026-04-01T00:00:00Z\"}";
    let time = |name| {
        let text = member(operand, name, FORM)?.as_str();
        let time = text.and_then(|text| UnixMillis::parse_iso(text).ok());
        time.ok_or_else(|| unfit!("\"{name}\" is no ISO 8601 time such as 2026-03-01T09:00:00Z"))
    };
    let (from, to) = (time("from")?, time("to")?);
    if from < to {
        Ok((from.0, to.0))
    } else {
        Err("\"to\" must be later than \"from\"".into())
    }
}

/// Milliseconds of `1w 2d 12h 30m 15s`, in any order, each part at most once or more.
fn span_ms(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut digits = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => SECOND_MS,
            'm' => MINUTE_MS,
            'h' => HOUR_MS,
            'd' => DAY_MS,
            'w' => 7 * DAY_MS,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && total > 0).then_some(total)
}
