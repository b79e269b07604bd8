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
    let time = local(text).or_else(|| match text.len() {
        4 => local(&format!("{text}-01-01")),
        7 => local(&format!("{text}-01")),
        _ => None,
    })?;
    let utc = time.checked_sub_signed(offset)?;
    Some(UnixMillis(utc.and_utc().timestamp_millis()))
}

/// A date, or a date and a time after a `T` or a space, with seconds and their fraction or without.
///
/// The calendar's own reader of patterns would be five kilobytes of a Worker; what it accepts of
/// these patterns is accepted here, such as single digits and white space before a number.
fn local(text: &str) -> Option<NaiveDateTime> {
    let mut scan = Scan(text);
    let date = scan.date()?;
    if scan.0.is_empty() {
        return date.and_hms_opt(0, 0, 0);
    }
    let clock = scan.0.strip_prefix('T');
    scan.0 = clock.unwrap_or_else(|| scan.0.trim_start());
    let (hour, minute) = (scan.number(2)?, scan.after(':')?.number(2)?);
    let (second, nanos) = match scan.0 {
        "" => (0, 0),
        _ => (scan.after(':')?.number(2)?, scan.fraction()?),
    };
    // A leap second is one that is twice as long.
    let (second, nanos) = match second {
        60 => (59, nanos + 1_000_000_000),
        second => (second, nanos),
    };
    let time = date.and_hms_nano_opt(hour, minute, second, nanos);
    time.filter(|_| scan.0.is_empty())
}

/// What is left of a text that is read from left to right.
struct Scan<'t>(&'t str);

impl Scan<'_> {
    fn date(&mut self) -> Option<NaiveDate> {
        self.0 = self.0.trim_start();
        let (sign, digits_max) = match self.0.as_bytes().first()? {
            b'-' => (-1, usize::MAX),
            b'+' => (1, usize::MAX),
            _ => (1, 4),
        };
        self.0 = self.0.strip_prefix(['-', '+']).unwrap_or(self.0);
        let year = i32::try_from(self.digits(digits_max)?).ok()?;
        let (month, day) = (self.after('-')?.number(2)?, self.after('-')?.number(2)?);
        NaiveDate::from_ymd_opt(year * sign, month, day)
    }

    /// Goes on after the character that must come next.
    fn after(&mut self, character: char) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(character)?;
        Some(self)
    }

    fn number(&mut self, digits_max: usize) -> Option<u32> {
        self.0 = self.0.trim_start();
        self.digits(digits_max)
    }

    fn digits(&mut self, digits_max: usize) -> Option<u32> {
        let is_end = |byte: u8| !byte.is_ascii_digit();
        let end = self.0.bytes().position(is_end).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at_checked(end.min(digits_max))?;
        self.0 = rest;
        digits.parse().ok()
    }

    /// Nanoseconds after a point; more digits than nine say nothing.
    fn fraction(&mut self) -> Option<u32> {
        if self.0.is_empty() {
            return Some(0);
        }
        let before = self.after('.')?.0.len();
        let nanos = self.digits(9)?;
        let n_digits = u32::try_from(before - self.0.len()).ok()?;
        self.0 = self.0.trim_start_matches(|c: char| c.is_ascii_digit());
        Some(nanos * 10_u32.pow(9 - n_digits))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What the calendar reads by patterns.
    fn by_patterns(text: &str) -> Option<NaiveDateTime> {
        let times = [
            "%Y-%m-%dT%H:%M:%S%.f",
            "%Y-%m-%d %H:%M:%S%.f",
            "%Y-%m-%dT%H:%M",
            "%Y-%m-%d %H:%M",
        ];
        let mut read = times
            .iter()
            .map(|form| NaiveDateTime::parse_from_str(text, form));
        read.find_map(Result::ok).or_else(|| {
            let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
            date.and_hms_opt(0, 0, 0)
        })
    }

    #[test]
    fn dates_of_every_form() {
        for text in [
            "2024-02-29",
            "2023-02-29",
            "2024-1-5",
            "02024-01-01",
            "+12024-01-01",
            "-5-01-01",
            "2024-01-01T10:00",
            "2024-01-01 10:00",
            "2024-01-01  9:5",
            "2024-01-0110:00",
            "2024-01-01T10",
            "2024-01-01T",
            "2024-01-01T24:00",
            "2024-01-01T10:60",
            "2024-01-01T10:00:60",
            "2024-01-01T10:00:61",
            "2024-01-01T10:00:00.",
            "2024-01-01T10:00:00.25",
            "2024-01-01T10:00:00.1234567891",
            "2024-01-01T10:00:60.5",
            "2024-01-01T10:00:00x",
            "2024-01-01 T10:00",
            "2024-01-01T 10: 00",
            " 2024-01-01",
            "2024 -01-01",
            "2024- 01- 01",
            "99999999999-01-01",
            "",
            "-",
            "T10:00",
            "2024-01",
        ] {
            assert_eq!(local(text), by_patterns(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_read_as_by_patterns(
            date in "[ +-]?[0-9]{1,5}-[0-9 ]{1,3}-[0-9 ]{1,3}",
            clock in "([T ]{0,2}[0-9 ]{1,3}(:[0-9 ]{1,3}(:[0-9]{1,3}([.][0-9]{0,11})?)?)?)?",
        ) {
            let text = date + &clock;
            prop_assert_eq!(local(&text), by_patterns(&text), "{:?}", text);
        }
    }
}
