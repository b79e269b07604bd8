//! `Server-Timing` toward the browser: which revision answered, how old the ruleset was, how long
//! the origin took. Never the time of evaluation: clocks stand still while a Worker computes.

/// What a `Server-Timing` header of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    /// The publication that answered; `None` when there was no ruleset.
    pub(crate) publication: Option<u64>,
    /// The ruleset's age since it was last confirmed.
    pub(crate) ruleset_age_ms: Option<i64>,
    /// From asking the origin to its response head.
    pub(crate) origin_ms: Option<i64>,
}

impl Timing {
    /// The header's value, such as `bandera;desc="7", bandera-age;dur=1200, origin;dur=35`.
    #[must_use]
    pub(crate) fn header(self) -> String {
        let revision = match self.publication {
            Some(publication) => format!("bandera;desc=\"{publication}\""),
            None => "bandera;desc=\"not ready\"".to_owned(),
        };
        let age = self
            .ruleset_age_ms
            .map(|ms| format!("bandera-age;dur={ms}"));
        let origin = self.origin_ms.map(|ms| format!("origin;dur={ms}"));
        [Some(revision), age, origin]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_known() {
        let full = Timing {
            publication: Some(7),
            ruleset_age_ms: Some(1_200),
            origin_ms: Some(35),
        };
        assert_eq!(
            full.header(),
            r#"bandera;desc="7", bandera-age;dur=1200, origin;dur=35"#
        );
        let none = Timing {
            publication: None,
            ruleset_age_ms: None,
            origin_ms: Some(3),
        };
        assert_eq!(none.header(), r#"bandera;desc="not ready", origin;dur=3"#);
    }
}
