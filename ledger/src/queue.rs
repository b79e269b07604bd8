//! The consumer of the queue of events: batches for shards that nobody waits for.
//!
//! Delivery is at least once and in any order, which is how the ledger counts anyway. A message is
//! acknowledged only after its shard has committed it; a message that no retry can help ends in
//! the dead-letter queue, whose consumer is `edge/dead-letters.ts`.

use bandera_platform::{commit_batch, environment, together};
use bandera_shared::ledger::{Batch, joined, wire};
use bandera_shared::names;
use bandera_shared::sorted::Sorted;
use worker::{
    Context, Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage, console_error,
    event,
};

/// How long a message waits after a failed commit.
const RETRY_S: u32 = 5;

/// Messages of one shard, with what they say.
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

/// Commits one shard's messages; acknowledges them when every commit succeeded.
async fn deliver(env: &Env, shard: u16, delivery: Delivery) {
    let name = names::ledger(&environment(env), shard);
    let batches = joined(delivery.batches);
    let commits = batches
        .into_iter()
        .map(|batch| commit_batch(env, &name, shard, batch));
    let failed = together(commits).await.into_iter().find_map(Result::err);
    if let Some((fault, _)) = failed {
        console_error!("queue: {name}: {fault}");
        let wait = QueueRetryOptionsBuilder::new()
            .with_delay_seconds(RETRY_S)
            .build();
        delivery
            .messages
            .iter()
            .for_each(|message| message.retry_with_options(&wait));
    } else {
        delivery.messages.iter().for_each(MessageExt::ack);
    }
}
