import assert from "node:assert/strict";
import { test } from "node:test";

import { queueFor } from "../queues.ts";

const queue = (name: string): object => ({ name, send: () => undefined });

function check(names: readonly string[], shard: number | undefined, expected: string | undefined): void {
  const env = Object.fromEntries(names.map((name) => [name, queue(name)]));
  assert.deepEqual(Object.entries(queueFor(env, shard) ?? {})[0]?.[1], expected);
}

test("shards take the queues in the order of their numbers", () => {
  const names = ["EVENTS_10", "LEDGER", "EVENTS", "EVENTS_2"];
  check(names, 0, "EVENTS");
  check(names, 4, "EVENTS_2");
  check(names, 65_532, "EVENTS");
  check(names, 65_534, "EVENTS_10");
});

test("what names no shard takes the first queue", () => {
  check(["EVENTS_1", "EVENTS"], undefined, "EVENTS");
});

test("other bindings, and texts that are called so, are no queues", () => {
  check(["EVENTS_", "EVENTS_0", "EVENTS_01", "EVENT_LIMIT", "OLD_EVENTS"], 0, undefined);
  assert.equal(queueFor({ EVENTS: "a text" }), undefined);
});
