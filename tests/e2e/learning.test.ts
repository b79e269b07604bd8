/** A crowd of visitors with a known truth: the bandit finds it, and the Ledger counts exactly. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
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

test("the better arm comes to hold most of the traffic, and every count is exact", async () => {
  const crowd = new Crowd(shop.edgeUrl, 20260307);
  const shares: number[] = [];
  await until("most of a wave sees the best headline", 240_000, async () => {
    const seen = await crowd.wave(WAVE, LANES, TRUTH);
    shares.push(seen.filter((action) => action === "gift").length / WAVE);
    const [before = 0, now = 0] = shares.slice(-2);
    return shares.length >= 2 && before > 0.6 && now > 0.6 ? true : undefined;
  });
  assert.ok((shares[0] ?? 1) < 0.6, `the first wave is not yet won: ${shares.join(", ")}`);

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
