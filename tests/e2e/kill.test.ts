/** `kill -9` at any moment: what was acknowledged is there, and sending again changes nothing. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { generator, showHero, tally } from "./lib/crowd.ts";
import { ShopStack } from "./lib/shop.ts";
import { inLanes, postEvents, rewardFor } from "./lib/visitor.ts";
import type { ClientEvent } from "./lib/visitor.ts";

const BUYERS = 240;
const LANES = 8;
const BATCH = 5;
const FINAL: ReadonlySet<string> = new Set(["committed", "duplicate"]);

interface Purchase {
  readonly action: string;
  readonly event: ClientEvent;
}

let shop: ShopStack;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

/** Posts a batch and gives the ids that were acknowledged; a dead runtime acknowledges nothing. */
async function post(purchases: readonly Purchase[]): Promise<readonly string[]> {
  try {
    const { verdicts } = await postEvents(shop.edgeUrl, purchases.map(({ event }) => event));
    return verdicts.filter(({ verdict }) => FINAL.has(verdict)).map(({ id }) => id);
  } catch {
    return [];
  }
}

function batches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const n = Math.ceil(items.length / size);
  return Array.from({ length: n }, (_, index) => items.slice(index * size, (index + 1) * size));
}

test("counts are exact after kill -9, a restart, and everything sent again", async () => {
  const shown = await inLanes(Array<null>(BUYERS).fill(null), LANES, () => showHero(shop.edgeUrl));
  const purchases: readonly Purchase[] = shown.map(({ action, receipt }) => {
    return { action, event: rewardFor(receipt) };
  });
  const acknowledged = new Set<string>();
  const work = batches(purchases, BATCH);
  let killing: Promise<void> | undefined;
  await inLanes(work, LANES, async (batch, index) => {
    const posting = post(batch);
    // In the midst: some batches are done, some on their way, some not yet sent.
    if (index === Math.floor(work.length / 2)) killing = shop.stack.killEdge();
    for (const id of await posting) acknowledged.add(id);
  });
  assert.ok(killing !== undefined, "the runtime was killed");
  await killing;
  const missing = purchases.filter(({ event }) => !acknowledged.has(event.id));
  assert.ok(acknowledged.size > 0 && missing.length > 0, `${acknowledged.size} of ${BUYERS}`);

  await shop.stack.startEdge();
  const found = await until("the Ledger after the restart", 20_000, async () => {
    const counts = await shop.heroCounts();
    return counts.rewards >= acknowledged.size ? counts : undefined;
  });
  assert.ok(found.rewards <= BUYERS);

  // Clients send again what nobody acknowledged, and many send what they need not.
  const chance = generator(7);
  const replayed = purchases.map(({ action, event }) => {
    return { action, event: rewardFor(event.receipt) };
  });
  const again = [...missing, ...purchases, ...replayed, ...missing];
  const shuffled = again
    .map((purchase) => ({ purchase, order: chance() }))
    .sort((a, b) => a.order - b.order)
    .map(({ purchase }) => purchase);
  await inLanes(batches(shuffled, BATCH), LANES, async (batch) => {
    const ids = new Set(await post(batch));
    assert.equal(ids.size, new Set(batch.map(({ event }) => event.id)).size, "all acknowledged");
  });

  await shop.rewardsBecome(tally(purchases.map(({ action }) => action)));
  const { verdicts } = await postEvents(shop.edgeUrl, purchases.map(({ event }) => event));
  assert.deepEqual(tally(verdicts.map(({ verdict }) => verdict)), { duplicate: BUYERS });
});
