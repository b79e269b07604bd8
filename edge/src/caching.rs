//! Cache correctness: no answer made for one subject may reach another through a cache.
//!
//! Three caches are between the origin and the reader. Between the Worker and the origin
//! ([`crate::settings::OriginCache`]): bypassed, unless the origin is told nothing of the subject.
//! Shared caches toward the reader: kept out by `private`. The reader's own: it may keep a page,
//! but asks again each time (`no-cache`), because variants change; and it can never get a
//! `304 Not Modified` for a page whose edits differ, because validators do not pass in either
//! direction where the edge may have changed the body.

use bandera_platform::HeaderChanges;

/// Conditional and partial requests, whose answers would be about the origin's body and not ours.
const CONDITIONS: [&str; 6] = [
    "if-none-match",
    "if-modified-since",
    "if-match",
    "if-unmodified-since",
    "if-range",
    "range",
];
/// What describes the origin's bytes and not ours.
const DESCRIPTIONS: [&str; 8] = [
    "etag",
    "last-modified",
    "accept-ranges",
    "content-length",
    "content-md5",
    "digest",
    "content-digest",
    "repr-digest",
];
/// What speaks to caches that `Cache-Control: private` does not reach.
const CACHE_ORDERS: [&str; 6] = [
    "cdn-cache-control",
    "cloudflare-cdn-cache-control",
    "surrogate-control",
    "surrogate-key",
    "expires",
    "age",
];

/// Whether the body that the reader gets may differ from the origin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// The edge may edit it, or the path asked for is not the reader's.
    MayDiffer,
    /// It is the origin's.
    Same,
}

/// Drops conditions from a request whose answer may be edited.
pub(crate) fn toward_origin(bodies: Bodies, changes: &mut HeaderChanges) {
    if bodies == Bodies::MayDiffer {
        for name in CONDITIONS {
            changes.remove(name);
        }
    }
}

/// Makes a varied answer private, and drops what no longer describes its body.
///
/// `origin_order` is the origin's `Cache-Control`; its `no-store` and `no-transform` stay.
pub(crate) fn toward_browser(
    bodies: Bodies,
    origin_order: Option<&str>,
    changes: &mut HeaderChanges,
) {
    changes.set("cache-control", private(origin_order));
    for name in CACHE_ORDERS {
        changes.remove(name);
    }
    if bodies == Bodies::MayDiffer {
        for name in DESCRIPTIONS {
            changes.remove(name);
        }
    }
}

/// `private, no-cache`, with the origin's stricter wishes kept.
fn private(origin_order: Option<&str>) -> String {
    let wishes = |name: &str| {
        origin_order
            .unwrap_or_default()
            .split(',')
            .any(|directive| directive.trim().eq_ignore_ascii_case(name))
    };
    let mut order = "private, no-cache".to_owned();
    for name in ["no-store", "no-transform", "must-revalidate"] {
        if wishes(name) {
            order.push_str(", ");
            order.push_str(name);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_pass_only_where_the_body_is_the_origins() {
        let removed = |bodies| {
            let mut changes = HeaderChanges::default();
            toward_origin(bodies, &mut changes);
            changes.remove
        };
        assert!(removed(Bodies::MayDiffer).contains(&"if-none-match".to_owned()));
        assert!(removed(Bodies::MayDiffer).contains(&"range".to_owned()));
        assert!(removed(Bodies::Same).is_empty());
    }

    #[test]
    fn varied_answers_are_private() {
        let order = |origin| {
            let mut changes = HeaderChanges::default();
            toward_browser(Bodies::Same, origin, &mut changes);
            assert!(changes.remove.contains(&"cdn-cache-control".to_owned()));
            assert!(!changes.remove.contains(&"etag".to_owned()));
            changes.set.remove(0).1
        };
        assert_eq!(order(None), "private, no-cache");
        assert_eq!(
            order(Some("public, s-maxage=600, max-age=60")),
            "private, no-cache"
        );
        assert_eq!(order(Some("No-Store")), "private, no-cache, no-store");
        assert_eq!(
            order(Some("max-age=1, no-transform ,must-revalidate")),
            "private, no-cache, no-transform, must-revalidate"
        );
    }

    #[test]
    fn edited_answers_lose_what_describes_the_origins_bytes() {
        let mut changes = HeaderChanges::default();
        toward_browser(Bodies::MayDiffer, None, &mut changes);
        for name in ["etag", "last-modified", "content-length", "accept-ranges"] {
            assert!(changes.remove.contains(&name.to_owned()), "{name}");
        }
    }
}
