//! SQLite of a Durable Object: statements whose rows cross into wasm as one text, and transactions.
//!
//! Each crossing between wasm and JavaScript costs about as much as SQLite needs for a row. So
//! lists that every commit needs go in as one JSON parameter, read by `json_each`, and come out as
//! one `json_group_array`: the cost of a statement does not depend on crossings.

use bandera_shared::wire::tree;
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

/// One row; its values are taken from the first column on.
pub(crate) struct Row(std::vec::IntoIter<SqlStorageValue>);

impl Row {
    /// The next column, as text.
    pub(crate) fn text(&mut self) -> Result<String> {
        match self.0.next() {
            Some(SqlStorageValue::String(text)) => Ok(text),
            other => Err(unexpected("text", other.as_ref())),
        }
    }

    /// The next column, as a whole number that is not negative.
    pub(crate) fn number(&mut self) -> Result<u64> {
        match self.0.next() {
            Some(SqlStorageValue::Integer(number)) => Ok(number.max(0).unsigned_abs()),
            other => Err(unexpected("number", other.as_ref())),
        }
    }

    /// The next column, as bytes.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.0.next() {
            Some(SqlStorageValue::Blob(bytes)) => Ok(bytes),
            other => Err(unexpected("bytes", other.as_ref())),
        }
    }
}

fn unexpected(wanted: &str, found: Option<&SqlStorageValue>) -> Error {
    let found = match found {
        None => "nothing",
        Some(SqlStorageValue::Null) => "null",
        Some(_) => "another type",
    };
    Error::RustError(format!("a stored {wanted} is {found}"))
}

/// Rows, one crossing each.
pub(crate) fn rows(
    sql: &SqlStorage,
    statement: &str,
    values: Vec<SqlStorageValue>,
) -> Result<impl Iterator<Item = Result<Row>>> {
    let rows = sql.exec(statement, values)?.raw();
    Ok(rows.map(|row| row.map(|columns| Row(columns.into_iter()))))
}

/// The first row, if there is one.
pub(crate) fn first(
    sql: &SqlStorage,
    statement: &str,
    values: Vec<SqlStorageValue>,
) -> Result<Option<Row>> {
    rows(sql, statement, values)?.next().transpose()
}

/// The rows that a `json_group_array` gathers: few in number, because text is at most 2 MB.
pub(crate) fn gathered<T: DeserializeOwned>(
    sql: &SqlStorage,
    statement: &str,
    values: Vec<SqlStorageValue>,
) -> Result<Vec<T>> {
    let row = first(sql, statement, values)?;
    let text = row.map_or_else(|| Ok("[]".to_owned()), |mut row| row.text())?;
    tree::from_str(&text).map_err(|error| Error::RustError(error.to_string()))
}

/// Runs the migrations that the store has not seen, in order and in one transaction.
///
/// A migration never changes once it is released, and only adds: the code of the release before
/// must go on with what it leaves, so that a Worker can be rolled back. The first one of an object
/// makes its tables where they are absent, because stores from before migrations were counted have
/// them already.
pub(crate) fn migrate(storage: &Storage, migrations: &'static [&'static str]) -> Result<()> {
    let sql = storage.sql();
    run(&sql, SCHEMA, vec![])?;
    let seen = "SELECT coalesce(max(version), 0) FROM schema_version";
    let seen = first(&sql, seen, vec![])?.map_or(Ok(0), |mut row| row.number())?;
    let mut due = unseen(migrations, seen).peekable();
    if due.peek().is_none() {
        return Ok(());
    }
    transaction(storage, move |sql| {
        due.try_for_each(|(version, migration)| {
            run(sql, migration, vec![])?;
            let version = vec![(version as f64).into()];
            run(sql, "INSERT INTO schema_version VALUES (?1)", version)
        })
    })
}

/// Numbers of the migrations that a store has seen.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)";

/// Migrations after number `seen`, with their numbers; the first one is number 1.
fn unseen(
    migrations: &'static [&'static str],
    seen: u64,
) -> impl Iterator<Item = (u64, &'static str)> {
    (1..).zip(migrations.iter().copied()).skip(seen as usize)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_migration_is_due_once_and_in_order() {
        let check = |seen, expected: &[(u64, &str)]| {
            let due: Vec<_> = unseen(&["a", "b", "c"], seen).collect();
            assert_eq!(due, expected, "{seen}");
        };
        check(0, &[(1, "a"), (2, "b"), (3, "c")]);
        check(2, &[(3, "c")]);
        check(3, &[]);
        // A store that a later release has migrated.
        check(4, &[]);
    }
}
