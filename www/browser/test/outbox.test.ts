import assert from "node:assert/strict";
import { test } from "node:test";

import type { RewardEvent, SendResult } from "../ts/events.ts";
import { Outbox } from "../ts/outbox.ts";
import { PageStore } from "../ts/store.ts";

function event(id: string): RewardEvent {
  const receipt = `receipt of ${id}`;
  return { id, kind: "reward", receipt, metric: "purchase", value: 1, atMs: 1_000 };
}

/** An outbox, what it sent, and the time it means to wait. */
function world(answer: (ids: readonly string[]) => SendResult) {
  const store = new PageStore();
  const sent: (readonly string[])[] = [];
  const waits: { readonly waitMs: number; readonly wake: () => void }[] = [];
  const open = (): Outbox =>
    new Outbox({
      store,
      send: (batch) => {
        const ids = batch.map(({ id }) => id);
        sent.push(ids);
        return Promise.resolve(answer(ids));
      },
      after: (waitMs, wake) => waits.push({ waitMs, wake }),
    });
  return { store, sent, waits, open };
}

const pendingIds = (outbox: Outbox): string[] => outbox.pending().map(({ id }) => id).sort();

test("an acknowledged event goes, an unmentioned one stays for the next page", async () => {
  const { open, sent } = world((ids) => ({ state: "answered", settled: ids.filter((id) => id !== "b") }));
  const outbox = open();
  for (const id of ["a", "b"]) assert.equal(outbox.record(event(id)), true);
  await outbox.flush();
  assert.deepEqual(pendingIds(outbox), ["b"]);
  const nextPage = open();
  assert.deepEqual(nextPage.pending(), [event("b")], "the same event, id and receipt unchanged");
  await nextPage.flush();
  assert.deepEqual(sent, [["a", "b"], ["b"]]);
});

test("without an answer everything stays and the wait grows", async () => {
  const { open, waits } = world(() => ({ state: "later", waitMs: undefined }));
  const outbox = open();
  outbox.record(event("a"));
  for (let attempt = 0; attempt < 8; attempt += 1) {
    await outbox.flush();
    waits.at(-1)?.wake();
  }
  await outbox.flush();
  assert.deepEqual(pendingIds(outbox), ["a"]);
  assert.deepEqual(waits.slice(0, 4).map(({ waitMs }) => waitMs), [1000, 2000, 4000, 8000]);
  assert.ok(waits.every(({ waitMs }) => waitMs <= 60_000));
});

test("the endpoint's own wait is respected", async () => {
  const { open, waits } = world(() => ({ state: "later", waitMs: 30_000 }));
  const outbox = open();
  outbox.record(event("a"));
  await outbox.flush();
  assert.deepEqual(waits.map(({ waitMs }) => waitMs), [30_000]);
});

test("one bad event of a refused batch does not hold up the others", async () => {
  const { open, sent } = world((ids) =>
    ids.includes("bad") ? { state: "refused" } : { state: "answered", settled: ids },
  );
  const outbox = open();
  for (const id of ["a", "bad", "c"]) outbox.record(event(id));
  await outbox.flush();
  assert.deepEqual(pendingIds(outbox), []);
  assert.deepEqual(sent, [["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
});

test("batches and the outbox are bounded", async () => {
  const { open, sent } = world((ids) => ({ state: "answered", settled: ids }));
  const outbox = open();
  const recorded = Array.from({ length: 501 }, (_, n) => outbox.record(event(`e${n}`)));
  assert.equal(recorded.filter(Boolean).length, 500);
  assert.equal(recorded.at(-1), false);
  await outbox.flush();
  assert.deepEqual(sent.map((batch) => batch.length), Array<number>(10).fill(50));
});

test("rubbish in the store is removed and foreign keys are left alone", () => {
  const { open, store } = world(() => ({ state: "refused" }));
  store.setItem("bandera.event.x", "{");
  store.setItem("somebody.else", "{");
  assert.deepEqual(open().pending(), []);
  assert.equal(store.getItem("bandera.event.x"), null);
  assert.equal(store.getItem("somebody.else"), "{");
});
