//! SQLite of a Durable Object: statements whose rows cross into wasm as one text, and transactions.
//!
//! Each crossing between wasm and JavaScript costs about as much as SQLite needs for a row. So
//! lists go in as one JSON parameter, read by `json_each`, and come out as one
//! `json_group_array`: the cost of a statement does not depend on crossings.

use std::cell::RefCell;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use worker::durable::Storage;
use worker::js_sys::{Function, Reflect};
use worker::wasm_bindgen::closure::Closure;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Error, Result, SqlStorage, SqlStorageValue};

/// Runs statements that return no rows.
pub(crate) fn run(sql: &SqlStorage, statement: &str, values: Vec<SqlStorageValue>) -> Result<()> {
    sql.exec(statement, values).map(drop)
}

/// The first column of the only row, as text.
pub(crate) fn text(
    sql: &SqlStorage,
    statement: &str,
    values: Vec<SqlStorageValue>,
) -> Result<String> {
    let row = sql.exec(statement, values)?.raw().next();
    match row.transpose()?.and_then(|row| row.into_iter().next()) {
        Some(SqlStorageValue::String(text)) => Ok(text),
        other => Err(Error::RustError(format!(
            "no text but {other:?} from {statement}"
        ))),
    }
}

/// The rows that a `json_group_array` gathers: few in number, because text is at most 2 MB.
pub(crate) fn gathered<T: DeserializeOwned>(
    sql: &SqlStorage,
    statement: &str,
    values: Vec<SqlStorageValue>,
) -> Result<Vec<T>> {
    Ok(serde_json::from_str(&text(sql, statement, values)?)?)
}

/// Rows of one `json_array` each: any number, at a crossing a row.
pub(crate) fn rows<T: DeserializeOwned>(sql: &SqlStorage, statement: &str) -> Result<Vec<T>> {
    let rows = sql.exec(statement, vec![])?.raw();
    rows.map(|row| match row?.into_iter().next() {
        Some(SqlStorageValue::String(text)) => Ok(serde_json::from_str(&text)?),
        other => Err(Error::RustError(format!(
            "no text but {other:?} from {statement}"
        ))),
    })
    .collect()
}

/// Runs `body` in one transaction: all of its statements take effect, or none when it fails.
///
/// Statements without an `await` between them share an implicit transaction anyway, but one that a
/// caught error would commit in part.
pub(crate) fn transaction(
    storage: &Storage,
    body: impl FnOnce(&SqlStorage) -> Result<()> + 'static,
) -> Result<()> {
    let failure = Rc::new(RefCell::new(None));
    let raised = Rc::clone(&failure);
    let sql = storage.sql();
    let body = Closure::once(move || -> std::result::Result<JsValue, JsValue> {
        body(&sql).map(|()| JsValue::UNDEFINED).map_err(|error| {
            let thrown = JsValue::from_str("rolled back");
            *raised.borrow_mut() = Some(error);
            thrown
        })
    });
    let raw: &JsValue = storage.as_raw();
    let transaction: Function = Reflect::get(raw, &"transactionSync".into())?.dyn_into()?;
    let outcome = transaction.call1(raw, body.as_ref());
    match (failure.borrow_mut().take(), outcome) {
        (Some(error), _) => Err(error),
        (None, outcome) => outcome.map(drop).map_err(Error::from),
    }
}
