//! First exposures on their way to the queue, after the response and never in its way.

use crate::isolate::Isolate;
use bandera_shared::ledger::{Admitted, Batch, routed};
use futures_util::future::LocalBoxFuture;
use std::rc::Rc;
use std::time::Duration;
use worker::{Context, Delay, Env, console_warn};

/// Waits before each further attempt; then the exposure is dropped, counted, and healed by the
/// subject's next visit a day later.
const RETRY_AFTER_MS: [u64; 3] = [100, 500, 2_000];

/// Sends exposures once the response is on its way.
pub(crate) fn send_later(
    isolate: &Rc<Isolate>,
    env: &Env,
    ctx: &Context,
    publication: u64,
    admitted: Vec<Admitted>,
) {
    let n = admitted.len() as u64;
    isolate
        .counters
        .count(|counts| counts.exposures.attempted += n);
    let (isolate, env) = (Rc::clone(isolate), env.clone());
    let sending: LocalBoxFuture<'static, ()> = Box::pin(async move {
        for (shard, (_, mut batch)) in routed(publication, admitted.into_iter().enumerate()) {
            batch.reports = isolate.reports_for(shard);
            send(&isolate, &env, shard, &batch).await;
        }
    });
    ctx.wait_until(sending);
}

async fn send(isolate: &Isolate, env: &Env, shard: u16, batch: &Batch) {
    let n = batch.items.len() as u64;
    let mut waits = RETRY_AFTER_MS.into_iter();
    loop {
        let Err(error) = isolate.queues.offer(env, shard, batch.clone()).await else {
            isolate
                .counters
                .count(|counts| counts.exposures.committed += n);
            return;
        };
        let Some(wait_ms) = waits.next() else {
            console_warn!("bandera: {n} exposures dropped: {error}");
            isolate
                .counters
                .count(|counts| counts.exposures.dropped += n);
            return;
        };
        isolate
            .counters
            .count(|counts| counts.exposures.retried += n);
        Delay::from(Duration::from_millis(wait_ms)).await;
    }
}
