/**
 * Messages in the queue that a shard never commits, among others that it would: the others are
 * counted, once, and the poison is kept where people see it and can send it again.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { fetchInTime } from "../../scripts/lib/http.ts";
import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { edgeWithMailbox } from "./lib/broken.ts";
import { ENVIRONMENT, ShopStack } from "./lib/shop.ts";

const EVENTS = `${ENVIRONMENT}/events`;
/** How long the queue may take to give up, and to deliver again. */
const DELIVERED_MS_MAX = 60_000;
/** How long a first delivery may take. */
const COUNTED_MS_MAX = 15_000;
const DAY_MS = 86_400_000;

/** As `wrangler.toml` has it. Whoever asks for the totals asks all of them. */
const N_SHARDS = 4;
const HEALTHY = "shop.healthy";
const POISON = "shop.poison";
const EVENTS_OF_POISON = 3;
const RUBBISH = "no batch of anything";

/** A message with first exposures of a flag, each of a subject of its own. */
function message(shard: number, flag: string, events: number): string {
  const row = (): string => randomBytes(16).toString("hex");
  const keepUntil = Date.now() + DAY_MS;
  const items = Array.from({ length: events }, () => [2, 0, flag, "on", row(), keepUntil, 0, 0, "0"]);
  return JSON.stringify({ shard, batch: { publication: 1, bandits: [], items } });
}

/** Runs statements in the store of every shard, while no runtime has it open. */
function inShards(persistDir: string, statements: string): void {
  const stores = globSync(join(persistDir, "v3", "do", "*Ledger", "*.sqlite"));
  let shards = 0;
  for (const path of stores) {
    const store = new DatabaseSync(path);
    const known = store.prepare("SELECT 1 FROM sqlite_master WHERE name = 'flags'").get();
    if (known !== undefined) {
      store.exec(statements);
      shards += 1;
    }
    store.close();
  }
  assert.equal(shards, N_SHARDS, stores.join());
}

/** What a shard's store does not take: a row of the flag. */
const REFUSE = `CREATE TRIGGER refuse BEFORE INSERT ON flags WHEN NEW.flag = '${POISON}'
BEGIN SELECT RAISE(ABORT, 'poison'); END`;
const TAKE = "DROP TRIGGER refuse";

describe("poison in the queue", () => {
  const edge = edgeWithMailbox({ after });
  let shop: ShopStack;
  let healthy = 0;
  let first: readonly number[] = [];

  before(async () => {
    shop = await ShopStack.start(edge);
  });
  after(async () => {
    await shop?.stop();
  });

  async function post(messages: readonly string[]): Promise<void> {
    // A bot: who posts is exposed to nothing himself.
    const headers = { "content-type": "application/json", "user-agent": "curl/8" };
    const body = JSON.stringify(messages);
    const reply = await fetchInTime(`${shop.edgeUrl}/mail`, { method: "POST", headers, body });
    assert.equal(await reply.text(), "taken");
  }

  function healthyMessage(shard: number): string {
    const events = 1 + (healthy % 3);
    healthy += events;
    return message(shard, HEALTHY, events);
  }

  async function alter(statements: string): Promise<void> {
    await shop.stack.killEdge();
    inShards(shop.stack.persistDir, statements);
    await shop.stack.startEdge();
    // Wakes every shard: a commit that comes too late is delivered again.
    await totals();
  }

  function totals(): Promise<JsonObject> {
    return shop.admin("GET", `${EVENTS}/totals`);
  }

  /** Resolves when so many exposures are counted; no more, and none of them twice. */
  async function counted(expected: number, msMax: number): Promise<void> {
    let seen: JsonObject = {};
    await until("the counts", msMax, async () => {
      seen = await totals();
      return numberOf(seen["flagExposures"]) === expected ? true : undefined;
    }).catch(() => assert.fail(`${expected} exposures: ${JSON.stringify(seen)}`));
    assert.equal(seen["silentShards"], 0);
  }

  /** The dead letters, once there are so many. */
  async function letters(expected: number): Promise<readonly JsonObject[]> {
    let listed: readonly JsonObject[] = [];
    await until(`${expected} dead letters`, DELIVERED_MS_MAX, async () => {
      const page = await shop.admin("GET", `${EVENTS}/dead-letters`);
      listed = listOf(page["items"]).map((letter) => objectOf(letter));
      return listed.length === expected ? true : undefined;
    }).catch(() => assert.fail(`${expected} letters: ${JSON.stringify(listed)}`));
    return listed;
  }

  function idsOf(listed: readonly JsonObject[]): readonly number[] {
    return listed.map((letter) => numberOf(letter["id"]) ?? Number.NaN);
  }

  /** How many letters there are, were sent again, and are lost. */
  async function told(): Promise<readonly unknown[]> {
    const { letters, replayedLetters, lostLetters } = objectOf((await totals())["deadLetters"]);
    return [letters, replayedLetters, lostLetters];
  }

  test("keeps no other message of its delivery from being counted, once", async () => {
    await post([healthyMessage(0), healthyMessage(1)]);
    await counted(healthy, COUNTED_MS_MAX);
    await alter(REFUSE);
    const before = Array.from({ length: 12 }, (_, n) => healthyMessage(n % 4 === 3 ? 1 : 0));
    const behind = Array.from({ length: 12 }, (_, n) => healthyMessage(n % 4 === 3 ? 1 : 0));
    await post([...before, message(0, POISON, EVENTS_OF_POISON), RUBBISH, ...behind]);
    await counted(healthy, COUNTED_MS_MAX);
  });

  test("alone ends in the dead letters, and says there what it is", async () => {
    const listed = await letters(2);
    const said = listed.map(({ reason, events }) => `${textOf(reason)}: ${numberOf(events)}`);
    const refused = `ledger/demo/0 did not commit it: ${EVENTS_OF_POISON}`;
    assert.deepEqual(said.toSorted(), ["it is no batch of events: 0", refused]);
    assert.deepEqual(await told(), [2, 0, 0]);
    await counted(healthy, COUNTED_MS_MAX);
    first = idsOf(listed);
  });

  test("comes back when it is replayed too soon", async () => {
    const sent = await shop.admin("POST", `${EVENTS}/dead-letters/replay`, { ids: first });
    assert.deepEqual([sent["replayed"], sent["refused"]], [first, false]);
    await post([healthyMessage(0), healthyMessage(0)]);
    const again = await letters(2);
    assert.ok(Math.min(...idsOf(again)) > Math.max(...first), "they are letters anew");
    assert.deepEqual(await told(), [2, 2, 0]);
    await counted(healthy, COUNTED_MS_MAX);
  });

  test("is counted, once, when it is replayed after the cause is mended", async () => {
    await alter(TAKE);
    const replayed = await shop.admin("POST", `${EVENTS}/dead-letters/replay`, {});
    assert.equal(listOf(replayed["replayed"]).length, 2);
    await counted(healthy + EVENTS_OF_POISON, COUNTED_MS_MAX);
    const [rubbish] = await letters(1);
    assert.equal(rubbish?.["reason"], "it is no batch of events");
    assert.deepEqual(await told(), [1, 4, 0]);
    await counted(healthy + EVENTS_OF_POISON, COUNTED_MS_MAX);
  });
});
