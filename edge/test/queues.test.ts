import assert from "node:assert/strict";
import { test } from "node:test";

import { queuesFor } from "../queues.ts";

const queue = (name: string): object => ({ name, send: () => undefined });

function check(names: readonly string[], shard: number | undefined, expected: readonly string[]): void {
  const env = Object.fromEntries(names.map((name) => [name, queue(name)]));
  const found = queuesFor(env, shard).map((one) => Object.entries(one)[0]?.[1] as unknown);
  assert.deepEqual(found, expected);
}

test("shards take the queues in the order of their numbers, and then the others", () => {
  const names = ["EVENTS_10", "LEDGER", "EVENTS", "EVENTS_2"];
  check(names, 0, ["EVENTS", "EVENTS_2", "EVENTS_10"]);
  check(names, 4, ["EVENTS_2", "EVENTS_10", "EVENTS"]);
  check(names, 65_532, ["EVENTS", "EVENTS_2", "EVENTS_10"]);
  check(names, 65_534, ["EVENTS_10", "EVENTS", "EVENTS_2"]);
});

test("what names no shard begins at the first queue", () => {
  check(["EVENTS_1", "EVENTS"], undefined, ["EVENTS", "EVENTS_1"]);
});

test("other bindings, and texts that are called so, are no queues", () => {
  check(["EVENTS_", "EVENTS_0", "EVENTS_01", "EVENT_LIMIT", "OLD_EVENTS"], 0, []);
  assert.deepEqual(queuesFor({ EVENTS: "a text" }), []);
});
