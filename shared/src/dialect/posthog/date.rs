//! Moments as filters and properties write them.

use crate::time::UnixMillis;
use crate::value::Value;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

/// Milliseconds from 1970 that `JavaScript` counts to, both ways.
const MILLIS_MAX: f64 = 8.64e15;

/// From how many units on a relative date is none.
const UNITS_MAX: u32 = 10_000;

/// What a date is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    /// That moment.
    Fixed(UnixMillis),
    /// So many units before the request.
    Ago(u32, Unit),
}

/// A unit of time of a relative date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

impl Deadline {
    /// `-7d`, `12h`, `2w`, `1m`, `1y`, or a date; `None` where it is neither.
    pub(super) fn new(value: &Value) -> Option<Self> {
        let relative = value.as_str().and_then(relative);
        relative.or_else(|| moment(value).map(Self::Fixed))
    }

    /// The moment, for a request at that time.
    pub(super) fn at(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::Fixed(moment) => moment,
            Self::Ago(units, unit) => before(now, units, unit).unwrap_or(now),
        }
    }
}

fn relative(text: &str) -> Option<Deadline> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "h" => Unit::Hours,
        "d" => Unit::Days,
        "w" => Unit::Weeks,
        "m" => Unit::Months,
        "y" => Unit::Years,
        _ => return None,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let units: u32 = digits.parse().ok().filter(|_| is_number)?;
    (units < UNITS_MAX).then_some(Deadline::Ago(units, unit))
}

/// So many units earlier, in UTC. A day that its month lacks runs over into the next month.
fn before(now: UnixMillis, units: u32, unit: Unit) -> Option<UnixMillis> {
    let fixed = |hours: i64| {
        now.0
            .checked_sub(hours.checked_mul(3_600_000)?)
            .map(UnixMillis)
    };
    let units_wide = i64::from(units);
    let months = match unit {
        Unit::Hours => return fixed(units_wide),
        Unit::Days => return fixed(units_wide * 24),
        Unit::Weeks => return fixed(units_wide * 24 * 7),
        Unit::Months => units,
        Unit::Years => units * 12,
    };
    let time = DateTime::from_timestamp_millis(now.0)?.naive_utc();
    let first = time
        .date()
        .with_day(1)?
        .checked_sub_months(Months::new(months))?;
    let date = first.checked_add_days(Days::new(u64::from(time.date().day0())))?;
    Some(UnixMillis(
        date.and_time(time.time()).and_utc().timestamp_millis(),
    ))
}

/// The moment a value stands for: a number of milliseconds, or a date in text. A time without an
/// offset is in UTC, as on servers.
pub(super) fn moment(value: &Value) -> Option<UnixMillis> {
    match value {
        Value::Number(number) => {
            let millis = number.as_f64();
            (millis.abs() <= MILLIS_MAX).then_some(UnixMillis(millis as i64))
        }
        Value::String(text) => written(text.trim()),
        _ => None,
    }
}

fn written(text: &str) -> Option<UnixMillis> {
    if let Ok(moment) = UnixMillis::parse(text) {
        return Some(moment);
    }
    let (text, offset) = offset(text);
    let midnight = |date: NaiveDate| date.and_hms_opt(0, 0, 0);
    let time = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .or_else(|| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .and_then(midnight)
    })
    .or_else(|| {
        let full = match text.len() {
            4 => format!("{text}-01-01"),
            7 => format!("{text}-01"),
            _ => return None,
        };
        NaiveDate::parse_from_str(&full, "%Y-%m-%d")
            .ok()
            .and_then(midnight)
    })?;
    let utc = time.checked_sub_signed(offset)?;
    Some(UnixMillis(utc.and_utc().timestamp_millis()))
}

/// A date without what says how far it is from UTC, and how far that is.
fn offset(text: &str) -> (&str, TimeDelta) {
    for name in ["GMT", "UTC", "Z"] {
        if let Some(rest) = text.strip_suffix(name) {
            return (rest.trim_end(), TimeDelta::zero());
        }
    }
    let signed = || {
        // Only after a time: the signs of a date are part of it.
        let colon = text.find(':')?;
        let sign = text.rfind(['+', '-']).filter(|sign| *sign > colon)?;
        let (rest, written) = text.split_at_checked(sign)?;
        let digits = written.replace(':', "");
        let number: i64 = digits.get(1..)?.parse().ok()?;
        let minutes = number / 100 * 60 + number % 100;
        let is_full = digits.len() == 5 && minutes < 24 * 60;
        let minutes = if written.starts_with('-') {
            -minutes
        } else {
            minutes
        };
        is_full.then_some((rest.trim_end(), TimeDelta::try_minutes(minutes)?))
    };
    signed().unwrap_or((text, TimeDelta::zero()))
}
