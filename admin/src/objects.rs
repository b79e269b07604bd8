//! Asking the edge's Durable Objects.

use crate::app::App;
use crate::fault::{Fault, FaultKind, Result};
use crate::limits::{OBJECT_PAUSE_MS, OBJECT_TRIES_MAX};
use bandera_platform::{Answer, ask_object};
use std::fmt::Display;
use std::time::Duration;
use worker::Delay;

/// Binding of the coordinators.
pub(crate) const COORDINATOR: &str = "COORDINATOR";
/// Binding of the ledgers.
pub(crate) const LEDGER: &str = "LEDGER";
/// Binding of the keepers of dead letters.
pub(crate) const DEAD_LETTERS: &str = "DEAD_LETTERS";

/// An object, and what it is called in answers to people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'o> {
    /// Its binding.
    pub(crate) binding: &'static str,
    /// Its name, from [`bandera_shared::names`].
    pub(crate) name: &'o str,
    /// Such as `the bandit's coordinator`.
    pub(crate) title: &'static str,
}

impl Object<'_> {
    /// What the object answers to a command that may be given twice; `None` when it answers that
    /// there is nothing.
    ///
    /// An object that moves or wakes up may refuse a call, so it is asked again.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer, or not with what `read` understands.
    pub(crate) async fn ask<T, E: Display>(
        &self,
        app: &App,
        command: &str,
        read: impl Fn(&str) -> std::result::Result<T, E>,
    ) -> Result<Option<T>> {
        let Self { binding, name, .. } = self;
        for attempt in 1..=OBJECT_TRIES_MAX {
            let refusal = match ask_object(app.env(), binding, name, command).await {
                Ok(Answer { status: 404, .. }) => return Ok(None),
                Ok(Answer { status: 200, text }) => match read(&text) {
                    Ok(answer) => return Ok(Some(answer)),
                    Err(error) => error.to_string(),
                },
                Ok(Answer { status, text }) => format!("status {status}: {text}"),
                Err(error) => error.to_string(),
            };
            worker::console_warn!("{name}, attempt {attempt}: {refusal}");
            if attempt < OBJECT_TRIES_MAX {
                Delay::from(Duration::from_millis(OBJECT_PAUSE_MS)).await;
            }
        }
        Err(self.silent())
    }

    /// The object cannot be had now.
    pub(crate) fn silent(&self) -> Fault {
        let detail = format!("{} does not answer", self.title);
        Fault::new(FaultKind::Unavailable, detail)
    }
}
