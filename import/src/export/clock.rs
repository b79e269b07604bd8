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

/// What differs where the moment of evaluation is compared within a second.
const WHOLE_SECONDS: &str = "flagd's clock has whole seconds: within one it counts as its start";

/// The moment of evaluation passes, if flagd can say so.
pub(super) fn now(op: &str, value: &Json, near: &mut dyn FnMut(&str)) -> Option<Json> {
    let now = json!({"var": "$flagd.timestamp"});
    match op {
        "before" | "after" | "timeBetween" => {
            let said = compared(op, &now, value, SECOND_MS)?;
            let moments = [Some(value), value.get("from"), value.get("to")];
            let is_within =
                |text: &Json| unit_of(text, SECOND_MS).is_some_and(|(_, rest)| rest != 0);
            if op == "after" || moments.into_iter().flatten().any(is_within) {
                near(WHOLE_SECONDS);
            }
            Some(said)
        }
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

/// Whole units of a moment, and the milliseconds that are left.
fn unit_of(text: &Json, unit_ms: i64) -> Option<(i64, i64)> {
    let ms = UnixMillis::parse_iso(text.as_str()?).ok()?.0;
    Some((ms.div_euclid(unit_ms), ms.rem_euclid(unit_ms)))
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
        let (units, rest) = unit_of(text, unit_ms)?;
        Some(units + i64::from(rest != 0))
    };
    let down = |text: &Json| Some(unit_of(text, unit_ms)?.0);
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
