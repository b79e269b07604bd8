//! The queue of events: batches for shards that nobody waits for. The ledger consumes it.

use bandera_platform::send_message;
use bandera_shared::ledger::{Batch, cut, wire};
use worker::Env;

/// Binding of the producer.
const EVENTS: &str = "EVENTS";
/// Items of one message: a message may have 128 KB, of which an item takes at most 300 bytes.
const ITEMS_PER_MESSAGE_MAX: usize = 200;

/// Hands a batch to the queue.
///
/// # Errors
/// What the runtime threw: the queue has not taken all of it, and handing it in again is safe.
pub(crate) async fn offer(env: &Env, shard: u16, batch: Batch) -> worker::Result<()> {
    for part in cut(batch, ITEMS_PER_MESSAGE_MAX) {
        send_message(env, EVENTS, &wire::print_queued(shard, &part)).await?;
    }
    Ok(())
}
