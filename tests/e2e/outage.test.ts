/**
 * A coordinator that is lost for ten minutes by the clock, while a standing clock is moved: in the
 * end it knows what one that was never lost knows, and what a count by hand gives.
 */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { removeScratch, scratchDir } from "../../scripts/lib/owned.ts";
import type { Workerd } from "../../scripts/lib/workerd.ts";
import { listOf, numberOf, objectOf, parseJson, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { generator } from "./lib/crowd.ts";
import { serveObjects } from "./lib/objects.ts";

const MINUTE_MS = 60_000;
const OUTAGE_MS = 10 * MINUTE_MS;
/** Between two snapshots. */
const SNAPSHOT_MS = 10_000;
/** Between two batches of a shard. */
const STEP_MS = 5_000;
const N_SHARDS = 3;
const EVENTS_PER_BATCH = 20;
const ACTIONS = ["a", "b", "c"];
const RATES = [0.1, 0.3, 0.6];
const ONE = 2 ** 32;
const START_MS = 1_800_000_000_000;
const bandit = {
  key: "hero",
  bandit: {
    actions: ACTIONS,
    reward: { metric: "purchase", kind: "binary" },
    snapshotIntervalMs: SNAPSHOT_MS,
  },
};

interface Arm {
  readonly decisions: number;
  readonly rewarded: number;
}

class World {
  readonly #folder = scratchDir("outage");
  readonly #chance = generator(20261128);
  #workerd: Workerd | undefined;
  #nowMs = START_MS;
  #nRows = 0;
  readonly counted = new Map(ACTIONS.map((action): [string, Arm] => [action, { decisions: 0, rewarded: 0 }]));

  async start(): Promise<void> {
    this.#workerd = await serveObjects(this.#folder, "clock.worker.js", "/ready");
  }

  async stop(): Promise<void> {
    await this.#workerd?.stop();
    removeScratch(this.#folder);
  }

  async ask(path: string, body?: string): Promise<string> {
    const url = `http://127.0.0.1:${this.#workerd?.port}/${path}`;
    const init = body === undefined ? {} : { method: "POST", body };
    const reply = await fetchInTime(url, init);
    const text = await reply.text();
    assert.equal(reply.status, 200, `${path}: ${text}`);
    return text;
  }

  /** Events come to every shard while the clock moves on. */
  async run(forMs: number): Promise<void> {
    for (let past = 0; past < forMs; past += STEP_MS) {
      for (let shard = 0; shard < N_SHARDS; shard += 1) {
        const items = Array.from({ length: EVENTS_PER_BATCH }, () => this.#item());
        const batch = { publication: 1, bandits: [bandit], items };
        const outcomes = await this.ask(`tell/${shard}`, JSON.stringify({ commit: { shard, batch } }));
        assert.equal(outcomes.split("c").length - 1, EVENTS_PER_BATCH, outcomes);
      }
      await this.advance(STEP_MS);
    }
  }

  async advance(ms: number): Promise<number> {
    this.#nowMs += ms;
    return Number(await this.ask(`advance/${ms}`));
  }

  /** A decision, and perhaps its reward, in the form that edges send. */
  #item(): readonly unknown[] {
    const place = Math.floor(this.#chance() * ACTIONS.length);
    const action = ACTIONS[place] ?? "";
    const isRewarded = this.#chance() < (RATES[place] ?? 0);
    const row = (this.#nRows += 1).toString(16).padStart(32, "0");
    const keepUntil = this.#nowMs + 86_400_000;
    const known = this.counted.get(action) ?? { decisions: 0, rewarded: 0 };
    const { decisions, rewarded } = known;
    this.counted.set(action, {
      decisions: decisions + 1,
      rewarded: rewarded + (isRewarded ? 1 : 0),
    });
    return isRewarded
      ? [1, 0, action, "", row, keepUntil, ONE, this.#nowMs, "0"]
      : [0, 0, action, "", row, keepUntil, 0, 0, "0"];
  }

  async view(): Promise<JsonObject> {
    return objectOf(parseJson(await this.ask("view/hero")));
  }

  async snapshot(): Promise<JsonObject> {
    return objectOf(parseJson(await this.ask("snapshot/hero")));
  }
}

const steady = new World();
const lossy = new World();

before(async () => {
  await steady.start();
  await lossy.start();
});

after(async () => {
  await steady.stop();
  await lossy.stop();
});

/** What is known of each action, without what depends on when it was told. */
function known(view: JsonObject): unknown {
  return listOf(view["arms"]).map((one) => objectOf(one));
}

test("ten minutes without a coordinator leave nothing behind", async () => {
  for (const world of [steady, lossy]) await world.run(MINUTE_MS);
  const before = await lossy.snapshot();
  assert.ok((numberOf(before["revision"]) ?? 0) > 1, "snapshots are published");
  assert.deepEqual(before, await steady.snapshot(), "until then both are the same");

  await lossy.ask("lose");
  await steady.run(OUTAGE_MS);
  await lossy.run(OUTAGE_MS);
  // What had reached it is published once more at most; and of what is made meanwhile nothing.
  const after = await lossy.snapshot();
  assert.ok((numberOf(after["revision"]) ?? 0) <= (numberOf(before["revision"]) ?? 0) + 1);
  assert.ok((numberOf(after["atMs"]) ?? 0) <= (numberOf(before["atMs"]) ?? 0) + 2 * SNAPSHOT_MS);
  const refused = Number(await lossy.ask("find"));
  // Each shard has tried every five seconds or so, and no more often.
  const least = (N_SHARDS * OUTAGE_MS) / 10_000;
  assert.ok(refused >= least && refused <= 2.2 * least, `${refused} attempts`);

  for (const world of [steady, lossy]) await world.advance(MINUTE_MS);
  const [view, expected] = [await lossy.view(), await steady.view()];
  assert.equal(numberOf(view["shards"]) ?? 0, N_SHARDS, JSON.stringify(view));
  assert.deepEqual(known(view), known(expected));
  assert.deepEqual(lossy.counted, steady.counted);
  for (const arm of listOf(view["arms"]).map((one) => objectOf(one))) {
    const { decisions, rewarded } = lossy.counted.get(textOf(arm["action"]) ?? "") ?? {};
    assert.deepEqual([arm["decisions"], arm["rewarded"]], [decisions, rewarded]);
  }
  // Counts of a snapshot are of when it was last worth writing, which is not the same moment.
  const parts = (snapshot: JsonObject): unknown =>
    listOf(snapshot["actions"]).map((one) => [objectOf(one)["action"], objectOf(one)["parts"]]);
  assert.deepEqual(parts(await lossy.snapshot()), parts(await steady.snapshot()));
});
