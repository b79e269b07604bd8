/** What people tell a bandit of an action: forget it; believe something of it from the start. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";

import { until } from "../../scripts/lib/run.ts";
import { listOf, numberOf, objectOf, textOf } from "../../www/browser/ts/json.ts";
import type { JsonObject } from "../../www/browser/ts/json.ts";
import { showHero, tally } from "./lib/crowd.ts";
import type { Shown } from "./lib/crowd.ts";
import { ENVIRONMENT, ShopStack } from "./lib/shop.ts";
import { inLanes, postEvents, rewardFor } from "./lib/visitor.ts";

const HERO = `${ENVIRONMENT}/bandits/hero`;
const N_VISITORS = 30;
const LANES = 4;

let shop: ShopStack;
let shown: readonly Shown[];
/** The action that is forgotten. */
let action: string;

before(async () => {
  shop = await ShopStack.start();
});

after(async () => {
  await shop?.stop();
});

/** New visitors who all buy. */
async function buyers(n: number): Promise<readonly Shown[]> {
  const seen = await inLanes(Array<null>(n).fill(null), LANES, () => showHero(shop.edgeUrl));
  await post(seen.map(({ receipt }) => rewardFor(receipt)));
  return seen;
}

async function post(events: readonly unknown[]): Promise<readonly string[]> {
  const { verdicts, body } = await postEvents(shop.edgeUrl, events);
  assert.ok(verdicts.length === events.length, body);
  return verdicts.map(({ verdict }) => verdict);
}

async function arm(name: string): Promise<JsonObject> {
  const state = await shop.admin("GET", `${HERO}/state`);
  const arms = listOf(state["arms"]).map((one) => objectOf(one));
  return arms.find((one) => one["action"] === name) ?? {};
}

function refusal(path: string, body: unknown): Promise<readonly [status: number, pointer: unknown]> {
  return shop.stack.admin("POST", path, body).then(({ status, body: problem }) => {
    return [status, objectOf(problem as JsonObject)["pointer"]];
  });
}

function others(of: readonly Shown[]): Record<string, number> {
  return tally(of.map((one) => one.action).filter((one) => one !== action));
}

test("a reset forgets one action and leaves the others", async () => {
  shown = await buyers(N_VISITORS);
  await shop.rewardsBecome(tally(shown.map((one) => one.action)));
  const [first] = shown;
  assert.ok(first);
  action = first.action;
  const path = `${HERO}/actions/${encodeURIComponent(action)}/reset`;
  const { shards } = await shop.admin("POST", path, {});
  assert.ok((numberOf(shards) ?? 0) > 0);
  await shop.rewardsBecome(others(shown));
  assert.equal((await arm(action))["decisions"], 0);
});

test("what is still told of forgotten decisions counts nothing, a kill between", async () => {
  const events = shown.flatMap(({ receipt }) => [
    rewardFor(receipt),
    { id: randomUUID(), kind: "exposure", receipt },
    { id: randomUUID(), kind: "removal", receipt, atMs: Date.now() },
  ]);
  const forgotten = new Set(shown.filter((one) => one.action === action).map((one) => one.receipt));
  await post(events.filter(({ receipt }) => forgotten.has(receipt)));
  await shop.stack.killEdge();
  await shop.stack.startEdge();
  await post(events.filter(({ receipt }) => forgotten.has(receipt)));
  const more = await buyers(N_VISITORS);
  const anew = more.filter((one) => one.action === action).length;
  const expected = others([...shown, ...more]);
  await shop.rewardsBecome(anew === 0 ? expected : { ...expected, [action]: anew });
  assert.equal((await arm(action))["decisions"] ?? 0, anew);
});

test("a warm start moves the policy and no count", async () => {
  const path = `${HERO}/actions/${encodeURIComponent(action)}/warm-start`;
  const before = await arm(action);
  assert.deepEqual(await shop.admin("POST", path, { mean: 1, weight: 100_000 }), {
    mean: 1,
    weight: 100_000,
  });
  const warmed = await until("the policy to follow", 30_000, async () => {
    const now = await arm(action);
    const [low] = listOf(now["interval95"]).map((bound) => numberOf(bound) ?? Number.NaN);
    return (low ?? 0) > 0.99 ? now : undefined;
  });
  for (const count of ["decisions", "exposed", "rewarded"]) {
    assert.equal(warmed[count], before[count], count);
  }
  // The coordinator is asked anew by a process of its own.
  await shop.stack.killEdge();
  await shop.stack.startEdge();
  const [low] = listOf((await arm(action))["interval95"]);
  assert.ok((numberOf(low) ?? 0) > 0.99, "it is on disk");
  await shop.admin("POST", path, { mean: 0, weight: 0 });
  const cooled = await arm(action);
  assert.deepEqual(cooled["interval95"], before["interval95"]);
});

test("both have bounds, need a publisher, and are written to the audit log", async () => {
  const warm = `${HERO}/actions/${encodeURIComponent(action)}/warm-start`;
  assert.deepEqual(await refusal(warm, { mean: 1.01, weight: 1 }), [400, "/mean"]);
  assert.deepEqual(await refusal(warm, { mean: 1, weight: 1_000_001 }), [400, "/weight"]);
  assert.deepEqual((await refusal(`${HERO}/actions/nobody/reset`, {}))[0], 404);
  const { secret } = await shop.admin("POST", "/api/v1/tokens", { name: "e", role: "editor" });
  const headers = { authorization: `Bearer ${textOf(secret) ?? ""}` };
  for (const path of [warm, `${HERO}/actions/${encodeURIComponent(action)}/reset`]) {
    const { status } = await shop.stack.admin("POST", path, { mean: 0, weight: 0 }, headers);
    assert.equal(status, 403, path);
  }
  const audit = await shop.admin("GET", "/api/v1/audit?kind=action");
  const entries = listOf(audit["items"]).map((entry) => objectOf(entry));
  assert.deepEqual(
    entries.map((entry) => [entry["action"], entry["key"]]),
    ["warmStart", "warmStart", "reset"].map((what) => [what, `hero/${action}`]),
  );
});
