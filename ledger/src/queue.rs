//! The consumer of the queue of events: batches for shards that nobody waits for.
//!
//! Delivery is at least once and in any order, which is how the ledger counts anyway. A message is
//! acknowledged only after its shard has committed it; one that no retry can help ends, alone, in
//! the dead-letter queue, whose consumer is `edge/dead-letters.ts`.

use bandera_platform::{Unreachable, commit_batch, environment, together};
use bandera_shared::ledger::{Batch, joined, wire};
use bandera_shared::names;
use bandera_shared::sorted::Sorted;
use worker::{
    Context, Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage, console_error,
    event,
};

/// How long a message waits after a failed commit.
const RETRY_S: u32 = 5;

/// Messages of one shard, with what each says.
#[derive(Default)]
struct Delivery {
    messages: Vec<RawMessage>,
    batches: Vec<Batch>,
}

/// Commits a delivery of messages, all shards at once.
#[event(queue)]
async fn queue(delivered: MessageBatch<String>, env: Env, _ctx: Context) -> worker::Result<()> {
    let mut deliveries: Sorted<u16, Delivery> = Sorted::new();
    for message in delivered.raw_iter() {
        match wire::parse_queued(&message.body().as_string().unwrap_or_default()) {
            Ok((shard, batch)) => {
                let delivery = deliveries.or_default(shard);
                delivery.messages.push(message);
                delivery.batches.push(batch);
            }
            Err(fault) => {
                // Retrying brings it to the dead letters, where it is kept for a look.
                console_error!("queue: message {}: {fault}", message.id());
                message.retry();
            }
        }
    }
    let env = &env;
    together(
        deliveries
            .into_iter()
            .map(|(shard, delivery)| deliver(env, shard, delivery)),
    )
    .await;
    Ok(())
}

/// Commits one shard's messages, joined; where the shard refuses that, each by itself, so that one
/// that can never be committed keeps no other from being counted. What another joined batch has
/// committed already is handed in twice then, which changes nothing.
async fn deliver(env: &Env, shard: u16, Delivery { messages, batches }: Delivery) {
    let name = &*names::ledger(&environment(env), shard);
    let mut faults = Vec::new();
    let mut are_alone = false;
    for parts in [joined(batches.clone()), batches] {
        let commits = parts.into_iter();
        let commits = commits.map(|batch| commit_batch(env, name, shard, batch));
        let committed = together(commits).await.into_iter();
        faults = committed
            .map(|it| it.err().map(|(fault, _)| fault))
            .collect();
        are_alone = faults.len() == messages.len();
        let refused = |fault: &Unreachable| matches!(fault, Unreachable::Refused(_));
        // What cannot be reached now is no more so in parts.
        if are_alone || !faults.iter().flatten().any(refused) {
            break;
        }
    }
    let wait = QueueRetryOptionsBuilder::new()
        .with_delay_seconds(RETRY_S)
        .build();
    let of_any = faults.iter().flatten().next();
    for (place, message) in messages.iter().enumerate() {
        let own = faults.get(place).filter(|_| are_alone);
        match own.map_or(of_any, Option::as_ref) {
            None => message.ack(),
            Some(fault) => {
                console_error!("queue: {name}: {fault}");
                message.retry_with_options(&wait);
            }
        }
    }
}
