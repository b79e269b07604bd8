//! The `Ledger` Durable Object: one shard's counts, durable before they are acknowledged.
//!
//! Requests that arrive together share one commit: each hands in its batch, one commit applies
//! them all, and each gets its own outcomes; where that fails, each gets a commit of its own. A
//! commit is: read the rows that the batches name, apply (pure, in [`bandera_shared::ledger`]),
//! write in one transaction. The runtime holds back every answer until what was written before it
//! is on disk, so *acknowledged means committed*.
//!
//! An alarm sends cumulative states to the coordinators of the bandits that changed. What cannot
//! be sent stays due; what is sent twice changes nothing.

#![allow(
    missing_docs,
    reason = "the runtime's macro adds methods without documentation"
)]

mod rows;
mod store;
mod turn;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bandera_platform::{environment, tell_object};
use bandera_shared::ledger::{
    Batch, Change, CoordinatorCommand, ITEMS_PER_BATCH_MAX, LedgerCommand, Memory, Outcome,
    ShardTotals, apply, reset, wire,
};
use bandera_shared::sorted::Sorted;
use bandera_shared::{UnixMillis, names};
use futures_channel::oneshot;
use worker::{
    Date, Delay, DurableObject, Env, Request, Response, Result, SqlStorage, State, console_error,
    durable_object,
};

use crate::{coordinator, sql};
use rows::{Rows, Statements};
use turn::Turns;

/// A bandit under one reward definition.
type Learner = (Box<str>, u64);
/// Sequence number of each learner that its coordinator has acknowledged.
type Sent = Sorted<Learner, u64>;

/// How long after a failed send the next attempt is made.
const RESEND_MS: i64 = 5_000;
/// The longest time that counts wait in the shard before the coordinator hears of them.
const SEND_MS_MAX: u64 = 60_000;

/// What the store holds, as far as it is kept in memory.
struct Shard {
    memory: Memory,
    sent: Sent,
    rows: Rows,
}

impl Shard {
    fn load(sql: &SqlStorage) -> Result<Self> {
        let (memory, sent) = store::load(sql)?;
        Ok(Self {
            memory,
            sent,
            rows: Rows::load(sql)?,
        })
    }
}

/// A batch that waits for the next commit, and whom to tell.
struct Waiting {
    batch: Batch,
    answer: oneshot::Sender<std::result::Result<Vec<Outcome>, String>>,
}

/// What the object keeps between requests.
#[derive(Default)]
struct Desk {
    /// `None` until first needed, and after any failure: then the store is read again.
    memory: RefCell<Option<Shard>>,
    waiting: RefCell<Vec<Waiting>>,
    turns: Turns,
    /// When the alarm is set for, as far as this instance knows.
    alarm_at_ms: Cell<Option<i64>>,
}

/// One shard of the counts.
#[durable_object(alarm)]
pub struct Ledger {
    inner: Rc<Inner>,
}

struct Inner {
    state: State,
    env: Env,
    desk: Desk,
}

impl DurableObject for Ledger {
    fn new(state: State, env: Env) -> Self {
        if let Err(error) = store::prepare(&state.storage()) {
            // Every later statement fails with a clear message of its own.
            console_error!("ledger: tables: {error}");
        }
        Self {
            inner: Rc::new(Inner {
                state,
                env,
                desk: Desk::default(),
            }),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        match wire::parse_ledger_command(&body) {
            Err(fault) => Response::error(fault.to_string(), 400),
            Ok(LedgerCommand::Commit { shard, batch }) => match self.commit(shard, batch).await {
                Ok(outcomes) => Response::ok(wire::print_outcomes(&outcomes)),
                Err(fault) => {
                    console_error!("ledger: commit: {fault}");
                    Response::error("the batch was not committed", 500)
                }
            },
            Ok(LedgerCommand::Totals) => Response::ok(wire::print_totals(&self.inner.totals()?)),
            Ok(LedgerCommand::Reset { bandit, action, at }) => {
                let outcome = self.inner.reset(&bandit, &action, at)?;
                self.inner.set_alarm_when_due().await?;
                Response::ok(wire::print_outcomes(&[outcome]))
            }
            Ok(LedgerCommand::Flush) => {
                self.inner.send_due().await?;
                Response::ok("")
            }
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.inner.desk.alarm_at_ms.set(None);
        self.inner.send_due().await?;
        Response::ok("")
    }
}

impl Ledger {
    /// Hands in a batch and waits for the commit that takes it along.
    async fn commit(&self, shard: u16, batch: Batch) -> std::result::Result<Vec<Outcome>, String> {
        let (answer, outcomes) = oneshot::channel();
        let inner = &self.inner;
        inner
            .desk
            .waiting
            .borrow_mut()
            .push(Waiting { batch, answer });
        if let Some(turn) = inner.desk.turns.take(now().0) {
            // Not the first caller's own task: that caller may hang up, the others must not wait.
            let committing = Rc::clone(inner);
            inner.state.wait_until(async move {
                // Requests that are already at the door come in before the next timer.
                Delay::from(Duration::ZERO).await;
                // Nothing interrupts from here to the commit: whoever comes later needs another.
                drop(turn);
                committing.commit_waiting(shard).await;
            });
        }
        outcomes
            .await
            .unwrap_or_else(|_| Err("the commit was abandoned".to_owned()))
    }
}

impl Inner {
    /// Commits everything that waits, a bounded number of items at once. Where batches cannot be
    /// committed together, each is alone: one that the store does not take fails by itself.
    async fn commit_waiting(&self, shard: u16) {
        let mut waiting = self.desk.waiting.take();
        let mut n_alone: usize = 0;
        while !waiting.is_empty() {
            let mut n_items = 0;
            let fitting = waiting.iter().take_while(|next| {
                n_items += next.batch.items.len();
                n_items <= ITEMS_PER_BATCH_MAX
            });
            let n_fitting = if n_alone > 0 {
                1
            } else {
                fitting.count().max(1)
            };
            let fitting = waiting.iter().take(n_fitting);
            let batches: Vec<&Batch> = fitting.map(|next| &next.batch).collect();
            let committed = self.commit_together(shard, &batches);
            if let Err(error) = &committed
                && n_fitting > 1
            {
                console_error!("ledger: {n_fitting} batches: {error}");
                n_alone = n_fitting;
                continue;
            }
            n_alone = n_alone.saturating_sub(1);
            let rest = waiting.split_off(n_fitting);
            answer(std::mem::replace(&mut waiting, rest), committed);
        }
        if let Err(error) = self.set_alarm_when_due().await {
            console_error!("ledger: alarm: {error}");
        }
    }

    /// Runs `body` with what the shard holds. After a failure memory may be ahead of the store, so
    /// it is read again.
    fn with_shard<T>(&self, body: impl FnOnce(&mut Shard, &SqlStorage) -> Result<T>) -> Result<T> {
        let sql = self.state.storage().sql();
        let mut shard = self.desk.memory.borrow_mut();
        if shard.is_none() {
            *shard = Some(Shard::load(&sql)?);
        }
        let result = body(shard.as_mut().ok_or("the shard was just loaded")?, &sql);
        if result.is_err() {
            *shard = None;
        }
        result
    }

    /// Writes a change, all or nothing, and then knows it.
    fn keep(&self, shard: &mut Shard, change: &Change, statements: Statements) -> Result<()> {
        sql::transaction(&self.state.storage(), move |sql| {
            statements
                .into_iter()
                .try_for_each(|(statement, values)| sql::run(sql, statement, values))
        })?;
        shard.memory.adopt(change);
        Ok(())
    }

    /// One commit. No `await`, so nothing else happens in between.
    fn commit_together(&self, number: u16, batches: &[&Batch]) -> Result<Vec<Vec<Outcome>>> {
        self.with_shard(|shard, sql| {
            let now = now();
            let known = shard.rows.known(sql, batches, now)?;
            let change = apply(&shard.memory, known, batches);
            let change = change.without_forgotten(&shard.memory, now);
            let reports: Vec<_> = batches.iter().flat_map(|batch| &batch.reports).collect();
            let mut statements = store::statements(number, &change, &reports)?;
            statements.extend(shard.rows.take_in(&change, now)?);
            self.keep(shard, &change, statements)?;
            Ok(change.outcomes)
        })
    }

    /// Forgets what an action has earned.
    fn reset(&self, bandit: &str, action: &str, at: UnixMillis) -> Result<Outcome> {
        self.with_shard(|shard, sql| {
            // A shard that never committed has nothing to forget.
            let Some(number) = store::shard(sql)? else {
                return Ok(Outcome::Duplicate);
            };
            let (change, outcome) = reset(&shard.memory, bandit, action, at);
            if outcome == Outcome::Committed {
                let statements = store::statements(number, &change, &[])?;
                self.keep(shard, &change, statements)?;
            }
            Ok(outcome)
        })
    }

    /// Sets the alarm when something is due and none is set that comes soon enough.
    async fn set_alarm_when_due(&self) -> Result<()> {
        let Some(wait_ms) = self.next_send_ms() else {
            return Ok(());
        };
        let at_ms = now().0 + wait_ms;
        if self.desk.alarm_at_ms.get().is_some_and(|set| set <= at_ms) {
            return Ok(());
        }
        self.desk.alarm_at_ms.set(Some(at_ms));
        self.state.storage().set_alarm(wait_ms).await
    }

    /// How long what is due may wait: half the shortest snapshot interval, so that a shard and a
    /// coordinator together take no longer than one interval and a half.
    fn next_send_ms(&self) -> Option<i64> {
        let shard = self.desk.memory.borrow();
        let Shard { memory, sent, .. } = shard.as_ref()?;
        due(memory, sent)
            .filter_map(|(bandit, _)| memory.bandits.get(bandit))
            .map(|(_, bandit)| (bandit.snapshot_interval_ms() / 2).min(SEND_MS_MAX) as i64)
            .min()
    }

    /// Sends every state that its coordinator does not have yet.
    async fn send_due(&self) -> Result<()> {
        let sql = self.state.storage().sql();
        let Some(shard) = store::shard(&sql)? else {
            return Ok(());
        };
        let commands = self.due_commands(shard)?;
        let mut n_failed = 0;
        for (learner, sequence, command) in commands {
            match self.send(&learner.0, &command).await {
                Ok(()) => {
                    store::note_sent(&sql, &learner, sequence)?;
                    if let Some(shard) = self.desk.memory.borrow_mut().as_mut() {
                        shard.sent.insert(learner, sequence);
                    }
                }
                Err(error) => {
                    console_error!("ledger: coordinator of {}: {error}", learner.0);
                    n_failed += 1;
                }
            }
        }
        if n_failed > 0 {
            self.desk.alarm_at_ms.set(Some(now().0 + RESEND_MS));
            return self.state.storage().set_alarm(RESEND_MS).await;
        }
        self.set_alarm_when_due().await
    }

    /// What is to be sent, as text, so that nothing stays borrowed while it is under way.
    fn due_commands(&self, number: u16) -> Result<Vec<(Learner, u64, String)>> {
        self.with_shard(|Shard { memory, sent, .. }, _| {
            let commands = due(memory, sent).filter_map(|(key, definition)| {
                let learner = (key.clone(), definition);
                let (publication, bandit) = memory.bandits.get(key)?;
                let state = memory.learners.get(&learner)?;
                let command = CoordinatorCommand::Merge {
                    shard: number,
                    publication: *publication,
                    bandit: Box::new(bandit.clone()),
                    definition,
                    state: state.clone(),
                };
                Some((
                    learner,
                    state.sequence,
                    wire::print_coordinator_command(&command),
                ))
            });
            Ok(commands.collect())
        })
    }

    async fn send(&self, bandit: &str, command: &str) -> Result<()> {
        let environment = environment(&self.env);
        let name = names::coordinator(&environment, bandit);
        tell_object(&self.env, coordinator::BINDING, &name, command)
            .await
            .map(drop)
    }

    fn totals(&self) -> Result<ShardTotals> {
        self.with_shard(|Shard { memory, rows, .. }, sql| {
            let flags = memory.flags.iter();
            let flags = flags.map(|((flag, variant), n)| (flag.clone(), variant.clone(), *n));
            Ok(ShardTotals {
                totals: memory.totals,
                flags: flags.collect(),
                reported: store::reported(sql)?,
                n_rows: rows.count(sql)?,
                database_bytes: sql.database_size() as u64,
            })
        })
    }
}

/// Learners whose state is later than what their coordinator acknowledged.
fn due<'m>(memory: &'m Memory, sent: &Sent) -> impl Iterator<Item = (&'m Box<str>, u64)> {
    memory
        .learners
        .iter()
        .filter(|(learner, state)| sent.get(learner).copied().unwrap_or_default() < state.sequence)
        .map(|((bandit, definition), _)| (bandit, *definition))
}

/// Tells each caller what became of its batch; one that hung up is told nothing.
fn answer(waiting: Vec<Waiting>, committed: Result<Vec<Vec<Outcome>>>) {
    match committed {
        Ok(outcomes) => {
            for (waiting, outcomes) in waiting.into_iter().zip(outcomes) {
                let _ = waiting.answer.send(Ok(outcomes));
            }
        }
        Err(error) => {
            let error = error.to_string();
            for waiting in waiting {
                let _ = waiting.answer.send(Err(error.clone()));
            }
        }
    }
}

fn now() -> UnixMillis {
    UnixMillis(Date::now().as_millis() as i64)
}
