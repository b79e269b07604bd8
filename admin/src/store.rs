//! The database: prepared statements in, typed rows out.
//!
//! Whatever belongs together is written in one batch, which D1 runs as one transaction. Two
//! writers of the same version collide on a primary key, and the later one is refused.

pub(crate) mod audit;
pub(crate) mod documents;
pub(crate) mod environments;
pub(crate) mod publications;
pub(crate) mod tokens;

use crate::fault::{Fault, FaultKind, Result};
use serde::de::DeserializeOwned;
use worker::wasm_bindgen::JsValue;
use worker::{D1Database, D1PreparedStatement, D1Result};

/// A value bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bind<'a> {
    /// Text.
    Text(&'a str),
    /// Text or nothing.
    OptionalText(Option<&'a str>),
    /// A whole number below 2^53.
    Number(u64),
    /// A whole number below 2^53, or nothing.
    OptionalNumber(Option<u64>),
}

impl From<Bind<'_>> for JsValue {
    fn from(bind: Bind<'_>) -> Self {
        match bind {
            Bind::Text(text) | Bind::OptionalText(Some(text)) => Self::from_str(text),
            // Versions, publication numbers and milliseconds stay far below 2^53.
            Bind::Number(number) | Bind::OptionalNumber(Some(number)) => {
                Self::from_f64(number as f64)
            }
            Bind::OptionalText(None) | Bind::OptionalNumber(None) => Self::NULL,
        }
    }
}

/// The database of one invocation.
pub(crate) struct Store {
    db: D1Database,
}

impl Store {
    /// The database behind a binding.
    pub(crate) fn new(db: D1Database) -> Self {
        Self { db }
    }

    /// A statement ready to run or to join a batch.
    pub(crate) fn statement(&self, sql: &str, binds: &[Bind<'_>]) -> Result<D1PreparedStatement> {
        let values: Vec<JsValue> = binds.iter().map(|bind| (*bind).into()).collect();
        Ok(self.db.prepare(sql).bind(&values)?)
    }

    /// All rows.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        sql: &str,
        binds: &[Bind<'_>],
    ) -> Result<Vec<T>> {
        Ok(self.statement(sql, binds)?.all().await?.results()?)
    }

    /// The first row.
    pub(crate) async fn first<T: DeserializeOwned>(
        &self,
        sql: &str,
        binds: &[Bind<'_>],
    ) -> Result<Option<T>> {
        Ok(self.statement(sql, binds)?.first(None).await?)
    }

    /// Runs the statements as one transaction.
    ///
    /// # Returns
    /// The number of rows that each has changed.
    /// # Errors
    /// `PreconditionFailed` when a version was written by somebody else meanwhile.
    pub(crate) async fn commit(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<usize>> {
        match self.db.batch(statements).await {
            Ok(results) => results.iter().map(changed).collect(),
            Err(error) if is_collision(&error.to_string()) => Err(Fault::new(
                FaultKind::PreconditionFailed,
                "another request changed it at the same time; read it again",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

fn changed(result: &D1Result) -> Result<usize> {
    Ok(result
        .meta()?
        .and_then(|meta| meta.changes)
        .unwrap_or_default())
}

/// Whether a unique or primary key refused the transaction.
fn is_collision(message: &str) -> bool {
    message.contains("UNIQUE constraint failed") || message.contains("SQLITE_CONSTRAINT_PRIMARYKEY")
}
