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

    /// RFC 3339 text in UTC, for messages; beyond what a calendar holds it is the number.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        DateTime::from_timestamp_millis(self.0).map_or_else(
            || self.0.to_string(),
            |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        )
    }
}

/// The text is no RFC 3339 date-time with an offset.
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
