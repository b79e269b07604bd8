import assert from "node:assert/strict";
import { test } from "node:test";

import { Loader, shown } from "../src/load.ts";

test("what was known stays on screen while it is loaded again, and after a failure", async () => {
  const states: string[] = [];
  const loader = new Loader<number>(() => states.push(loader.load.state));
  assert.equal(loader.load.state, "idle");
  await loader.run(() => Promise.resolve(1));
  const failing = loader.run(() => Promise.reject(new Error("down")));
  assert.equal(shown(loader.load), 1);
  await failing;
  assert.equal(shown(loader.load), 1);
  assert.deepEqual(states, ["loading", "ready", "loading", "failed"]);
});

test("a later call overtakes an earlier one that answers last", async () => {
  const loader = new Loader<string>(() => undefined);
  const slow = Promise.withResolvers<string>();
  const first = loader.run(() => slow.promise);
  await loader.run(() => Promise.resolve("second"));
  slow.resolve("first");
  await first;
  assert.equal(shown(loader.load), "second");
});
