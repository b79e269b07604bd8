//! Pages and their cursors.
//!
//! A cursor holds the key of the last item seen, so that items which come and go meanwhile shift
//! nothing. It is opaque: its form may change.

use crate::fault::{Fault, FaultKind, Result};
use crate::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// In the order of the list.
    pub(crate) items: Vec<T>,
    /// Send it as `cursor` to get what follows; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl<T> Page<T> {
    /// A page of at most `limit` items, made from one item more where there is one.
    pub(crate) fn new<R>(
        mut rows: Vec<R>,
        limit: u32,
        position: impl Fn(&R) -> String,
        item: impl Fn(R) -> Result<T>,
    ) -> Result<Self> {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| encode(&position(row)));
        Ok(Self {
            items: rows.into_iter().map(item).collect::<Result<_>>()?,
            next,
        })
    }
}

/// How many items a request asks for.
///
/// # Errors
/// `InvalidParameter` outside `1..=PAGE_ITEMS_MAX`.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32> {
    match asked.unwrap_or(PAGE_ITEMS_DEFAULT) {
        limit if (1..=PAGE_ITEMS_MAX).contains(&limit) => Ok(limit),
        _ => Err(invalid(&format!(
            "limit is a number from 1 to {PAGE_ITEMS_MAX}"
        ))),
    }
}

/// The text position that a cursor holds; empty without one, which is before every key.
///
/// # Errors
/// `InvalidParameter` when it is not a cursor of ours.
pub(crate) fn position(cursor: Option<&str>) -> Result<String> {
    let Some(cursor) = cursor else {
        return Ok(String::new());
    };
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_| invalid("cursor is not one of ours"))?;
    String::from_utf8(bytes).map_err(|_| invalid("cursor is not one of ours"))
}

/// The number that a cursor holds; `None` without one.
///
/// # Errors
/// `InvalidParameter` when it is not a cursor of ours.
pub(crate) fn number(cursor: Option<&str>) -> Result<Option<u64>> {
    let Some(_) = cursor else { return Ok(None) };
    let number = position(cursor)?
        .parse()
        .map_err(|_| invalid("cursor is not one of ours"))?;
    Ok(Some(number))
}

fn encode(position: &str) -> String {
    URL_SAFE_NO_PAD.encode(position)
}

fn invalid(detail: &str) -> Fault {
    Fault::new(FaultKind::InvalidParameter, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_at_and_one_past() {
        assert_eq!(limit(None).ok(), Some(PAGE_ITEMS_DEFAULT));
        assert_eq!(limit(Some(1)).ok(), Some(1));
        assert_eq!(limit(Some(PAGE_ITEMS_MAX)).ok(), Some(PAGE_ITEMS_MAX));
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(PAGE_ITEMS_MAX + 1)).is_err());
    }

    #[test]
    fn a_cursor_leads_to_what_follows_and_the_last_page_has_none() {
        let page = |rows: Vec<&str>| {
            Page::new(rows, 2, |row| (*row).to_owned(), |row| Ok(row.to_owned())).unwrap()
        };
        let first = page(vec!["a", "b", "c"]);
        assert_eq!(first.items, ["a", "b"]);
        assert_eq!(position(first.next.as_deref()).unwrap(), "b");
        assert_eq!(page(vec!["a", "b"]).next, None);
        assert_eq!(page(vec![]).next, None);
    }

    #[test]
    fn foreign_cursors_are_refused() {
        assert_eq!(number(Some(&encode("42"))).unwrap(), Some(42));
        assert_eq!(number(None).unwrap(), None);
        assert!(number(Some(&encode("b"))).is_err());
        assert!(position(Some("not base64!")).is_err());
        assert!(position(Some(&URL_SAFE_NO_PAD.encode([0xFF]))).is_err());
    }
}
