import assert from "node:assert/strict";
import { test } from "node:test";

import { Bandera } from "../ts/client.ts";
import { settledIds } from "../ts/events.ts";
import { Outbox } from "../ts/outbox.ts";
import { NO_STATE, readState } from "../ts/state.ts";
import type { PageState } from "../ts/state.ts";
import { PageStore } from "../ts/store.ts";

const STATE = JSON.stringify({
  publication: 7,
  context: { targetingKey: "s1" },
  flags: {
    "shop.hero": { value: "craft", variant: "craft", reason: "SPLIT" },
    "shop.shelf": {
      value: 4,
      variant: "dense",
      reason: "TARGETING_MATCH",
      config: { columns: 4 },
    },
    "shop.off": { value: null, variant: null, reason: "DISABLED" },
  },
  receipts: [
    { bandit: "hero", flag: "shop.hero", metric: "purchase", receipt: "r1" },
    { bandit: "price", flag: "shop.price", metric: "revenue", receipt: "r2" },
    { bandit: "broken" },
  ],
});

function client(state: PageState): Bandera {
  let ids = 0;
  const outbox = new Outbox({
    store: new PageStore(),
    send: () => Promise.resolve({ state: "later", waitMs: undefined }),
    after: () => undefined,
  });
  const answer = { value: "x", variant: "x", reason: "SPLIT", config: undefined };
  const engine = { evaluateAll: () => new Map([["shop.hero", answer], ["shop.shelf", answer]]) };
  return new Bandera({
    state,
    outbox,
    loadEngine: () => Promise.resolve(engine),
    newId: () => `id-${(ids += 1)}`,
    now: () => 1_000,
  });
}

test("variants, values and configurations come from the page's state", () => {
  const bandera = client(readState(STATE));
  assert.equal(bandera.publication, 7);
  assert.equal(bandera.variant("shop.hero"), "craft");
  assert.equal(bandera.value("shop.shelf", 3), 4);
  assert.deepEqual(bandera.config("shop.shelf"), { columns: 4 });
  assert.equal(bandera.variant("shop.off"), undefined);
  assert.equal(bandera.value("unknown", "otherwise"), "otherwise");
});

test("a reward goes to the bandits of its metric, with their receipts", () => {
  const bandera = client(readState(STATE));
  assert.equal(bandera.reward("purchase", 1), 1);
  assert.equal(bandera.reward("nothing"), 0);
  assert.deepEqual(bandera.pending(), [
    { id: "id-1", kind: "reward", receipt: "r1", metric: "purchase", value: 1, atMs: 1_000 },
  ]);
  assert.throws(() => bandera.reward("purchase", Number.NaN), RangeError);
});

test("local evaluation leaves a bandit's choice to the edge", async () => {
  const answers = await client(readState(STATE)).evaluate({ plan: "pro" });
  assert.equal(answers.get("shop.hero")?.variant, "craft");
  assert.equal(answers.get("shop.shelf")?.variant, "x");
});

test("rubbish is a page without state", () => {
  for (const text of ["", "{", "null", "[]", "7"]) assert.deepEqual(readState(text), NO_STATE, text);
  const odd = readState('{"flags": {"a": 1}, "receipts": {}, "publication": "7"}');
  assert.equal(odd.answers.get("a")?.reason, "UNKNOWN");
  assert.equal(odd.publication, undefined);
});

test("only a last word settles an event", () => {
  const verdicts = ["committed", "duplicate", "queued", "rejected", "later", 7].map((verdict, n) => ({
    id: `e${n}`,
    verdict,
  }));
  assert.deepEqual(settledIds(JSON.stringify({ verdicts })), ["e0", "e1", "e2", "e3"]);
  assert.deepEqual(settledIds("<html>"), []);
});

test("a reward says when it happened, however late it is sent and by which page", async () => {
  const store = new PageStore();
  let now = 1_000;
  let reachable = false;
  const sent: (readonly [string, number])[] = [];
  const open = (): Bandera => {
    const outbox = new Outbox({
      store,
      send: (batch) => {
        sent.push(...batch.map(({ id, atMs }): [string, number] => [id, atMs]));
        return Promise.resolve(
          reachable
            ? { state: "answered", settled: batch.map(({ id }) => id) }
            : { state: "later", waitMs: undefined },
        );
      },
      after: () => undefined,
    });
    const loadEngine = (): Promise<never> => Promise.reject(new Error("not asked for"));
    return new Bandera({
      ...{ state: readState(STATE), outbox, loadEngine },
      ...{ newId: () => `at ${now}`, now: () => now },
    });
  };
  const first = open();
  first.reward("purchase");
  await first.flush();
  now = 90_000;
  const nextPage = open();
  reachable = true;
  nextPage.reward("purchase");
  await nextPage.flush();
  const last = new Map(sent.slice(1));
  assert.deepEqual(last, new Map([["at 1000", 1_000], ["at 90000", 90_000]]));
  assert.deepEqual(nextPage.pending(), []);
});
