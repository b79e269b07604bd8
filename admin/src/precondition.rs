//! Optimistic concurrency: entity tags, and what `If-Match` and `If-None-Match` ask for.

use crate::fault::{Fault, FaultKind, Result};
use http::{HeaderMap, header};

/// The entity tag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"v{version}\"")
}

/// The entity tag of an environment's publications: the number of the last one, 0 when none.
pub(crate) fn publication_etag(number: u64) -> String {
    format!("\"p{number}\"")
}

/// What a `PUT` is allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// `If-None-Match: *`: there is nothing yet.
    Create,
    /// `If-Match`: this is there.
    Replace,
}

/// What the headers of a `PUT` allow, given the present version.
///
/// # Errors
/// `PreconditionRequired` without either header; `PreconditionFailed` when the state differs.
pub(crate) fn intent(headers: &HeaderMap, present: Option<u64>) -> Result<Intent> {
    if text(headers, &header::IF_NONE_MATCH).is_some_and(|value| value.trim() == "*") {
        return match present {
            None => Ok(Intent::Create),
            Some(version) => Err(failed("it exists already", &etag(version))),
        };
    }
    match present {
        Some(version) => require(headers, &etag(version)).map(|()| Intent::Replace),
        None if headers.contains_key(header::IF_MATCH) => Err(Fault::new(
            FaultKind::PreconditionFailed,
            "it does not exist",
        )),
        None => Err(required("send If-None-Match: * to create it")),
    }
}

/// Requires `If-Match` to name the present entity tag. A `*` does not: it would let a request
/// overwrite what its author never saw.
///
/// # Errors
/// `PreconditionRequired` without the header; `PreconditionFailed` when it names another.
pub(crate) fn require(headers: &HeaderMap, present: &str) -> Result<()> {
    let Some(value) = text(headers, &header::IF_MATCH) else {
        return Err(required("send If-Match with the ETag that you have read"));
    };
    if value.split(',').any(|tag| tag.trim() == present) {
        return Ok(());
    }
    Err(failed(&format!("it is at {present} now"), present))
}

/// Whether `If-None-Match` of a `GET` names the present entity tag.
pub(crate) fn not_modified(headers: &HeaderMap, present: &str) -> bool {
    text(headers, &header::IF_NONE_MATCH).is_some_and(|value| {
        value
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == present)
    })
}

fn text<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn required(detail: &str) -> Fault {
    Fault::new(FaultKind::PreconditionRequired, detail)
}

fn failed(detail: &str, present: &str) -> Fault {
    Fault::new(FaultKind::PreconditionFailed, detail).with_header(header::ETAG, present)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        pairs.iter().map(pair).collect::<HeaderMap>()
    }

    #[track_caller]
    fn check(
        pairs: &[(&str, &str)],
        present: Option<u64>,
        expected: std::result::Result<Intent, u16>,
    ) {
        let outcome = intent(&headers(pairs), present).map_err(|fault| fault.problem().status);
        assert_eq!(outcome, expected, "{pairs:?} {present:?}");
    }

    #[test]
    fn a_put_must_say_what_it_expects() {
        check(&[], None, Err(428));
        check(&[], Some(3), Err(428));
        check(&[("if-none-match", "*")], None, Ok(Intent::Create));
        check(&[("if-none-match", "*")], Some(3), Err(412));
        check(&[("if-match", "\"v3\"")], Some(3), Ok(Intent::Replace));
        check(
            &[("if-match", "\"v1\", \"v3\"")],
            Some(3),
            Ok(Intent::Replace),
        );
        check(&[("if-match", "\"v2\"")], Some(3), Err(412));
        check(&[("if-match", "v3")], Some(3), Err(412));
        check(&[("if-match", "*")], Some(3), Err(412));
        check(&[("if-match", "\"v3\"")], None, Err(412));
    }

    #[test]
    fn a_get_may_be_answered_from_the_reader_s_cache() {
        let check = |value: &str, expected| {
            let headers = headers(&[("if-none-match", value)]);
            assert_eq!(not_modified(&headers, "\"v3\""), expected, "{value}");
        };
        check("\"v3\"", true);
        check("W/\"v3\"", true);
        check("\"v1\", \"v3\"", true);
        check("\"v4\"", false);
    }
}
