//! The queues of events: batches for shards that nobody waits for. The ledger consumes them.
//!
//! One queue takes some thousand messages a second, so there may be several: the bindings `EVENTS`,
//! `EVENTS_1`, `EVENTS_2`, ..., as many as there are. A message says which shard it is for, and
//! every consumer delivers to every shard, so which queue a message takes changes nothing but the
//! load. `edge/queues.ts` chooses in the same way for letters that are sent again.

use bandera_platform::{binding_names, send_message};
use bandera_shared::ledger::{Batch, cut, wire};
use worker::Env;

/// Binding of the first producer; the further ones are called so with a number.
const EVENTS: &str = "EVENTS";
/// Items of one message: a message may have 128 KB, of which an item takes at most 300 bytes.
const ITEMS_PER_MESSAGE_MAX: usize = 200;

/// The queues that are bound, by their names in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Queues(Vec<String>);

impl Queues {
    /// Those of the environment.
    pub(crate) fn bound(env: &Env) -> Self {
        Self::among(binding_names(env))
    }

    /// Those among the names of bindings.
    fn among(names: impl IntoIterator<Item = String>) -> Self {
        let mut queues: Vec<String> = Vec::new();
        for name in names {
            if let Some(own) = number(&name) {
                let place = queues.partition_point(|queue| number(queue) < Some(own));
                queues.insert(place, name);
            }
        }
        Self(queues)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The queues for a shard's messages: its own one, and those to turn to when that refuses.
    fn turns(&self, shard: u16) -> impl Iterator<Item = &str> {
        let own = usize::from(shard) % self.count().max(1);
        let (before, from) = self.0.split_at_checked(own).unwrap_or_default();
        from.iter().chain(before).map(String::as_str)
    }

    /// Hands a batch to the shard's queue, and what that refuses to another one.
    ///
    /// # Errors
    /// What the runtime threw: no queue has taken all of it, and handing it in again is safe.
    pub(crate) async fn offer(&self, env: &Env, shard: u16, batch: Batch) -> worker::Result<()> {
        for part in cut(batch, ITEMS_PER_MESSAGE_MAX) {
            self.send(env, shard, &wire::print_queued(shard, &part))
                .await?;
        }
        Ok(())
    }

    async fn send(&self, env: &Env, shard: u16, text: &str) -> worker::Result<()> {
        let mut refused = Err("there is no binding EVENTS".into());
        for queue in self.turns(shard) {
            refused = send_message(env, queue, text).await;
            if refused.is_ok() {
                break;
            }
        }
        refused
    }
}

/// The number of a queue by the name of its binding; `None` for bindings of other things.
fn number(name: &str) -> Option<u16> {
    match name.strip_prefix(EVENTS)? {
        "" => Some(0),
        rest => {
            let digits = rest.strip_prefix('_')?;
            let number = digits.parse().ok().filter(|&number| number > 0)?;
            // One name for each number: no sign, no leading zero.
            (digits == u16::to_string(&number)).then_some(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queues(names: &[&str]) -> Queues {
        Queues::among(names.iter().map(|&name| name.to_owned()))
    }

    #[track_caller]
    fn check(names: &[&str], shard: u16, expected: &[&str]) {
        assert_eq!(queues(names).turns(shard).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn queues_are_the_bindings_of_that_name_by_number() {
        check(&[], 0, &[]);
        check(&["RULESETS", "EVENT_LIMIT", "LEDGER"], 3, &[]);
        check(
            &["EVENTS_10", "EVENTS_2", "LEDGER", "EVENTS"],
            0,
            &["EVENTS", "EVENTS_2", "EVENTS_10"],
        );
        check(
            &[
                "EVENTS",
                "EVENTS_",
                "EVENTS_0",
                "EVENTS_01",
                "EVENTS_+1",
                "EVENTS_x",
            ],
            0,
            &["EVENTS"],
        );
        check(&["EVENTS_65535", "EVENTS_65536"], 0, &["EVENTS_65535"]);
    }

    #[test]
    fn shards_are_spread_and_each_turns_to_every_queue() {
        let names = ["EVENTS", "EVENTS_1", "EVENTS_2"];
        check(&names, 0, &["EVENTS", "EVENTS_1", "EVENTS_2"]);
        check(&names, 4, &["EVENTS_1", "EVENTS_2", "EVENTS"]);
        check(&names, u16::MAX, &["EVENTS", "EVENTS_1", "EVENTS_2"]);
        let all = queues(&names);
        let mut shares = [0; 3];
        for shard in 0..64 {
            let first = all.turns(shard).next();
            shares[names.iter().position(|&name| Some(name) == first).unwrap()] += 1;
        }
        assert_eq!(shares, [22, 21, 21]);
    }
}
