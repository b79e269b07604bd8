/** A crowd of visitors with a known truth: the bandit finds it, and the Ledger counts exactly. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { Crowd } from "./lib/crowd.ts";
import { ShopStack } from "./lib/shop.ts";

/** How often a visitor buys, by the headline seen. */
const TRUTH = { craft: 0.05, evening: 0.1, gift: 0.4 } as const;
const WAVE = 120;
const LANES = 8;

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

/** How likely somebody new was to be shown the headline that the policy chose. Exposes nobody. */
async function propensity(): Promise<number | undefined> {
  const reply = await fetchInTime(`${shop.edgeUrl}/ofrep/v1/evaluate/flags/shop.hero`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ context: { targetingKey: randomUUID() } }),
  });
  return numberOf(objectOf(objectOf(parseJson(await reply.text()))["metadata"])["propensity"]);
}

test("before anybody has bought, each headline is as likely as the others", async () => {
  const seen = [await propensity(), await propensity(), await propensity()];
  const third = 1 / Object.keys(TRUTH).length;
  assert.ok(seen.every((chance = 0) => Math.abs(chance - third) < 0.01), seen.join(", "));
});

test("the better arm comes to hold most of the traffic, and every count is exact", async () => {
  const crowd = new Crowd(shop.edgeUrl, 20260307);
  const shares: number[] = [];
  await until("most of a wave sees the best headline", 240_000, async () => {
    const seen = await crowd.wave(WAVE, LANES, TRUTH);
    shares.push(seen.filter((action) => action === "gift").length / WAVE);
    const [before = 0, now = 0] = shares.slice(-2);
    return shares.length >= 2 && before > 0.6 && now > 0.6 ? true : undefined;
  });

  const counts = await until("every exposure in the Ledger", 30_000, async () => {
    const now = await shop.heroCounts();
    const { dropped } = await shop.exposureCounters();
    return now.exposures + dropped >= crowd.visitors ? now : undefined;
  });
  await shop.rewardsBecome(crowd.acknowledgedByAction());
  assert.deepEqual(counts.exposuresByAction, crowd.visitorsByAction());
});

test("exposures balance: attempted = committed + dropped", async () => {
  const balanced = await until("the balance of exposures", 30_000, async () => {
    const now = await shop.exposureCounters();
    return now.attempted === now.committed + now.dropped ? now : undefined;
  });
  assert.ok(balanced.attempted > WAVE, JSON.stringify(balanced));
});
