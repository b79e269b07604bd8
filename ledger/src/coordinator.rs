//! The `Coordinator` Durable Object: merges the shards of one bandit and publishes its snapshots.
//!
//! It holds the latest cumulative state of each shard, for each reward definition it has heard of.
//! An alarm, never sooner than the bandit's interval after the last write, computes the next
//! snapshot from the current definition and writes it to KV when it differs enough. A revision is
//! reserved before it is written, so that no two snapshots ever share one.

#![allow(
    missing_docs,
    reason = "the runtime's macro adds methods without documentation"
)]

mod store;

use std::cell::{Cell, RefCell};

use bandera_platform::environment;
use bandera_shared::bandit::{Bandit, SNAPSHOT_INTERVAL_MS_MIN};
use bandera_shared::ledger::{
    ArmView, BanditView, CoordinatorCommand, MergedState, SnapshotView, WarmStart, wire,
};
use bandera_shared::policy::linear::{self, Learned};
use bandera_shared::snapshot::{self, PolicySnapshot};
use bandera_shared::sorted::Sorted;
use bandera_shared::{UnixMillis, names, policy};
use worker::{
    Date, DurableObject, Env, Request, Response, Result, SqlStorage, State, console_error,
    durable_object,
};

/// Binding of the coordinators.
pub(crate) const BINDING: &str = "COORDINATOR";
/// Binding of the KV namespace with rulesets and snapshots.
const RULESETS: &str = "RULESETS";
/// How long after a failed write the next attempt is made.
const REWRITE_MS: i64 = 5_000;
/// What the object knows.
#[derive(Debug, Clone, Default)]
struct Memory {
    /// The bandit as of the highest publication heard of.
    bandit: Option<(u64, Bandit)>,
    /// Merged shards, by reward definition.
    merged: Sorted<u64, MergedState>,
    /// The latest snapshot written.
    snapshot: Option<PolicySnapshot>,
    /// The highest revision reserved.
    revision: u64,
}

impl Memory {
    /// The bandit's interval; the least there is while no bandit is known.
    fn interval_ms(&self) -> u64 {
        let bandit = self.bandit.as_ref().map(|(_, bandit)| bandit);
        bandit.map_or(SNAPSHOT_INTERVAL_MS_MIN, Bandit::snapshot_interval_ms)
    }

    /// The bandit and what was merged under its present reward definition.
    fn current(&self) -> Option<(u64, &Bandit, MergedState)> {
        let (publication, bandit) = self.bandit.as_ref()?;
        let merged = self
            .merged
            .get(&bandit.definition())
            .cloned()
            .unwrap_or_default();
        Some((*publication, bandit, merged))
    }
}

/// The coordinator of one bandit.
#[durable_object(alarm)]
pub struct Coordinator {
    state: State,
    env: Env,
    memory: RefCell<Option<Memory>>,
    alarm_at_ms: Cell<Option<i64>>,
    /// When the latest write was begun, as far as this instance knows.
    begun_at: Cell<Option<UnixMillis>>,
}

impl DurableObject for Coordinator {
    fn new(state: State, env: Env) -> Self {
        if let Err(error) = store::prepare(&state.storage()) {
            // Every later statement fails with a clear message of its own.
            console_error!("coordinator: tables: {error}");
        }
        Self {
            state,
            env,
            memory: RefCell::default(),
            alarm_at_ms: Cell::default(),
            begun_at: Cell::default(),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let body = request.text().await?;
        match wire::parse_coordinator_command(&body) {
            Err(fault) => Response::error(fault.to_string(), 400),
            Ok(CoordinatorCommand::View) => match self.view()? {
                Some(view) => Response::ok(wire::print_view(&view)),
                None => Response::error("nothing was learned yet", 404),
            },
            Ok(CoordinatorCommand::Learned) => match self.learned()? {
                Some(learned) => Response::ok(wire::print_learned(&learned)),
                None => Response::error("nothing was learned of contexts yet", 404),
            },
            Ok(CoordinatorCommand::Warm {
                publication,
                bandit,
                action,
                start,
            }) => {
                if self.warm_up((publication, *bandit), &action, start)? {
                    self.set_alarm().await?;
                }
                Response::ok("")
            }
            Ok(merge @ CoordinatorCommand::Merge { .. }) => {
                if self.merge(merge)? {
                    self.set_alarm().await?;
                }
                Response::ok("")
            }
        }
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm_at_ms.set(None);
        let interval_ms = self.with_memory(|memory| Ok(memory.interval_ms()))?;
        if policy::is_early(now(), self.begun_at.get(), interval_ms) {
            self.set_alarm().await?;
            return Response::ok("");
        }
        if let Err(error) = self.publish().await {
            console_error!("coordinator: snapshot: {error}");
            self.alarm_at_ms.set(Some(now().0 + REWRITE_MS));
            self.state.storage().set_alarm(REWRITE_MS).await?;
        }
        Response::ok("")
    }
}

impl Coordinator {
    /// Runs `body` with what the object knows, read from the store when it is not in memory.
    fn with_memory<T>(&self, body: impl FnOnce(&mut Memory) -> Result<T>) -> Result<T> {
        let mut memory = self.memory.borrow_mut();
        if memory.is_none() {
            *memory = Some(store::load(&self.state.storage().sql())?);
        }
        let result = body(memory.as_mut().ok_or("the memory was just loaded")?);
        if result.is_err() {
            *memory = None;
        }
        result
    }

    /// Takes over a shard's state.
    ///
    /// # Returns
    /// Whether anything changed.
    fn merge(&self, command: CoordinatorCommand) -> Result<bool> {
        let CoordinatorCommand::Merge {
            shard,
            publication,
            bandit,
            definition,
            state,
        } = command
        else {
            return Ok(false);
        };
        let storage = self.state.storage();
        let sql = storage.sql();
        self.with_memory(|memory| {
            let is_newer = note_bandit(memory, &sql, publication, *bandit)?;
            let merged = memory.merged.or_default(definition);
            let known = merged.shard(shard).cloned();
            let is_later = merged.merge_shard(shard, state.clone());
            if is_later {
                store::write_shard(&storage, (definition, shard), known.as_ref(), &state)?;
            }
            Ok(is_newer || is_later)
        })
    }

    /// Takes over what is believed of an action.
    ///
    /// # Returns
    /// Whether anything changed.
    fn warm_up(
        &self,
        (publication, bandit): (u64, Bandit),
        action: &str,
        start: WarmStart,
    ) -> Result<bool> {
        let sql = self.state.storage().sql();
        self.with_memory(|memory| {
            let definition = bandit.definition();
            let is_newer = note_bandit(memory, &sql, publication, bandit)?;
            let is_later = memory.merged.or_default(definition).warm_up(action, start);
            if is_later {
                store::write_warm_start(&sql, definition, action, &start)?;
            }
            Ok(is_newer || is_later)
        })
    }

    /// Sets the alarm for the next moment at which a snapshot may be written.
    async fn set_alarm(&self) -> Result<()> {
        let now_ms = now().0;
        let at_ms = self.with_memory(|memory| {
            let written_at = memory.snapshot.as_ref().map(PolicySnapshot::at);
            let interval_ms = memory.interval_ms();
            Ok(policy::next_write(now(), written_at, self.begun_at.get(), interval_ms).0)
        })?;
        if self.alarm_at_ms.get().is_some_and(|set| set <= at_ms) {
            return Ok(());
        }
        self.alarm_at_ms.set(Some(at_ms));
        self.state.storage().set_alarm(at_ms - now_ms).await
    }

    /// Computes the next snapshot, and writes it when it is material.
    async fn publish(&self) -> Result<()> {
        let sql = self.state.storage().sql();
        let next = self.with_memory(|memory| {
            let Some((_, bandit, merged)) = memory.current() else {
                return Ok(None);
            };
            let revision = memory.revision + 1;
            let next = policy::next_snapshot(bandit, &merged, revision, now());
            let next = next.filter(|next| policy::is_material(memory.snapshot.as_ref(), next));
            if next.is_some() {
                store::reserve_revision(&sql, revision)?;
                memory.revision = revision;
                self.begun_at.set(Some(now()));
            }
            Ok(next)
        })?;
        let Some(next) = next else { return Ok(()) };
        let key = names::policy_snapshot(&environment(&self.env), next.bandit());
        let json = snapshot::wire::print(&next);
        self.env
            .kv(RULESETS)?
            .put(&key, json.as_str())?
            .execute()
            .await?;
        store::write_snapshot(&sql, &json)?;
        self.with_memory(|memory| {
            memory.snapshot = Some(next);
            Ok(())
        })
    }

    fn learned(&self) -> Result<Option<Learned>> {
        self.with_memory(|memory| {
            let known = memory.current();
            Ok(known.and_then(|(_, bandit, merged)| linear::learned(bandit, &merged, now())))
        })
    }

    fn view(&self) -> Result<Option<BanditView>> {
        self.with_memory(|memory| {
            let Some((publication, bandit, merged)) = memory.current() else {
                return Ok(None);
            };
            let arms = bandit
                .actions()
                .iter()
                .zip(policy::outlook(bandit, &merged, now()))
                .map(|(action, outlook)| ArmView {
                    action: action.clone(),
                    arm: outlook.arm,
                    mean_reward: outlook.mean_reward,
                    interval_95: outlook.interval_95,
                    p_best: outlook.p_best,
                    parts: parts_of(memory.snapshot.as_ref(), action),
                })
                .collect();
            Ok(Some(BanditView {
                bandit: bandit.key().into(),
                publication,
                snapshot: memory.snapshot.as_ref().map(SnapshotView::from),
                n_shards: merged.shards().count(),
                arms,
            }))
        })
    }
}

/// Remembers the bandit of a later publication.
///
/// # Returns
/// Whether it is one.
fn note_bandit(
    memory: &mut Memory,
    sql: &SqlStorage,
    publication: u64,
    bandit: Bandit,
) -> Result<bool> {
    let known = memory.bandit.as_ref().map(|(known, _)| *known);
    let is_newer = known.is_none_or(|known| known < publication);
    if is_newer {
        store::write_bandit(sql, publication, &bandit)?;
        memory.bandit = Some((publication, bandit));
    }
    Ok(is_newer)
}

/// The published parts of an action; 0 while there is no snapshot that knows it.
fn parts_of(snapshot: Option<&PolicySnapshot>, action: &str) -> u32 {
    let known = snapshot.into_iter().flat_map(PolicySnapshot::actions);
    known
        .filter(|known| &*known.action == action)
        .map(|known| known.parts)
        .sum()
}

fn now() -> UnixMillis {
    UnixMillis(Date::now().as_millis() as i64)
}
