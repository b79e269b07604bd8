/** When things go wrong, people still get their page: one test for each fault that can be had. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import { edgeWithout, trappingEdge } from "./lib/broken.ts";
import { showHero } from "./lib/crowd.ts";
import { ShopStack } from "./lib/shop.ts";
import { Visitor, postEvents, rewardFor } from "./lib/visitor.ts";

const ORIGINAL = "Goods for evenings by the fire";
const POINTER = "env/demo/current";

/** The page as the origin wrote it. */
async function untouched(edgeUrl: string): Promise<boolean> {
  const { status, html } = await new Visitor(edgeUrl).visit("/");
  assert.equal(status, 200);
  assert.ok(html.trimEnd().endsWith("</html>"), "the page is whole");
  return html.includes(ORIGINAL) && html.includes("(no header)");
}

/** OFREP's answer about the headline. */
async function ask(edgeUrl: string): Promise<{ status: number; reason: string; code: string }> {
  const reply = await fetch(`${edgeUrl}/ofrep/v1/evaluate/flags/shop.hero`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ context: { targetingKey: "somebody" } }),
  });
  const body = objectOf(parseJson(await reply.text()));
  const { reason, errorCode } = body;
  return { status: reply.status, reason: textOf(reason) ?? "", code: textOf(errorCode) ?? "" };
}

describe("without a ruleset", () => {
  let shop: ShopStack;
  before(async () => {
    shop = await ShopStack.start({ unpublished: true });
  });
  after(async () => {
    await shop?.stop();
  });

  test("pages pass through untouched, and evaluations say why", async () => {
    assert.ok(await untouched(shop.edgeUrl));
    assert.equal((await ask(shop.edgeUrl)).code, "PROVIDER_NOT_READY");
  });

  test("rubbish in KV is the same as nothing", async () => {
    for (const rubbish of [" ", "null", "{", '{"publication":"x"}', '{"publication":1,"hash":"../.."}']) {
      shop.kvPut(POINTER, rubbish);
      const { failures } = await shop.refreshes();
      await until(`the edge to read ${rubbish}`, 10_000, async () => {
        assert.ok(await untouched(shop.edgeUrl), rubbish);
        return (await shop.refreshes()).failures > failures ? true : undefined;
      });
    }
    shop.kvDelete(POINTER);
  });

  test("a ruleset that is published later is picked up without restart", async () => {
    await shop.seed();
    const { receipt } = await until("a decision", 30_000, async () => {
      return (await untouched(shop.edgeUrl)) ? undefined : showHero(shop.edgeUrl);
    });
    assert.ok(receipt !== "");
  });
});

describe("with a ruleset that was good", () => {
  let shop: ShopStack;
  let pointer: string;
  before(async () => {
    shop = await ShopStack.start();
    pointer = shop.kvGet(POINTER);
  });
  after(async () => {
    await shop?.stop();
  });

  /** Puts something bad where the ruleset was, and waits until the edge has noticed. */
  async function survive(damage: () => void): Promise<void> {
    const { failures } = await shop.refreshes();
    damage();
    await until("a refresh that fails", 30_000, async () => {
      await showHero(shop.edgeUrl);
      return (await shop.refreshes()).failures > failures ? true : undefined;
    });
    await showHero(shop.edgeUrl);
    assert.equal((await ask(shop.edgeUrl)).status, 200);
    shop.kvPut(POINTER, pointer);
  }

  function publishBytes(bytes: string): void {
    const hash = createHash("sha256").update(bytes).digest("hex");
    shop.kvPut(`env/demo/ruleset/${hash}`, bytes);
    shop.kvPut(POINTER, JSON.stringify({ ...objectOf(parseJson(pointer)), publication: 99, hash }));
  }

  test("rubbish in the pointer leaves the last good ruleset in place", () =>
    survive(() => shop.kvPut(POINTER, "rubbish")));

  test("a ruleset of a future schema leaves the last good ruleset in place", () =>
    survive(() => publishBytes('{"schemaVersion": 99, "flags": {"shop.hero": {"dreams": true}}}')));

  test("bytes that are no ruleset leave the last good ruleset in place", () =>
    survive(() => publishBytes("<!doctype html>")));

  test("bytes that do not match their hash leave the last good ruleset in place", () =>
    survive(() => {
      const hash = "0".repeat(64);
      shop.kvPut(`env/demo/ruleset/${hash}`, '{"schemaVersion": 1, "flags": {}}');
      shop.kvPut(POINTER, JSON.stringify({ ...objectOf(parseJson(pointer)), publication: 99, hash }));
    }));

  test("a pointer to bytes that are not there leaves the last good ruleset in place", () =>
    survive(() => {
      const hash = "f".repeat(64);
      shop.kvPut(POINTER, JSON.stringify({ ...objectOf(parseJson(pointer)), publication: 99, hash }));
    }));
});

for (const when of ["at once", "later"] as const) {
  test(`a wasm trap ${when}: the request goes to the origin, body and all`, async () => {
    const broken = trappingEdge(when);
    const shop = await ShopStack.start({ ...broken, unpublished: true, edgeReadyPath: "/" });
    try {
      for (let n = 0; n < 3; n += 1) assert.ok(await untouched(shop.edgeUrl));
      const reply = await fetch(`${shop.edgeUrl}/cart`, {
        method: "POST",
        redirect: "manual",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "slug=mug",
      });
      assert.equal(reply.status, 303);
      assert.match(reply.headers.get("set-cookie") ?? "", /cart=mug\.1/);
      const log = readFileSync(shop.stack.edgeLog, "utf8");
      assert.match(log, /the engine failed/, "it was the fence that passed the request on");
    } finally {
      await shop.stop();
    }
  });
}

test("without its queue the edge serves pages, commits rewards, and counts what it dropped", async () => {
  const shop = await ShopStack.start(edgeWithout("queue"));
  try {
    const shown = await showHero(shop.edgeUrl);
    const { verdicts } = await postEvents(shop.edgeUrl, [rewardFor(shown.receipt)]);
    assert.deepEqual(verdicts.map(({ verdict }) => verdict), ["committed"]);
    const counters = await until("the exposures to be given up", 30_000, async () => {
      const now = await shop.exposureCounters();
      return now.attempted === now.committed + now.dropped ? now : undefined;
    });
    assert.ok(counters.dropped > 0 && counters.committed === 0, JSON.stringify(counters));
  } finally {
    await shop?.stop();
  }
});

test("without its Ledger the edge serves pages and queues rewards", async () => {
  const shop = await ShopStack.start(edgeWithout("ledger"));
  try {
    const shown = await showHero(shop.edgeUrl);
    const { verdicts } = await postEvents(shop.edgeUrl, [rewardFor(shown.receipt)]);
    assert.deepEqual(verdicts.map(({ verdict }) => verdict), ["queued"]);
  } finally {
    await shop?.stop();
  }
});
