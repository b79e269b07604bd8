//! Moments: of attributes, which flagd reads from numbers, and of the evaluation, which it knows in
//! whole seconds.

use bandera_shared::UnixMillis;
use serde_json::{Value as Json, json};

const SECOND_MS: i64 = 1_000;
const MINUTE_S: i64 = 60;
const DAY_S: i64 = 24 * 60 * MINUTE_S;
/// From the day of the epoch on.
const DAYS: [&str; 7] = [
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
];

/// The moment of evaluation passes, if flagd can say so.
pub(super) fn now(op: &str, value: &Json) -> Option<Json> {
    let now = json!({"var": "$flagd.timestamp"});
    match op {
        "before" | "after" | "timeBetween" => compared(op, &now, value, SECOND_MS),
        // A zone's offsets are in no expression.
        "dayOfWeek" | "timeOfDay" if value.get("timeZone").is_some_and(|zone| zone != "UTC") => {
            None
        }
        "dayOfWeek" => {
            let names = value.get("days").unwrap_or(value);
            let names = match names {
                Json::Array(names) => names.as_slice(),
                one => std::slice::from_ref(one),
            };
            let number = |name: &Json| DAYS.iter().position(|day| name == day);
            let days: Vec<usize> = names.iter().map(number).collect::<Option<_>>()?;
            let midnight = json!({"-": [now, {"%": [now, DAY_S]}]});
            Some(json!({"in": [{"%": [{"/": [midnight, DAY_S]}, DAYS.len()]}, days]}))
        }
        "timeOfDay" => {
            let second = |name: &str| {
                let (hours, minutes) = value.get(name)?.as_str()?.split_once(':')?;
                let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
                Some((hours * 60 + minutes) * MINUTE_S)
            };
            let (from, to) = (second("from")?, second("to")?);
            let time = json!({"%": [now, DAY_S]});
            let word = if from <= to { "and" } else { "or" };
            Some(json!({word: [{">=": [time, from]}, {"<": [time, to]}]}))
        }
        _ => None,
    }
}

/// The moment is before, after or between others, if those can be read; it is counted in so many
/// milliseconds, or in what the operand says.
pub(super) fn compared(op: &str, moment: &Json, value: &Json, unit_ms: i64) -> Option<Json> {
    let unit_ms = match value.get("unit").and_then(Json::as_str) {
        Some("seconds") if unit_ms == 1 => SECOND_MS,
        _ => unit_ms,
    };
    let value = value.get("value").unwrap_or(value);
    // Of a moment within a unit the next one is the first that is not before it.
    let up = |text: &Json| {
        let ms = UnixMillis::parse_iso(text.as_str()?).ok()?.0;
        Some(ms.div_euclid(unit_ms) + i64::from(ms.rem_euclid(unit_ms) != 0))
    };
    let down = |text: &Json| {
        let ms = UnixMillis::parse_iso(text.as_str()?).ok()?.0;
        Some(ms.div_euclid(unit_ms))
    };
    let is_there = json!({"!==": [moment, null]});
    Some(match op {
        "before" => json!({"and": [is_there, {"<": [moment, up(value)?]}]}),
        "after" => json!({"and": [is_there, {">": [moment, down(value)?]}]}),
        _ => json!({"and": [
            is_there,
            {">=": [moment, up(value.get("from")?)?]},
            {"<": [moment, up(value.get("to")?)?]},
        ]}),
    })
}
