/** One Ledger object under load, killed again and again: what it acknowledged is there, once. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../scripts/lib/owned.ts";
import { until } from "../../scripts/lib/run.ts";
import type { Workerd } from "../../scripts/lib/workerd.ts";
import { numberOf, objectOf, parseJson } from "../../www/browser/ts/json.ts";
import { generator } from "./lib/crowd.ts";
import { serveObjects } from "./lib/objects.ts";
import { type Stored, type StoredArm, storedIn } from "./lib/stored.ts";
import { inLanes } from "./lib/visitor.ts";

/** Events of one batch, and rewards among them; as in the Worker. */
const N_EVENTS = 100;
const N_REWARDS = 10;
const ACTIONS = ["craft", "evening", "gift"] as const;
/** A whole reward. */
const ONE = 2n ** 32n;
/** Three times what the object keeps in memory, so that rows settle in their places meanwhile. */
const N_BATCHES = 1_000;
const N_KILLS = 20;
const LANES = 16;

let folder: string;
let ledger: Workerd;

function start(): Promise<Workerd> {
  return serveObjects(folder, "ledger.worker.js", "/ready");
}

before(async () => {
  folder = scratchDir("ledger");
  ledger = await start();
});

after(async () => {
  await ledger?.stop();
  removeScratch(folder);
});

/** Whether the batch was acknowledged; a dead runtime acknowledges nothing. */
async function send(batch: number): Promise<boolean> {
  try {
    const reply = await fetchInTime(`http://127.0.0.1:${ledger.port}/batch/${batch}`);
    return reply.ok && (await reply.text()).length === N_EVENTS;
  } catch {
    return false;
  }
}

async function counted(): Promise<{ readonly exposures: number; readonly rewards: number }> {
  const reply = await fetchInTime(`http://127.0.0.1:${ledger.port}/totals`);
  const totals = objectOf(parseJson(await reply.text()));
  const count = (name: string): number => numberOf(totals[name]) ?? Number.NaN;
  return { exposures: count("exposures"), rewards: count("rewards") };
}

test("acknowledged events survive kill -9 under load, none twice", async () => {
  const chance = generator(20261120);
  const acknowledged = new Set<number>();
  const batches = Array.from({ length: N_BATCHES }, (_, batch) => batch);
  const deaths = Array.from({ length: N_KILLS }, (_, kill) =>
    Math.floor(((kill + chance()) * N_BATCHES) / N_KILLS),
  );
  for (const [kill, from] of [0, ...deaths].entries()) {
    const until = deaths[kill] ?? N_BATCHES;
    await inLanes(batches.slice(from, until), LANES, async (batch) => {
      const sending = send(batch);
      // In the midst of the last lanes' commits.
      if (batch === until - 1 && kill < N_KILLS) await ledger.stop();
      if (await sending) acknowledged.add(batch);
    });
    if (kill === N_KILLS) break;
    await ledger.stop();
    ledger = await start();
    const { exposures, rewards } = await counted();
    const least = acknowledged.size * N_EVENTS;
    assert.ok(exposures + rewards >= least, `${exposures} + ${rewards} of ${least}`);
  }
  assert.ok(acknowledged.size < N_BATCHES, "some batch was cut off");

  // Clients send again what nobody acknowledged, and some send what they need not.
  const missing = batches.filter((batch) => !acknowledged.has(batch));
  const again = [...missing, ...batches.filter(() => chance() < 0.1)];
  const sent = await inLanes(again, LANES, send);
  assert.ok(sent.every(Boolean), "a live runtime acknowledges everything");
  assert.deepEqual(await counted(), {
    exposures: N_BATCHES * (N_EVENTS - N_REWARDS),
    rewards: N_BATCHES * N_REWARDS,
  });
});

test("its coordinator learns what one process would that was told everything once", async () => {
  const reply = await fetchInTime(`http://127.0.0.1:${ledger.port}/flush`);
  assert.ok(reply.ok, await reply.text());
  // As in the Worker: actions take turns over events, of which the first of each batch reward.
  const arms: Record<string, StoredArm> = {};
  for (const action of ACTIONS) {
    arms[action] = { decisions: 0, exposed: 0, rewarded: 0, units: 0n, unitsSquared: 0n };
  }
  for (let n = 0; n < N_BATCHES * N_EVENTS; n += 1) {
    const arm = arms[ACTIONS[n % ACTIONS.length] ?? ""];
    assert.ok(arm !== undefined);
    arm.decisions += 1;
    if (n % N_EVENTS >= N_REWARDS) {
      arm.exposed += 1;
      continue;
    }
    arm.rewarded += 1;
    arm.units += ONE;
    arm.unitsSquared += ONE * ONE;
  }
  let seen: Stored | undefined;
  await until("what the coordinator has stored", 20_000, async () => {
    seen = storedIn(join(folder, "disk", "Coordinator", "*.sqlite"), "hero");
    return isDeepStrictEqual(seen?.arms, arms) ? true : undefined;
  }).catch(() => assert.deepEqual(seen?.arms, arms));
});

test("callers who hang up leave nobody waiting", async () => {
  const { exposures } = await counted();
  await inLanes(Array.from({ length: 200 }, (_, n) => n), LANES, async (n) => {
    const hangUp = new AbortController();
    const url = `http://127.0.0.1:${ledger.port}/batch/${N_BATCHES + n}`;
    const sending = fetchInTime(url, { signal: hangUp.signal }).catch(() => undefined);
    setTimeout(() => hangUp.abort(), n % 7);
    await sending;
  });
  assert.equal(await send(N_BATCHES + 200), true);
  const later = await counted();
  assert.ok(later.exposures >= exposures + N_EVENTS - N_REWARDS);
});
