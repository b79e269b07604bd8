//! The origin admin Worker: the source of truth, publishing, audit, and the dashboard.
//!
//! Reading order: `api` declares the operations; `auth` guards them; `drafting` changes
//! documents; `ruleset` and `publishing` turn documents into what edges read, with the very
//! code of `bandera-shared`; `delivery` brings it to them; `store` is the database.
//!
//! Invariants: no operation without a role; every write is one transaction together with its audit
//! entry; versions and publication numbers only rise; published bytes never change.

mod api;
mod app;
mod auth;
mod delivery;
mod diagnostics;
mod diff;
mod drafting;
mod entry;
mod extract;
mod fault;
mod kinds;
mod limits;
mod objects;
mod paging;
mod precondition;
mod publishing;
mod ruleset;
mod store;

/// The OpenAPI document as JSON text, for those who make types of it without running the Worker.
///
/// # Returns
/// Pretty-printed JSON with a newline at its end.
#[must_use]
pub fn openapi_json() -> String {
    // The document consists of plain data, which always has a JSON form.
    let text = serde_json::to_string_pretty(&api::document()).unwrap_or_default();
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checked_in_document_is_the_generated_one() {
        let checked_in = include_str!("../openapi.json");
        assert!(super::openapi_json() == checked_in, "run `npm run types`");
    }
}
