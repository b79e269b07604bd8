//! Moments on the time line, always passed in, never read from a clock.

use chrono::{DateTime, SecondsFormat};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The moment named by RFC 3339 text with an offset, such as `2026-03-01T09:00:00+01:00`.
    ///
    /// # Errors
    /// `InvalidTime` when the text is no RFC 3339 date-time, or names no offset.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.timestamp_millis()))
            .map_err(|_| InvalidTime)
    }

    /// The moment named by ISO 8601 text of calendar dates: a date, alone or with a time of day
    /// behind `T` or a space, down to minutes or further, with an offset (`Z`, `+01:00`, `+0100`,
    /// `+01`) or none. What is not written is at its least: `2026-03` is the first moment of March
    /// in UTC.
    ///
    /// # Errors
    /// `InvalidTime` when the text is nothing of that.
    pub fn parse_iso(text: &str) -> Result<Self, InvalidTime> {
        // Most are written in full.
        Self::parse(text).or_else(|_| Self::parse(&in_full(text).ok_or(InvalidTime)?))
    }

    /// RFC 3339 text in UTC, for messages; beyond what a calendar holds it is the number.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0).map_or_else(
            || self.0.to_string(),
            |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        )
    }
}

/// RFC 3339 text of the moment that shorter ISO 8601 text names, if it names one.
///
/// The calendar's own readers of patterns would be kilobytes of a Worker.
fn in_full(text: &str) -> Option<String> {
    const LONGEST: usize = "2026-03-01T09:00:00.123456789+01:00".len();
    let (date, rest) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let offset = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at_checked(offset)?;
    if text.len() > LONGEST {
        return None;
    }
    let date_rest = match date.len() {
        4 => "-01-01",
        7 => "-01",
        _ => "",
    };
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    let (hours, minutes) = match offset.len() {
        0 => ("Z", ""),
        3 => (offset, ":00"),
        5 => offset.split_at_checked(3)?,
        _ => (offset, ""),
    };
    let colon = if minutes.len() == 2 { ":" } else { "" };
    Some([date, date_rest, "T", clock, seconds, hours, colon, minutes].concat())
}

/// The text is no date-time of the form that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTime;

/// From `start` (included) to `end` (excluded); either may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// First moment inside; `None` means since ever.
    pub start: Option<UnixMillis>,
    /// First moment after; `None` means for ever.
    pub end: Option<UnixMillis>,
}

impl Window {
    /// Whether the moment lies inside.
    #[must_use]
    pub fn contains(&self, at: UnixMillis) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_offsets_and_refuses_local_times() {
        let check = |text, expected: Option<i64>| {
            assert_eq!(
                UnixMillis::parse(text).ok(),
                expected.map(UnixMillis),
                "{text}"
            );
        };
        check("1970-01-01T00:00:01Z", Some(1_000));
        check("1970-01-01T01:00:00.250+01:00", Some(250));
        check("1970-01-01T00:00:01", None);
        check("yesterday", None);
    }

    #[test]
    fn shorter_iso_text_names_its_first_moment_in_utc() {
        let check = |text: &str, full: Option<&str>| {
            let full = full.map(|full| UnixMillis::parse(full).unwrap());
            assert_eq!(UnixMillis::parse_iso(text).ok(), full, "{text}");
        };
        check("2026", Some("2026-01-01T00:00:00Z"));
        check("2026-03", Some("2026-03-01T00:00:00Z"));
        check("2026-03-05", Some("2026-03-05T00:00:00Z"));
        check("2026-03-05T09:30", Some("2026-03-05T09:30:00Z"));
        check("2026-03-05 09:30:15", Some("2026-03-05T09:30:15Z"));
        check("2026-03-05T09:30:15.25", Some("2026-03-05T09:30:15.25Z"));
        check("2026-03-05T09:30Z", Some("2026-03-05T09:30:00Z"));
        check("2026-03-05T09:30:15+0530", Some("2026-03-05T04:00:15Z"));
        check("2026-03-05T09:30-03", Some("2026-03-05T12:30:00Z"));
        check("2026-03-05T09:30+05:30", Some("2026-03-05T04:00:00Z"));
        for no_moment in [
            "",
            "T",
            "20",
            "2026-13",
            "2026-02-30",
            "2026-3-5",
            "2026-03-05T",
            "2026-03-05T9:30",
            "2026-03-05T24:30",
            "2026-03-05T09",
            "2026-03-05T09:30+5",
            "2026-03-05T09:30+05:",
            "2026-03-05T09:30+05:3",
            "2026-03-05Z",
            "2026-03-05+01:00",
            "2026-W10",
            "1772703000",
            "soon",
            "ñ26-03-05T09:30é",
            "2026-03-05T09:30:00é01",
        ] {
            check(no_moment, None);
        }
    }

    #[test]
    fn a_window_includes_its_start_and_excludes_its_end() {
        let window = Window {
            start: Some(UnixMillis(10)),
            end: Some(UnixMillis(20)),
        };
        let inside: Vec<i64> = [9, 10, 19, 20]
            .into_iter()
            .filter(|t| window.contains(UnixMillis(*t)))
            .collect();
        assert_eq!(inside, [10, 19]);
        assert!(Window::default().contains(UnixMillis(i64::MIN)));
    }
}
